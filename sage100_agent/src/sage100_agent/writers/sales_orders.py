"""sales_order.create and sales_order.set_deposit, through SO_SalesOrder_bus."""

from collections.abc import Iterator

from sage100_agent.boi import BusinessObject, KeyState, Task
from sage100_agent.documents import Document, fields_of
from sage100_agent.errors import NumberTakenError, RefusedError
from sage100_agent.writers.base import Announce, Stored, Work
from sage100_agent.writers.taxes import override_tax

TASK = Task("S/O", "SO_SalesOrder_ui", "SO_SalesOrder_bus")
LAST = ("FreightAmt", "DepositAmt")
"""Set after the lines: the tax of freight and the limit of the deposit follow from them."""
AMOUNTS = ("TaxableAmt", "NonTaxableAmt", "FreightAmt", "SalesTaxAmt", "DepositAmt")
MARK = ("ARDivisionNo", "CustomerNo", "CustomerPONo")


class SalesOrderWriter:
    """New sales orders."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Take the next order number."""
        orders = work.session.open(TASK, work.today, work.warnings)
        return {"SalesOrderNo": orders.next_number("nGetNextSalesOrderNo")}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look the number up; the order is ours when it carries our id, or else our PO."""
        orders = work.session.open(TASK, work.today, work.warnings)
        if orders.set_key({"SalesOrderNo$": key["SalesOrderNo"]}) is KeyState.NEW:
            return None
        header = work.document.header
        mark = "UDF_TIEOUT_ID" if header.get("UDF_TIEOUT_ID") else "CustomerPONo"
        if orders.text(f"{mark}$") != header[mark]:
            message = f"Sales order {key['SalesOrderNo']} is somebody else's."
            raise NumberTakenError(message)
        return _stored(orders, key)

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Create the order: header, lines, freight, the shop's tax, deposit; then store it."""
        orders = work.session.open(TASK, work.today, work.warnings)
        if orders.set_key({"SalesOrderNo$": key["SalesOrderNo"]}) is not KeyState.NEW:
            message = f"Sales order {key['SalesOrderNo']} exists already."
            raise NumberTakenError(message)
        header = work.document.header
        fields = fields_of("sales_order.create", "header")
        first = {name: value for name, value in header.items() if name not in LAST}
        orders.set_values(first, fields)
        work.judge()
        lines = orders.part("oLines")
        for line in work.document.lines:
            lines.add_line(line, fields_of("sales_order.create", "lines"))
        if "FreightAmt" in header:
            orders.set_value("FreightAmt", float(header["FreightAmt"]))
        override_tax(orders, work.document.tax)
        if "DepositAmt" in header:
            orders.set_value("DepositAmt", float(header["DepositAmt"]))
        announce()
        orders.write()
        return key["SalesOrderNo"]

    def mark(self, document: Document) -> str:
        """Return customer and PO, of which a customer has one order."""
        return "".join(document.header[name] for name in MARK)

    def own_key(self, document: Document) -> dict[str, str]:
        """Return nothing: the number is Sage's."""
        del document
        return {}

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return the customers and POs of all open orders."""
        orders = work.session.open(TASK, work.today, work.warnings)
        marks = "+".join(f"{name}$" for name in MARK)
        for number, mark in orders.listing("SalesOrderNo$", marks):
            yield mark, {"SalesOrderNo": number}


class DepositWriter:
    """The deposit held for an open order; setting the same amount again changes nothing."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Name the order."""
        return {"SalesOrderNo": work.document.header["SalesOrderNo"]}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Return the order when it shows the amount already."""
        orders = _open_order(work, key)
        stored = _stored(orders, key)
        wanted = f"{float(work.document.header['DepositAmt']):.2f}"
        return stored if stored.values["DepositAmt"] == wanted else None

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Set the amount."""
        orders = _open_order(work, key)
        orders.set_value("DepositAmt", float(work.document.header["DepositAmt"]))
        announce()
        orders.write()
        return key["SalesOrderNo"]


def _open_order(work: Work, key: dict[str, str]) -> BusinessObject:
    orders = work.session.open(TASK, work.today, work.warnings)
    if orders.set_key({"SalesOrderNo$": key["SalesOrderNo"]}) is not KeyState.EXISTING:
        message = f"Sales order {key['SalesOrderNo']} is not open: unknown, completed or deleted."
        raise RefusedError("unknown_record", message)
    return orders


def _stored(orders: BusinessObject, key: dict[str, str]) -> Stored:
    values = {name: orders.amount(name) for name in AMOUNTS}
    return Stored(key=key, document_no=key["SalesOrderNo"], values=values)
