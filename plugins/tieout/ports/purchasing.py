"""What Sage 100 says of a purchase order, for whoever judges a bill of it."""

from tieout.domain.base import Frozen
from tieout.domain.purchases_clearing import Received
from tieout.domain.three_way import OrderLine


class SagePurchaseOrder(Frozen):
    """A purchase order as Sage 100 has it now, with what came of it and what was billed.

    ``billed`` of a line is what posted receipts of invoice have, and what waits in entry.
    """

    number: str
    division: str
    vendor_no: str
    lines: tuple[OrderLine, ...]
    received: tuple[Received, ...] = ()
    """Its posted receipts of goods, line by line, the oldest first."""
