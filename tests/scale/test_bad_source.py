"""T-48: ten thousand bad orders, four workers at once, and at most sixty dead letters."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import make_url

import records
from fakes import FakeClock, FakeGate, FakeSage100, FakeShop, FakeXero
from tieout.domain.streams import BAD_IN_A_ROW_MAX, StreamState, source_stream
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.streams import PostgresStreams
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.flow import LEASE_S, SHOP_ORDER, Flow
from tieout.usecases.steps import run_step
from unit.usecases.test_steps import PAIR, ROOT

ORDERS = 10_000
WORKERS = 4
RUNS = 20
BATCH_MAX = 500
DEAD_LETTERS_MAX = 60
STREAM = source_stream(PAIR.pair, SHOP_ORDER)
FILL = """
INSERT INTO tieout.inbox (pair, source, account, topic, event_id, resource_id, origin, body,
                          body_sha256, body_size, headers, state)
SELECT %(pair)s, 'shopify', %(shop)s, 'orders/create', 'e' || g, g::text, 'webhook', 'x',
       encode(sha256(g::text::bytea), 'hex'), 1, '{}', 'documented'
FROM generate_series(1, %(orders)s) g;
INSERT INTO tieout.documents (inbox_id, pair, document_type, source, account, source_id, version_no,
                              version_at, known_through, content_hash, name, payload)
SELECT inbox_id, pair, 'shop_order', source, account, resource_id, 1, now(), now(), 'h',
       '#' || resource_id, '{"name": null}'
FROM tieout.inbox;
"""


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[PostgresLedger]:
    """A ledger of orders that all lack the same, as after a change at their source."""
    url = make_url(ledger_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as admin, psycopg.ClientCursor(admin) as cursor:
        given = {"pair": PAIR.pair, "shop": records.SHOP, "orders": ORDERS}
        cursor.execute(FILL.encode(), given)
    opened = PostgresLedger(ledger_url, pool_size=WORKERS)
    yield opened
    opened.close()


@pytest.mark.tier2
def test_ten_thousand_bad_orders_leave_few_dead_letters(ledger: PostgresLedger) -> None:
    flow = Flow(
        pair=PAIR,
        ledger=ledger,
        streams=PostgresStreams(ledger.database),
        xero=FakeXero(),
        sage100=FakeSage100(),
        shops={records.SHOP: FakeShop()},
        mapper=YamlMapper(ROOT / "include", PAIR),
        matcher=ProbabilityMatcher(),
        gate=FakeGate(),
        clock=FakeClock(),
    )

    def run(number: int) -> int:
        batch = ledger.claim(
            PAIR.pair, SHOP_ORDER, claimed_by=f"run {number}", limit=BATCH_MAX, lease_s=LEASE_S
        )
        return run_step(flow, SHOP_ORDER, batch.batch_id).set_aside if batch else 0

    with ThreadPoolExecutor(WORKERS) as workers:
        aside = sum(workers.map(run, range(RUNS)))
    counts = ledger.conservation(PAIR.pair)
    assert aside == len(ledger.dead_letters()) == counts.dead_letter
    assert BAD_IN_A_ROW_MAX - 1 <= aside <= DEAD_LETTERS_MAX
    assert counts.pending == ORDERS - aside
    assert counts.is_conserved
    assert flow.streams.stream(STREAM).state is StreamState.PAUSED
