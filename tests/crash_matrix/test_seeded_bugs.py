"""The same kills with the protocol broken on purpose: the oracle must name the second copy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from typing_extensions import override

from crash_matrix.killed_orders import prepare, work
from crash_matrix.killing import DONE, Death, Point
from tieout.domain.base import DeliveryId
from tieout.domain.ledger import Delivery, DeliveryState, Fence, Landed, NewDelivery, Outcome
from tieout.ledger.postgres import PostgresLedger
from tieout.ports.systems import Sage100
from tieout.ports.targets import Target
from tieout.usecases.delivery import DOUBTFUL
from tieout.usecases.flow import Flow
from tieout.wiring.connections import LEDGER_CONNECTION, connections_in, ledger_url
from world import World, fresh_world

RECEIPT_LANDED = Death(Point.BEFORE_RECORD, "cash_receipt")


class BlindTarget(Target):
    """A target that is never read before a send."""

    def __init__(self, behind: Target) -> None:
        self.system, self.entity = behind.system, behind.entity
        self.batch_max, self.guard = behind.batch_max, behind.guard
        self.looks_up_first = False
        self.key_window_s, self.settle_s = behind.key_window_s, behind.settle_s
        self._behind = behind

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return {}

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        return self._behind.send(deliveries)


class BlindSage100:
    """Sage 100 with blind targets; all else is the real one's."""

    def __init__(self, behind: Sage100) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)

    def target(self, entity: str) -> Target:
        return BlindTarget(self._behind.target(entity))


class RandomKeys(PostgresLedger):
    """A ledger that gives every attempt another idempotency key."""

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        sent = super().mark_sent(delivery_ids, fence=fence, lease_s=lease_s)
        return [one.model_copy(update={"idempotency_key": uuid4().hex}) for one in sent]


class NoIntent(RandomKeys):
    """A ledger that has forgotten which sends were cut off."""

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        known = super().intend(deliveries, newest_wins=newest_wins)
        forgotten = {"state": DeliveryState.INTENT}
        return [one.model_copy(update=forgotten) if one.state in DOUBTFUL else one for one in known]


def naive(world: World) -> Callable[[Flow], Flow]:
    """Break a worker: it sends what it was asked to send, whatever it sent before."""
    url = ledger_url(connections_in(world.configuration.connections)(LEDGER_CONNECTION))

    def change(flow: Flow) -> Flow:
        return replace(flow, ledger=NoIntent(url), sage100=BlindSage100(flow.sage100))

    return change


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """A world for what is broken on purpose."""
    with fresh_world(tmp_path_factory.mktemp("broken"), postgres_url) as running:
        yield running


def test_a_naive_retry_after_a_kill_is_caught_and_the_protocols_is_not(world: World) -> None:
    prepare(world, RECEIPT_LANDED)
    assert work(world, "sound", RECEIPT_LANDED) is None
    assert work(world, "sound") == DONE
    assert world.verdict().is_clean, world.verdict().text()
    prepare(world, RECEIPT_LANDED)
    assert work(world, "naive", RECEIPT_LANDED) is None
    work(world, "naive", change=naive(world))
    (doubled,) = world.verdict().doubled
    assert "cash_receipt" in doubled
