"""purchase_order.create, through PO_PurchaseOrder_bus; ours is known by its Comment."""

from collections.abc import Iterator

from sage100_agent.boi import KeyState, Task
from sage100_agent.documents import Document, fields_of
from sage100_agent.errors import NumberTakenError
from sage100_agent.writers.base import Announce, Stored, Work

TASK = Task("P/O", "PO_PurchaseOrder_ui", "PO_PurchaseOrder_bus")
AMOUNTS = ("TaxableAmt", "NonTaxableAmt", "FreightAmt", "SalesTaxAmt")


class PurchaseOrderWriter:
    """New standard orders."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Take the next order number."""
        orders = work.session.open(TASK, work.today, work.warnings)
        return {"PurchaseOrderNo": orders.next_number("nGetNextPurchaseOrderNo")}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look the number up."""
        orders = work.session.open(TASK, work.today, work.warnings)
        if orders.set_key(_boi(key)) is KeyState.NEW:
            return None
        if orders.text("Comment$") != work.document.header["Comment"]:
            message = f"Purchase order {key['PurchaseOrderNo']} is somebody else's."
            raise NumberTakenError(message)
        values = {name: orders.amount(name) for name in AMOUNTS}
        return Stored(key, key["PurchaseOrderNo"], values)

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Create the order."""
        orders = work.session.open(TASK, work.today, work.warnings)
        if orders.set_key(_boi(key)) is not KeyState.NEW:
            message = f"Purchase order {key['PurchaseOrderNo']} exists already."
            raise NumberTakenError(message)
        orders.set_values(work.document.header, fields_of("purchase_order.create", "header"))
        lines = orders.part("oLines")
        for line in work.document.lines:
            lines.add_line(line, fields_of("purchase_order.create", "lines"))
        announce()
        orders.write()
        return key["PurchaseOrderNo"]

    def mark(self, document: Document) -> str:
        """Return the Comment."""
        return document.header["Comment"]

    def own_key(self, document: Document) -> dict[str, str]:
        """Return nothing: the number is Sage's."""
        del document
        return {}

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return the Comments of all orders."""
        orders = work.session.open(TASK, work.today, work.warnings)
        for number, comment in orders.listing("PurchaseOrderNo$", "Comment$"):
            yield comment, {"PurchaseOrderNo": number}


def _boi(key: dict[str, str]) -> dict[str, str]:
    return {"PurchaseOrderNo$": key["PurchaseOrderNo"]}
