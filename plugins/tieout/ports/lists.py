"""The lists of records that a source keeps."""

from collections.abc import Iterator
from typing import Protocol

from tieout.domain.base import System
from tieout.domain.reading import Interval, Page, Position


class Lists(Protocol):
    """The lists of one account of a source, read as they change."""

    source: System

    @property
    def account(self) -> str:
        """Return what the inbox calls the account."""

    def pages(
        self, resource: str, position: Position, *, interval: Interval | None = None
    ) -> Iterator[Page]:
        """Yield what changed in a list from ``position`` on, page by page, until its end.

        Whatever changes while it is read is in a page or after the last position. A record may
        come more than once. Only a page's own position lets a later reader go on after it.

        With ``interval``, only what last changed within it.

        Raises:
            ConfigurationError: There is no such list, or its form is not the one we know.
            RetryableError: The source does not answer, or has no calls left, for now.
        """
