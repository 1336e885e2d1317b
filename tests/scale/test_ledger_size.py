"""What one document costs in a ledger of a million, beside one of ten thousand."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import psycopg
import pytest

import records
from figures.report import record
from tieout.domain.base import BatchId
from tieout.ledger.postgres import PostgresLedger

SMALL, LARGE = 10_000, 1_000_000
ROUNDS = 60
RATIO_MAX = 1.5
CONSERVATION_MAX_S = 2.0
FILL = """
INSERT INTO tieout.inbox (pair, source, account, topic, event_id, resource_id, origin, body,
                          body_sha256, body_size, headers, state)
SELECT %(pair)s, 'shopify', 's', 'orders/create', 'e' || g, g::text, 'webhook', 'x',
       encode(sha256(g::text::bytea), 'hex'), 1, '{}', 'documented'
FROM generate_series(%(first)s, %(last)s) g;
INSERT INTO tieout.documents (inbox_id, pair, document_type, source, account, source_id, version_no,
                              version_at, known_through, content_hash, name, payload, state)
SELECT inbox_id, pair, 'shop_order', source, account, resource_id, 1, now(), now(), 'h', 'n', '{}',
       'done'
FROM tieout.inbox WHERE account = 's' AND resource_id::bigint >= %(first)s;
INSERT INTO tieout.deliveries (document_id, pair, target, entity, document_key, operation,
                               version_hash, payload, expected, state, idempotency_key, external_id)
SELECT document_id, pair, 'xero', 'invoice', source_id, 'create', 'h', '{}', '{}', 'entered',
       'k' || document_id, 'x' || document_id
FROM tieout.documents WHERE account = 's' AND source_id::bigint >= %(first)s;
"""
SIZES = """
SELECT relname, pg_total_relation_size(oid), pg_indexes_size(oid) FROM pg_class
WHERE relnamespace = 'tieout'::regnamespace AND relname IN ('inbox', 'documents', 'deliveries')
"""


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[PostgresLedger]:
    opened = PostgresLedger(ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def admin(ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(ledger_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def fill(admin: psycopg.Connection, first: int, last: int) -> None:
    """Add finished documents; their audit rows are not what is measured."""
    admin.execute("SET session_replication_role = replica")
    given = {"pair": records.PAIR, "first": first, "last": last}
    with psycopg.ClientCursor(admin) as cursor:
        cursor.execute(FILL.encode(), given)
    admin.execute("SET session_replication_role = origin")
    admin.execute("VACUUM ANALYZE tieout.inbox, tieout.documents, tieout.deliveries")


def timed(act: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    act()
    return (time.perf_counter() - started_s) * 1000


def one_document(ledger: PostgresLedger, name: str) -> dict[str, float]:
    """Land, document, claim, intend, send, confirm and finish one record; milliseconds of each."""
    document_id = None
    entry_ms = timed(lambda: records.land_pending(ledger, name))
    (pending,) = ledger.pending_entries(records.PAIR, limit=1)
    landing_ms = timed(lambda: ledger.document(pending.inbox_id, records.document(name)))
    claiming_ms = timed(lambda: records.claim(ledger, name))
    (document,) = ledger.unsettled(records.PAIR, "shop_order")
    document_id = document.document_id
    batch_id = records.claim(ledger, name) or BatchId(0)

    def resolve() -> None:
        fence = ledger.begin_step(batch_id, "invoice", lease_s=900)
        (meant,) = ledger.intend([records.delivery(document_id, key=name)])
        ledger.mark_sent([meant.delivery_id], fence=fence, lease_s=900)
        records.confirm(ledger, meant, records.landed(name), None)
        ledger.mark_done(document_id)

    return {
        "landing": entry_ms + landing_ms,
        "claiming": claiming_ms,
        "resolving": timed(resolve),
    }


def measured(ledger: PostgresLedger, label: str) -> dict[str, float]:
    one_document(ledger, f"{label} warm")
    rounds = [one_document(ledger, f"{label} {number}") for number in range(ROUNDS)]
    return {act: median(one[act] for one in rounds) for act in rounds[0]}


@pytest.mark.bench
def test_a_document_costs_in_a_ledger_of_a_million_what_it_costs_in_a_small_one(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    fill(admin, 1, SMALL)
    small = measured(ledger, "small")
    fill(admin, SMALL + 1, LARGE)
    large = measured(ledger, "large")
    conservation_s = timed(lambda: ledger.conservation(records.PAIR)) / 1000
    sizes = {
        name: {"bytes": total, "index_bytes": indexes}
        for name, total, indexes in admin.execute(SIZES.encode())
    }
    ratios = {act: large[act] / small[act] for act in small}
    record(
        "a ledger of a million",
        small_ms=small,
        large_ms=large,
        ratios=ratios,
        conservation_s=conservation_s,
        sizes=sizes,
    )
    assert ledger.conservation(records.PAIR).is_conserved
    assert max(ratios.values()) <= RATIO_MAX
    assert conservation_s < CONSERVATION_MAX_S
