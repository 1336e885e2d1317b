"""What people took back at a target of what was written there: the dead letter that says so."""

from decimal import Decimal

from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, NewDeadLetter
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.statuses.machine import NAMES
from tieout.domain.statuses.table import in_own_words
from tieout.ports.mapper import Mapper

PARTS = ("amount", "lines", "freight", "tax")
"""Expected figures that add up to what a document is worth, where none says the total."""
CROSSWALKS = {
    System.XERO: "xero_to_sage100_statuses",
    System.SAGE100: "sage100_to_xero_statuses",
}
"""The table that says what a status of one ledger is in the other."""
OTHERS = {System.XERO: System.SAGE100, System.SAGE100: System.XERO}


def what(delivery: Delivery) -> str:
    """Name the document that was written."""
    return f"{delivery.entity} {delivery.external_no or delivery.external_id}"


def counterpart(mapper: Mapper, delivery: Delivery, status: str) -> str:
    """Say how the document stands in the other ledger when it stands so in this one; '' = unsaid.

    The crosswalks of statuses know; a pair may have its own.
    """
    said = mapper.crosswalk(CROSSWALKS[delivery.target], f"{delivery.entity} {status}")
    kind, _blank, word = said.partition(" ")
    if not word:
        return ""
    told = in_own_words(OTHERS[delivery.target], kind).told(word)
    return f"its {kind.replace('_', ' ')} would then be {told}"


def letter_of(
    pair: Pair,
    delivery: Delivery,
    trouble: str,
    *,
    step: str,
    undone: str = "",
    answer: Json | None = None,
) -> NewDeadLetter:
    """Return the dead letter of a delivery; ``answer`` is what the target shows now.

    ``undone`` says how the rest stands in the other ledger once it is undone there.
    """
    expected = delivery.expected
    amount = sum((Decimal(expected.get(name, "0")) for name in PARTS), ZERO)
    there = f", where {undone}," if undone else ""
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
            f"undo the rest in {other}{there} and in the shop. Then dismiss this. If it is there "
            "after all, replay: it is looked up first, and never written a second time."
        ),
        field="external_id",
        value=delivery.external_id,
        amount=Decimal(expected["total"]) if "total" in expected else amount,
        currency=pair.currency,
        mapped=delivery.payload,
        answer=answer,
    )
