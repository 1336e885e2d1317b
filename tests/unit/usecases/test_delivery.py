"""The delivery protocol: what is sent when, and what a repeated or lost call leads to."""

from collections.abc import Mapping, Sequence

import pytest
from typing_extensions import override

import records
from deliveries import delivered
from fakes import FakeClock, FakeLedger, FakeTarget
from tieout.connectors.xero.targets.contacts import ContactTarget
from tieout.connectors.xero.targets.invoices import InvoiceTarget
from tieout.connectors.xero.targets.notes import InvoiceNoteTarget
from tieout.connectors.xero.targets.payments import PaymentTarget
from tieout.domain.base import DeliveryId, DocumentId, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    Delivery,
    DeliveryState,
    Fence,
    Landed,
    NewBinding,
    NewDelivery,
    Outcome,
)
from tieout.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RetryableError,
    UnavailableError,
    UnsettledError,
)
from tieout.ports.targets import Target
from tieout.usecases.delivery import Delivered, Writer


def make_delivery(key: str = "1042", *, total: str = "110.13") -> NewDelivery:
    payload = {"InvoiceNumber": key, "Total": total}
    return NewDelivery(
        document_id=DocumentId(1),
        pair="harbor_and_pine",
        target=System.XERO,
        entity="invoice",
        document_key=key,
        operation="create",
        version_hash=content_hash(payload),
        payload=payload,
        expected={"total": total},
    )


def no_binding(_delivery: object, _landed: Landed) -> NewBinding | None:
    return None


def sent(ledger: FakeLedger, target: FakeTarget, *wanted: NewDelivery) -> dict[str, Delivered]:
    return delivered(writer(ledger, target), wanted)


def writer(ledger: FakeLedger, target: FakeTarget, *, newest_wins: bool = False) -> Writer:
    return Writer(
        ledger=ledger,
        target=target,
        fence=records.fence(ledger),
        lease_s=900,
        binding_of=no_binding,
        newest_wins=newest_wins,
    )


@pytest.fixture
def target() -> FakeTarget:
    return FakeTarget(System.XERO, "invoice", batch_max=2, guard="number")


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger(FakeClock())


def test_a_first_delivery_is_sent_and_confirmed(ledger: FakeLedger, target: FakeTarget) -> None:
    settled = sent(ledger, target, make_delivery())
    assert settled["1042"].delivery.state is DeliveryState.ENTERED
    assert target.copies == ["1042"]


def test_a_confirmed_delivery_is_not_sent_again(ledger: FakeLedger, target: FakeTarget) -> None:
    sent(ledger, target, make_delivery())
    settled = sent(ledger, target, make_delivery())
    assert settled["1042"].refused is None
    assert len(target.sends) == 1


def test_deliveries_travel_in_batches_of_at_most_what_the_target_takes(
    ledger: FakeLedger, target: FakeTarget
) -> None:
    sent(ledger, target, *(make_delivery(key) for key in ("1", "2", "3")))
    assert [len(keys) for keys in target.sends] == [2, 1]


def test_a_lost_answer_is_looked_up_and_adopted(ledger: FakeLedger, target: FakeTarget) -> None:
    target.faults.append("drop_after_write")
    with pytest.raises(OutcomeUnknownError):
        sent(ledger, target, make_delivery())
    settled = sent(ledger, target, make_delivery())
    assert settled["1042"].delivery.external_id == "invoice-1"
    assert target.copies == ["1042"]


def test_a_lost_answer_of_one_batch_does_not_stop_the_next(
    ledger: FakeLedger, target: FakeTarget
) -> None:
    target.faults.append("drop_after_write")
    with pytest.raises(OutcomeUnknownError):
        sent(ledger, target, *(make_delivery(key) for key in ("1", "2", "3")))
    assert target.copies == ["1", "2", "3"]


def test_an_unavailable_target_keeps_the_same_idempotency_key(
    ledger: FakeLedger, target: FakeTarget
) -> None:
    target.faults.append("unavailable")
    with pytest.raises(UnavailableError):
        sent(ledger, target, make_delivery())
    sent(ledger, target, make_delivery())
    assert target.sends[0] == target.sends[1]
    assert target.copies == ["1042"]


def test_a_refused_delivery_says_why_and_may_be_sent_again_with_a_new_key(
    ledger: FakeLedger, target: FakeTarget
) -> None:
    target.faults.append("refuse")
    refused = sent(ledger, target, make_delivery())["1042"].refused
    assert refused is not None
    assert refused.cause == "target_refused"
    sent(ledger, target, make_delivery())
    assert target.sends[0] != target.sends[1]
    assert target.copies == ["1042"]


def test_figures_that_differ_at_the_target_are_a_refusal(
    ledger: FakeLedger, target: FakeTarget
) -> None:
    target.faults.append("wrong_figures")
    refused = sent(ledger, target, make_delivery())["1042"].refused
    assert refused is not None
    assert refused.cause == "read_back_differs"
    assert "total should be 110.13 and is 0.01" in refused.message


def test_another_version_of_a_confirmed_document_is_reported_as_changed(
    ledger: FakeLedger, target: FakeTarget
) -> None:
    sent(ledger, target, make_delivery())
    settled = sent(ledger, target, make_delivery(total="120.13"))
    assert settled["1042"].is_changed
    assert len(target.sends) == 1


def test_a_target_without_a_guard_is_looked_up_before_the_first_send(ledger: FakeLedger) -> None:
    target = FakeTarget(System.XERO, "invoice", looks_up_first=True)
    target.held["1042"] = Landed(external_id="x", external_no="x", figures={"total": "110.13"})
    settled = sent(ledger, target, make_delivery())
    assert settled["1042"].delivery.external_id == "x"
    assert target.sends == []


def test_in_doubt_under_a_key_that_covers_nothing_waits_until_it_can_no_longer_land() -> None:
    clock = FakeClock()
    ledger = FakeLedger(clock)
    target = FakeTarget(System.XERO, "payment", batch_max=50, looks_up_first=True)
    target.key_window_s, target.settle_s = 0.0, 600.0
    target.faults.append("drop_after_write")
    with pytest.raises(OutcomeUnknownError):
        sent(ledger, target, make_delivery())
    target.held.clear()  # it is on its way, and nobody sees it yet
    for _try in range(3):
        clock.advance(100)
        with pytest.raises(UnavailableError):
            sent(ledger, target, make_delivery("1043"), make_delivery())
    assert [len(keys) for keys in target.sends] == [1, 1]
    clock.advance(301)
    sent(ledger, target, make_delivery())
    assert target.sends[2] != target.sends[0]


def in_doubt_as_a_payment(ledger: FakeLedger) -> FakeTarget:
    """Return a target that shows nothing yet of what it was sent, and remembers its key."""
    target = FakeTarget(System.XERO, "payment", batch_max=1, looks_up_first=True)
    target.key_window_s, target.settle_s = 240.0, 600.0
    target.faults.append("drop_after_write")
    with pytest.raises(OutcomeUnknownError):
        sent(ledger, target, make_delivery())
    target.held.clear()
    return target


def test_a_key_is_as_old_as_its_first_send_however_often_it_is_sent() -> None:
    clock = FakeClock()
    ledger = FakeLedger(clock)
    target = in_doubt_as_a_payment(ledger)
    for _try in range(2):
        clock.advance(100)
        target.faults.append("drop_after_write")
        with pytest.raises(OutcomeUnknownError):
            sent(ledger, target, make_delivery())
        target.held.clear()
    clock.advance(50)  # 250 s after the first send, 50 s after the last
    with pytest.raises(UnsettledError):
        sent(ledger, target, make_delivery())
    assert len(target.sends) == 3


class SleepyLedger(FakeLedger):
    """A ledger whose worker sleeps before it marks what it is about to send."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._bed = clock
        self.nap_s = 0

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        self._bed.advance(self.nap_s)
        return super().mark_sent(delivery_ids, fence=fence, lease_s=lease_s)


def test_a_worker_that_slept_past_the_keys_window_sends_nothing() -> None:
    ledger = SleepyLedger(FakeClock())
    target = in_doubt_as_a_payment(ledger)
    ledger.nap_s = 250
    with pytest.raises(RetryableError, match="looks again"):
        sent(ledger, target, make_delivery())
    ledger.nap_s = 0
    (left,) = ledger.deliveries_of("harbor_and_pine", "invoice", ["1042"])
    assert (left.state, left.attempts, len(target.sends)) == (DeliveryState.IN_DOUBT, 1, 1)
    with pytest.raises(UnsettledError):  # its quiet time begins anew
        sent(ledger, target, make_delivery())


@pytest.mark.parametrize("target", [ContactTarget, InvoiceTarget, PaymentTarget, InvoiceNoteTarget])
def test_a_key_over_a_whole_request_covers_no_element_of_it(target: type[Target]) -> None:
    may_repeat_at_once = target.batch_max == 1 or target.guard
    assert may_repeat_at_once or target.key_window_s == 0.0


class ClosedTarget(FakeTarget):
    """A target that lets nobody in."""

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        raise AuthenticationError("Xero refused our key.", remedy="Renew it.")


def test_a_target_that_lets_nobody_in_leaves_nothing_in_doubt(ledger: FakeLedger) -> None:
    closed = ClosedTarget(System.XERO, "invoice", guard="number")
    with pytest.raises(AuthenticationError):
        sent(ledger, closed, make_delivery())
    (delivery,) = ledger.deliveries_of("harbor_and_pine", "invoice", ["1042"])
    assert (delivery.state, delivery.attempts) == (DeliveryState.INTENT, 0)
