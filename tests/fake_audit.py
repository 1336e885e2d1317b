"""The audit of the fakes: who did what to which record."""

from typing import NamedTuple


class AuditEvent(NamedTuple):
    """One change of a state."""

    pair: str
    actor: str
    action: str
    subject: str
