"""What was heard of the numbered events that vendors' webhooks bring."""

from collections.abc import Sequence
from typing import Protocol

from tieout.domain.ledger import NewInboxEntry
from tieout.domain.webhooks import AppWebhooks, HeardEvents, MissedEvents, Strays


class Webhooks(Protocol):
    """The events of Xero's apps, and the strays. Every method is one transaction."""

    def land(self, entries: Sequence[NewInboxEntry], heard: HeardEvents | None) -> int:
        """Store what one webhook brought, and which numbers it had; return how many were new."""

    def apps(self) -> list[AppWebhooks]:
        """Return what was heard of every app, by name."""

    def missed(self) -> list[MissedEvents]:
        """Return what was never heard and that nobody gave up, by app and number."""

    def strays(self) -> list[Strays]:
        """Return what waits that belongs to no pair, by organization."""

    def give_up(self, events: HeardEvents, *, by: str, reason: str) -> None:
        """Close a gap on the word of the person ``by``.

        Raises:
            RejectedError: Not all of these were missed (``not_missed``).
        """

    def dismiss(self, account: str, *, by: str) -> int:
        """Skip the waiting strays of one organization, by rule ``dismissed``; return how many.

        Raises:
            RejectedError: There are none (``no_strays``).
        """
