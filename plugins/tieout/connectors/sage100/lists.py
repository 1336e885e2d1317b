"""Sage 100's tables as lists that change: the Lists port. How one is read is passes.py."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from typing_extensions import override

from tieout.connectors.sage100.own_fields import NOTHING_OURS, Ours
from tieout.connectors.sage100.passes import PAGE_RECORDS, Pass
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.records import table_of
from tieout.connectors.sage100.traces import Told, Traces
from tieout.domain.base import System
from tieout.domain.reading import Interval, Page, Position
from tieout.errors import ConfigurationError
from tieout.ports.clock import Clock
from tieout.ports.lists import Lists


class Sage100Lists(Lists):
    """The tables of one company. ``zone`` is where its wall clock hangs."""

    source = System.SAGE100

    def __init__(  # noqa: PLR0913 - what to read, whose it is, and what is known of it
        self,
        reader: Sage100Reader,
        *,
        account: str,
        zone: ZoneInfo,
        clock: Clock,
        ours: Ours = NOTHING_OURS,
        told: Told | None = None,
        page_records: int = PAGE_RECORDS,
    ) -> None:
        """Take the company's reader; nothing is read before the first page.

        What we wrote as a user of ours is the echo of a write; the site's own fields that we read
        come beside the dictionary's columns. ``told`` knows what was read before; without it all
        keys are read whenever something came.
        """
        self._traces = Traces(account, told)
        self._ours = ours
        self._reader = reader
        self._page_records = page_records
        self._account = account
        self._zone = zone
        self._clock = clock

    @property
    @override
    def account(self) -> str:
        return self._account

    @override
    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        run = self._run(resource, interval)
        return run.pages(position, now=self._clock.now(), page_records=self._page_records)

    def fingerprint(self, resource: str) -> str:
        """Return a text that is another one after a write to a table; deletes do not show.

        Raises:
            ConfigurationError: There is no such table.
            RetryableError: Sage cannot be read now.
        """
        return self._run(resource, None).fingerprint(now=self._clock.now())

    def _run(self, resource: str, interval: Interval | None) -> Pass:
        table = table_of(resource)
        if table is None:
            raise ConfigurationError(
                f"Sage 100 has no table {resource!r} that is read as a list.",
                remedy="Name one of docs/reference/sage100-reading.md.",
            )
        return Pass(self._reader, table, self._zone, interval, self._ours, self._traces)
