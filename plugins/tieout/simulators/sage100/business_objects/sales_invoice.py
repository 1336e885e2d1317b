"""SO_Invoice_bus: invoices of what ships, and credit memos. They move nothing until their register.

From public code (BATCHJOB; boi.json): a batch, nGetNextInvoiceNo, nSetKey, ``SalesOrderNo$``, then
``oLines.nCopyLinesFromSalesOrder(no, "Y")`` and a loop that sets ``QuantityShipped`` line by line.
Decided here, to be checked on the first real site: ``"Y"`` ships all that is left and ``"N"``
nothing; the order's freight comes with its first invoice, its deposit as far as it lasts, and its
tax override does not come; a credit memo has positive quantities, names no order (it does not
reopen one), and may name the posted invoice that it corrects.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control, shipments
from tieout.simulators.sage100.business_objects.base import EXISTING, NEW, OK
from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.item_lines import ItemLines
from tieout.simulators.sage100.business_objects.taxed_document import TaxedDocument
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value

ZERO = Decimal(0)
INVOICE, CREDIT_MEMO = "IN", "CM"
_NUMBER_WIDTH = 7
_HISTORY = "AR_InvoiceHistoryHeader"
_ORDER = "SO_SalesOrderHeader"


def posted_invoice(document: TaxedDocument, number: str) -> Row:
    """Return the customer's posted invoice that a credit memo corrects.

    Raises:
        RefusedError: The customer has none with that number.
    """
    where = {name: document.values.text(name) for name in ("ARDivisionNo", "CustomerNo")}
    found = document.file.row(_HISTORY, InvoiceNo=number, **where)
    if found is None:
        message = f"The Invoice {number} is not on file for the customer."
        raise RefusedError(message)
    return found


def check_number(document: TaxedDocument, number: str) -> None:
    """Refuse a number that a posted invoice has."""
    if document.file.row(_HISTORY, InvoiceNo=number) is not None:
        message = f"The Invoice {number} has already been used; see history."
        raise RefusedError(message)


class SalesInvoiceLines(ItemLines):
    """SO_InvoiceDetail_bus."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **ItemLines.METHODS,
        "nCopyLinesFromSalesOrder": "copy_lines",
    }
    TABLE: ClassVar[str] = "SO_InvoiceDetail"
    CLASS_NAME: ClassVar[str] = "SO_InvoiceDetail_bus"
    QUANTITY: ClassVar[str] = "QuantityShipped"
    QUANTITY_CALLED: ClassVar[str] = "quantity shipped"
    COMPUTED: ClassVar[frozenset[str]] = ItemLines.COMPUTED | {
        "QuantityOrdered",
        "QuantityBackordered",
        "OrderLineKey",
        "AppliedSalesOrderNo",
    }

    def copy_lines(self, order_no: str, ships: str) -> int:
        """Take over the lines of the invoice's order."""
        number = order_no.zfill(_NUMBER_WIDTH)
        if not number.strip("0") or number != self.owner.values.text("SalesOrderNo"):
            message = f"The invoice is not for the Sales Order {number}."
            raise RefusedError(message)
        if ships not in {"Y", "N"}:
            message = f"The option {ships} is invalid."
            raise RefusedError(message)
        lines = self.file.rows("SO_SalesOrderDetail", SalesOrderNo=number)
        self.load(
            [
                shipments.invoice_line(line, shipments.left(line) if ships == "Y" else ZERO, place)
                for place, line in enumerate(lines, 1)
            ]
        )
        self.changed()
        return OK

    @override
    def complete(self, line: Row) -> None:
        super().complete(line)
        shipped = line.number("QuantityShipped")
        if not line.text("OrderLineKey"):
            line["QuantityOrdered"] = shipped
            return
        line["QuantityBackordered"] = self._left(line) - shipped
        if line.number("QuantityBackordered") < 0:
            message = f"The quantity {shipped:f} of line {line.text('LineKey')} is invalid."
            raise RefusedError(message)

    @override
    def may_be_zero(self, line: Row) -> bool:
        return line.text("OrderLineKey") != ""

    @override
    def set_component(self, line: Row, kit: Row) -> None:
        super().set_component(line, kit)
        if line.text("OrderLineKey"):
            line["QuantityBackordered"] = self._left(line) - line.number("QuantityShipped")
        else:
            line["QuantityOrdered"] = line["QuantityShipped"]

    def _left(self, line: Row) -> Decimal:
        key = {"SalesOrderNo": line.text("AppliedSalesOrderNo"), "LineKey": ""}
        key["LineKey"] = line.text("OrderLineKey")
        return shipments.left(self.file.rows("SO_SalesOrderDetail", **key)[0])


class SalesInvoice(TaxedDocument, BatchEntry):
    """An invoice of an order or of a customer, or a credit memo."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **TaxedDocument.METHODS,
        **BatchEntry.METHODS,
        "nGetNextInvoiceNo": "get_next_invoice_no",
    }
    TABLE: ClassVar[str] = "SO_InvoiceHeader"
    DETAIL: ClassVar[str] = "SO_InvoiceDetail"
    TAX_TABLE: ClassVar[str] = "SO_InvoiceTaxSummary"
    CALLED: ClassVar[str] = "invoice"
    BATCH_SERIES: ClassVar[str] = "invoice_batch"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"BatchNo", "SalesTaxAmt", "TaxableAmt", "NonTaxableAmt", "OrderStatus", "OrderDate"}
    )
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {
        "InvoiceType": frozenset({INVOICE, CREDIT_MEMO})
    }

    def __init__(self, session: Session) -> None:
        """Start without an invoice."""
        super().__init__(session)
        self.lines = SalesInvoiceLines(self)

    def get_next_invoice_no(self, into: ByRef) -> int:
        """Burn and give the next invoice number, which S/O and A/R share."""
        into.value = self.file.next_number("invoice", _NUMBER_WIDTH)
        return OK

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        check_number(self, key["InvoiceNo"])

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            self.values.update(InvoiceType=INVOICE, WarehouseCode="000", BatchNo=self.batch_no)
            self.values.update(dict.fromkeys(("InvoiceDate", "ShipDate"), self.today))
            self.values["InvoiceDueDate"] = self.today

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "SalesOrderNo":
            return self._take_order(str(value))
        if name == "CustomerNo" and self.values.text("SalesOrderNo"):
            message = "The customer is the sales order's."
            raise RefusedError(message)
        if name == "ApplyToInvoiceNo" and value:
            posted_invoice(self, str(value))
        if name == "InvoiceType" and self.values.text("SalesOrderNo") and value == CREDIT_MEMO:
            message = "A credit memo has no sales order."
            raise RefusedError(message)
        return super().accept(name, value)

    @override
    def is_same_business(self, row: Row) -> bool:
        order = self.values.text("SalesOrderNo")
        is_mine = row.get("InvoiceNo") == self.values.text("InvoiceNo")
        return is_mine or (order != "" and row.text("SalesOrderNo") == order)

    @override
    def write(self) -> int:
        self.check_complete()
        self._check_figures()
        number, order_no = self.values.text("InvoiceNo"), self.values.text("SalesOrderNo")
        with self.file.transaction():
            if self.state == NEW and self.file.row(self.TABLE, InvoiceNo=number) is not None:
                message = f"The Invoice {number} is already on file."
                raise RefusedError(message)
            reason = shipments.trouble(self.file, order_no, invoice_no=number) if order_no else ""
            if reason:
                raise RefusedError(reason)
            self.store({"InvoiceNo": number})
            if order_no:
                self.file.update(_ORDER, {"SalesOrderNo": order_no}, {"CurrentInvoiceNo": number})
        self.clear()
        return OK

    @override
    def delete(self) -> int:
        number, order_no = self.values.text("InvoiceNo"), self.values.text("SalesOrderNo")
        if self.state != EXISTING:
            message = f"The Invoice {number} is not on file."
            raise RefusedError(message)
        with self.file.transaction():
            for table in (self.TAX_TABLE, self.DETAIL, self.TABLE):
                self.file.delete(table, InvoiceNo=number)
            if order_no:
                self.file.update(_ORDER, {"SalesOrderNo": order_no}, {"CurrentInvoiceNo": ""})
        self.clear()
        return OK

    def _check_figures(self) -> None:
        self.add_up()
        if not any(line.number("ExtensionAmt") or _ships(line) for line in self.lines.rows):
            message = "The invoice ships nothing."
            raise RefusedError(message)
        due = self.goods() + self.values.number("FreightAmt") + self.values.number("SalesTaxAmt")
        if self.values.number("DepositAmt") > due:
            message = f"The deposit amount is more than the invoice total {due:.2f}."
            raise RefusedError(message)

    def _take_order(self, number: str) -> int:
        if self.values.text("InvoiceType") == CREDIT_MEMO:
            message = "A credit memo has no sales order."
            raise RefusedError(message)
        reason = shipments.trouble(self.file, number, invoice_no=self.values.text("InvoiceNo"))
        if reason:
            raise RefusedError(reason)
        if control.is_locked(self.file, _ORDER, (number,)):
            message = "The record is in use by another workstation."
            raise RefusedError(message)
        order = self.file.rows(_ORDER, SalesOrderNo=number)[0]
        own = ("InvoiceNo", "InvoiceType", "InvoiceDate", "ShipDate", "InvoiceDueDate", "BatchNo")
        kept = {name: self.values[name] for name in own}
        self.values.update(shipments.invoice_header(order) | kept)
        self.values["FreightAmt"] = shipments.freight_left(self.file, order)
        self.values["DepositAmt"] = shipments.deposit_left(self.file, order)
        self.recalculate()
        return OK


def _ships(line: Row) -> bool:
    return line.number("QuantityShipped") != 0
