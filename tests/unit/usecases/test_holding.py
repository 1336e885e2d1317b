"""Holding an order back: what waits of it, and its newer versions, until it is released."""

import pytest

from fakes import FakeShop
from tieout.domain.ledger import DocumentState
from tieout.errors import RejectedError
from tieout.usecases.flow import Flow
from tieout.usecases.holding import held, hold, release
from unit.usecases.test_steps import PAIR, SHOP, claimed, make_flow, node, run, run_again, worked


def names(flow: Flow) -> list[tuple[str, str]]:
    return [(one.name, one.held_for) for one in held(flow.ledger, PAIR.pair)]


def held_flow() -> Flow:
    flow = make_flow(worked())
    claimed(flow)
    hold(flow.ledger, PAIR.pair, "#1042", reason="ask the customer")
    return flow


def done(flow: Flow) -> int:
    return flow.ledger.conservation(PAIR.pair).done


def test_a_held_order_is_not_posted_and_says_why() -> None:
    flow = held_flow()
    batch = claimed(flow)
    assert flow.ledger.documents(batch, DocumentState.RECEIVED) == []
    assert names(flow) == [("#1042", "ask the customer")]
    assert flow.ledger.conservation(PAIR.pair).pending == 1


@pytest.mark.parametrize("name", ["#1042", str(worked()["legacyResourceId"]), f"{SHOP} #1042"])
def test_a_released_order_goes_on_from_the_gate(name: str) -> None:
    flow = held_flow()
    release(flow.ledger, PAIR.pair, name)
    run_again(flow)
    assert names(flow) == []
    assert done(flow) == 1


def test_a_newer_version_of_a_held_order_is_held_too_and_released_with_it() -> None:
    flow = held_flow()
    changed = node("order_1042", updatedAt="2026-12-02T10:00:00Z", note="changed")
    changed["lineItems"]["nodes"][0]["title"] = "Another lamp"
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes[str(changed["legacyResourceId"])] = changed
    run_again(flow)
    assert done(flow) == 0
    assert names(flow) == [("#1042", "ask the customer")] * 2
    release(flow.ledger, PAIR.pair, "#1042")
    run_again(flow, claimed_by="after the release")
    counts = flow.ledger.conservation(PAIR.pair)
    assert (counts.done, counts.skipped.get("superseded"), counts.is_conserved) == (1, 1, True)


def test_what_is_posted_or_unknown_cannot_be_held_or_released() -> None:
    flow = make_flow(worked())
    run(flow)
    with pytest.raises(RejectedError, match="can be held"):
        hold(flow.ledger, PAIR.pair, "#1042", reason="too late")
    with pytest.raises(RejectedError, match="can be released"):
        release(flow.ledger, PAIR.pair, "#1042")
