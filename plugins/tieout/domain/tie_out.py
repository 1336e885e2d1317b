"""The tie-out: Xero less Sage 100 per account, every difference named by document and class."""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO
from tieout.domain.roles import (
    BANK,
    DEPOSITS,
    FREIGHT,
    RECEIVABLES,
    SALES,
    SALES_TAX,
)

Effect = dict[str, Decimal]
"""Debit less credit by account role; a document's effect sums to zero."""


class DifferenceClass(StrEnum):
    """What kind of difference one item is; the effect, never who caused it."""

    UNSHIPPED = "unshipped"
    IN_FLIGHT = "in_flight"
    CUTOFF = "cutoff"
    ENTERED = "entered"
    NOT_IN_GL = "not_in_gl"
    ROUNDING = "rounding"
    PARKED = "parked"
    FX = "fx"
    UNAPPLIED = "unapplied"
    MISSING = "missing"
    EXTRA = "extra"
    DUPLICATE = "duplicate"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_TAX = "wrong_tax"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_PERIOD = "wrong_period"
    WRONG_PARTY = "wrong_party"
    WRONG_QUANTITY = "wrong_quantity"
    STALE_STATUS = "stale_status"
    MANUAL_EDIT = "manual_edit"
    RESTATED = "restated"
    UNKNOWN = "unknown"


ERROR_CLASSES = frozenset(
    {
        DifferenceClass.MISSING,
        DifferenceClass.EXTRA,
        DifferenceClass.DUPLICATE,
        DifferenceClass.WRONG_AMOUNT,
        DifferenceClass.WRONG_TAX,
        DifferenceClass.WRONG_ACCOUNT,
        DifferenceClass.WRONG_PERIOD,
        DifferenceClass.WRONG_PARTY,
        DifferenceClass.WRONG_QUANTITY,
        DifferenceClass.STALE_STATUS,
        DifferenceClass.MANUAL_EDIT,
        DifferenceClass.RESTATED,
    }
)
"""Differences that somebody must correct; the others explain themselves."""

UNSHIPPED_MAX = timedelta(days=30)
"""How long an order may wait for its goods before somebody has to look."""
ENTERED_MAX_BUSINESS_DAYS = 2
"""How long people may leave a document outside the general ledger before somebody has to look."""
BUSINESS_DAYS_A_WEEK = 5
"""Monday to Friday; which day is a holiday, people know."""


class Light(StrEnum):
    """The verdict.

    Red = something is unknown, or a source was not read; amber = errors are open, or what explains
    itself has been waiting for too long; green = all explained.
    """

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class Area(StrEnum):
    """Accounts that people look at together."""

    RECEIVABLES = "receivables"
    PAYABLES = "payables"
    CASH = "cash"
    TAX = "tax"
    REVENUE = "revenue"
    DEPOSITS = "deposits"
    INVENTORY = "inventory"
    OTHER = "other"


def area_of(role: str) -> Area:
    """Return the area that an account role belongs to."""
    if role in _AREAS:
        return _AREAS[role]
    prefixes = (("clearing", Area.CASH), (f"{BANK}_", Area.CASH), (f"{SALES}_", Area.REVENUE))
    return next((area for prefix, area in prefixes if role.startswith(prefix)), Area.OTHER)


_AREAS = {
    RECEIVABLES: Area.RECEIVABLES,
    "payables": Area.PAYABLES,
    BANK: Area.CASH,
    SALES_TAX: Area.TAX,
    "channel_tax": Area.TAX,
    SALES: Area.REVENUE,
    FREIGHT: Area.REVENUE,
    DEPOSITS: Area.DEPOSITS,
    "gift_cards": Area.DEPOSITS,
    "inventory": Area.INVENTORY,
    "cost_of_goods_sold": Area.INVENTORY,
}


class SourceRead(Frozen):
    """One source of the proof: how far it was read, or why it was not.

    ``total`` is the control total: what its documents amount to, absolute, in the books' currency.
    """

    name: str
    count: int = 0
    total: Amount = ZERO
    through: date | None
    problem: str = ""


class TieOutItem(Frozen):
    """One named difference: its documents and its amounts by account role, summing to zero.

    ``parties`` has what stands with another customer than in the other ledger; it sums to zero too.
    """

    difference_class: DifferenceClass
    document: str
    explanation: str
    amounts: dict[str, Amount]
    documents: tuple[str, ...] = ()
    """What both ledgers have of it."""
    parties: dict[str, Amount] = Field(default_factory=dict)
    since: date | None = None
    is_overage: bool = False
    """Whether it explains itself, but has waited for too long."""

    @property
    def is_error(self) -> bool:
        """Say whether somebody must correct something."""
        return self.difference_class in ERROR_CLASSES


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
    sources: tuple[SourceRead, ...] = ()
    accounts: tuple[TieOutAccount, ...]
    items: tuple[TieOutItem, ...]
    unknown: Amount
    """What no item explains, added up absolute per document, never netted."""
    unproven: dict[Area, str] = Field(default_factory=dict)
    """Areas that no source read so far says anything of, and why."""
    light: Light

    @property
    def unread(self) -> tuple[SourceRead, ...]:
        """Return the sources that were not read through the cut-off."""
        return tuple(one for one in self.sources if one.through is None or one.through < self.as_of)

    @property
    def problems(self) -> list[str]:
        """Return why it is not good: something unknown or not read, or an error item."""
        found = [f"{self.pair}: tie-out leaves {self.unknown} unknown"] if self.unknown else []
        found += [
            f"{self.pair}: tie-out has not read {one.name} through {self.as_of}: {one.problem}"
            for one in self.unread
        ]
        return found + [
            f"{self.pair}: tie-out finds {one.difference_class} {one.document}: {one.explanation}"
            for one in self.items
            if one.is_error
        ]


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


def is_overage(difference_class: DifferenceClass, since: date | None, today: date) -> bool:
    """Say whether a difference that explains itself has waited for too long."""
    if since is None:
        return False
    if difference_class in {DifferenceClass.ENTERED, DifferenceClass.NOT_IN_GL}:
        return business_days(since, today) > ENTERED_MAX_BUSINESS_DAYS
    return difference_class is DifferenceClass.UNSHIPPED and today - since > UNSHIPPED_MAX


def business_days(since: date, until: date) -> int:
    """Count the days after ``since`` through ``until`` that are no Saturday or Sunday."""
    weeks, rest = divmod(max((until - since).days, 0), 7)
    last = (since + timedelta(days=1 + place) for place in range(rest))
    worked = sum(day.weekday() < BUSINESS_DAYS_A_WEEK for day in last)
    return weeks * BUSINESS_DAYS_A_WEEK + worked
