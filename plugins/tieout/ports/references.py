"""What was read of a system's codes, kept for the tasks that soon ask for the same."""

from datetime import datetime
from typing import Protocol

from tieout.domain.base import Frozen, Json


class KeptReference(Frozen):
    """A reference as it was read, and when."""

    content: Json
    read_at: datetime


class References(Protocol):
    """Where all processes of an installation keep the references of the systems that they read."""

    def kept(self) -> KeptReference | None:
        """Return what was read last, or None before the first."""

    def keep(self, reference: KeptReference) -> None:
        """Keep what was read, in place of what was read before it."""
