"""What is left of a sales order to ship and to invoice, and its lines as an invoice has them.

Shipped + backordered = ordered (SYNC&SAVE). Freight goes with the first invoice of an order, and
its deposit covers its invoices as far as it lasts.
"""

from decimal import Decimal

from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.schema import CREATED, UPDATED, tables
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)
_INVOICED = {"S", "B"}
_POSTED = "AR_InvoiceHistoryHeader"


def trouble(file: CompanyFile, number: str, *, invoice_no: str = "") -> str:
    """Say why an order cannot be invoiced now, or ''; ``invoice_no`` may be its invoice already."""
    order = file.row("SO_SalesOrderHeader", SalesOrderNo=number)
    if order is None:
        return f"The Sales Order {number} is not on file."
    if order.text("OrderType") not in _INVOICED:
        return f"The Sales Order {number} is of type {order.text('OrderType')}."
    if order.text("OrderStatus") == "H":
        return f"The Sales Order {number} is on hold."
    current = order.text("CurrentInvoiceNo")
    if current not in {"", invoice_no}:
        return f"The Sales Order {number} is being invoiced on invoice {current}."
    return ""


def left(line: Row) -> Decimal:
    """Return how much of an order's line has not shipped."""
    return line.number("QuantityOrdered") - line.number("QuantityShipped")


def earlier(file: CompanyFile, number: str) -> list[Row]:
    """Return the posted invoices of an order."""
    return file.rows(_POSTED, SalesOrderNo=number)


def deposit_left(file: CompanyFile, order: Row) -> Decimal:
    """Return what the order's posted invoices leave of its deposit."""
    used = [row.number("DepositAmt") for row in earlier(file, order.text("SalesOrderNo"))]
    return max(ZERO, order.number("DepositAmt") - sum(used, ZERO))


def freight_left(file: CompanyFile, order: Row) -> Decimal:
    """Return the order's freight until an invoice of it is posted."""
    return ZERO if earlier(file, order.text("SalesOrderNo")) else order.number("FreightAmt")


def invoice_header(order: Row) -> Row:
    """Return what an invoice takes over of its order's header."""
    columns = tables()["SO_InvoiceHeader"].columns
    return Row(
        (name, order[name]) for name in columns if name in order and name not in CREATED + UPDATED
    )


def invoice_line(line: Row, quantity: Decimal, place: int) -> Row:
    """Return the invoice's line for a quantity of an order's line."""
    columns = tables()["SO_InvoiceDetail"].columns
    copy = Row((name, line[name]) for name in columns if name in line)
    copy.update(LineKey=f"{place:06d}", LineSeqNo=f"{place:014d}", OrderLineKey=line["LineKey"])
    copy.update(AppliedSalesOrderNo=line["SalesOrderNo"], QuantityShipped=quantity)
    copy["QuantityBackordered"] = left(line) - quantity
    copy["ExtensionAmt"] = extension(copy, quantity)
    return copy


def extension(line: Row, quantity: Decimal) -> Decimal:
    """Return what a quantity of a line comes to, less the line's discount."""
    price = line.number("UnitPrice") * (1 - line.number("LineDiscountPercent") / 100)
    return rounded(quantity * price)
