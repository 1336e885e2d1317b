"""What every writer does, in the order in which the worker asks for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, runtime_checkable

from sage100_agent.batches import Batches
from sage100_agent.boi import BoiSession
from sage100_agent.documents import Document
from sage100_agent.messages import Messages

Announce = Callable[[], None]
"""Called right before the first call that may store anything."""


@dataclass
class Work:
    """One command on one session. ``warnings`` fills as Sage warns."""

    session: BoiSession
    document: Document
    command_id: str
    today: date
    messages: Messages
    batches: Batches
    warnings: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Go on to a write, unless a warning so far is one that is not to be passed over.

        Raises:
            RefusedError: It is held or rejected; nothing was written.
        """
        self.messages.judge(self.warnings)


@dataclass(frozen=True)
class Stored:
    """A document as Sage holds it; amounts in ``values`` are text."""

    key: dict[str, str]
    document_no: str
    values: dict[str, str]


class Writer(Protocol):
    """One kind of command."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Return the key that the document will have; a key once returned is never given again."""

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Return our document under ``key``, or None when there is none.

        Raises:
            NumberTakenError: The record under the key is not ours.
        """

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Write the document under ``key``, which must be free, and return what people call it.

        Raises:
            NumberTakenError: The key is in use; nothing was written.
            RefusedError: Sage refused; nothing was written.
            LockedError: A record is held by another session; nothing was written.
            ComError: A call died; after ``announce`` the outcome is unknown.
        """


@runtime_checkable
class Surveyor(Protocol):
    """A writer whose records get their numbers from Sage, so that only a mark tells ours.

    With a number of our own, such as a vendor's invoice number, ``find`` needs no more.
    """

    def mark(self, document: Document) -> str:
        """Return what a record of this document carries, or '' when nothing would tell it."""

    def own_key(self, document: Document) -> dict[str, str]:
        """Return what the document itself says of its key."""

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return the marks of all records in entry, each with the rest of the key."""
