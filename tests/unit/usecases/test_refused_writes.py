"""The breaker of writes: a target that refuses record after record leaves few dead letters."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from fakes import FakeTarget
from tieout.domain.base import BatchId
from tieout.domain.ledger import DeliveryState, DocumentState
from tieout.domain.streams import (
    BAD_IN_A_ROW_MAX,
    BAD_SHARE_MAX,
    JUDGED_MIN,
    PROBE_EVERY_S,
    StreamState,
    target_stream,
)
from tieout.errors import StreamPausedError
from tieout.usecases.catalog import INVOICE
from tieout.usecases.delivery import ATTEMPTS_MAX
from tieout.usecases.flow import Flow
from tieout.usecases.steps import run_step
from unit.usecases.test_breaker import good, pass_s
from unit.usecases.test_steps import PAIR, claimed, make_flow

STREAM = target_stream(PAIR.pair, INVOICE.target, INVOICE.entity)
ORDERS = 200


def key(number: int) -> str:
    return str(5_000_000 + number)


@dataclass
class Run:
    """One run over orders that passed the gate, and the attempts of its step for invoices."""

    flow: Flow = field(default_factory=lambda: make_flow(*map(good, range(ORDERS))))
    batch: BatchId = field(init=False)

    def __post_init__(self) -> None:
        self.batch = claimed(self.flow)
        for step in ("shop_order", "contact", "customer"):
            run_step(self.flow, step, self.batch)

    @property
    def xero(self) -> FakeTarget:
        target = self.flow.xero.target("invoice")
        assert isinstance(target, FakeTarget)
        return target

    def attempt(self, *, after_s: float = 0) -> None:
        """Write what is to be written, as far as the stream lets it."""
        pass_s(self.flow, after_s)
        with suppress(StreamPausedError):
            run_step(self.flow, "invoice", self.batch)

    @property
    def state(self) -> StreamState:
        return self.flow.streams.stream(STREAM).state

    @property
    def causes(self) -> list[str]:
        return [letter.cause for letter in self.flow.ledger.dead_letters()]

    @property
    def waiting(self) -> int:
        return len(self.flow.ledger.documents(self.batch, DocumentState.READY))

    @property
    def attempts_most(self) -> int:
        waits = [one.document_id for one in self.flow.ledger.documents(self.batch)]
        return max(one.attempts for one in self.flow.ledger.deliveries(waits, entity="invoice"))


def refusing(numbers: Iterable[int]) -> Run:
    """Return a run after one attempt, of whose orders Xero refuses some."""
    run = Run()
    run.xero.refused_keys = {key(number) for number in numbers}
    run.attempt()
    return run


@pytest.fixture
def refused() -> Run:
    """A run of which Xero refuses every invoice."""
    return refusing(range(ORDERS))


def test_a_target_that_refuses_everything_leaves_few_dead_letters(refused: Run) -> None:
    assert refused.causes == ["target_refused"] * (BAD_IN_A_ROW_MAX - 1)
    assert refused.waiting == ORDERS - len(refused.causes)
    assert refused.state is StreamState.PAUSED
    assert refused.flow.ledger.conservation(PAIR.pair).is_conserved


def test_a_day_of_probes_sets_nothing_more_aside_and_burns_no_attempt(refused: Run) -> None:
    sends, letters = len(refused.xero.sends), len(refused.causes)
    for _ in range(24 * 4):
        refused.attempt(after_s=15 * 60)
    assert len(refused.causes) == letters
    assert len(refused.xero.sends) == sends + 24 * 4
    assert refused.attempts_most < ATTEMPTS_MAX


def test_between_probes_nothing_is_sent(refused: Run) -> None:
    sends = len(refused.xero.sends)
    for _ in range(9):
        refused.attempt(after_s=PROBE_EVERY_S / 10)
    assert len(refused.xero.sends) == sends


def test_a_probe_that_is_taken_lets_all_go_on(refused: Run) -> None:
    letters = len(refused.causes)
    refused.xero.refused_keys = set()
    refused.attempt(after_s=PROBE_EVERY_S)
    assert refused.state is StreamState.OPEN
    assert len(refused.xero.copies) == ORDERS - letters
    landed = refused.flow.ledger.deliveries_of(PAIR.pair, "invoice", refused.xero.copies)
    assert {one.state for one in landed} == {DeliveryState.ENTERED}


def test_a_third_refused_is_too_much_and_each_resumption_goes_further() -> None:
    refused = refusing(range(0, ORDERS, 3))
    assert refused.state is StreamState.PAUSED
    assert JUDGED_MIN * BAD_SHARE_MAX <= len(refused.causes) < ORDERS / 3
    resumptions = 0
    while refused.state is StreamState.PAUSED:
        resumptions += 1
        refused.flow.streams.resume(STREAM, by="wanda", reason="They really are wrong.")
        refused.attempt()
    assert resumptions <= ORDERS // JUDGED_MIN
    assert len(refused.causes) == len(range(0, ORDERS, 3))
    assert len(refused.xero.copies) == ORDERS - len(refused.causes)


def test_a_tenth_refused_pauses_nothing() -> None:
    refused = refusing(range(0, ORDERS, 10))
    assert refused.state is StreamState.OPEN
    assert len(refused.causes) == ORDERS / 10
    assert len(refused.xero.copies) == ORDERS - ORDERS / 10
