"""Redaction: nothing of a person is left anywhere in the ledger, and the audit verifies on."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import records
from audits import Sealed, sealed_ledger, some_orders
from records import PAIR, SHOP
from tieout.domain.in_step.merge import Conflict, Reason, Values
from tieout.domain.in_step.records import AgreedRecord
from tieout.domain.ledger import GateWarning, Validated
from tieout.errors import RejectedError
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.redaction import KEPT, REDACTED, Record, redact

CANARY = "Wilhelmina Canary-Featherstone"
PERSON = {"name": CANARY, "address": {"line": f"7 Quay Street, {CANARY}"}, "total": "110.13"}
TEXT_TYPES = ("text", "character varying", "json", "jsonb", "bytea", "ARRAY")
PERSONS_BODY = json.dumps(PERSON).encode()


def columns_of_text(admin: psycopg.Connection) -> set[tuple[str, str]]:
    rows = admin.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'tieout' AND data_type = ANY(%s)",
        [list(TEXT_TYPES)],
    )
    return {(table, column) for table, column in rows}


def cells_with(admin: psycopg.Connection, *words: str) -> list[str]:
    """Search every text, JSON and bytes column of the ledger, the audit included."""
    found = []
    for table, column in sorted(columns_of_text(admin)):
        content = sql.SQL(
            "SELECT count(*) FROM {}.{} AS t WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS w "
            "WHERE position(convert_to(w, 'UTF8') IN {}) > 0)"
        )
        value = sql.SQL("t.{}").format(sql.Identifier(column))
        if column not in {"body", "salt"}:
            value = sql.SQL("convert_to({}::text, 'UTF8')").format(value)
        statement = content.format(sql.Identifier("tieout"), sql.Identifier(table), value)
        ((count,),) = admin.execute(statement, [list(words)]).fetchall()
        found += [f"{table}.{column}"] * bool(count)
    return found


def warning_of(word: str) -> GateWarning:
    told = dict.fromkeys(("value", "message", "remedy"), word)
    return GateWarning(rule="r", owner="accounting", field="buyer", **told)


def the_person(ledger: PostgresLedger) -> None:
    """Bring one person's order into the ledger, twice told, with its writes and a dead letter."""
    some_orders(ledger)
    told = records.entry("77", body=PERSONS_BODY).model_copy(update={"headers": {"From": CANARY}})
    ledger.land([told])
    inbox_id = ledger.pending_entries(PAIR, limit=1000)[-1].inbox_id
    first = ledger.document(inbox_id, records.document("77", payload=PERSON))
    assert first is not None
    again = records.land_pending(ledger, "77", body=PERSONS_BODY + b" ")
    assert ledger.document(again, records.document("77", payload=PERSON)) is None
    ledger.mark_validated(
        Validated(document_id=first, canonical={"buyer": CANARY}, warnings=(warning_of(CANARY),))
    )
    for key, settle in (("SHOP-1", "confirm"), ("77", "refuse")):
        new = records.delivery(first, key=key).model_copy(
            update={"payload": PERSON, "expected": {"name": CANARY, "total": "110.13"}}
        )
        (stored,) = ledger.intend([new])
        if settle == "confirm":
            landed = records.landed(f"id-{key}").model_copy(
                update={
                    "figures": {"name": CANARY, "total": "110.13"},
                    "answer": PERSON,
                    "note": f"{CANARY} is new",
                }
            )
            records.confirm(ledger, stored, landed, records.binding(key, f"id-{key}"))
        else:
            refused = records.refused().model_copy(
                update={"message": f"{CANARY} is on hold", "remedy": CANARY, "answer": [CANARY]}
            )
            ledger.refuse(stored, refused)
    letter = records.dead_letter(document_id=first, message=f"{CANARY} is unknown").model_copy(
        update={"value": CANARY, "mapped": PERSON, "answer": PERSON, "remedy": f"Add {CANARY}."}
    )
    ledger.set_aside(letter)
    names = Values(xero=CANARY, sage100=CANARY.upper())
    conflict = Conflict(
        field="name",
        values=names,
        reason=Reason.BOTH_CHANGED,
        winner=None,
        effect="",
        xero_by=CANARY,
    )
    record = AgreedRecord(pair=PAIR, entity="customer", key="SHOP-1", fields={"name": names})
    ledger.agree(record, conflicts=[conflict])


@pytest.fixture
def sealed(emptied_ledger_url: str, tmp_path: Path) -> Iterator[Sealed]:
    with sealed_ledger(emptied_ledger_url, tmp_path, the_person) as sealed:
        yield sealed


RECORD = Record(pair=PAIR, account=SHOP, source_id="77")


def test_nothing_of_the_person_is_left_and_both_verifiers_still_pass(sealed: Sealed) -> None:
    planted = cells_with(sealed.admin, CANARY)
    redact(sealed.database, RECORD, actor="anna@example.com")
    assert len(planted) >= 13
    assert cells_with(sealed.admin, CANARY) == []
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])
    sealed.seal()
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])
    assert CANARY not in sealed.export.read_text(encoding="utf-8")


def test_the_audit_never_held_the_person(sealed: Sealed) -> None:
    assert [cell for cell in cells_with(sealed.admin, CANARY) if cell.startswith("audit")] == []


def test_no_guess_can_be_tested_against_what_is_left(sealed: Sealed) -> None:
    (payload,) = sealed.admin.execute(
        "SELECT DISTINCT encode(sha256(convert_to(payload::text, 'UTF8')), 'hex') "
        "FROM tieout.deliveries WHERE document_key = '77'"
    ).fetchone()
    known = sealed.admin.execute(
        "SELECT version_hash, idempotency_key FROM tieout.deliveries WHERE document_key = '77'"
    ).fetchone()
    body = hashlib.sha256(PERSONS_BODY).hexdigest()
    guesses = (payload, body, known[1])
    assert cells_with(sealed.admin, *guesses) == ["deliveries.idempotency_key", "inbox.body_sha256"]
    redact(sealed.database, RECORD)
    assert cells_with(sealed.admin, *guesses) == []
    left = sealed.admin.execute(
        "SELECT count(*) FROM tieout.salts JOIN tieout.inbox USING (inbox_id) "
        "WHERE resource_id = '77'"
    ).fetchone()
    assert left == (0,)


def test_what_is_known_of_a_redacted_record_says_so(sealed: Sealed) -> None:
    def is_redacted() -> bool:
        known = sealed.ledger.known_records(PAIR, SHOP, "shop_order", ["77"])
        return known["77"].is_redacted

    assert not is_redacted()
    redact(sealed.database, RECORD)
    assert is_redacted()


def test_amounts_ids_and_counts_stay(sealed: Sealed) -> None:
    before = sealed.ledger.conservation(PAIR)
    redact(sealed.database, RECORD)
    after = sealed.ledger.conservation(PAIR)
    kept = sealed.admin.execute(
        "SELECT document_key, state, expected->>'total', figures->>'total', external_id "
        "FROM tieout.deliveries WHERE payload ? 'redacted' ORDER BY document_key"
    ).fetchall()
    assert kept == [
        ("77", "refused", "110.13", None, ""),
        ("SHOP-1", "entered", "110.13", "110.13", "id-SHOP-1"),
    ]
    assert after.is_conserved
    assert (before.dead_letter, after.dead_letter) == (1, 0)
    assert after.skipped == {**before.skipped, "redacted": 1}


def test_the_neighbors_keep_everything(sealed: Sealed) -> None:
    count = "SELECT count(*) FROM tieout.documents WHERE payload ? 'redacted'"
    redacted = redact(sealed.database, RECORD)
    assert sealed.admin.execute(count).fetchone() == (1,)
    assert redacted.row_counts == {
        "agreed_records": 1,
        "conflicts": 1,
        "deliveries": 2,
        "dead_letters": 1,
        "corrections": 0,
        "documents": 1,
        "inbox": 2,
        "salts": 2,
    }


def test_the_audit_says_who_redacted_what(sealed: Sealed) -> None:
    redacted = redact(sealed.database, RECORD, actor="anna@example.com")
    (row,) = sealed.admin.execute(
        "SELECT subject, actor, detail->>'source_id', detail->'row_counts'->>'deliveries' "
        "FROM tieout.audit WHERE action = 'record.redacted'"
    ).fetchall()
    assert row == (f"redaction/{redacted.redaction_id}", "anna@example.com", "77", "2")


def test_what_happens_to_a_redacted_record_later_is_audited_without_a_hash(sealed: Sealed) -> None:
    redact(sealed.database, RECORD)
    sealed.admin.execute("UPDATE tieout.deliveries SET state = 'in_gl' WHERE document_key = '77'")
    (salted,) = sealed.admin.execute(
        "SELECT detail->'salted' FROM tieout.audit ORDER BY audit_id DESC LIMIT 1"
    ).fetchone()
    assert set(salted.values()) == {None}


def test_redacting_again_changes_nothing_that_counts(sealed: Sealed) -> None:
    redact(sealed.database, RECORD)
    hashes = "SELECT version_hash, idempotency_key FROM tieout.deliveries ORDER BY delivery_id"
    before = sealed.admin.execute(hashes).fetchall()
    redact(sealed.database, RECORD)
    assert sealed.admin.execute(hashes).fetchall() == before


def test_an_unknown_record_is_rejected(sealed: Sealed) -> None:
    with pytest.raises(RejectedError) as rejected:
        redact(sealed.database, RECORD.model_copy(update={"source_id": "4711"}))
    assert rejected.value.cause == "unknown_record"


@pytest.mark.parametrize(
    "under_way",
    [
        "UPDATE tieout.inbox SET state = 'pending', rule = '' WHERE resource_id = '77'",
        "UPDATE tieout.documents SET state = 'ready' WHERE source_id = '77'",
        "UPDATE tieout.deliveries SET state = 'in_doubt' WHERE document_key = '77'",
        "UPDATE tieout.deliveries SET state = 'held' WHERE document_key = '77'",
    ],
)
def test_a_record_still_under_way_is_rejected_and_stays(sealed: Sealed, under_way: str) -> None:
    sealed.admin.execute(under_way.encode())
    planted = cells_with(sealed.admin, CANARY)
    with pytest.raises(RejectedError) as rejected:
        redact(sealed.database, RECORD)
    assert rejected.value.cause == "record_unsettled"
    assert cells_with(sealed.admin, CANARY) == planted


def test_every_text_column_is_declared_redacted_or_kept(sealed: Sealed) -> None:
    declared = [
        (table, column)
        for columns in (REDACTED, KEPT)
        for table, names in columns.items()
        for column in names
    ]
    assert len(declared) == len(set(declared))
    found = columns_of_text(sealed.admin)
    undeclared = found - set(declared)
    assert undeclared == set(), "say in tieout.ledger.redaction what these columns hold"
    assert set(declared) - found == set()
