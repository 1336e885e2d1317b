# ruff: noqa: INP001 - a script, no part of the package
"""Print the agent's fields.json from a Sage 100 data dictionary: ``derive_fields.py DICTIONARY``.

The lists below are what a command may set, and only that: balances, credit limits, exemptions,
price levels, cost and quantities on hand stay with Sage and its people. Lengths and types are the
dictionary's. UDF_TIEOUT_ID is the user-defined field that a site adds for us (README.md).
"""

import json
import sys
from pathlib import Path

Dictionary = dict[str, dict[str, list[dict[str, str]]]]
Fields = dict[str, dict[str, str | int]]

UDF: Fields = {"UDF_TIEOUT_ID": {"type": "string", "length": 30}}
# A postal code that Sage knows fills city and state, so it comes before them.
ADDRESS = "ZipCode Address1 Address2 Address3 City State CountryCode"
PLACE = "ZipCode AddressLine1 AddressLine2 AddressLine3 City State CountryCode"
# The salesperson first, as public code has it: its write fails otherwise.
CUSTOMER = (
    f"ARDivisionNo CustomerNo SalespersonDivisionNo SalespersonNo CustomerName {PLACE} TelephoneNo "
    "TelephoneExt FaxNo EmailAddress URLAddress ShipMethod TermsCode TaxSchedule Comment SortField "
    "CustomerType ResidentialAddress"
)
INVOICE_LINE = (
    "ItemCode QuantityShipped WarehouseCode UnitPrice LineDiscountPercent ItemCodeDesc CommentText"
)
VOIDED = "BankCode CheckNo CheckDate Comment"
CHECK: tuple[str, str, Fields] = (
    "AP_ManualCheckHeader",
    f"{VOIDED} APDivisionNo VendorNo CheckAmt",
    {},
)
# The lines' own table is in no dictionary; what they pay is, with the same columns.
PAID: tuple[str, str, Fields] = ("AP_OpenInvoice", "InvoiceNo InvoiceAmt DiscountAmt", {})
PARTS: dict[str, dict[str, tuple[str, str, Fields]]] = {
    "customer.create": {"header": ("AR_Customer", CUSTOMER, UDF)},
    "customer.update": {
        "header": (
            "AR_Customer",
            f"{CUSTOMER} ContactCode PrimaryShipToCode CustomerStatus InactiveReasonCode",
            UDF,
        )
    },
    "customer_contact.save": {
        "header": (
            "AR_CustomerContact",
            (
                f"ARDivisionNo CustomerNo ContactCode ContactName Salutation ContactTitle {PLACE} "
                "TelephoneNo1 TelephoneExt1 TelephoneNo2 TelephoneExt2 FaxNo EmailAddress "
                "ContactNotes"
            ),
            {},
        )
    },
    "ship_to_address.save": {
        "header": (
            "SO_ShipToAddress",
            "ARDivisionNo CustomerNo ShipToCode SalespersonDivisionNo SalespersonNo "
            + " ".join(f"ShipTo{part}" for part in f"Name {ADDRESS}".split())
            + " TelephoneNo TelephoneExt FaxNo EmailAddress ContactCode ShipVia TaxSchedule "
            "WarehouseCode ResidentialAddress",
            {},
        )
    },
    # The type decides whether a product line is needed, which in turn fills in most of the rest.
    "item.save": {
        "header": (
            "CI_Item",
            (
                "ItemCode ItemType ProductLine ItemCodeDesc StandardUnitOfMeasure "
                "SalesUnitOfMeasure SalesUMConvFctr PurchaseUnitOfMeasure PurchaseUMConvFctr "
                "TaxClass DefaultWarehouseCode StandardUnitPrice SuggestedRetailPrice ShipWeight "
                "Volume Category1 Category2 Category3 Category4 PrimaryAPDivisionNo "
                "PrimaryVendorNo UseInAR UseInSO UseInPO InactiveItem"
            ),
            {},
        )
    },
    "vendor.save": {
        "header": (
            "AP_Vendor",
            (
                f"APDivisionNo VendorNo VendorName {PLACE} TelephoneNo TelephoneExt FaxNo "
                "EmailAddress URLAddress TermsCode Reference TaxSchedule AccountKey Comment Sort "
                "VendorType VendorStatus InactiveReasonCode"
            ),
            {},
        )
    },
    "sales_order.create": {
        "header": (
            "SO_SalesOrderHeader",
            "ARDivisionNo CustomerNo OrderType OrderDate ShipExpireDate CustomerPONo "
            + " ".join(f"BillTo{part}" for part in f"Name {ADDRESS}".split())
            + " "
            + " ".join(f"ShipTo{part}" for part in f"Code Name {ADDRESS}".split())
            + " ShipVia FOB WarehouseCode ConfirmTo Comment TermsCode TaxSchedule EmailAddress "
            "SalespersonDivisionNo SalespersonNo ResidentialAddress CheckNoForDeposit FreightAmt "
            "DepositAmt",
            UDF,
        ),
        "lines": (
            "SO_SalesOrderDetail",
            (
                "ItemCode UnitOfMeasure QuantityOrdered WarehouseCode UnitPrice "
                "LineDiscountPercent ItemCodeDesc CommentText PromiseDate SalesAcctKey"
            ),
            {},
        ),
    },
    "sales_order.set_deposit": {"header": ("SO_SalesOrderHeader", "SalesOrderNo DepositAmt", {})},
    "sales_invoice.create": {
        "header": (
            "SO_InvoiceHeader",
            (
                "SalesOrderNo ARDivisionNo CustomerNo InvoiceDate InvoiceDueDate ShipDate "
                "CustomerPONo ShipVia WarehouseCode TermsCode TaxSchedule Comment NumberofPackages "
                "FreightAmt DepositAmt"
            ),
            {},
        ),
        "lines": ("SO_InvoiceDetail", f"OrderLineKey {INVOICE_LINE}", {}),
    },
    "credit_memo.create": {
        "header": (
            "SO_InvoiceHeader",
            (
                "ARDivisionNo CustomerNo ApplyToInvoiceNo InvoiceDate WarehouseCode TermsCode "
                "TaxSchedule Comment FreightAmt"
            ),
            {},
        ),
        "lines": ("SO_InvoiceDetail", INVOICE_LINE, {}),
    },
    "ar_invoice.create": {
        "header": (
            "AR_InvoiceHeader",
            (
                "InvoiceType ARDivisionNo CustomerNo ApplyToInvoiceNo InvoiceDate InvoiceDueDate "
                "CustomerPONo TermsCode TaxSchedule Comment FreightAmt"
            ),
            {},
        ),
        "lines": (
            "AR_InvoiceDetail",
            (
                "ItemCode SalesAcctKey ItemCodeDesc TaxClass CommentText Quantity UnitPrice "
                "ExtensionAmt"
            ),
            {},
        ),
    },
    "cash_receipt.create": {
        "header": (
            "AR_CashReceiptsHeader",
            "BankCode DepositDate ARDivisionNo CustomerNo CheckNo PostingAmt",
            {},
        ),
        "lines": (
            "AR_CashReceiptsDetail",
            "AccountKey InvoiceType InvoiceNo AmountPosted DiscountAmt",
            {},
        ),
    },
    # The terms before the dates that are facts of the bill: setting terms dates it anew.
    "ap_invoice.create": {
        "header": (
            "AP_InvoiceHeader",
            (
                "APDivisionNo VendorNo InvoiceNo TermsCode InvoiceDate InvoiceDueDate "
                "InvoiceDiscountDate HoldPayment SeparateCheck Comment InvoiceAmt FreightAmt "
                "SalesTaxAmt"
            ),
            {},
        ),
        "lines": ("AP_InvoiceDetail", "AccountKey DistributionAmt CommentText", {}),
    },
    "manual_check.create": {"header": CHECK, "lines": PAID},
    "manual_check.void": {"header": ("AP_ManualCheckHeader", VOIDED, {})},
    "manual_check.reverse": {"header": CHECK, "lines": PAID},
    "purchase_order.create": {
        "header": (
            "PO_PurchaseOrderHeader",
            (
                "APDivisionNo VendorNo PurchaseOrderDate RequiredExpireDate WarehouseCode "
                "TermsCode ShipVia FOB ConfirmTo Comment"
            ),
            {},
        ),
        "lines": (
            "PO_PurchaseOrderDetail",
            "ItemCode QuantityOrdered WarehouseCode UnitCost ItemCodeDesc RequiredDate CommentText",
            {},
        ),
    },
    "receipt.goods": {
        "header": ("PO_ReceiptHeader", "PurchaseOrderNo ReceiptDate Comment", {}),
        "lines": ("PO_ReceiptDetail", "OrderLineKey QuantityReceived", {}),
    },
    "receipt.invoice": {
        "header": (
            "PO_ReceiptHeader",
            (
                "PurchaseOrderNo ReceiptDate InvoiceNo InvoiceDate InvoiceDueDate Comment "
                "InvoiceAmt FreightAmt SalesTaxAmt"
            ),
            {},
        ),
        "lines": ("PO_ReceiptDetail", "OrderLineKey QuantityInvoiced UnitCost", {}),
    },
}
MEMO_LENGTH = 2048


def field(column: dict[str, str]) -> dict[str, str | int]:
    """Return the type and size of one column of the dictionary."""
    length = column["length"]
    if column["type"] != "numeric":
        return {"type": column["type"], "length": MEMO_LENGTH if length == "memo" else int(length)}
    # Precision stands as "12,2" (without the sign) or "13.2" (with it).
    whole, _, scale = length.replace(".", ",").partition(",")
    precision = int(whole) - (1 if "." in length else 0)
    return {"type": "numeric", "precision": precision, "scale": int(scale or 0)}


def part(dictionary: Dictionary, table: str, names: str) -> Fields:
    """Return the named columns of one table, in the order in which they are to be set."""
    columns = {column["name"]: column for column in dictionary[table]["columns"]}
    return {name: field(columns[name]) for name in names.split()}


def main() -> None:
    """Print the field table."""
    dictionary = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    derived = {
        kind: {
            name: {"table": table, "fields": {**part(dictionary, table, names), **extra}}
            for name, (table, names, extra) in parts.items()
        }
        for kind, parts in PARTS.items()
    }
    print(json.dumps(derived, indent=1))  # noqa: T201 - printing is what this tool does


if __name__ == "__main__":
    main()
