"""The tie-out: Xero less Sage 100 per account, every difference named by document and class."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO

Effect = dict[str, Decimal]
"""Debit less credit by account role; a document's effect sums to zero."""


class DifferenceClass(StrEnum):
    """What kind of difference one item is; the effect, never who caused it."""

    UNSHIPPED = "unshipped"
    IN_FLIGHT = "in_flight"
    ENTERED = "entered"
    NOT_IN_GL = "not_in_gl"
    MISSING = "missing"
    EXTRA = "extra"
    DUPLICATE = "duplicate"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_TAX = "wrong_tax"
    ROUNDING = "rounding"
    FX = "fx"
    WRONG_ACCOUNT = "wrong_account"
    UNKNOWN = "unknown"


ERROR_CLASSES = frozenset(
    {
        DifferenceClass.MISSING,
        DifferenceClass.EXTRA,
        DifferenceClass.DUPLICATE,
        DifferenceClass.WRONG_AMOUNT,
        DifferenceClass.WRONG_TAX,
        DifferenceClass.WRONG_ACCOUNT,
    }
)
"""Differences that somebody must correct; the others explain themselves."""


class Light(StrEnum):
    """The verdict: red = something is unknown, amber = errors are open, green = all explained."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class TieOutItem(Frozen):
    """One named difference: its documents and its amounts by account role, summing to zero."""

    difference_class: DifferenceClass
    document: str
    explanation: str
    amounts: dict[str, Amount]


class TieOutAccount(Frozen):
    """One account role in both ledgers; ``difference`` is Xero less Sage 100."""

    role: str
    xero: Amount
    sage100: Amount
    difference: Amount
    explained: Amount


class TieOut(Frozen):
    """The proof for one pair, in its currency, for facts dated through ``as_of``."""

    pair: str
    currency: str
    as_of: date
    known_at: AwareDatetime
    counts: dict[str, int]
    """How many documents of each kind were read from each ledger."""
    accounts: tuple[TieOutAccount, ...]
    items: tuple[TieOutItem, ...]
    unknown: Amount
    """What no item explains, added up absolute per document, never netted."""
    light: Light


def added(*effects: Effect) -> Effect:
    """Add effects role by role, leaving out zeros."""
    total: Effect = {}
    for effect in effects:
        for role, amount in effect.items():
            total[role] = total.get(role, ZERO) + amount
    return {role: amount for role, amount in total.items() if amount}


def reversed_effect(effect: Effect) -> Effect:
    """Return the effect with its signs turned."""
    return {role: -amount for role, amount in effect.items()}


def size(effect: Effect) -> Decimal:
    """Return the absolute amounts of an effect, added up."""
    return sum((abs(amount) for amount in effect.values()), ZERO)
