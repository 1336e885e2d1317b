"""What people see and say of bindings: one record of one ledger by name, rows with who and why."""

from uuid import UUID

from pydantic import AwareDatetime
from typing_extensions import override

from tieout.domain.base import Frozen, System
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import Binding
from tieout.errors import ConfigurationError

BETWEEN = ":"
BUYERS_KEY = "SHOP-"


class RecordName(Frozen):
    """One record of one ledger as people write it: ``xero:ID`` or ``sage100:00-ACME``.

    A shop's buyer is ``shopify:ID``, with the shop's own id or the key that was made of it.
    """

    system: System
    external_id: str

    @override
    def __str__(self) -> str:
        """Return it as people write it, which no spreadsheet takes for a date or a sum."""
        return f"{self.system}{BETWEEN}{self.external_id}"

    @classmethod
    def read(cls, said: str) -> "RecordName":
        """Read what a person wrote.

        Raises:
            ConfigurationError: It names no ledger, or no record of it.
        """
        ledger, _between, record = (part.strip() for part in said.partition(BETWEEN))
        if ledger.lower() not in tuple(System) or not record:
            raise ConfigurationError(
                f"{said!r} names no record.",
                remedy="Write the ledger in front of the id: xero:ID, or sage100:00-ACME.",
            )
        system = System(ledger.lower())
        return cls(system=system, external_id=_as_kept(system, record))


def _as_kept(system: System, record: str) -> str:
    """Return an id as its system writes it: Xero takes GUIDs in capitals too, and shows none."""
    if system is System.XERO:
        try:
            return str(UUID(record))
        except ValueError:
            return record
    return record.removeprefix(BUYERS_KEY) if system is System.SHOPIFY else record


class KeptBinding(Binding):
    """A binding with what became of it; ``ended_at`` is None while it lasts."""

    ended_at: AwareDatetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    @property
    def record(self) -> RecordName:
        """Return the record that is bound."""
        return RecordName(system=self.system, external_id=self.external_id)


class KeptNotSame(NotSame):
    """A word that two records are not the same, with who said it, why, and who took it back."""

    said_at: AwareDatetime
    said_by: str = ""
    why: str = ""
    ended_at: AwareDatetime | None = None
    ended_by: str = ""

    @property
    def records(self) -> tuple[RecordName, RecordName]:
        """Return the two records."""
        return (
            RecordName(system=self.one_system, external_id=self.one_id),
            RecordName(system=self.other_system, external_id=self.other_id),
        )
