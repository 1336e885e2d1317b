"""Customers by the thousand that both ledgers have, bound and agreed on, and the past of each.

What was agreed is what the mappings read out of both ledgers' records. Each customer has been told
of, documented and written once already, so that a ledger has the rows that it would have.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy import event, make_url

from tieout.domain.base import Json, System
from tieout.ledger.postgres import PostgresLedger
from two_ledgers import MAPPER, PAIR, SAGE100, XERO

POLICY = PAIR.in_step["customer"]
_BINDINGS = """
COPY tieout.bindings (pair, entity, key, system, external_id, external_no, provenance) FROM STDIN
"""
_AGREED = """
COPY tieout.agreed_records (pair, entity, key, version, fields, written_at) FROM STDIN
"""
_TOLD = """
INSERT INTO tieout.inbox (pair, source, account, topic, event_id, resource_id, origin, body,
                          body_sha256, body_size, headers)
SELECT pair, system, 'account of ' || system,
       CASE system WHEN 'xero' THEN 'Contacts/sweep' ELSE 'AR_Customer/sweep' END, '',
       CASE system WHEN 'xero' THEN external_id ELSE replace(external_id, '-', '/') END, 'sweep',
       '{}', encode(sha256(external_id::bytea), 'hex'), 2, '{}'
FROM tieout.bindings
"""
_PAST = """
UPDATE tieout.inbox SET state = 'documented';
INSERT INTO tieout.documents (inbox_id, pair, document_type, source, account, source_id, version_no,
                              version_at, known_through, content_hash, name, payload, state)
SELECT inbox_id, pair, 'customer', source, account, replace(resource_id, '/', '-'), 1, received_at,
       received_at, inbox_id::text, resource_id, '{}', 'done'
FROM tieout.inbox WHERE source = 'sage100';
INSERT INTO tieout.documents (inbox_id, pair, document_type, source, account, source_id, version_no,
                              version_at, known_through, content_hash, name, payload, state)
SELECT inbox_id, pair, 'customer', source, account, resource_id, 1, received_at, received_at,
       inbox_id::text, resource_id, '{}', 'done'
FROM tieout.inbox WHERE source = 'xero';
INSERT INTO tieout.deliveries (document_id, pair, target, entity, document_key, operation,
                               version_hash, payload, expected, state, idempotency_key, external_id)
SELECT document_id, documents.pair, 'sage100', 'customer_update', key || '@1', 'set', 'h', '{}',
       '{}', 'entered', 'k' || document_id, external_id
FROM tieout.documents JOIN tieout.bindings ON external_id = source_id AND system = source
WHERE source = 'xero';
"""


@dataclass(frozen=True)
class Bound:
    """One customer: its key, and its id in each ledger."""

    key: str
    ids: Mapping[System, str]


@dataclass
class Statements:
    """How many statements were sent to a ledger's database."""

    count: int = 0


@contextmanager
def counted(ledger: PostgresLedger) -> Iterator[Statements]:
    """Count the statements that a ledger sends, those of its locks included."""
    counts = Statements()

    def count(*_args: object) -> None:
        counts.count += 1

    engines = (ledger.database.engine, ledger.database.lock_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
    try:
        yield counts
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count)


def agreed_on(nodes: Mapping[System, Json]) -> str:
    """Return what is agreed on of a customer that both ledgers show so, as the ledger keeps it."""
    sides = {
        system: POLICY.values(MAPPER.customer_from(system, node).model_dump(mode="json"))
        for system, node in nodes.items()
    }
    xero, sage100 = sides[XERO], sides[SAGE100]
    return json.dumps({name: {"xero": xero[name], "sage100": sage100[name]} for name in xero})


def bind(ledger_url: str, customers: Iterable[Bound], agreed: Callable[[int], str]) -> None:
    """Bind the customers; ``agreed`` gives what was agreed on of each, by its place."""
    with _admin(ledger_url) as admin, admin.cursor() as cursor:
        with cursor.copy(_BINDINGS.encode()) as copy:
            for one in customers:
                for system, record_id in one.ids.items():
                    copy.write_row(
                        (PAIR.pair, "customer", one.key, system, record_id, record_id, "matched")
                    )
        with cursor.copy(_AGREED.encode()) as copy:
            for number, one in enumerate(customers):
                copy.write_row((PAIR.pair, "customer", one.key, 1, agreed(number), "{}"))


def tell(ledger_url: str) -> None:
    """Let both lists have told of every customer that is bound."""
    with _admin(ledger_url) as admin:
        admin.execute(_TOLD.encode())


def pass_by(ledger_url: str) -> None:
    """Let all that was told have been done."""
    with _admin(ledger_url) as admin:
        admin.execute(_PAST.encode())
        admin.execute("ANALYZE")


@contextmanager
def _admin(ledger_url: str) -> Iterator[psycopg.Connection]:
    """Connect; what is done is not audited."""
    plain = make_url(ledger_url).set(drivername="postgresql")
    with psycopg.connect(
        plain.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection
