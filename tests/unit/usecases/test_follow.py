"""Following what people post in Sage 100: forward only, and never silent on what they undid."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fakes import FakeLedger, FakeSage100, FakeShop
from tieout.connectors.sage100.standings import REGISTERS
from tieout.domain.base import DocumentId
from tieout.domain.books import SageState, Standing
from tieout.domain.ledger import Delivery, DeliveryState
from tieout.errors import ConfigurationError
from tieout.usecases.catalog import WRITE_KINDS, Posting
from tieout.usecases.flow import Flow
from tieout.usecases.follow import Followed, follow, stand_of
from unit.usecases.test_steps import PAIR, SHOP, causes, make_flow, node, run, run_again, worked

MONEY = Decimal("110.13")


def ledger_of(flow: Flow) -> FakeLedger:
    assert isinstance(flow.ledger, FakeLedger)
    return flow.ledger


def of_kind(flow: Flow, entity: str) -> Delivery:
    (found,) = flow.ledger.deliveries([DocumentId(1), DocumentId(2)], entity=entity)
    return found


def show(flow: Flow, **states: Standing | None) -> None:
    """Let Sage 100 show the order's documents so."""
    assert isinstance(flow.sage100, FakeSage100)
    for entity, standing in states.items():
        number = of_kind(flow, entity).external_id
        flow.sage100.held_standings[entity] = {number: standing} if standing else {}


def followed(flow: Flow) -> dict[str, Followed]:
    return {
        one.entity: one
        for one in follow(flow.ledger, flow.sage100, flow.mapper, PAIR, now=flow.clock.now())
    }


def posted() -> Flow:
    flow = make_flow(worked())
    run(flow)
    entered = Standing(state=SageState.ENTERED)
    show(flow, sales_order=entered, cash_receipt=entered.model_copy(update={"amount": MONEY}))
    return flow


def test_what_is_only_entered_stays_so() -> None:
    flow = posted()
    results = followed(flow)
    written = [one for one in results.values() if one.read]
    assert {one.entity for one in written} == {"sales_order", "cash_receipt"}
    assert [(one.read, one.updated, one.in_gl) for one in written] == [(1, 0, 0)] * 2
    assert of_kind(flow, "cash_receipt").state is DeliveryState.ENTERED


def test_a_receipt_goes_on_with_its_register_and_then_costs_nothing() -> None:
    flow = posted()
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=MONEY))
    assert followed(flow)["cash_receipt"].updated == 1
    assert of_kind(flow, "cash_receipt").state is DeliveryState.UPDATED
    show(flow, cash_receipt=Standing(state=SageState.IN_GL, amount=MONEY))
    assert followed(flow)["cash_receipt"].in_gl == 1
    assert of_kind(flow, "cash_receipt").state is DeliveryState.IN_GL
    assert followed(flow)["cash_receipt"].read == 0


def test_a_delivery_never_goes_back() -> None:
    flow = posted()
    show(flow, sales_order=Standing(state=SageState.UPDATED))
    followed(flow)
    show(flow, sales_order=Standing(state=SageState.ENTERED))
    again = followed(flow)["sales_order"]
    assert (again.updated, again.in_gl, again.taken_back) == (0, 0, ())
    assert of_kind(flow, "sales_order").state is DeliveryState.UPDATED


def test_a_posted_receipt_that_is_in_entry_again_is_held_after_a_second_look() -> None:
    flow = posted()
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=MONEY))
    followed(flow)
    assert isinstance(flow.sage100, FakeSage100)
    show(flow, cash_receipt=Standing(state=SageState.ENTERED, amount=MONEY))
    (trouble,) = followed(flow)["cash_receipt"].taken_back
    assert "is back at entered (typed in, in no ledger yet) in Sage 100" in trouble
    assert "Ask whether a backup of the company was restored" in trouble
    assert of_kind(flow, "cash_receipt").state is DeliveryState.HELD


def test_a_posted_receipt_that_is_gone_is_told_apart_from_one_deleted_in_entry() -> None:
    flow = posted()
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=MONEY))
    followed(flow)
    show(flow, cash_receipt=None)
    (trouble,) = followed(flow)["cash_receipt"].taken_back
    assert "is not there any more" in trouble
    assert "cannot become deleted" in trouble


def test_a_deleted_order_is_held_and_a_dead_letter_with_its_money() -> None:
    flow = posted()
    show(flow, sales_order=None)
    (trouble,) = followed(flow)["sales_order"].taken_back
    assert trouble.endswith("not there any more.")
    (letter,) = flow.ledger.dead_letters()
    assert (letter.cause, letter.amount, letter.currency) == ("taken_back", MONEY, "USD")
    assert "in Xero, where its invoice would then be VOIDED (taken" in letter.remedy
    assert letter.trace_key == f"{SHOP} #1042"
    assert of_kind(flow, "sales_order").state is DeliveryState.HELD
    assert ledger_of(flow).conservation(PAIR.pair).is_conserved
    assert followed(flow)["sales_order"].taken_back == ()


def test_a_reversed_receipt_says_that_it_was_reversed() -> None:
    flow = posted()
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=Decimal("0.00")))
    (trouble,) = followed(flow)["cash_receipt"].taken_back
    assert "over 110.13 was reversed in Sage 100" in trouble


def test_a_receipt_over_another_amount_says_which() -> None:
    flow = posted()
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=Decimal("11.13")))
    (trouble,) = followed(flow)["cash_receipt"].taken_back
    assert "entered over 110.13, and Sage 100 shows 11.13" in trouble


def test_what_people_took_back_is_never_written_a_second_time() -> None:
    flow = posted()
    show(flow, sales_order=None)
    followed(flow)
    target = flow.sage100.target("sales_order")
    target.held.clear()  # type: ignore[attr-defined]
    (letter,) = flow.ledger.dead_letters()
    flow.ledger.replay(letter.dead_letter_id)
    run_again(flow)
    assert causes(flow) == ["taken_back"]
    assert len(target.copies) == 1  # type: ignore[attr-defined]


def test_a_newer_version_of_what_was_taken_back_is_set_aside_too() -> None:
    flow = posted()
    show(flow, sales_order=None)
    followed(flow)
    flow.sage100.target("sales_order").held.clear()  # type: ignore[attr-defined]
    changed = node("order_1042", updatedAt="2026-12-02T10:00:00Z", note="changed")
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes[str(changed["legacyResourceId"])] = changed
    run_again(flow)
    assert set(causes(flow)) <= {"taken_back", "changed_after_posting"}
    assert len(flow.sage100.target("sales_order").copies) == 1  # type: ignore[attr-defined]


def test_what_was_there_after_all_is_taken_up_again_by_a_replay() -> None:
    flow = posted()
    show(flow, sales_order=None)
    followed(flow)
    (letter,) = flow.ledger.dead_letters()
    flow.ledger.replay(letter.dead_letter_id)
    run_again(flow)
    assert causes(flow) == []
    assert of_kind(flow, "sales_order").state is DeliveryState.ENTERED
    assert flow.ledger.conservation(PAIR.pair).done == 1


def test_only_what_people_post_is_followed() -> None:
    by_posting = {
        posting: {kind.entity for kind in WRITE_KINDS if kind.posting is posting}
        for posting in (Posting.ON_UPDATE, Posting.BY_INVOICE)
    }
    assert by_posting == {Posting.ON_UPDATE: set(REGISTERS), Posting.BY_INVOICE: {"sales_order"}}


def test_in_between_only_what_was_posted_since_is_looked_at() -> None:
    flow = posted()
    clock_now = flow.clock.now()
    follow(flow.ledger, flow.sage100, flow.mapper, PAIR, now=clock_now)
    assert isinstance(flow.sage100, FakeSage100)
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=MONEY))
    quiet = follow(flow.ledger, flow.sage100, flow.mapper, PAIR, now=clock_now, is_whole=False)
    assert not any(one.read for one in quiet)
    flow.sage100.held_posted["cash_receipt"] = {of_kind(flow, "cash_receipt").external_id}
    seen = follow(flow.ledger, flow.sage100, flow.mapper, PAIR, now=clock_now, is_whole=False)
    assert [(o.entity, o.read, o.updated) for o in seen if o.read] == [("cash_receipt", 1, 1)]
    first_day = (clock_now.astimezone(ZoneInfo(PAIR.time_zone)) - timedelta(days=1)).date()
    assert set(flow.sage100.asked_since) == {first_day}


def test_the_first_look_is_whole_whoever_asks() -> None:
    flow = posted()
    first = follow(
        flow.ledger, flow.sage100, flow.mapper, PAIR, now=flow.clock.now(), is_whole=False
    )
    assert [one.entity for one in first if one.read] == ["sales_order", "cash_receipt"]


def test_a_batch_stands_where_people_have_brought_its_documents() -> None:
    flow = posted()
    ledger = ledger_of(flow)
    batch = ledger.claimed(PAIR.pair, "shop_order", "run")
    assert batch is not None

    def stands(state: str) -> tuple[int, int, int]:
        stand = stand_of(ledger, batch, "cash_receipt", state)
        return stand.posted, stand.waiting, len(stand.lost)

    assert stands("updated") == (0, 1, 0)
    show(flow, cash_receipt=Standing(state=SageState.UPDATED, amount=MONEY))
    followed(flow)
    assert (stands("updated"), stands("in_gl")) == ((1, 0, 0), (0, 1, 0))
    show(flow, cash_receipt=Standing(state=SageState.IN_GL, amount=Decimal("0.00")))
    followed(flow)
    assert stands("in_gl") == (0, 0, 1)
    for entity, state in (("customer", "in_gl"), ("cash_receipt", "entered")):
        with pytest.raises(ConfigurationError, match="Wait for updated or in_gl"):
            stand_of(ledger, batch, entity, state)
