"""Rules over what is sold: which account it goes to, and under which tracking option Xero has it.

A rule is a line of include/mappings/accounts/<pair>.yaml: conditions, all of which must hold, the
days on which it applies, and what it gives. The first that matches counts. What a sale looks like
to the rules is said here; where the facts come from is the gate's affair.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, model_validator

from tieout.domain.base import Frozen

CONDITIONS = ("category", "item_class", "warehouse", "tax", "channel")
"""What a rule can ask for; a condition that is not named holds for every sale."""
NO_TAX = "none"
"""What the condition ``tax`` calls a sale on which no tax was charged."""
TRACKING_PER_LINE_MAX = 2
"""Xero has at most two active tracking categories (domain/xero README, 1.4)."""


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One text or several, of which one must be it."""


class Sale(Frozen):
    """One sold line as rules see it; '' where nobody knows, which no condition matches.

    ``category`` and ``item_class`` are Sage 100's of the item (CI_Item.Category1 and ProductLine),
    ``warehouse`` its warehouse code, ``tax`` the title of the tax that the shop charged, and
    ``channel`` where the shop says it was sold (Order.sourceName, such as web or pos).
    """

    book_date: date
    category: str = ""
    item_class: str = ""
    warehouse: str = ""
    tax: str = NO_TAX
    channel: str = ""


class SaleRule(Frozen):
    """Conditions on a sale, and from which to which book date they apply, both days included."""

    category: Texts = ()
    item_class: Texts = ()
    warehouse: Texts = ()
    tax: Texts = ()
    channel: Texts = ()
    valid_from: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _is_ever_valid(self) -> "SaleRule":
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            message = f"valid_until {self.valid_until} is before valid_from {self.valid_from}"
            raise ValueError(message)
        return self

    def matches(self, sale: Sale) -> bool:
        """Say whether the rule applies to a sale."""
        return self._is_valid_on(sale.book_date) and not self.unmet(sale)

    def unmet(self, sale: Sale) -> tuple[str, ...]:
        """Return the conditions that a sale does not meet, whatever the day; case is no matter."""
        return tuple(
            name
            for name in CONDITIONS
            if (wanted := self.wanted(name)) and getattr(sale, name).casefold() not in wanted
        )

    def wanted(self, condition: str) -> frozenset[str]:
        """Return the values that a condition asks for, in lower case; none = any."""
        texts: tuple[str, ...] = getattr(self, condition)
        return frozenset(text.casefold() for text in texts)

    def covers(self, other: "SaleRule") -> bool:
        """Say whether this rule matches whatever the other one does."""
        begins = self.valid_from is None or (
            other.valid_from is not None and self.valid_from <= other.valid_from
        )
        ends = self.valid_until is None or (
            other.valid_until is not None and other.valid_until <= self.valid_until
        )
        return begins and ends and all(self._asks_no_more(other, name) for name in CONDITIONS)

    def _asks_no_more(self, other: "SaleRule", condition: str) -> bool:
        mine, theirs = self.wanted(condition), other.wanted(condition)
        return not mine or (bool(theirs) and theirs <= mine)

    def _is_valid_on(self, day: date) -> bool:
        is_begun = self.valid_from is None or self.valid_from <= day
        return is_begun and (self.valid_until is None or day <= self.valid_until)


class AccountRule(SaleRule):
    """Sales that go to the account of a role of their own."""

    role: str


class TrackingRule(SaleRule):
    """Sales that Xero's reports show under an option of a tracking category."""

    tracking: str
    option: str


class Tracking(Frozen):
    """One option of one of Xero's tracking categories, by their names."""

    name: str
    option: str


Rule = TypeVar("Rule", bound=SaleRule)


def first_match(rules: Sequence[Rule], sale: Sale) -> Rule | None:
    """Return the first rule that applies to a sale."""
    return next((rule for rule in rules if rule.matches(sale)), None)


def tracking_of(rules: Sequence[TrackingRule], sale: Sale) -> tuple[Tracking, ...]:
    """Return a sale's option in every tracking category that has a rule for it."""
    found: dict[str, Tracking] = {}
    for rule in rules:
        if rule.tracking not in found and rule.matches(sale):
            found[rule.tracking] = Tracking(name=rule.tracking, option=rule.option)
    return tuple(found.values())


def unreachable(rules: Sequence[SaleRule]) -> tuple[int, int] | None:
    """Return the places of a rule that can never count and of the earlier one that covers it."""
    for place, rule in enumerate(rules):
        for before, earlier in enumerate(rules[:place]):
            if earlier.covers(rule):
                return place, before
    return None
