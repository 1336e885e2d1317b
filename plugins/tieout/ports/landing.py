"""The inbox as extraction fills it, page by page."""

from collections.abc import Collection, Sequence
from typing import Protocol

from tieout.domain.base import System
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry
from tieout.domain.reading import Page, PageLanded, Position, Reading


class Landing(Protocol):
    """Where the pages of a source's lists land. Every method is one transaction."""

    def position(self, reading: Reading) -> Position:
        """Return where the reading goes on."""

    def told(
        self, source: System, account: str, resource: str, record_ids: Collection[str]
    ) -> dict[str, bytes]:
        """Return what the newest entry of each record says, of those that have one and live."""

    def land(
        self,
        reading: Reading,
        page: Page,
        *,
        before: Position,
        set_aside: Sequence[tuple[NewInboxEntry, NewDeadLetter]] = (),
    ) -> PageLanded:
        """Store the page's records as pending entries, and move the reading to its position.

        What is known already, by the rules of ``Ledger.land``, is no new entry. Where a record may
        return, as in a whole list, it is known when it says what its newest entry says, so that one
        which is changed back is new again. Of a whole list, what has an entry and is not
        listed any more gets one that it is gone, unless nothing is listed at all; of one that was
        gone through by its ids, what lived. Entries to ``set_aside`` open their dead letters, if
        they are new.

        Where records may return, what we wrote ourselves lands as skipped: a record that nobody
        else has written since we created it, or that says what it said before. When a list was gone
        through by its ids, a record that is gone and one that came since the last time under its
        name are set aside both: people may have given it another id.

        Raises:
            RetryableError: The reading is not at ``before``: another run has gone on with it.
        """
