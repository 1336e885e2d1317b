"""PO_Receipt_bus: receipts of goods (type G) and of invoice (type I) against purchase orders.

The class is named in public documents, its key comes from the 4.40 layouts; the columns and
``nGetNextReceiptNo`` are not confirmed. What was decided here: ``PurchaseOrderNo$`` loads the
order's lines with quantities of zero, each of which is found by browsing ``oLines`` and gets its
quantity; a receipt of invoice bills what was received and not billed, and must balance.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.ap_invoice import is_posted
from tieout.simulators.sage100.business_objects.base import OK, WARNING
from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.entries import EntryDocument, due_dates
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.store import Row, Value

GOODS, INVOICE = "G", "I"
COMPLETED = "X"
_NUMBER_WIDTH = 6
_FROM_ORDER = ("APDivisionNo", "VendorNo", "PurchaseName", "WarehouseCode", "TermsCode")
_FROM_LINE = (
    *("ItemCode", "WarehouseCode", "ItemType", "ItemCodeDesc", "UnitOfMeasure"),
    *("UnitOfMeasureConvFactor", "QuantityOrdered", "UnitCost", "PurchasesAcctKey"),
)
QUANTITY = {GOODS: "QuantityReceived", INVOICE: "QuantityInvoiced"}


class ReceiptLines(DocumentLines):
    """The order's lines; the header's type says which quantity counts."""

    TABLE: ClassVar[str] = "PO_ReceiptDetail"
    CLASS_NAME: ClassVar[str] = "PO_ReceiptDetail_bus"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"LineKey", "LineSeqNo", "OrderLineKey", "ItemCode", "QuantityOrdered", "ExtensionAmt"}
    )

    @override
    def add_line(self) -> int:
        message = "Lines come from the purchase order."
        raise RefusedError(message)

    @override
    def complete(self, line: Row) -> None:
        header = self.document.values
        name = QUANTITY[header.text("ReceiptType")]
        quantity = line.number(name)
        line["ExtensionAmt"] = rounded(quantity * line.number("UnitCost"))
        key = {
            "PurchaseOrderNo": header.text("PurchaseOrderNo"),
            "LineKey": line.text("OrderLineKey"),
        }
        ordered = self.file.rows("PO_PurchaseOrderDetail", **key)[0]
        received, invoiced = ordered.number("QuantityReceived"), ordered.number("QuantityInvoiced")
        is_invoice = name == QUANTITY[INVOICE]
        left = received - invoiced if is_invoice else ordered.number("QuantityOrdered") - received
        if quantity < 0 or quantity > left:
            message = f"The quantity {quantity:f} of line {key['LineKey']} is over the {left:f} due"
            raise RefusedError(f"{message}.")


class Receipt(BatchEntry, EntryDocument):
    """One receipt of one purchase order."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **EntryDocument.METHODS,
        **BatchEntry.METHODS,
        "nGetNextReceiptNo": "get_next_receipt_no",
    }
    TABLE: ClassVar[str] = "PO_ReceiptHeader"
    BATCH_SERIES: ClassVar[str] = "po_receipt_batch"
    LINES: ClassVar[type[DocumentLines]] = ReceiptLines
    CALLED: ClassVar[str] = "Receipt"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"BatchNo", "ReceiptAmt", "APDivisionNo", "VendorNo", "PurchaseName"}
    )

    def get_next_receipt_no(self, into: ByRef) -> int:
        """Burn and give the next receipt number."""
        into.value = self.file.next_number("po_receipt", _NUMBER_WIDTH)
        return OK

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        if key["ReceiptType"] not in QUANTITY:
            message = f"The Receipt Type {key['ReceiptType']} is invalid."
            raise RefusedError(message)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            self.values["ReceiptDate"] = self.today
            self.values["BatchNo"] = self.batch_no

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "PurchaseOrderNo":
            self._take_order(str(value))
        super().accept(name, value)
        day, terms = self.values.text("InvoiceDate"), self.values.text("TermsCode")
        if name in {"InvoiceDate", "TermsCode"} and day:
            self.values.update(due_dates(self.file, terms, day))
        if name == "InvoiceNo" and is_posted(self.file, self._bill_key()):
            self.last_error_message = "The invoice number has been used for this vendor before."
            return WARNING
        return OK

    @override
    def check_document(self) -> None:
        self.require(("PurchaseOrderNo", "Purchase Order Number"), ("ReceiptDate", "Receipt Date"))
        kind = self.values.text("ReceiptType")
        kept = [line for line in self.lines.rows if line.number(QUANTITY[kind])]
        if not kept:
            message = "A receipt needs a quantity."
            raise RefusedError(message)
        self.lines.load(kept)
        total = self.total_of_lines("ExtensionAmt")
        if kind == GOODS:
            self.values["ReceiptAmt"] = total
            return
        self.require(("InvoiceNo", "Invoice Number"), ("InvoiceDate", "Invoice Date"))
        added = self.values.number("FreightAmt") + self.values.number("SalesTaxAmt")
        balance = self.values.number("InvoiceAmt") - total - added
        if balance:
            message = f"The invoice balance {balance:f} must be zero."
            raise RefusedError(message)

    def _bill_key(self) -> dict[str, str]:
        return {name: self.values.text(name) for name in ("APDivisionNo", "VendorNo", "InvoiceNo")}

    def _take_order(self, number: str) -> None:
        order = self.file.row("PO_PurchaseOrderHeader", PurchaseOrderNo=number)
        if order is None or order.text("OrderStatus") == COMPLETED:
            message = f"The Purchase Order {number} is not on file, or is completed."
            raise RefusedError(message)
        self.values.update((name, order[name]) for name in _FROM_ORDER)
        lines = self.file.rows("PO_PurchaseOrderDetail", PurchaseOrderNo=number)
        self.lines.load([self._line(place, ordered) for place, ordered in enumerate(lines, 1)])

    def _line(self, place: int, ordered: Row) -> Row:
        line = self.loaded_line(place)
        line.update((name, ordered[name]) for name in _FROM_LINE)
        line["OrderLineKey"] = ordered["LineKey"]
        return line
