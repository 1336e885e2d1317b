"""Planning over fakes: a plan writes nothing, and plan and apply come to what a plain run does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

import records
from fakes import FakeClock, FakeGate, FakeLedger, FakeShop, FakeTarget
from records import landed
from tieout.domain.base import DeliveryId, System
from tieout.domain.ledger import Delivery, DocumentState, Landed
from tieout.domain.plan import Action, Ending, Plan
from tieout.domain.streams import target_stream
from tieout.errors import (
    ConfigurationError,
    FatalError,
    RetryableError,
    StreamPausedError,
    UnavailableError,
)
from tieout.ports.gate import Finding
from tieout.ports.ledger import Ledger
from tieout.ports.systems import StockLevel
from tieout.usecases.catalog import ORDER_TO_CASH, PAYOUTS, Posting
from tieout.usecases.flow import Flow
from tieout.usecases.planning.apply import apply_plan
from tieout.usecases.planning.effects import BOOKINGS
from tieout.usecases.planning.ledger import PlanningLedger
from tieout.usecases.planning.plan import make_plan
from unit.usecases.test_steps import GUEST, PAIR, SHOP, make_flow, node, run, worked

FLOW = "order_to_cash"
CASES = ("order_1042", "company", "guest", "inclusive", "unicode", "edited")


def interval(flow: Flow) -> tuple[datetime, datetime]:
    now = flow.clock.now()
    return now.replace(year=2020), now.replace(year=2030)


def planned(flow: Flow) -> Plan:
    return make_plan(flow, FLOW, interval=interval(flow))


def numbered(case: str) -> dict[str, Any]:
    """Return a golden order with ids of its own: they all have those of one order."""
    text = json.dumps(node(case))
    for known in ("6811223344551", "8411223344551"):
        text = text.replace(known, f"{known[:-1]}{CASES.index(case)}")
    changed: dict[str, Any] = json.loads(text)
    return changed


def flow_of(*cases: str) -> Flow:
    flow = make_flow(*(numbered(case) for case in cases))
    flow.xero.held_contacts.append(GUEST)  # type: ignore[attr-defined]
    guest = GUEST.model_copy(update={"external_no": "WEBGUEST"})
    flow.sage100.held_customers.append(guest)  # type: ignore[attr-defined]
    return flow


def target(flow: Flow, entity: str) -> FakeTarget:
    for system in (flow.xero, flow.sage100, flow.shops[SHOP]):
        found: dict[str, FakeTarget] = system.targets  # type: ignore[attr-defined]
        if entity in found:
            return found[entity]
    raise KeyError(entity)


def held(flow: Flow) -> dict[str, object]:
    """Return all that the targets of a flow hold, by system and entity."""
    systems = (flow.xero, flow.sage100, flow.shops[SHOP])
    return {
        f"{one.system} {one.entity}": one.held
        for system in systems
        for one in system.targets.values()  # type: ignore[attr-defined]
        if one.held
    }


def ledger_of(flow: Flow) -> FakeLedger:
    assert isinstance(flow.ledger, FakeLedger)
    return flow.ledger


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(CASES), unique=True, min_size=1))
def test_plan_and_apply_is_a_plain_run(cases: list[str]) -> None:
    plain, approved = flow_of(*cases), flow_of(*cases)
    run(plain)
    plan = planned(approved)
    assert ledger_of(approved).audit == []
    assert held(approved) == {}
    applied = apply_plan(approved, plan)
    assert applied.is_as_planned
    assert held(approved) == held(plain)
    assert ledger_of(approved).conservation(PAIR.pair) == ledger_of(plain).conservation(PAIR.pair)


def test_two_plans_of_the_same_have_the_same_hash() -> None:
    assert planned(flow_of(*CASES)).plan_hash == planned(flow_of(*CASES)).plan_hash


def test_a_plan_of_nothing_has_nothing() -> None:
    plan = make_plan(make_flow(), FLOW)
    assert (plan.documents, plan.effects) == ((), ())


def test_an_unknown_flow_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="order_to_cash"):
        make_plan(make_flow(), "cash_to_order")


def test_what_the_gate_would_park_is_a_dead_letter_of_the_plan() -> None:
    flow = make_flow(worked())
    gate = FakeGate()
    planned(replace(flow, gate=gate))
    ((_suite, rows),) = gate.validated
    parked = Finding(
        row_key=str(rows[0]["row_key"]),
        rule="unknown_item",
        severity="park",
        owner="bookkeeper",
        column="unknown_items",
        value="NO-SUCH-99",
        message="Order #1042 sells NO-SUCH-99.",
        remedy="Create the item.",
    )
    (document,) = planned(replace(flow, gate=FakeGate([parked]))).documents
    assert (document.ending, document.cause) == (Ending.DEAD_LETTER, "unknown_item")
    assert document.writes == ()
    assert flow.ledger.dead_letters() == []


def test_a_test_order_is_a_skip_of_the_plan() -> None:
    (document,) = planned(make_flow(worked(test=True))).documents
    assert (document.ending, document.rule) == (Ending.SKIP, "test_order")


class TakenTarget(FakeTarget):
    """A target where the number is somebody else's: it stands there, and is not found as ours."""

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return {}


def test_what_the_target_holds_of_somebody_else_is_a_dead_letter_of_the_plan() -> None:
    flow = make_flow(worked())
    taken = TakenTarget(System.XERO, "invoice", guard="its number")
    taken.held[str(worked()["legacyResourceId"])] = landed("somebody else's")
    flow.xero.targets["invoice"] = taken  # type: ignore[attr-defined]
    (document,) = planned(flow).documents
    assert (document.ending, document.cause) == (Ending.DEAD_LETTER, "number_taken")


def test_stock_is_planned_as_it_will_be_once_the_orders_are_entered() -> None:
    flow = make_flow(worked())
    level = StockLevel(
        item_code="LAMP-01", warehouse_code="000", on_hand="10", committed="2", available="8"
    )
    flow.sage100.held_stock.append(level)  # type: ignore[attr-defined]
    line = worked()["lineItems"]["nodes"][0]
    variant = str(line["variant"]["legacyResourceId"])
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.held_inventory_items[variant] = "77"
    (document,) = planned(flow).documents
    (level_write,) = [one for one in document.writes if one.entity == "inventory_level"]
    assert [one.after for one in level_write.changes] == ["5"]
    assert level_write.is_live


def test_a_newer_version_of_a_planned_order_is_drift_with_words() -> None:
    flow = make_flow(worked())
    plan = planned(flow)
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    changed = node("order_1042", updatedAt="2026-12-02T10:00:00Z", note="changed")
    shop.nodes[str(changed["legacyResourceId"])] = changed
    with pytest.raises(FatalError, match="#1042 changed at its source, at 2026-12-02 10:00:00"):
        apply_plan(flow, plan)
    assert held(flow) == {}
    assert ledger_of(flow).audit == []


def test_other_rules_and_another_mapping_are_drift() -> None:
    flow = make_flow(worked())
    plan = planned(flow)
    gate = FakeGate()
    gate.version = "rules-2"
    flow.mapper.version = "mapping-2"
    with pytest.raises(FatalError, match=r"(?s)mapping changed: .* then, mapping-2 now.*rule set"):
        apply_plan(replace(flow, gate=gate), plan)


def test_nothing_is_applied_through_a_stream_that_is_held() -> None:
    flow = make_flow(worked())
    name = target_stream(PAIR.pair, System.XERO, "payment")
    flow.streams.hold(name, reason="Xero holds one payment twice.")
    plan = planned(flow)
    assert plan.blocked == (f"{name} is held: Xero holds one payment twice.",)
    with pytest.raises(StreamPausedError, match="holds one payment twice"):
        apply_plan(flow, plan)
    assert held(flow) == {}
    flow.streams.resume(name, by="ana", reason="voided")
    assert apply_plan(flow, planned(flow)).done == 1


def test_an_altered_plan_is_refused() -> None:
    flow = make_flow(worked())
    plan = planned(flow)
    (document,) = plan.documents
    altered = document.model_copy(update={"writes": document.writes[1:]})
    with pytest.raises(FatalError, match="altered"):
        apply_plan(flow, plan.model_copy(update={"documents": (altered,)}))


def test_what_a_run_has_posted_meanwhile_is_drift() -> None:
    flow = make_flow(worked())
    plan = planned(flow)
    run(flow)
    with pytest.raises(FatalError, match="#1042 no longer waits"):
        apply_plan(flow, plan)


def test_an_order_that_came_later_waits_for_its_own_run() -> None:
    flow = flow_of("order_1042")
    plan = planned(flow)
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    later = numbered("company")
    shop.nodes[str(later["legacyResourceId"])] = later
    assert apply_plan(flow, plan).done == 1
    (waiting,) = flow.ledger.waiting(PAIR.pair, "shop_order")
    assert waiting.name == later["name"]


def test_a_plan_that_was_cut_off_goes_on_under_its_name() -> None:
    flow = make_flow(worked())
    plan = planned(flow)
    target_of_payments = flow.xero.target("payment")
    assert isinstance(target_of_payments, FakeTarget)
    target_of_payments.faults.append("unavailable")
    with pytest.raises((RetryableError, UnavailableError)):
        apply_plan(flow, plan)
    applied = apply_plan(flow, plan)
    assert (applied.done, applied.is_as_planned) == (1, True)
    assert apply_plan(flow, plan) == applied
    assert len(target(flow, "invoice").copies) == 1


def test_the_approver_stands_on_every_write() -> None:
    flow = make_flow(worked())
    plan = planned(flow)
    apply_plan(replace(flow, approver="ana"), plan)
    ids = [one.document_id for one in flow.ledger.unsettled(PAIR.pair, "shop_order")]
    assert ids == []
    batch = flow.ledger.claimed(PAIR.pair, "shop_order", f"plan {plan.plan_hash}")
    assert batch is not None
    (document,) = flow.ledger.documents(batch, DocumentState.DONE)
    deliveries = flow.ledger.deliveries([document.document_id])
    assert {one.approver for one in deliveries} == {"ana"}


def test_money_that_came_later_is_an_update_with_its_difference() -> None:
    unpaid = worked(transactions=[], displayFinancialStatus="PENDING")
    flow = make_flow(unpaid)
    run(flow)
    paid = worked(updatedAt="2026-12-02T10:00:00Z")
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes[str(paid["legacyResourceId"])] = paid
    (document,) = planned(flow).documents
    updates = {
        write.entity: [(one.before, one.after) for one in write.changes]
        for write in document.writes
        if write.action is Action.UPDATE
    }
    assert updates["order_status"] == [("posted, unpaid", "posted, paid")]
    assert updates["order_deposit"] == [("", "110.13")]
    assert {one.account for one in document.effects} == {"091", "610", "106-00", "230-00"}


def test_an_order_on_account_touches_receivables_alone() -> None:
    plan = planned(make_flow(worked(transactions=[], displayFinancialStatus="PENDING")))
    assert [(one.account, f"{one.debit:.2f}", f"{one.credit:.2f}") for one in plan.effects] == [
        ("200", "0.00", "94.92"),
        ("260", "0.00", "8.00"),
        ("610", "110.13", "0.00"),
        ("820", "0.00", "7.21"),
    ]


def test_an_order_with_tax_in_its_prices_posts_net_and_tax_apart() -> None:
    plan = planned(flow_of("inclusive"))
    assert sum(one.debit - one.credit for one in plan.effects) == 0
    sales = {one.role: f"{one.credit:.2f}" for one in plan.effects if one.role != "receivables"}
    assert (sales["sales"], sales["sales_tax"]) == ("22.05", "4.42")


VERSIONS = st.lists(
    st.tuples(st.sampled_from(["first", "second", "third"]), st.integers(0, 5)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(known=VERSIONS, arriving=VERSIONS)
def test_a_plan_takes_in_versions_as_the_ledger_does(
    known: list[tuple[str, int]], arriving: list[tuple[str, int]]
) -> None:
    real = FakeLedger(FakeClock())
    for content, minutes in dict.fromkeys(known):
        records.land_document(real, records.document(content=content, minutes=minutes))
    entries = [
        records.entry(body=f"{place}".encode(), topic="orders/updated")
        for place in range(len(arriving))
    ]
    real.land(entries)
    laid_over = PlanningLedger(real, FakeClock(), pair=PAIR.pair, document_type="shop_order")
    for ledger in (laid_over, real):
        pending = ledger.pending_entries(PAIR.pair, limit=100)
        assert len(pending) == len(arriving)
        for entry, (content, minutes) in zip(pending, arriving, strict=True):
            ledger.document(entry.inbox_id, records.document(content=content, minutes=minutes))
        assert ledger.pending_entries(PAIR.pair, limit=100) == []

    def waiting(ledger: Ledger) -> list[tuple[str, object]]:
        return [
            (one.content_hash, one.version_at) for one in ledger.waiting(PAIR.pair, "shop_order")
        ]

    assert waiting(laid_over) == waiting(real)


def test_every_kind_that_posts_says_how() -> None:
    posting = {
        kind.entity
        for kind in (*ORDER_TO_CASH, *PAYOUTS)
        if kind.posting in (Posting.AT_ONCE, Posting.ON_UPDATE)
    }
    assert posting == set(BOOKINGS)
