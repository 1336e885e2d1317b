"""Follow what was entered in Sage 100 until its people have posted it: updated, then in the GL.

Only deliveries short of their final state are read, by their keys. A delivery never goes back; what
people deleted or reversed is held, and a dead letter of its order says so.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tieout.domain.base import DeliveryId, Frozen
from tieout.domain.books import SageState, Standing
from tieout.domain.ledger import Delivery, DeliveryState
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.ports.ledger import Ledger
from tieout.ports.systems import Sage100
from tieout.usecases.catalog import WRITE_KINDS, Posting, WriteKind
from tieout.usecases.taken_back import letter_of, what

STEP = "follow"
DELIVERIES_PER_ROUND_MAX = 500
STATES = {
    SageState.ENTERED: DeliveryState.ENTERED,
    SageState.UPDATED: DeliveryState.UPDATED,
    SageState.IN_GL: DeliveryState.IN_GL,
}
FOLLOWED = (Posting.ON_UPDATE, Posting.BY_INVOICE)


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


def follow(ledger: Ledger, sage100: Sage100, pair: Pair) -> list[Followed]:
    """Advance every delivery of the pair to where its document stands; one result for each kind.

    Raises:
        RetryableError: Sage 100 cannot be read now; what was advanced stays so.
    """
    kinds = [kind for kind in WRITE_KINDS if kind.posting in FOLLOWED]
    return [_follow(ledger, sage100, pair, kind) for kind in kinds]


def _follow(ledger: Ledger, sage100: Sage100, pair: Pair, kind: WriteKind) -> Followed:
    advanced: Counter[DeliveryState] = Counter()
    read = 0
    taken_back: list[str] = []
    for some in _rounds(ledger, pair, kind):
        read += len(some)
        standings = _standings(sage100, kind, some)
        for delivery in some:
            standing = standings.get(delivery.external_id)
            trouble = _trouble(delivery, standing)
            if trouble:
                letter = letter_of(pair, delivery, trouble, step=STEP)
                ledger.recall(delivery.delivery_id, letter)
                taken_back.append(trouble)
            elif standing is not None and _is_later(standing, delivery):
                advanced[STATES[standing.state]] += 1
                ledger.advance(delivery.delivery_id, STATES[standing.state])
    return Followed(
        pair=pair.pair,
        entity=kind.entity,
        read=read,
        updated=advanced[DeliveryState.UPDATED],
        in_gl=advanced[DeliveryState.IN_GL],
        taken_back=tuple(taken_back),
    )


def _rounds(ledger: Ledger, pair: Pair, kind: WriteKind) -> Iterator[list[Delivery]]:
    after: DeliveryId | None = None
    while some := ledger.following(
        pair.pair, kind.entity, after=after, limit=DELIVERIES_PER_ROUND_MAX
    ):
        after = some[-1].delivery_id
        yield some


def _standings(
    sage100: Sage100, kind: WriteKind, deliveries: Sequence[Delivery]
) -> dict[str, Standing]:
    """Read where documents stand, and read again what seems gone.

    A register update in progress has a document out of one table and not in the next one yet.
    """
    wanted = {delivery.external_id for delivery in deliveries}
    found = sage100.standings(kind.entity, wanted)
    missing = wanted - found.keys()
    return found | (sage100.standings(kind.entity, missing) if missing else {})


def _is_later(standing: Standing, delivery: Delivery) -> bool:
    order = list(STATES.values())
    return order.index(STATES[standing.state]) > order.index(delivery.state)


def _trouble(delivery: Delivery, standing: Standing | None) -> str:
    """Say what people did to a document, or '' if they only posted it."""
    document = what(delivery)
    if standing is None:
        return f"{document} was written to Sage 100, and is not there any more."
    wanted = Decimal(delivery.expected.get("amount", "0"))
    if standing.amount is None or "amount" not in delivery.expected or standing.amount == wanted:
        return ""
    if standing.amount == ZERO:
        return f"{document} over {wanted} was reversed in Sage 100."
    return f"{document} was entered over {wanted}, and Sage 100 shows {standing.amount}."
