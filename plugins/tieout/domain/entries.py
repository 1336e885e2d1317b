"""Entries that are proposed: what would settle something in the books, if a person agrees."""

from datetime import date
from typing import Self

from pydantic import model_validator

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO


class ProposedEntry(Frozen):
    """Debit less credit by account role, of one day and one currency; it adds up to zero.

    Nothing posts it by itself: it becomes deliveries only when a person approves a plan of them.
    """

    what: str
    day: date
    currency: str
    amounts: dict[str, Amount]

    @model_validator(mode="after")
    def _balances(self) -> Self:
        left = sum(self.amounts.values(), ZERO)
        if left:
            message = f"the entry {self.what!r} is {left} off"
            raise ValueError(message)
        return self
