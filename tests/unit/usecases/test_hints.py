"""Hints of Xero: echoes and strangers cost no call, and what people take back is held."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

import pytest
from typing_extensions import override

from fakes import FakeLedger, FakeXero
from tieout.domain.base import DocumentId, System
from tieout.domain.books import XeroStanding
from tieout.domain.ledger import Delivery, DeliveryState, NewInboxEntry, Origin
from tieout.domain.pair import FlowName
from tieout.errors import UnavailableError
from tieout.usecases.flow import Flow
from tieout.usecases.hints import Hinted, look_into_hints, look_into_list
from unit.usecases.test_steps import PAIR, SHOP, causes, make_flow, run, run_again, worked

TENANT = "4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01"
MONEY = Decimal("110.13")


def xero_of(flow: Flow) -> FakeXero:
    assert isinstance(flow.xero, FakeXero)
    return flow.xero


def invoice_of(flow: Flow) -> Delivery:
    (found,) = flow.ledger.deliveries([DocumentId(1)], entity="invoice")
    return found


def posted() -> Flow:
    """Return a flow whose one order is posted, and Xero shows its invoice as it was written."""
    flow = make_flow(worked())
    run(flow)
    show(flow)
    return flow


def show(flow: Flow, status: str = "AUTHORISED", **figures: str) -> None:
    invoice = invoice_of(flow)
    xero_of(flow).held_standings[invoice.external_id] = XeroStanding(
        status=status,
        figures={**invoice.expected, **figures},
    )


def tell(flow: Flow, record_id: str, topic: str = "invoice/update", *, times: int = 1) -> None:
    """Let Xero tell of a record so many times."""
    bodies = [json.dumps([record_id, topic, number]).encode() for number in range(times)]
    flow.ledger.land([_told(record_id, topic, body) for body in bodies])


def _told(
    record_id: str, topic: str, body: bytes, *, origin: Origin = Origin.WEBHOOK
) -> NewInboxEntry:
    return NewInboxEntry(
        pair=PAIR.pair,
        source=System.XERO,
        account=TENANT,
        topic=topic,
        event_id="",
        resource_id=record_id,
        origin=origin,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )


def looked(flow: Flow) -> Hinted:
    hinted = look_into_hints(flow)
    assert isinstance(flow.ledger, FakeLedger)
    counted = flow.ledger.conservation(PAIR.pair)
    assert counted.is_conserved
    assert counted.pending == 0
    return hinted


def test_the_creation_of_what_we_created_is_an_echo_that_costs_no_call() -> None:
    flow = posted()
    tell(flow, invoice_of(flow).external_id, "invoice/create")
    assert looked(flow).rules == {"own_write": 1}
    assert xero_of(flow).asked_standings == []


@pytest.mark.parametrize("status", ["AUTHORISED", "PAID"])
def test_an_update_that_left_all_as_delivered_changes_nothing(status: str) -> None:
    flow = posted()
    show(flow, status)
    tell(flow, invoice_of(flow).external_id)
    assert (looked(flow).rules, causes(flow)) == ({"as_delivered": 1}, [])
    assert invoice_of(flow).state is DeliveryState.ENTERED


def test_many_hints_of_one_record_are_one_read() -> None:
    flow = posted()
    tell(flow, invoice_of(flow).external_id, times=300)
    hinted = looked(flow)
    assert hinted.rules == {"as_delivered": 300}
    assert hinted.read == 2  # one for each round of the drain
    assert xero_of(flow).asked_standings == [frozenset({invoice_of(flow).external_id})] * 2


def test_what_is_not_ours_and_what_no_flow_cares_for_costs_no_call() -> None:
    flow = posted()
    tell(flow, "another-invoice")
    tell(flow, "a-contact", "contact/update")
    tell(flow, "a-note", "creditnote/create")
    tell(flow, "something", "prepayment/update")
    assert looked(flow).rules == {"not_ours": 1, "topic_not_used": 3}
    assert xero_of(flow).asked_standings == []


def test_a_voided_invoice_is_held_and_a_dead_letter_with_its_money() -> None:
    flow = posted()
    show(flow, "VOIDED")
    tell(flow, invoice_of(flow).external_id, times=2)
    hinted = looked(flow)
    assert hinted.rules == {"taken_back": 2}
    (trouble,) = hinted.taken_back
    assert "is VOIDED (taken out of the books) in Xero" in trouble
    (letter,) = flow.ledger.dead_letters()
    assert (letter.cause, letter.amount, letter.currency) == ("taken_back", MONEY, "USD")
    assert letter.trace_key == f"{SHOP} #1042"
    assert "Sage 100 and the shop still show the order as posted" in letter.message
    assert "its sales order would then be X (deleted or cancelled), and in" in letter.remedy
    assert letter.answer is not None
    assert invoice_of(flow).state is DeliveryState.HELD
    tell(flow, invoice_of(flow).external_id, "invoice/update", times=3)
    assert looked(flow).taken_back == ()
    assert len(flow.ledger.dead_letters()) == 1


def test_a_status_that_nobody_can_have_set_asks_for_the_right_organization() -> None:
    flow = posted()
    show(flow, "DRAFT")
    tell(flow, invoice_of(flow).external_id)
    (trouble,) = looked(flow).taken_back
    assert "An invoice that is AUTHORISED (approved: in the books) cannot become DRAFT" in trouble
    assert "Compare the tenant id of the connection" in trouble


def test_an_invoice_of_another_total_says_which() -> None:
    flow = posted()
    show(flow, total="90.00", tax="5.89")
    tell(flow, invoice_of(flow).external_id)
    (trouble,) = looked(flow).taken_back
    assert "was written with total 110.13, tax 7.21, and Xero shows total 90.00" in trouble


def test_a_voided_invoice_is_never_written_a_second_time() -> None:
    flow = posted()
    show(flow, "VOIDED")
    tell(flow, invoice_of(flow).external_id)
    looked(flow)
    target = xero_of(flow).target("invoice")
    target.held.clear()
    (letter,) = flow.ledger.dead_letters()
    flow.ledger.replay(letter.dead_letter_id)
    run_again(flow)
    assert causes(flow) == ["taken_back"]
    assert len(target.copies) == 1


def test_an_invoice_that_xero_denies_having_is_a_matter_for_a_person() -> None:
    flow = posted()
    xero_of(flow).held_standings.clear()
    tell(flow, invoice_of(flow).external_id)
    assert (looked(flow).set_aside, causes(flow)) == (1, ["unknown_to_xero"])
    assert invoice_of(flow).state is DeliveryState.ENTERED
    (letter,) = flow.ledger.dead_letters()
    show(flow)
    flow.ledger.replay(letter.dead_letter_id)
    assert (looked(flow).rules, causes(flow)) == ({"as_delivered": 1}, [])


class AwayXero(FakeXero):
    """A Xero that does not answer."""

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, XeroStanding]:
        raise UnavailableError(f"no {entity} {external_ids}", remedy="Later.")


def test_what_cannot_be_read_now_stays_pending_and_the_rest_is_settled() -> None:
    flow = posted()
    tell(flow, "another-invoice")
    tell(flow, invoice_of(flow).external_id)
    with pytest.raises(UnavailableError):
        look_into_hints(replace(flow, xero=AwayXero()))
    assert flow.ledger.conservation(PAIR.pair).pending == 1
    assert looked(flow).rules == {"as_delivered": 1}


def test_a_payment_that_people_deleted_is_found_by_its_poll() -> None:
    flow = posted()
    (payment,) = flow.ledger.deliveries([DocumentId(1)], entity="payment")
    xero_of(flow).held_standings[payment.external_id] = XeroStanding(
        status="DELETED", figures=payment.expected
    )
    flow.ledger.land(
        [
            _told("another-payment", "Payments/sweep", b"1", origin=Origin.SWEEP),
            _told(payment.external_id, "Payments/deleted", b"2", origin=Origin.SWEEP),
            _told("an-order", "PurchaseOrders/sweep", b"3", origin=Origin.SWEEP),
        ]
    )
    assert look_into_hints(flow).rules == {}
    hinted = look_into_list(flow, "Payments")
    assert hinted.rules == {"not_ours": 1, "taken_back": 1}
    (letter,) = flow.ledger.dead_letters()
    assert (
        f"payment {payment.external_no} is DELETED (it counts for nothing any more) in Xero."
        in letter.message
    )
    assert (letter.amount, letter.value) == (MONEY, payment.external_id)


def test_what_no_flow_cares_for_waits_for_a_flow_of_its_own() -> None:
    flow = posted()
    flow.ledger.land([_told("an-order", "PurchaseOrders/sweep", b"3", origin=Origin.SWEEP)])
    assert look_into_list(flow, "PurchaseOrders").rules == {}
    assert flow.ledger.conservation(PAIR.pair).pending == 1


def test_events_of_contacts_are_left_to_the_flow_that_keeps_them_in_step() -> None:
    flow = posted()
    tell(flow, "a-contact", "contact/update")
    both = (*flow.pair.flows, FlowName.CUSTOMER_SYNC)
    kept = replace(flow, pair=flow.pair.model_copy(update={"flows": both}))
    assert look_into_hints(kept).rules == {}
    assert [one.resource_id for one in flow.ledger.pending_entries(PAIR.pair, limit=9)] == [
        "a-contact"
    ]
    assert look_into_hints(flow).rules == {"topic_not_used": 1}
