"""Capture: what becomes a document, what is skipped or set aside, how far a sweep read."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeLedger, FakeSage100, FakeShop, FakeXero
from tieout.domain.base import Json, System
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.errors import UnavailableError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import load_pairs
from tieout.usecases.capture import SWEEP_OVERLAP, capture, drain, sweep
from tieout.usecases.flow import Flow

INCLUDE = Path(__file__).parents[3] / "include"
PAIR = load_pairs(INCLUDE)["harbor_and_pine"]
SHOP = "harbor-and-pine.myshopify.com"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def node(number: str = "1042", *, updated_at: datetime = NOON, note: str = "") -> dict[str, Any]:
    return {
        "legacyResourceId": number,
        "name": f"#{number}",
        "updatedAt": updated_at.isoformat(),
        "note": note,
    }


def message(
    resource_id: str = "1042", *, event_id: str = "e-1", topic: str = "orders/create", **body: Any
) -> NewInboxEntry:
    raw = json.dumps({"id": resource_id, **body}).encode()
    return NewInboxEntry(
        pair=PAIR.pair,
        source=System.SHOPIFY,
        account=SHOP,
        topic=topic,
        event_id=event_id,
        resource_id=resource_id,
        origin=Origin.WEBHOOK,
        body=raw,
        body_sha256=hashlib.sha256(raw).hexdigest(),
        body_size=len(raw),
    )


@pytest.fixture
def shop() -> FakeShop:
    return FakeShop({"1042": node()})


@pytest.fixture
def flow(shop: FakeShop) -> Flow:
    clock = FakeClock()
    return Flow(
        pair=PAIR,
        ledger=FakeLedger(clock),
        streams=FakeStreams(clock),
        xero=FakeXero(),
        sage100=FakeSage100(),
        shops={SHOP: shop},
        mapper=YamlMapper(INCLUDE, PAIR),
        matcher=ProbabilityMatcher(),
        gate=FakeGate(),
        clock=clock,
    )


def test_a_webhook_becomes_a_document_with_the_state_of_the_api(flow: Flow) -> None:
    flow.ledger.land([message(note="what the message says")])
    assert drain(flow).documents == 1
    assert flow.ledger.unsettled(PAIR.pair, "shop_order")[0].payload == node()


def test_the_same_state_under_another_event_is_skipped_as_duplicate(flow: Flow) -> None:
    flow.ledger.land([message(), message(event_id="e-2", topic="orders/updated")])
    drain(flow)
    assert flow.ledger.conservation(PAIR.pair).skipped == {"duplicate": 1}


def test_an_order_that_only_moved_its_clock_is_a_duplicate(flow: Flow, shop: FakeShop) -> None:
    flow.ledger.land([message()])
    drain(flow)
    shop.nodes["1042"] = node(updated_at=NOON + timedelta(hours=1))
    flow.ledger.land([message(event_id="e-2", topic="orders/updated")])
    drain(flow)
    assert flow.ledger.conservation(PAIR.pair).skipped == {"duplicate": 1}


def test_an_order_that_the_shop_denies_is_set_aside(flow: Flow) -> None:
    flow.ledger.land([message("999")])
    drain(flow)
    assert [letter.cause for letter in flow.ledger.dead_letters()] == ["order_unknown_to_shop"]


def test_what_a_shop_said_before_it_was_taken_out_is_set_aside_beside_its_neighbors(
    flow: Flow,
) -> None:
    gone = message(event_id="e-9").model_copy(update={"account": "gone.myshopify.com"})
    flow.ledger.land([gone, message()])
    assert drain(flow).documents == 1
    (letter,) = flow.ledger.dead_letters()
    assert (letter.cause, letter.value) == ("shop_not_configured", "gone.myshopify.com")


def test_what_another_source_said_is_left_to_its_flows(flow: Flow) -> None:
    flow.ledger.land([message(topic="Contacts/sweep").model_copy(update={"source": System.XERO})])
    drain(flow)
    assert not flow.ledger.waits(PAIR.pair, "shop_order", source=System.SHOPIFY)
    assert flow.ledger.waits(PAIR.pair, "contact", source=System.XERO)


def test_a_body_that_was_too_large_to_keep_is_set_aside_with_its_size(flow: Flow) -> None:
    large = message().model_copy(update={"body": None, "body_size": 10_485_760})
    flow.ledger.land([large])
    drain(flow)
    letter = flow.ledger.dead_letters()[0]
    assert letter.cause == "body_too_large"
    assert "10,485,760 bytes" in letter.message


def test_a_truncated_body_is_set_aside_as_not_json(flow: Flow) -> None:
    torn = message("").model_copy(update={"body": b'{"id": 10'})
    flow.ledger.land([torn])
    drain(flow)
    assert [letter.cause for letter in flow.ledger.dead_letters()] == ["body_not_json"]


def test_a_topic_that_no_flow_uses_is_skipped_by_name(flow: Flow) -> None:
    flow.ledger.land([message(topic="products/update")])
    drain(flow)
    assert flow.ledger.conservation(PAIR.pair).skipped == {"topic_not_used": 1}


def test_a_sweep_reaches_back_and_moves_the_watermark(flow: Flow, shop: FakeShop) -> None:
    late = NOON - SWEEP_OVERLAP
    shop.nodes["1041"] = node("1041", updated_at=late)
    until = NOON + timedelta(minutes=15)
    assert sweep(flow, NOON, until, origin=Origin.SWEEP) == 2
    assert flow.ledger.watermark(PAIR.pair, System.SHOPIFY, f"orders {SHOP}") == until


def test_a_sweep_after_an_outage_starts_at_the_watermark(flow: Flow, shop: FakeShop) -> None:
    sweep(flow, NOON, NOON + timedelta(minutes=15), origin=Origin.SWEEP)
    shop.nodes["1050"] = node("1050", updated_at=NOON + timedelta(hours=2))
    later = NOON + timedelta(hours=6)
    assert sweep(flow, later, later + timedelta(minutes=15), origin=Origin.SWEEP) == 1


class AwayShop(FakeShop):
    """A shop that cannot be reached."""

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        raise UnavailableError("The shop is away.", remedy="Try again later.")


def test_the_interval_of_a_first_sweep_that_failed_is_read_by_the_next(flow: Flow) -> None:
    away = replace(flow, shops={SHOP: AwayShop()})
    with pytest.raises(UnavailableError):
        sweep(away, NOON, NOON + timedelta(minutes=15), origin=Origin.SWEEP)
    later = NOON + timedelta(hours=6)
    assert sweep(flow, later, later + timedelta(minutes=15), origin=Origin.SWEEP) == 1


def test_a_backfill_reads_only_its_interval_and_moves_nothing(flow: Flow, shop: FakeShop) -> None:
    shop.nodes["1050"] = node("1050", updated_at=NOON + timedelta(hours=2))
    assert sweep(flow, NOON, NOON + timedelta(minutes=15), origin=Origin.BACKFILL) == 1
    assert flow.ledger.watermark(PAIR.pair, System.SHOPIFY, f"orders {SHOP}") is None


def test_webhook_sweep_and_backfill_of_one_order_make_one_document(flow: Flow) -> None:
    flow.ledger.land([message()])
    interval = (NOON, NOON + timedelta(minutes=15))
    capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by="scheduled")
    capture(flow, interval=interval, origin=Origin.BACKFILL, claimed_by="backfill")
    assert len(flow.ledger.unsettled(PAIR.pair, "shop_order")) == 1
    assert flow.ledger.conservation(PAIR.pair).is_conserved


def test_a_second_run_does_not_get_what_the_first_still_holds(flow: Flow) -> None:
    flow.ledger.land([message()])
    first = capture(flow, interval=None, origin=Origin.SWEEP, claimed_by="run 1")
    assert first is not None
    assert capture(flow, interval=None, origin=Origin.SWEEP, claimed_by="run 2") is None
    assert capture(flow, interval=None, origin=Origin.SWEEP, claimed_by="run 1") == first


def test_capture_of_nothing_claims_nothing(flow: Flow) -> None:
    quiet = replace(flow, shops={SHOP: FakeShop()})
    interval = (NOON, NOON + timedelta(minutes=15))
    assert capture(quiet, interval=interval, origin=Origin.SWEEP, claimed_by="run 1") is None


def test_of_two_contents_of_one_second_the_one_that_the_shop_has_counts(
    flow: Flow, shop: FakeShop
) -> None:
    unpaid = FakeShop({"1042": node(note="unpaid")})
    shop.nodes["1042"] = node(note="paid")
    flow.ledger.land([message()])
    drain(flow)
    slow = replace(flow, shops={SHOP: unpaid})
    sweep(slow, NOON - timedelta(hours=1), NOON + timedelta(hours=1), origin=Origin.SWEEP)
    assert drain(flow).documents == 0
    (known,) = flow.ledger.unsettled(PAIR.pair, "shop_order")
    assert known.payload["note"] == "paid"


def test_of_two_sweeps_that_tell_of_one_second_the_shop_is_asked(
    flow: Flow, shop: FakeShop
) -> None:
    for note in ("paid", "unpaid"):
        slow = replace(flow, shops={SHOP: FakeShop({"1042": node(note=note)})})
        sweep(slow, NOON - timedelta(hours=1), NOON + timedelta(hours=1), origin=Origin.SWEEP)
    shop.nodes["1042"] = node(note="paid")
    drain(flow)
    (known,) = flow.ledger.unsettled(PAIR.pair, "shop_order")
    assert known.payload["note"] == "paid"
