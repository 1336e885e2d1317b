"""The tables and columns that we read, with their kinds and keys; nothing else may be selected.

Names, keys and scales are those of the Sage 100 data dictionary, and a test compares them with it.
What the columns mean to us belongs in books.py, stock.py and the targets.
"""

from dataclasses import dataclass

TEXT = "text"
DATE = "date"
NUMBERS = {"amount": 2, "quantity": 6}
"""Decimals by kind of number."""


@dataclass(frozen=True)
class Table:
    """One table: its key, in order, and the kind of each column that we read."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, str]


def _table(name: str, key: str, **columns: str) -> Table:
    kinds = {column: kind for kind, names in columns.items() for column in names.split()}
    keys = tuple(key.split())
    return Table(name, keys, {**dict.fromkeys(keys, TEXT), **kinds})


_ALL = (
    _table(
        "AR_Customer",
        "ARDivisionNo CustomerNo",
        text="CustomerName EmailAddress CustomerStatus UDF_TIEOUT_ID",
    ),
    _table(
        "SO_SalesOrderHeader",
        "SalesOrderNo",
        text="OrderType OrderStatus ARDivisionNo CustomerNo CustomerPONo UDF_TIEOUT_ID",
        date="OrderDate",
        amount="DiscountAmt FreightAmt SalesTaxAmt DepositAmt",
    ),
    _table(
        "SO_SalesOrderDetail",
        "SalesOrderNo LineKey",
        text="ItemCode ItemType",
        quantity="QuantityOrdered QuantityShipped",
        amount="ExtensionAmt",
    ),
    _table(
        "SO_SalesOrderHistoryHeader",
        "SalesOrderNo",
        text="OrderStatus ARDivisionNo CustomerNo CustomerPONo",
        date="OrderDate",
        amount="DiscountAmt FreightAmt SalesTaxAmt DepositAmt",
    ),
    _table(
        "SO_SalesOrderHistoryDetail",
        "SalesOrderNo SequenceNo",
        text="ItemCode ItemType CancelledLine",
        quantity="QuantityOrderedRevised QuantityShipped",
        amount="LastExtensionAmt",
    ),
    _table(
        "SO_InvoiceHeader",
        "InvoiceNo",
        text="SalesOrderNo CustomerPONo",
        date="InvoiceDate",
        amount="DiscountAmt FreightAmt SalesTaxAmt DepositAmt",
    ),
    _table("SO_InvoiceDetail", "InvoiceNo LineKey", amount="ExtensionAmt"),
    _table(
        "AR_InvoiceHeader",
        "InvoiceNo InvoiceType",
        text="CustomerPONo",
        date="InvoiceDate",
        amount="DiscountAmt FreightAmt SalesTaxAmt DepositAmt",
    ),
    _table("AR_InvoiceDetail", "InvoiceNo InvoiceType LineKey", amount="ExtensionAmt"),
    _table(
        "AR_InvoiceHistoryHeader",
        "InvoiceNo HeaderSeqNo",
        text="InvoiceType SalesOrderNo CustomerPONo",
        date="InvoiceDate TransactionDate",
        amount="DiscountAmt FreightAmt SalesTaxAmt DepositAmt",
    ),
    _table("AR_InvoiceHistoryDetail", "InvoiceNo HeaderSeqNo DetailSeqNo", amount="ExtensionAmt"),
    _table(
        "AR_CashReceiptsHeader",
        "DepositNo ARDivisionNo CustomerNo CheckNo",
        text="BankCode",
        date="DepositDate",
        amount="PostingAmt",
    ),
    _table(
        "AR_CashReceiptsDetail",
        "DepositNo ARDivisionNo CustomerNo CheckNo LineKey",
        text="AccountKey",
        amount="AmountPosted",
    ),
    _table(
        "AR_CashReceiptsHistory",
        "BankCode DepositDate DepositNo DepositType ARDivisionNo CustomerNo CreditCardEntryNo "
        "CheckNo SequenceNo",
        text="AccountKey",
        date="DepositDate PostingDate",
        amount="CashAmountApplied",
    ),
    _table("CI_Item", "ItemCode", text="InactiveItem"),
    _table(
        "IM_ItemWarehouse",
        "ItemCode WarehouseCode",
        quantity="QuantityOnHand QuantityOnSalesOrder QuantityOnBackOrder QuantityInShipping",
    ),
    _table("GL_Account", "AccountKey", text="Account Status"),
    _table("GL_Bank", "BankCode", text="CashAccountKey"),
    _table(
        "GL_DetailPosting",
        "AccountKey PostingDate SourceJournal JournalRegisterNo SequenceNo",
        text="PostingComment",
        date="PostingDate",
        amount="DebitAmount CreditAmount",
    ),
)
TABLES = {table.name: table for table in _ALL}
