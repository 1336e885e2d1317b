"""What an interval of the shop's orders lacks in ledger and books, and how to bring it in.

Plain values: found by usecases.gaps, planned by usecases.backfill, printed by stack.gap_reports.
"""

from enum import StrEnum

from pydantic import AwareDatetime

from tieout.domain.base import Frozen, System
from tieout.domain.ledger import DocumentState


class KnownRecord(Frozen):
    """What the ledger knows of one record of a source: its newest version, and what waits.

    ``state`` is None, and the version's fields are empty, while no message of it became a document.
    """

    source_id: str
    state: DocumentState | None = None
    rule: str = ""
    content_hash: str = ""
    is_pending: bool = False
    """A message about it waits in the inbox."""
    is_set_aside: bool = False
    """A message about it could not be read and is an open dead letter."""
    is_redacted: bool = False
    """Its content is gone for good, and so is what its hash was of."""


class GapKind(StrEnum):
    """Why an order of the shop is not the same everywhere."""

    MISSING = "missing"
    """Nothing is known of it: no message came, and no sweep has seen it."""
    CHANGED = "changed"
    """The shop shows another content than the newest version that we know."""
    HALF_POSTED = "half_posted"
    """Some of its documents are in the books, others are not."""
    WAITING = "waiting"
    """It is known, and nothing of it is in the books yet."""
    SET_ASIDE = "set_aside"
    """It is an open dead letter."""
    HELD = "held"
    """It is kept back until a person releases it."""


UNKNOWN_KINDS = frozenset({GapKind.MISSING, GapKind.CHANGED})
"""Kinds that only reading the shop again brings in; the others are in the ledger already."""


class Gap(Frozen):
    """One order that is not the same everywhere; ``number`` is its invoice number."""

    pair: str
    shop: str
    source_id: str
    number: str
    kind: GapKind
    changed_at: AwareDatetime
    """When the shop last changed it."""
    found: tuple[str, ...] = ()
    """Documents in the books, such as ``xero invoice HP-1042``."""
    absent: tuple[str, ...] = ()
    """Documents that the books lack."""


class PairGaps(Frozen):
    """What one pair lacks of the orders that its shops changed in [since, until)."""

    pair: str
    since: AwareDatetime
    until: AwareDatetime
    orders: int
    """How many orders changed in the interval."""
    gaps: tuple[Gap, ...]
    payments: int = 0
    """How many captured payments the orders of ``gaps`` have."""


class SystemLoad(Frozen):
    """What posting the gaps asks of one system, beside what live orders ask of it."""

    system: System
    unit: str
    """What is counted: calls, commands, points."""
    amount: int
    minutes: float
    """How long the system takes for it, with the share of live orders kept free."""
    days: int
    """On how many days it falls by what live flows leave of the system's day; 1 if it has none."""


class Backfill(Frozen):
    """One backfill in Airflow's own terms; both ends are starts of intervals and included."""

    dag_id: str
    from_date: AwareDatetime
    to_date: AwareDatetime
    runs: int
    command: tuple[str, ...]


class BackfillDay(Frozen):
    """What of a backfill one day of calls allows, beside what live flows need."""

    starts_at: AwareDatetime
    orders: int
    calls: int
    backfill: Backfill


class BackfillPlan(Frozen):
    """How to bring in what is missing, and what it will cost."""

    backfill: Backfill | None
    """None when nothing has to be read again (what waits in the ledger goes on by itself), or when
    it is refused.
    """
    refusal: str = ""
    """Why not all of it may be brought in at once: live flows would go without calls."""
    schedule: tuple[BackfillDay, ...] = ()
    """What to bring in on which day instead."""
    next_sweep: int
    """Orders of the interval that is not over yet: the next sweep brings them in."""
    orders: int
    """How many orders will be posted, those that wait in the ledger included."""
    loads: tuple[SystemLoad, ...]
    minutes: float
    """How long all of it takes, one system after the other."""
    days: int
