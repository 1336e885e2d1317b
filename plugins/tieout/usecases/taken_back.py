"""What people took back at a target of what was written there: the dead letter that says so."""

from decimal import Decimal

from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, NewDeadLetter
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.statuses.machine import NAMES

PARTS = ("amount", "lines", "freight", "tax")
"""Expected figures that add up to what a document is worth, where none says the total."""
OTHERS = {System.XERO: System.SAGE100, System.SAGE100: System.XERO}


def what(delivery: Delivery) -> str:
    """Name the document that was written."""
    return f"{delivery.entity} {delivery.external_no or delivery.external_id}"


def letter_of(
    pair: Pair, delivery: Delivery, trouble: str, *, step: str, answer: Json | None = None
) -> NewDeadLetter:
    """Return the dead letter of a delivery; ``answer`` is what the target shows now."""
    expected = delivery.expected
    amount = sum((Decimal(expected.get(name, "0")) for name in PARTS), ZERO)
    name, other = NAMES[delivery.target], NAMES[OTHERS[delivery.target]]
    return NewDeadLetter(
        pair=pair.pair,
        document_id=delivery.document_id,
        trace_key=delivery.document_key,
        step=step,
        cause="taken_back",
        message=f"{trouble} {other} and the shop still show the order as posted.",
        remedy=(
            f"Find out who did it and why. If it should stand, enter it again in {name}; else "
            f"undo the rest in {other} and in the shop. Then dismiss this. If it is there after "
            "all, replay: it is looked up first, and never written a second time."
        ),
        field="external_id",
        value=delivery.external_id,
        amount=Decimal(expected["total"]) if "total" in expected else amount,
        currency=pair.currency,
        mapped=delivery.payload,
        answer=answer,
    )
