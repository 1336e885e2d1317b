"""The columns that our flows cannot do without, by table, beside each table's key.

A site that lacks one of them is told so before any flow runs (probe.py); whatever else of the
catalog a site lacks is only noted. A test holds this list against the statements that are sent.
"""

_NEEDS = {
    "AR_Customer": (
        "CustomerName EmailAddress TelephoneNo CustomerStatus CreditLimit CreditHold OpenOrderAmt "
        "CurrentBalance AgingCategory1 AgingCategory2 AgingCategory3 AgingCategory4 UDF_TIEOUT_ID"
    ),
    "AP_Vendor": "VendorStatus TermsCode UsePOReceiptOfInvForVendor",
    "AP_TermsCode": "",
    "AP_InvoiceHeader": "InvoiceDate InvoiceAmt Comment",
    "AP_InvoiceHistoryHeader": "APDivisionNo VendorNo InvoiceDate InvoiceAmt Comment",
    "AP_CheckHistoryDetail": "AmountPaid DiscountAmt",
    "AR_TermsCode": "",
    "SO_SalesOrderHeader": (
        "OrderType OrderStatus ARDivisionNo CustomerNo CustomerPONo OrderDate DiscountAmt "
        "FreightAmt SalesTaxAmt DepositAmt UDF_TIEOUT_ID"
    ),
    "SO_SalesOrderDetail": "ItemCode ItemType QuantityOrdered QuantityShipped ExtensionAmt",
    "SO_SalesOrderHistoryHeader": (
        "OrderStatus ARDivisionNo CustomerNo CustomerPONo OrderDate DiscountAmt FreightAmt "
        "SalesTaxAmt DepositAmt DateUpdated"
    ),
    "SO_SalesOrderHistoryDetail": (
        "ItemCode ItemType CancelledLine QuantityOrderedRevised QuantityShipped LastExtensionAmt"
    ),
    "SO_InvoiceHeader": (
        "InvoiceType SalesOrderNo ARDivisionNo CustomerNo CustomerPONo InvoiceDate Comment "
        "DiscountAmt FreightAmt SalesTaxAmt DepositAmt"
    ),
    "SO_InvoiceDetail": "ItemType SalesAcctKey QuantityShipped ExtensionAmt",
    "AR_InvoiceHeader": (
        "ARDivisionNo CustomerNo CustomerPONo InvoiceDate Comment DiscountAmt FreightAmt "
        "SalesTaxAmt DepositAmt"
    ),
    "AR_InvoiceDetail": "ItemType SalesAcctKey Quantity ExtensionAmt",
    "AR_InvoiceHistoryHeader": (
        "InvoiceType SalesOrderNo ARDivisionNo CustomerNo CustomerPONo InvoiceDate Comment "
        "TransactionDate DiscountAmt FreightAmt SalesTaxAmt DepositAmt DateUpdated"
    ),
    "AR_InvoiceHistoryDetail": "ItemType SalesAcctKey QuantityShipped ExtensionAmt",
    "AR_CashReceiptsHeader": "BankCode DepositDate PostingAmt",
    "AR_CashReceiptsDetail": "AccountKey AmountPosted",
    "AR_CashReceiptsHistory": "AccountKey PostingDate CashAmountApplied DateUpdated",
    "AR_OpenInvoice": "CustomerPONo InvoiceDate Balance",
    "PO_PurchaseOrderHeader": "APDivisionNo VendorNo",
    "PO_PurchaseOrderDetail": (
        "ItemCode ItemType QuantityOrdered QuantityReceived QuantityInvoiced UnitCost"
    ),
    "PO_ReceiptHeader": "PurchaseOrderNo",
    "PO_ReceiptDetail": "OrderLineKey QuantityInvoiced",
    "PO_ReceiptHistoryDetail": "QuantityReceived UnitCost",
    "CI_Item": "InactiveItem UseInSO ProductLine Category1 SalesUnitOfMeasure",
    "IM_Warehouse": "WarehouseStatus",
    "IM_ItemWarehouse": (
        "QuantityOnHand QuantityOnSalesOrder QuantityOnBackOrder QuantityInShipping"
    ),
    "GL_Account": "Account AccountDesc Status",
    "GL_Bank": "CashAccountKey",
    "GL_DetailPosting": "PostingComment DebitAmount CreditAmount DateCreated",
    "SY_SalesTaxSchedule": "",
}
NEEDS = {table: tuple(columns.split()) for table, columns in _NEEDS.items()}
