"""The steps of order-to-cash over fakes: who is set aside, what stays, who is recognized."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import records
from fake_streams import FakeStreams
from fakes import (
    EMPTY_SAGE100,
    EMPTY_XERO,
    FakeClock,
    FakeGate,
    FakeLedger,
    FakeSage100,
    FakeShop,
    FakeTarget,
    FakeXero,
)
from tieout.domain.base import BatchId, System
from tieout.domain.ledger import Origin
from tieout.errors import ConfigurationError, OutcomeUnknownError, UnavailableError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.gate import Finding
from tieout.ports.systems import Party, StockLevel
from tieout.settings import load_pairs
from tieout.usecases.capture import capture
from tieout.usecases.flow import Flow
from tieout.usecases.steps import ORDER_STEPS, run_step

ROOT = Path(__file__).parents[3]
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
SHOP = "harbor-and-pine.myshopify.com"
GOLDEN = ROOT / "tests/golden/order"
GUEST = Party(external_id="g", external_no="WEB-GUEST", name="Web Guest", email="")


def node(case: str, **changed: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GOLDEN / f"{case}.shopify.json").read_text())
    return {**read, **changed}


def worked(**changed: Any) -> dict[str, Any]:
    return node("order_1042", **changed)


def make_flow(*nodes: dict[str, Any]) -> Flow:
    xero = FakeXero(EMPTY_XERO.model_copy(update={"account_codes": _accounts("xero")}))
    sage100 = FakeSage100(EMPTY_SAGE100.model_copy(update={"accounts": _accounts("sage100")}))
    clock = FakeClock()
    return Flow(
        pair=PAIR,
        ledger=FakeLedger(clock),
        streams=FakeStreams(clock),
        xero=xero,
        sage100=sage100,
        shops={SHOP: FakeShop({str(one["legacyResourceId"]): one for one in nodes})},
        mapper=YamlMapper(ROOT / "include", PAIR),
        matcher=ProbabilityMatcher(),
        gate=FakeGate(),
        clock=clock,
    )


def _accounts(side: str) -> frozenset[str]:
    return frozenset(getattr(account, side) for account in PAIR.accounts) - {""}


def claimed(flow: Flow, claimed_by: str = "run") -> BatchId:
    interval = (flow.clock.now().replace(year=2020), flow.clock.now().replace(year=2030))
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by=claimed_by)
    assert batch is not None
    return batch


def run(flow: Flow, steps: Sequence[str] = tuple(ORDER_STEPS)) -> None:
    batch = claimed(flow)
    for step in steps:
        run_step(flow, step, batch)


def causes(flow: Flow) -> list[str]:
    """Return the causes of the open dead letters."""
    return [letter.cause for letter in flow.ledger.dead_letters()]


def test_an_order_goes_all_the_way_and_is_done() -> None:
    flow = make_flow(worked())
    run(flow)
    assert causes(flow) == []
    assert flow.ledger.conservation(PAIR.pair).done == 1


def test_a_parked_order_is_a_dead_letter_with_rule_and_value() -> None:
    flow = make_flow(worked())
    batch = claimed(flow)
    (document,) = flow.ledger.documents(batch, "received")
    finding = Finding(
        row_key=str(document.document_id),
        rule="unknown_item",
        severity="park",
        owner="bookkeeper",
        column="unknown_items",
        value="NO-SUCH-99",
        message="Order #1042 sells NO-SUCH-99.",
        remedy="Create the item.",
    )
    gated = replace(flow, gate=FakeGate([finding]))
    run_step(gated, "shop_order", batch)
    (letter,) = flow.ledger.dead_letters()
    assert (letter.cause, letter.value, letter.currency) == ("unknown_item", "NO-SUCH-99", "USD")
    assert str(letter.amount) == "110.13"


def test_a_halting_finding_stops_the_batch_and_names_what_is_missing() -> None:
    flow = make_flow(worked())
    batch = claimed(flow)
    (document,) = flow.ledger.documents(batch, "received")
    finding = Finding(
        row_key=str(document.document_id),
        rule="account_unmapped",
        severity="halt",
        owner="controller",
        column="missing_accounts",
        value="Xero 200 (sales)",
        message="Xero 200 (sales) is missing.",
        remedy="Map it.",
    )
    with pytest.raises(ConfigurationError, match=r"Xero 200 \(sales\) is missing"):
        run_step(replace(flow, gate=FakeGate([finding])), "shop_order", batch)
    assert len(flow.ledger.documents(batch, "received")) == 1


def test_the_gate_sees_which_accounts_are_missing() -> None:
    flow = make_flow(worked())
    gate = FakeGate()
    bare = replace(flow, gate=gate, xero=FakeXero())
    run(bare, ["shop_order"])
    ((_suite, rows),) = gate.validated
    assert "Xero 200 (sales)" in str(_only(rows)["missing_accounts"])


def _only(rows: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    (row,) = rows
    return row


def test_money_taken_beyond_the_total_is_set_aside() -> None:
    flow = make_flow(node("edited"))
    run(flow, ["shop_order"])
    assert causes(flow) == ["overpaid_not_supported"]


def test_a_refused_invoice_sets_its_order_aside_and_stops_its_later_steps() -> None:
    flow = make_flow(worked())
    flow.xero.target("invoice").faults.append("refuse")  # type: ignore[attr-defined]
    run(flow)
    assert causes(flow) == ["target_refused"]
    assert flow.sage100.target("sales_order").sends == []  # type: ignore[attr-defined]


def test_a_refused_invoice_that_is_replayed_is_sent_again_and_exists_once() -> None:
    flow = make_flow(worked())
    invoices = flow.xero.target("invoice")
    assert isinstance(invoices, FakeTarget)
    invoices.faults.append("refuse")
    run(flow)
    (letter,) = flow.ledger.dead_letters()
    flow.ledger.replay(letter.dead_letter_id)
    run_again(flow)
    assert causes(flow) == []
    assert flow.ledger.conservation(PAIR.pair).done == 1
    assert invoices.copies == [str(worked()["legacyResourceId"])]
    ((refused_key,), (replayed_key,)) = invoices.sends
    assert replayed_key != refused_key


def test_an_order_changed_after_posting_is_set_aside_and_not_rewritten() -> None:
    flow = make_flow(worked())
    run(flow)
    changed = node("order_1042", updatedAt="2026-12-02T10:00:00Z", note="changed")
    line = changed["lineItems"]["nodes"][0]
    line["title"] = "Another lamp"
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes[str(changed["legacyResourceId"])] = changed
    run_again(flow)
    assert causes(flow) == ["changed_after_posting"]
    assert len(flow.xero.target("invoice").sends) == 1  # type: ignore[attr-defined]


def run_again(flow: Flow, *, claimed_by: str = "another run") -> None:
    interval = (flow.clock.now().replace(year=2020), flow.clock.now().replace(year=2030))
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by=claimed_by)
    assert batch is not None
    for step in ORDER_STEPS:
        run_step(flow, step, batch)


def test_a_buyer_whose_email_one_contact_has_is_linked_not_created() -> None:
    flow = make_flow(worked())
    email = str(worked()["customer"]["defaultEmailAddress"]["emailAddress"])
    xero = flow.xero
    assert isinstance(xero, FakeXero)
    xero.held_contacts.append(
        Party(external_id="c-1", external_no="C-1", name="Somebody", email=email.upper())
    )
    run(flow, ["shop_order", "contact"])
    customer = str(worked()["customer"]["legacyResourceId"])
    bound = flow.ledger.bindings(PAIR.pair, "customer", {f"SHOP-{customer}"}, System.XERO)
    assert bound[f"SHOP-{customer}"].external_id == "c-1"
    assert xero.target("contact").sends == []


def test_a_name_that_another_contact_has_gets_the_shops_number() -> None:
    flow = make_flow(worked())
    name = str(worked()["customer"]["displayName"])
    xero = flow.xero
    assert isinstance(xero, FakeXero)
    xero.held_contacts.append(
        Party(external_id="c-1", external_no="C-1", name=name, email="other@example.com")
    )
    run(flow, ["shop_order", "contact"])
    customer = str(worked()["customer"]["legacyResourceId"])
    (held,) = xero.target("contact").held.values()
    assert held.figures["name"] == f"{name} (SHOP-{customer})"


def test_a_guest_is_posted_to_the_house_account() -> None:
    flow = make_flow(node("guest"))
    xero, sage100 = flow.xero, flow.sage100
    assert isinstance(xero, FakeXero)
    assert isinstance(sage100, FakeSage100)
    xero.held_contacts.append(GUEST)
    house = GUEST.model_copy(update={"external_no": "WEBGUEST"})
    sage100.held_customers.append(house)
    run(flow)
    assert causes(flow) == []
    assert xero.target("contact").sends == []
    assert sage100.target("customer").sends == []


def test_a_missing_house_account_stops_with_what_to_do() -> None:
    flow = make_flow(node("guest"))
    with pytest.raises(ConfigurationError, match="WEB-GUEST"):
        run(flow, ["shop_order", "contact"])


def placed_again(flow: Flow, **changed: Any) -> None:
    """Let the shop hold another version of the worked order."""
    newer = node("order_1042", updatedAt="2026-12-02T10:00:00Z", **changed)
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes[str(newer["legacyResourceId"])] = newer


def with_another_line() -> dict[str, Any]:
    lines = worked()["lineItems"]
    lines["nodes"][0]["title"] = "Another lamp"
    return {"lineItems": lines}


def test_an_order_cancelled_after_posting_is_a_dead_letter_not_a_skip() -> None:
    unpaid = {"transactions": []}
    flow = make_flow(worked(**unpaid))
    run(flow)
    placed_again(flow, cancelledAt="2026-12-02T10:00:00Z", **unpaid)
    run_again(flow)
    assert causes(flow) == ["cancelled_after_posting"]


def test_a_version_that_adopts_an_older_ones_invoice_is_set_aside() -> None:
    flow = make_flow(worked())
    flow.xero.target("invoice").faults.append("drop_after_write")  # type: ignore[attr-defined]
    with pytest.raises(OutcomeUnknownError):
        run(flow)
    placed_again(flow, **with_another_line())
    run_again(flow)
    assert causes(flow) == ["changed_after_posting"]
    assert len(flow.xero.target("invoice").copies) == 1  # type: ignore[attr-defined]


def test_an_unfinished_older_version_is_superseded() -> None:
    flow = make_flow(worked())
    flow.xero.target("contact").faults.append("unavailable")  # type: ignore[attr-defined]
    with pytest.raises(UnavailableError):
        run(flow)
    placed_again(flow, cancelledAt="2026-12-02T10:00:00Z", transactions=[])
    run_again(flow)
    assert flow.ledger.conservation(PAIR.pair).skipped == {
        "superseded": 1,
        "cancelled_before_posting": 1,
    }
    assert flow.xero.target("invoice").sends == []  # type: ignore[attr-defined]


def test_a_lost_answer_on_a_contact_is_adopted_and_the_order_is_done() -> None:
    flow = make_flow(worked())
    xero = flow.xero
    assert isinstance(xero, FakeXero)
    xero.target("contact").faults.append("drop_after_write")
    with pytest.raises(OutcomeUnknownError):
        run(flow)
    email = str(worked()["customer"]["defaultEmailAddress"]["emailAddress"])
    (made,) = xero.target("contact").held.values()
    xero.held_contacts.append(
        Party(external_id=made.external_id, external_no=made.external_no, name="x", email=email)
    )
    run(flow)
    assert flow.ledger.conservation(PAIR.pair).done == 1
    assert len(xero.target("contact").copies) == 1


def test_one_order_of_a_refused_buyer_is_set_aside_the_rest_wait_and_others_go_on() -> None:
    second = worked(legacyResourceId="991", name="#1099", transactions=[])
    other = {**worked()["customer"], "legacyResourceId": "55", "displayName": "Ann Other"}
    third = worked(legacyResourceId="992", name="#1100", transactions=[], customer=other)
    flow = make_flow(worked(), second, third)
    flow.xero.target("contact").refused_keys.add(_customer_key())  # type: ignore[attr-defined]
    run(flow)
    assert causes(flow) == ["target_refused"]
    conservation = flow.ledger.conservation(PAIR.pair)
    assert (conservation.done, conservation.pending) == (1, 1)


def _customer_key() -> str:
    return f"SHOP-{worked()['customer']['legacyResourceId']}"


def test_stock_to_sell_leaves_out_what_waits_and_what_is_parked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tieout.usecases.stock.UNSETTLED_PAGE_ROWS", 2)
    others = [worked(legacyResourceId=f"99{n}", name=f"#{n}", transactions=[]) for n in range(5)]
    flow = make_flow(worked(), *others)
    shop, sage100 = flow.shops[SHOP], flow.sage100
    assert isinstance(shop, FakeShop)
    assert isinstance(sage100, FakeSage100)
    (line,) = worked()["lineItems"]["nodes"][:1]
    shop.held_inventory_items[str(line["variant"]["legacyResourceId"])] = "77"
    sage100.held_stock.append(
        StockLevel(
            item_code="LAMP-01",
            warehouse_code="000",
            on_hand=Decimal(100),
            committed=Decimal(0),
            available=Decimal(100),
        )
    )
    ours = claimed(flow)
    parked = flow.ledger.unsettled(PAIR.pair, "shop_order")[-1]
    flow.ledger.set_aside(records.dead_letter(document_id=parked.document_id))
    kept = replace(flow, only=flow.ledger.unsettled(PAIR.pair, "shop_order")[0].document_id)
    for step in ORDER_STEPS:
        fence = flow.ledger.begin_step(ours, step, lease_s=900)
        ORDER_STEPS[step](replace(kept, fence=fence), ours)
        flow.ledger.end_step(fence)
    location = next(place for place, code in PAIR.shops[0].locations.items() if code == "000")
    (level,) = flow.ledger.deliveries_of(PAIR.pair, "inventory_level", [f"77@{location}"])
    assert level.expected == {"available": str(100 - 5 * int(line["currentQuantity"]))}


def test_stock_is_pushed_again_when_it_changed_before_the_retry() -> None:
    flow = make_flow(worked())
    shop, sage100 = flow.shops[SHOP], flow.sage100
    assert isinstance(shop, FakeShop)
    assert isinstance(sage100, FakeSage100)
    variant = str(worked()["lineItems"]["nodes"][0]["variant"]["legacyResourceId"])
    shop.held_inventory_items[variant] = "77"
    level = StockLevel(
        item_code="LAMP-01",
        warehouse_code="000",
        on_hand=Decimal(12),
        committed=Decimal(3),
        available=Decimal(9),
    )
    sage100.held_stock.append(level)
    shop.target("inventory_level").sets_state = True
    shop.target("order_status").faults.append("unavailable")
    with pytest.raises(UnavailableError):
        run(flow)
    sage100.held_stock[0] = level.model_copy(update={"available": Decimal(2)})
    run(flow)
    assert causes(flow) == []
    assert len(shop.target("inventory_level").sends) == 2
    assert flow.ledger.conservation(PAIR.pair).done == 1
