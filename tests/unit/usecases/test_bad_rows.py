"""Bad orders among good ones, in one batch of the real gate and the real flow.

Exactly the bad ones become dead letters, each with every rule that it broke; the others are posted.
They lie side by side, which is the worst order for whoever counts them in a row.
"""

import copy
import json
import time
from typing import Any

import pytest

from fake_streams import FakeStreams
from fakes import FakeClock, FakeLedger, FakeSage100, FakeShop, FakeTarget, FakeXero
from figures.report import record
from tieout.domain.ledger import DocumentState, Origin
from tieout.domain.streams import StreamState, source_stream
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.streams import PostgresStreams
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.ledger import Ledger
from tieout.ports.streams import Streams
from tieout.usecases.capture import drain, sweep
from tieout.usecases.flow import LEASE_S, SHOP_ORDER, Flow
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.validation.gate import GreatExpectationsGate
from unit.usecases.test_steps import PAIR, SHOP, worked
from unit.validation.test_rules import EXPECTATIONS, GOLDEN, ROOT, known_of, read

RULES = ("unknown_item", "total_does_not_add_up", "gateway_unmapped")
"""What an order can be made to break, in the suite's order."""
ORDER = worked()


def broken_by(number: int) -> list[str]:
    """Return which rules the bad order of a number breaks: every combination has its turn."""
    return [rule for place, rule in enumerate(RULES) if (number % 7 + 1) >> place & 1]


def order(number: int, breaks: list[str]) -> dict[str, Any]:
    node = copy.deepcopy(ORDER)
    node |= {"legacyResourceId": str(7_000_000 + number), "name": f"#{number}"}
    (sale,) = node["transactions"]
    sale["id"] = f"gid://shopify/OrderTransaction/{8_000_000 + number}"
    if "unknown_item" in breaks:
        node["lineItems"]["nodes"][0]["sku"] = "NO-SUCH"
    if "total_does_not_add_up" in breaks:
        for name in ("totalPriceSet", "currentTotalPriceSet"):
            node[name]["shopMoney"]["amount"] = "110.14"
    if "gateway_unmapped" in breaks:
        sale["gateway"] = "bitcoin"
    return node


def flow_of(
    ledger: Ledger, streams: Streams, clock: FakeClock, nodes: list[dict[str, Any]]
) -> Flow:
    known = known_of(read(GOLDEN / "rules/known.yaml"))
    return Flow(
        pair=PAIR,
        ledger=ledger,
        streams=streams,
        xero=FakeXero(known.xero),
        sage100=FakeSage100(known.sage100),
        shops={SHOP: FakeShop({one["legacyResourceId"]: one for one in nodes})},
        mapper=YamlMapper(ROOT / "include", PAIR),
        matcher=ProbabilityMatcher(),
        gate=GreatExpectationsGate(EXPECTATIONS, None),
        clock=clock,
    )


def posted(flow: Flow) -> set[str]:
    """Return the orders that Xero holds an invoice of and Sage 100 a sales order, each once."""
    found = []
    for target in (flow.xero.target("invoice"), flow.sage100.target("sales_order")):
        assert isinstance(target, FakeTarget)
        assert len(target.copies) == len(set(target.copies))
        found.append(set(target.copies))
    invoiced, ordered = found
    assert invoiced == ordered
    return invoiced


def check(flow: Flow, *, orders: int, bad: int) -> None:
    """Run the flow over one batch of all, and see what became of each."""
    now = flow.clock.now()
    sweep(flow, now.replace(year=2020), now.replace(year=2030), origin=Origin.SWEEP)
    drain(flow)
    batch = flow.ledger.claim(PAIR.pair, SHOP_ORDER, claimed_by="t", limit=orders, lease_s=LEASE_S)
    assert batch is not None
    assert batch.document_count == orders
    report = run_step(flow, SHOP_ORDER, batch.batch_id)
    assert (report.documents, report.confirmed, report.set_aside) == (orders, orders - bad, bad)
    for step in list(ORDER_STEPS)[1:]:
        run_step(flow, step, batch.batch_id)
    letters = flow.ledger.dead_letters()
    documents = {one.document_id: one for one in flow.ledger.documents(batch.batch_id)}
    rules = {
        documents[one.document_id].source_id: [finding["rule"] for finding in findings]
        for one in letters
        if one.document_id is not None
        for findings in [json.loads(json.dumps(one.answer))]
    }
    assert rules == {str(7_000_000 + number): broken_by(number) for number in range(bad)}
    assert len(letters) == bad
    assert all(finding["column"] and finding["value"] for one in letters for finding in one.answer)  # type: ignore[union-attr, index, call-overload]
    assert posted(flow) == {str(7_000_000 + number) for number in range(bad, orders)}
    done = sum(one.state is DocumentState.DONE for one in documents.values())
    counts = flow.ledger.conservation(PAIR.pair)
    assert (done, counts.done, counts.dead_letter) == (orders - bad, orders - bad, bad)
    assert counts.is_conserved
    stream = flow.streams.stream(source_stream(PAIR.pair, SHOP_ORDER))
    assert stream.state is StreamState.OPEN


def nodes_of(*, orders: int, bad: int) -> list[dict[str, Any]]:
    return [order(number, broken_by(number) if number < bad else []) for number in range(orders)]


def test_exactly_the_bad_orders_of_a_batch_are_set_aside_with_all_that_they_broke() -> None:
    clock = FakeClock()
    flow = flow_of(FakeLedger(clock), FakeStreams(clock), clock, nodes_of(orders=80, bad=14))
    check(flow, orders=80, bad=14)


@pytest.mark.tier2
def test_of_ten_thousand_orders_exactly_the_351_bad_ones_are_set_aside_in_postgresql(
    ledger: PostgresLedger,
) -> None:
    orders, bad = 10_000, 351
    nodes = nodes_of(orders=orders, bad=bad)
    flow = flow_of(ledger, PostgresStreams(ledger.database), FakeClock(), nodes)
    started_s = time.monotonic()
    check(flow, orders=orders, bad=bad)
    record(
        "a batch of ten thousand orders, some of them bad",
        documents=orders,
        set_aside=bad,
        posted=orders - bad,
        minutes=(time.monotonic() - started_s) / 60,
    )
