"""The sweep for doubles over fakes: what it finds, what it holds, what it leaves alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from fakes import FakeTarget, FakeXero
from tieout.domain.base import System
from tieout.domain.books import XeroPayment
from tieout.domain.ledger import DeliveryState
from tieout.domain.streams import StreamState, target_stream
from tieout.errors import StreamHeldError, UnavailableError
from tieout.usecases.doubles import NAMED_MAX, SWEEP_OVERLAP, sweep_doubles, unguarded
from tieout.usecases.flow import Flow
from tieout.usecases.steps import ORDER_STEPS, run_step
from unit.usecases.test_steps import PAIR, claimed, make_flow, run, worked

PAYMENTS = target_stream(PAIR.pair, System.XERO, "payment")
NOTES = target_stream(PAIR.pair, System.XERO, "invoice_note")
UP_TO_PAYMENTS = tuple(ORDER_STEPS)[: tuple(ORDER_STEPS).index("payment") + 1]


@pytest.fixture
def flow() -> Flow:
    """One order posted all the way; only payments and notes could be there twice."""
    flow = make_flow(worked())
    for entity in ("payment", "invoice_note"):
        target(flow, entity).looks_up_first = True
    return flow


def xero_of(flow: Flow) -> FakeXero:
    assert isinstance(flow.xero, FakeXero)
    return flow.xero


def target(flow: Flow, entity: str) -> FakeTarget:
    return xero_of(flow).target(entity)


def key_of(flow: Flow, entity: str = "payment") -> str:
    (key,) = target(flow, entity).held
    return key


def said(key: str, payment_id: str, *, status: str = "AUTHORISED", mark: str = "") -> XeroPayment:
    return XeroPayment(
        payment_id=payment_id,
        invoice_id="invoice-1",
        account_code="091",
        date=date(2026, 11, 29),
        amount=Decimal("110.13"),
        reference=mark or f"HP-1042 {key}",
        status=status,
    )


def show(flow: Flow, payments: Sequence[XeroPayment]) -> None:
    """Let Xero hold the payments, all of them changed just now."""
    xero_of(flow).held_payments = [one for one in payments if one.status == "AUTHORISED"]
    xero_of(flow).changed_payments = list(payments)


def state(flow: Flow, stream: str = PAYMENTS) -> StreamState:
    return flow.streams.stream(stream).state


def test_only_what_no_target_refuses_is_swept(flow: Flow) -> None:
    assert [kind.entity for kind in unguarded(flow)] == ["payment", "invoice_note"]


def test_clean_books_hold_nothing_and_the_next_sweep_reads_what_changed(flow: Flow) -> None:
    run(flow)
    show(flow, [said(key_of(flow), "payment-1")])
    begun_at = flow.clock.now()
    for _ in range(2):
        swept = sweep_doubles(flow)
        assert (swept.doubles, swept.held) == ((), ())
    assert swept.read > 0
    assert xero_of(flow).asked_since == [begun_at - SWEEP_OVERLAP]
    assert {one.state for one in flow.streams.streams()} == {StreamState.OPEN}


def test_a_second_payment_of_one_reference_holds_the_stream(flow: Flow) -> None:
    run(flow)
    key = key_of(flow)
    show(flow, [said(key, "payment-1"), said(key, "payment-2")])
    (double,) = sweep_doubles(flow).doubles
    assert double.external_ids == ("payment-1", "payment-2")
    assert double.known_id == "payment-1"
    assert state(flow) is StreamState.HELD
    assert "payment-2" in flow.streams.stream(PAYMENTS).reason
    assert state(flow, NOTES) is StreamState.OPEN


def test_a_second_payment_alone_among_the_changes_is_checked_at_the_target(flow: Flow) -> None:
    run(flow)
    sweep_doubles(flow)
    key = key_of(flow)
    target(flow, "payment").copies.append(key)
    show(flow, [said(key, "payment-2")])
    (double,) = sweep_doubles(flow).doubles
    assert double.external_ids == ("payment-1", "payment-2")


def test_a_payment_that_people_voided_and_entered_anew_is_no_double(flow: Flow) -> None:
    run(flow)
    key = key_of(flow)
    target(flow, "payment").copies.clear()
    show(flow, [said(key, "payment-1", status="DELETED"), said(key, "by hand")])
    assert sweep_doubles(flow).doubles == ()


def test_a_payment_with_our_mark_that_nobody_meant_is_a_phantom(flow: Flow) -> None:
    run(flow)
    show(flow, [said("999999", "payment-9")])
    (double,) = sweep_doubles(flow).doubles
    assert (double.external_ids, double.known_id) == (("payment-9",), "")
    assert state(flow) is StreamState.HELD


@pytest.mark.parametrize("reference", ["", "Cheque 10442x", "10442", "HP-1042 paid", "a b 10442"])
def test_a_payment_that_people_entered_is_none_of_ours(flow: Flow, reference: str) -> None:
    run(flow)
    show(flow, [said("", "payment-9", mark=reference or " ")])
    assert sweep_doubles(flow).doubles == ()


def test_a_note_that_was_sent_twice_and_is_there_twice_holds_its_stream(flow: Flow) -> None:
    notes = target(flow, "invoice_note")
    notes.faults.extend(["drop_after_write"])
    batch = claimed(flow)
    for step in ORDER_STEPS:
        if step == "order_status":
            break
        try:
            run_step(flow, step, batch)
        except Exception:  # noqa: BLE001 - the answer was lost, and the write with it
            notes.held.clear()
            run_step(flow, step, batch)
    notes.copies *= 2  # the target had forgotten the first one's key
    (double,) = sweep_doubles(flow).doubles
    assert (double.entity, len(double.external_ids)) == ("invoice_note", 2)
    assert (state(flow), state(flow, NOTES)) == (StreamState.OPEN, StreamState.HELD)


def test_an_unfinished_order_of_a_double_is_set_aside_and_nothing_more_is_sent(flow: Flow) -> None:
    run(flow, UP_TO_PAYMENTS)
    key = key_of(flow)
    show(flow, [said(key, "payment-1"), said(key, "payment-2")])
    for _ in range(2):
        sweep_doubles(flow)
    (letter,) = flow.ledger.dead_letters()
    assert letter.cause == "double_found"
    assert letter.value == "payment-1, payment-2"
    assert flow.ledger.conservation(PAIR.pair).is_conserved


def test_while_it_is_held_no_order_is_closed_without_its_payment(flow: Flow) -> None:
    flow.streams.hold(PAYMENTS, reason="a double")
    with pytest.raises(StreamHeldError):
        run(flow)
    assert target(flow, "payment").sends == []
    assert flow.ledger.conservation(PAIR.pair).done == 0


def test_a_resumed_stream_goes_on_and_is_held_again_while_the_double_is_there(flow: Flow) -> None:
    run(flow)
    key = key_of(flow)
    show(flow, [said(key, "payment-1"), said(key, "payment-2")])
    sweep_doubles(flow)
    flow.streams.resume(PAYMENTS, by="wanda", reason="I thought so")
    sweep_doubles(flow)
    assert state(flow) is StreamState.HELD
    show(flow, [said(key, "payment-1"), said(key, "payment-2", status="DELETED")])
    flow.streams.resume(PAYMENTS, by="wanda", reason="void now")
    sweep_doubles(flow)
    assert state(flow) is StreamState.OPEN


def test_a_write_that_is_under_way_is_no_double(flow: Flow) -> None:
    target(flow, "payment").faults.append("drop_after_write")
    with pytest.raises(Exception, match="lost"):
        run(flow)
    key = key_of(flow)
    show(flow, [said(key, "payment-1")])
    (delivery,) = flow.ledger.deliveries_of(PAIR.pair, "payment", [key])
    assert delivery.state is DeliveryState.IN_DOUBT
    assert sweep_doubles(flow).doubles == ()


def test_what_could_not_be_read_is_read_by_the_next_sweep(flow: Flow) -> None:
    class Down(FakeXero):
        def payments(self) -> list[XeroPayment]:
            raise UnavailableError("down", remedy="Wait.")

    run(flow)
    xero_of(flow).__class__ = Down
    with pytest.raises(UnavailableError):
        sweep_doubles(flow)
    assert flow.ledger.watermark(PAIR.pair, System.XERO, "payment doubles") is None


def test_a_whole_sweep_reads_everything_whenever_the_last_one_was(flow: Flow) -> None:
    run(flow)
    sweep_doubles(flow)
    key = key_of(flow)
    xero_of(flow).held_payments = [said(key, "payment-1"), said(key, "old copy")]
    assert sweep_doubles(flow).doubles == ()
    assert len(sweep_doubles(flow, is_whole=True).doubles) == 1


def test_many_doubles_are_told_in_few_words(flow: Flow) -> None:
    run(flow)
    show(flow, [said(str(10_000 + number), f"payment-{number}") for number in range(50)])
    assert len(sweep_doubles(flow).doubles) == 50
    assert f"And {50 - NAMED_MAX} more." in flow.streams.stream(PAYMENTS).reason
    assert timedelta() < SWEEP_OVERLAP
