"""What a tie-out asks beside documents: Xero's journals and balances, and what a shop has sent."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from tieout.domain.base import Frozen
from tieout.domain.books import XeroBankEntry, XeroJournal


class Balances(Frozen):
    """A trial balance by account code; revenue accounts have what moved since ``year_began``."""

    by_code: dict[str, Decimal]
    year_began: date


class XeroBooks(Protocol):
    """Xero's own books, as far as they say more than its documents."""

    def journals(self) -> list[XeroJournal]:
        """Return the manual journals that are posted."""

    def bank_entries(self) -> list[XeroBankEntry]:
        """Return the bank transactions that stand, and the transfers between bank accounts."""

    def balances(self, day: date) -> Balances:
        """Return the trial balance at the end of a day."""


class Sent(Frozen):
    """What a shop has sent of an order, in pieces, and when it last sent some."""

    at: datetime
    pieces: Decimal
    of: Decimal


class Shipments(Protocol):
    """What a shop has sent."""

    def sent(self, order_ids: Collection[str]) -> Mapping[str, Sent]:
        """Return what was sent of those orders of which something was, by numeric id."""
