"""Follow what was entered in Sage 100 until its people have posted it: updated, then in the GL.

Only deliveries short of their final state are read, by their keys; in between, those alone that
history or GL show as changed. A delivery never goes back. What people deleted or reversed is held,
and so is what shows in a place that nobody can have brought it to (domain/statuses): a dead letter
of its order says so. What Xero is to hear of it lands in the inbox (postings.py).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.domain.base import BatchId, DeliveryId, Frozen, System
from tieout.domain.books import Standing
from tieout.domain.ledger import Delivery, DeliveryState, Watermark
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.statuses.machine import Phase, Statuses
from tieout.domain.statuses.sage100 import DELETED, REGISTERED
from tieout.domain.statuses.table import STATUSES, in_own_words
from tieout.errors import ConfigurationError
from tieout.ports.ledger import Ledger
from tieout.ports.mapper import Mapper
from tieout.ports.systems import Sage100
from tieout.usecases.catalog import WRITE_KINDS, Posting, WriteKind
from tieout.usecases.postings import told_of
from tieout.usecases.taken_back import counterpart, letter_of, what

STEP = "follow"
DELIVERIES_PER_ROUND_MAX = 500
RESOURCE = "postings"
"""How far history and GL have been read, as the watermark names it."""
OVERLAP = timedelta(days=1)
"""How far a look reaches back before the last one: dates have no zone, clocks differ."""
POSTED = REGISTERED.words(Phase.LIVE)
"""What one can wait for."""
FOLLOWED = (Posting.ON_UPDATE, Posting.BY_INVOICE)
NOBODY_DID = "Ask whether a backup of the company was restored."
"""What to do when a document is where nobody can have brought it to."""
LOST = (DeliveryState.HELD, DeliveryState.REFUSED)
"""States from which people bring a document no further."""


class Followed(Frozen):
    """What following one kind of document came to."""

    pair: str
    entity: str
    read: int
    updated: int
    in_gl: int
    taken_back: tuple[str, ...] = ()
    """What people deleted or reversed, each in words."""

    def counts(self) -> dict[str, int]:
        """Return the figures alone; small enough to travel between tasks."""
        figures = {"read": self.read, "updated": self.updated, "in_gl": self.in_gl}
        return {**figures, "taken_back": len(self.taken_back)}


def follow(
    ledger: Ledger,
    sage100: Sage100,
    mapper: Mapper,
    pair: Pair,
    *,
    now: datetime,
    is_whole: bool = True,
) -> list[Followed]:
    """Advance the deliveries of the pair to where their documents stand; a result for each kind.

    With ``is_whole`` every delivery short of its final state is looked at, which also finds what
    people deleted; without, those alone that Sage 100's history or GL show as changed since the
    last time.

    Raises:
        RetryableError: Sage 100 cannot be read now; what was advanced stays so.
    """
    read = ledger.watermark(pair.pair, System.SAGE100, RESOURCE)
    since = None if is_whole or read is None else read.astimezone(ZoneInfo(pair.time_zone)).date()
    kinds = [kind for kind in WRITE_KINDS if kind.posting in FOLLOWED]
    if since is None:
        followed = [_follow(ledger, sage100, mapper, pair, kind, None) for kind in kinds]
    else:
        open_kinds = [
            kind.entity for kind in kinds if ledger.following(pair.pair, kind.entity, limit=1)
        ]
        posted = sage100.posted_since(open_kinds, since - OVERLAP) if open_kinds else {}
        followed = [
            _follow(ledger, sage100, mapper, pair, kind, posted.get(kind.entity, set()))
            for kind in kinds
        ]
    watermark = Watermark(
        pair=pair.pair, source=System.SAGE100, resource=RESOURCE, read_through=now
    )
    ledger.land([], watermark=watermark)
    return followed


class Stand(Frozen):
    """How far what a batch entered has come; ``lost`` never comes further, each in words."""

    posted: int
    waiting: int
    lost: tuple[str, ...]


def stand_of(ledger: Ledger, batch_id: BatchId, entity: str, state: str) -> Stand:
    """Return how far people have posted a batch's documents of one kind in Sage 100.

    Raises:
        ConfigurationError: Nobody posts documents of that kind, or there is no such state.
    """
    posting = {kind.entity for kind in WRITE_KINDS if kind.posting in FOLLOWED}
    if entity not in posting or state not in POSTED:
        raise ConfigurationError(
            f"Nobody brings {entity!r} to {state!r} in Sage 100.",
            remedy=f"Wait for updated or in_gl, and for one of {', '.join(sorted(posting))}.",
        )
    documents = [document.document_id for document in ledger.documents(batch_id)]
    found = [
        one for one in ledger.deliveries(documents, entity=entity) if one.target is System.SAGE100
    ]
    lost = [one for one in found if one.state in LOST]
    statuses = STATUSES[System.SAGE100, entity]
    posted = [one for one in found if one.state == state or statuses.is_later(state, one.state)]
    return Stand(
        posted=len(posted),
        waiting=len(found) - len(lost) - len(posted),
        lost=tuple(f"{what(one)} is {one.state}" for one in lost),
    )


def _follow(
    ledger: Ledger,
    sage100: Sage100,
    mapper: Mapper,
    pair: Pair,
    kind: WriteKind,
    among: Collection[str] | None,
) -> Followed:
    advanced: Counter[DeliveryState] = Counter()
    read = 0
    taken_back: list[str] = []
    statuses = STATUSES[kind.target, kind.entity]
    (gone,) = in_own_words(kind.target, kind.entity).words(Phase.GONE)
    for some in _rounds(ledger, pair, kind, among):
        read += len(some)
        standings = _standings(sage100, kind, statuses, some)
        for delivery in some:
            standing = standings.get(delivery.external_id)
            trouble = _trouble(statuses, delivery, standing)
            if trouble:
                undone = counterpart(mapper, delivery, gone) if standing is None else ""
                letter = letter_of(pair, delivery, trouble, step=STEP, undone=undone)
                ledger.recall(delivery.delivery_id, letter)
                taken_back.append(trouble)
            elif standing is not None and statuses.is_later(delivery.state, standing.state):
                state = DeliveryState(standing.state)
                advanced[state] += 1
                # Before it advances: who dies in between sees it again, and lands it once.
                ledger.land(told_of(pair, delivery, state))
                ledger.advance(delivery.delivery_id, state)
    return Followed(
        pair=pair.pair,
        entity=kind.entity,
        read=read,
        updated=advanced[DeliveryState.UPDATED],
        in_gl=advanced[DeliveryState.IN_GL],
        taken_back=tuple(taken_back),
    )


def _rounds(
    ledger: Ledger, pair: Pair, kind: WriteKind, among: Collection[str] | None
) -> Iterator[list[Delivery]]:
    after: DeliveryId | None = None
    if among is not None and not among:
        return
    while some := ledger.following(
        pair.pair, kind.entity, among=among, after=after, limit=DELIVERIES_PER_ROUND_MAX
    ):
        after = some[-1].delivery_id
        yield some


def _standings(
    sage100: Sage100, kind: WriteKind, statuses: Statuses, deliveries: Sequence[Delivery]
) -> dict[str, Standing]:
    """Read where documents stand, and read again what is where it cannot be.

    A register update in progress has a document out of one table and not in the next one yet.
    """
    wanted = {delivery.external_id: delivery for delivery in deliveries}
    found = sage100.standings(kind.entity, wanted.keys())
    odd = {
        number
        for number, delivery in wanted.items()
        if number not in found or statuses.why_never(delivery.state, found[number].state)
    }
    return found | (sage100.standings(kind.entity, odd) if odd else {})


def _trouble(statuses: Statuses, delivery: Delivery, standing: Standing | None) -> str:
    """Say what people did to a document, or '' if they only posted it."""
    document = what(delivery)
    never = statuses.why_never(delivery.state, standing.state if standing else DELETED)
    if standing is None:
        said = f"{document} was written to Sage 100, and is not there any more."
        return f"{said} {never} {NOBODY_DID}" if never else said
    if never:
        said = f"{document} is back at {statuses.told(standing.state)} in Sage 100."
        return f"{said} {never} {NOBODY_DID}"
    wanted = Decimal(delivery.expected.get("amount", "0"))
    if standing.amount is None or "amount" not in delivery.expected or standing.amount == wanted:
        return ""
    if standing.amount == ZERO:
        return f"{document} over {wanted} was reversed in Sage 100."
    return f"{document} was entered over {wanted}, and Sage 100 shows {standing.amount}."
