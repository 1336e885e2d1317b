"""AR_Invoice_bus: invoices and credit memos without stock, of lines of types 3, 4 and 5.

The class is confirmed by the 4.40 layout alone (boi.json, ``fl-4.40``), and so are the line types
(README 1.3: "AR invoice lines only 3,4,5"). Decided here, to be checked on the first real site: a
line is an item of CI_Item or, without one, an account (SalesAcctKey$) of type 5; it counts as
ExtensionAmt, or as Quantity times UnitPrice where both are set; it is taxed by its TaxClass$, which
is NT without an item; and the tax has a summary object like that of S/O (boi.py).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.base import NEW, OK
from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.business_objects.sales_invoice import (
    CREDIT_MEMO,
    INVOICE,
    check_number,
    posted_invoice,
)
from tieout.simulators.sage100.business_objects.taxed_document import TaxedDocument
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value

_NUMBER_WIDTH = 7
_CHARGE, _COMMENT, _MISCELLANEOUS = "3", "4", "5"
_TYPES = {_CHARGE, _COMMENT, _MISCELLANEOUS}
_FROM_ITEM = {
    "ItemType": "ItemType",
    "ItemCodeDesc": "ItemCodeDesc",
    "SalesAcctKey": "SalesAcctKey",
    "UnitOfMeasure": "SalesUnitOfMeasure",
    "TaxClass": "TaxClass",
}


class ArInvoiceLines(DocumentLines):
    """AR_InvoiceDetail_bus."""

    TABLE: ClassVar[str] = "AR_InvoiceDetail"
    CLASS_NAME: ClassVar[str] = "AR_InvoiceDetail_bus"
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"LineKey", "LineSeqNo", "ItemType"})

    def __init__(self, invoice: TaxedDocument) -> None:
        """Belong to an invoice."""
        super().__init__(invoice)
        self.owner = invoice

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "ItemCode":
            self._take_item(line, str(value))
        if name == "SalesAcctKey":
            self._take_account(line, str(value))
        if isinstance(value, Decimal) and value < 0:
            message = f"The {name} may not be negative."
            raise RefusedError(message)
        return super().accept(line, name, value)

    @override
    def complete(self, line: Row) -> None:
        if line.text("ItemType") == _COMMENT:
            line["ExtensionAmt"] = Decimal(0)
            return
        if not line.text("SalesAcctKey"):
            message = "The sales account is required."
            raise RefusedError(message)
        if line.number("Quantity") and line.number("UnitPrice"):
            line["ExtensionAmt"] = rounded(line.number("Quantity") * line.number("UnitPrice"))
        if not line.number("ExtensionAmt"):
            message = "The extension is required."
            raise RefusedError(message)

    @override
    def changed(self) -> None:
        self.owner.recalculate()

    def _take_item(self, line: Row, code: str) -> None:
        item = self.file.row("CI_Item", ItemCode=code)
        if item is None:
            message = f"The Item {code} is not on file."
            raise RefusedError(message)
        if item.text("ItemType") not in _TYPES:
            message = f"The Item {code} is of type {item.text('ItemType')}, which moves stock."
            raise RefusedError(message)
        line.update({name: item[source] for name, source in _FROM_ITEM.items()})

    def _take_account(self, line: Row, key: str) -> None:
        account = self.file.row("GL_Account", AccountKey=key)
        if account is None or account.text("Status") != "A":
            message = f"The G/L Account {key} is not on file."
            raise RefusedError(message)
        if not line.text("ItemCode"):
            line.update(ItemType=_MISCELLANEOUS, TaxClass="NT")


class ArInvoice(TaxedDocument, BatchEntry):
    """An invoice or credit memo; its key has the type."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **TaxedDocument.METHODS,
        **BatchEntry.METHODS,
        "nGetNextInvoiceNo": "get_next_invoice_no",
    }
    TABLE: ClassVar[str] = "AR_InvoiceHeader"
    DETAIL: ClassVar[str] = "AR_InvoiceDetail"
    TAX_TABLE: ClassVar[str] = "AR_InvoiceTaxSummary"
    CALLED: ClassVar[str] = "invoice"
    BATCH_SERIES: ClassVar[str] = "ar_invoice_batch"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"BatchNo", "SalesTaxAmt", "TaxableAmt", "NonTaxableAmt"}
    )

    def __init__(self, session: Session) -> None:
        """Start without an invoice."""
        super().__init__(session)
        self.lines = ArInvoiceLines(self)

    def get_next_invoice_no(self, into: ByRef) -> int:
        """Burn and give the next invoice number, which S/O and A/R share."""
        into.value = self.file.next_number("invoice", _NUMBER_WIDTH)
        return OK

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        if key["InvoiceType"] not in {INVOICE, CREDIT_MEMO}:
            message = f"The InvoiceType {key['InvoiceType']} is invalid."
            raise RefusedError(message)
        check_number(self, key["InvoiceNo"])

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            self.values.update(dict.fromkeys(("InvoiceDate", "InvoiceDueDate"), self.today))
            self.values["BatchNo"] = self.batch_no

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "ApplyToInvoiceNo" and value:
            posted_invoice(self, str(value))
        return super().accept(name, value)

    @override
    def is_same_business(self, row: Row) -> bool:
        return row.get("InvoiceNo") == self.values.text("InvoiceNo")

    @override
    def write(self) -> int:
        self.check_complete()
        self.add_up()
        key = {name: self.values.text(name) for name in self.table.key}
        with self.file.transaction():
            if self.state == NEW and self.file.row(self.TABLE, **key) is not None:
                message = f"The Invoice {key['InvoiceNo']} is already on file."
                raise RefusedError(message)
            self.store(key)
        self.clear()
        return OK
