"""Broken variants of single parts of a simulated installation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from simulation.engine import Simulation
from simulation.installation import Installation, Parts
from simulation.open_ledger import OpenLedger
from simulation.shop import DOMAIN
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import (
    Delivery,
    DeliveryState,
    Fence,
    Landed,
    NewDeadLetter,
    NewDelivery,
    NewInboxEntry,
    Watermark,
)
from tieout.ports.targets import Target
from tieout.usecases.capture import SWEEP_OVERLAP
from tieout.usecases.delivery import DOUBTFUL
from tieout.usecases.flow import Flow

BETWEEN = "between watermark and rows"


class SteppedOpenLedger(OpenLedger):
    """A ledger that can be interrupted inside a call, where it is no longer one transaction."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation.clock)
        self.simulation = simulation


class RandomKeys(SteppedOpenLedger):
    """A ledger that gives every attempt another idempotency key."""

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        sent = super().mark_sent(delivery_ids, fence=fence, lease_s=lease_s)
        rng = self.simulation.rng
        return [one.model_copy(update={"idempotency_key": f"{rng.random()}"}) for one in sent]


class NoIntent(RandomKeys):
    """A ledger that has forgotten which sends were cut off, too."""

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        known = super().intend(deliveries, newest_wins=newest_wins)
        forgotten = {"state": DeliveryState.INTENT}
        return [one.model_copy(update=forgotten) if one.state in DOUBTFUL else one for one in known]


class WatermarkFirst(SteppedOpenLedger):
    """A ledger that moves the watermark, commits, and stores the rows after that.

    The point that opens there is deadly in every seed, not in one of twenty like the product's own:
    rows are lost only where the run is not tried again, and no webhook told of them.
    """

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        simulation.deadly_points = frozenset({BETWEEN})

    @override
    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        super().land([], watermark=watermark)
        self.simulation.pass_by(BETWEEN)
        return super().land(entries)


class LetterLater(SteppedOpenLedger):
    """A ledger that sets a document aside, commits, and opens its dead letter after that."""

    @override
    def set_aside(self, dead_letter: NewDeadLetter) -> None:
        document_id = dead_letter.document_id
        if document_id is None:
            super().set_aside(dead_letter)
            return
        before = self._documents[document_id].state
        if self._move(document_id, "dead_letter"):
            self.simulation.pass_by("between document and dead letter")
            self._change(document_id, state=before)
            super().set_aside(dead_letter)


Change = Callable[[Target], None]


class Altered:
    """A system whose targets are altered; all else is the system's own."""

    def __init__(self, behind: object, change: Change) -> None:
        self._behind = behind
        self._change = change

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)

    def target(self, entity: str) -> Target:
        """Return the system's target, altered."""
        target = self._behind.target(entity)
        self._change(target)
        return target


def altered(change: Change) -> Parts:
    """Return parts whose targets at both ledgers' systems are altered."""

    def break_it(flow: Flow) -> Flow:
        xero, sage100 = Altered(flow.xero, change), Altered(flow.sage100, change)
        return replace(flow, xero=xero, sage100=sage100)

    return Parts(change=break_it)


def blind(target: Target) -> None:
    """Let the target find nothing."""

    def find(_deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return {}

    target.looks_up_first = False
    target.find = find


def hasty(target: Target) -> None:
    """Let the target say that whatever it has not written by now never comes."""
    target.settle_s = 0.0


def trusting(target: Target) -> None:
    """Let the target say that it never forgets a key."""
    target.key_window_s = None


def without_uniqueness(installation: Installation) -> None:
    """Let every system take a second copy, whatever its number."""
    for world in installation.worlds.values():
        world.is_unique = False


class StrictShop:
    """A shop that is asked for what changed after the watermark, and not for a moment before."""

    def __init__(self, behind: object) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)

    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        """Return what changed after ``since``, the overlap taken back."""
        watermark = since + SWEEP_OVERLAP
        nodes = self._behind.changed_orders(watermark, until)
        return [one for one in nodes if datetime.fromisoformat(str(one["updatedAt"])) > watermark]


def strictly_after(flow: Flow) -> Flow:
    """Let sweeps read with ``>`` and without overlap."""
    return replace(flow, shops={DOMAIN: StrictShop(flow.shops[DOMAIN])})


VARIANTS: dict[str, Parts] = {
    "naive retry": replace(altered(blind), ledger=NoIntent),
    "random key": Parts(ledger=RandomKeys),
    "no look-up": altered(blind),
    "no quiesce": altered(hasty),
    "key window ignored": altered(trusting),
    "no target uniqueness": Parts(prepare=without_uniqueness),
    "> watermark": Parts(change=strictly_after),
    "watermark outside the transaction": Parts(ledger=WatermarkFirst),
    "dead-letter insert outside the transaction": Parts(ledger=LetterLater),
}
"""The parts with which each bug runs, by the bug's name."""
