"""What the ledger keeps because PostgreSQL keeps it: constraints, rights, locks, audit, errors."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

import records
from processes import free_port
from records import PAIR, binding, claim, delivery, document, entry, landed, refused
from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.desk import NewCorrection
from tieout.domain.json_patch import Act, Operation
from tieout.domain.ledger import Validated, Watermark
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    RejectedError,
    RetryableError,
    UnavailableError,
)
from tieout.ledger.desk import PostgresDesk
from tieout.ledger.grants import Work, grants
from tieout.ledger.migrate import main as migrate_main
from tieout.ledger.migrate import migrate
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.schema import SCHEMA, metadata

Result = TypeVar("Result")
ROLE = "tieout_ledger_test"
WORKERS = 8


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def ledger(emptied_ledger_url: str) -> Iterator[PostgresLedger]:
    ledger = PostgresLedger(emptied_ledger_url, pool_size=WORKERS)
    yield ledger
    ledger.close()


@pytest.fixture
def admin(emptied_ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(emptied_ledger_url), autocommit=True) as connection:
        yield connection


def at_once(work: Callable[[int], Result]) -> list[Result]:
    """Run ``work`` in all workers, started together."""
    gate = threading.Barrier(WORKERS)

    def started_together(number: int) -> Result:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(WORKERS) as workers:
        return list(workers.map(started_together, range(WORKERS)))


def actions(admin: psycopg.Connection) -> list[str]:
    rows = admin.execute("SELECT action FROM tieout.audit ORDER BY audit_id").fetchall()
    return [action for (action,) in rows]


def test_the_tables_are_what_the_code_takes_them_for(admin: psycopg.Connection) -> None:
    found = admin.execute(
        "SELECT table_name, column_name, is_nullable FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name <> 'alembic_version'",
        [SCHEMA],
    )
    assert set(found) == {
        (table.name, column.name, "YES" if column.nullable else "NO")
        for table in metadata.sorted_tables
        for column in table.columns
    }


def test_migrating_twice_and_at_once_changes_nothing(ledger_url: str) -> None:
    at_once(lambda _number: migrate(ledger_url))
    assert migrate_main([ledger_url]) == 0


def test_migrating_an_empty_database_by_many_at_once_makes_one_schema(
    postgres_url: str, admin: psycopg.Connection
) -> None:
    admin.execute("CREATE DATABASE tieout_empty")
    url = with_database(postgres_url, "tieout_empty")
    at_once(lambda _number: migrate(url))
    ledger = PostgresLedger(url)
    assert ledger.land([entry()]) == 1
    ledger.close()
    admin.execute("DROP DATABASE tieout_empty WITH (FORCE)")


def test_a_database_that_does_not_exist_says_what_to_do(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate_main([with_database(postgres_url, "nowhere")]) == 2
    assert "Create the database" in capsys.readouterr().err


def test_a_database_that_is_not_migrated_says_what_to_do(postgres_url: str) -> None:
    ledger = PostgresLedger(postgres_url)
    with pytest.raises(ConfigurationError, match=r"tieout\.ledger\.migrate"):
        ledger.land([entry()])
    ledger.close()


@pytest.mark.parametrize("url", ["sqlite:///x", "no url", "mysql://host/x", "postgresql://h:p/x"])
def test_a_wrong_url_says_what_to_do(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"postgresql\+psycopg://"):
        PostgresLedger(url)


def test_a_database_that_nobody_serves_is_unavailable() -> None:
    ledger = PostgresLedger(f"postgresql://tieout@127.0.0.1:{free_port()}/tieout")
    with pytest.raises(UnavailableError):
        ledger.land([entry()])
    with pytest.raises(UnavailableError), ledger.locks(["x"]):
        pytest.fail("nobody can hold this lock")


def test_an_unknown_role_is_refused(emptied_ledger_url: str) -> None:
    url = make_url(emptied_ledger_url).set(username="nobody_we_know")
    ledger = PostgresLedger(url.render_as_string(hide_password=False))
    with pytest.raises(AuthenticationError):
        ledger.land([entry()])


def test_a_lost_connection_is_made_again(ledger: PostgresLedger, admin: psycopg.Connection) -> None:
    ledger.land([entry("1")])
    _end_other_connections(admin)
    assert ledger.land([entry("2")]) == 1


def test_a_connection_lost_in_mid_transaction_is_unavailable(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    inbox_id = records.land_pending(ledger)
    with admin.transaction(), ThreadPoolExecutor(1) as worker:
        admin.execute("SELECT FROM tieout.inbox FOR UPDATE")
        waiting = worker.submit(ledger.document, inbox_id, document())
        _wait_for_a_lock_wait(admin)
        _end_other_connections(admin)
        with pytest.raises(UnavailableError):
            waiting.result()
    assert ledger.document(inbox_id, document()) is not None


def test_a_writer_that_lost_its_lock_hears_of_it(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    with pytest.raises(UnavailableError), ledger.locks(["payments"]):
        _end_other_connections(admin)


def _end_other_connections(admin: psycopg.Connection) -> None:
    admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def _wait_for_a_lock_wait(admin: psycopg.Connection) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while admin.execute(waiting).fetchone() is None:
        pass


def test_one_writer_at_a_time_across_processes_of_their_own(
    ledger: PostgresLedger, emptied_ledger_url: str
) -> None:
    other = PostgresLedger(emptied_ledger_url, writer_wait_s=0.1)
    with (
        ledger.locks(["payments"]),
        pytest.raises(UnavailableError, match="payments"),
        other.locks(["payments"]),
    ):
        pytest.fail("two writers at once")
    other.close()


def test_landing_the_same_at_once_lands_it_once(ledger: PostgresLedger) -> None:
    entries = [entry(str(number)) for number in range(20)]
    forwards_and_backwards = [entries, entries[::-1]]
    counts = at_once(lambda number: ledger.land(forwards_and_backwards[number % 2]))
    assert sum(counts) == 20


def test_claiming_at_once_shares_no_document(ledger: PostgresLedger) -> None:
    wanted = {records.received(ledger, str(number)) for number in range(16)}
    batches = at_once(lambda number: claim(ledger, f"run-{number}", limit=2) or BatchId(0))
    held = [one.document_id for batch in batches for one in ledger.documents(batch)]
    assert sorted(held) == sorted(wanted)


def test_one_run_claiming_at_once_gets_one_batch(ledger: PostgresLedger) -> None:
    records.received(ledger)
    assert len(set(at_once(lambda _number: claim(ledger)))) == 1


def test_turning_one_entry_into_a_document_at_once_makes_one(ledger: PostgresLedger) -> None:
    inbox_id = records.land_pending(ledger)
    assert len(set(at_once(lambda _number: ledger.document(inbox_id, document())))) == 1


def test_versions_of_one_record_at_once_are_numbered_one_by_one(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    entries = [records.land_pending(ledger, body=b"%d" % number) for number in range(WORKERS)]
    at_once(lambda number: ledger.document(entries[number], document(content=f"{number}")))
    rows = admin.execute("SELECT version_no FROM tieout.documents ORDER BY version_no").fetchall()
    assert rows == [(number,) for number in range(1, WORKERS + 1)]


def test_intending_at_once_makes_one_delivery(ledger: PostgresLedger) -> None:
    document_id = records.received(ledger)
    stored = at_once(lambda _number: ledger.intend([delivery(document_id)])[0].delivery_id)
    assert len(set(stored)) == 1


def test_binding_one_key_at_once_lets_one_win(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    def bound(number: int) -> bool:
        try:
            ledger.bind(binding("1042", f"inv-{number}"))
        except RejectedError:
            return False
        return True

    assert sum(at_once(bound)) == 1
    assert admin.execute("SELECT count(*) FROM tieout.bindings").fetchone() == (1,)


def test_confirming_and_refusing_at_once_settles_once(ledger: PostgresLedger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)

    def settled(number: int) -> bool:
        try:
            records.confirm(
                ledger, records.stored(ledger, delivery_id), landed(f"inv-{number}"), None
            )
        except RejectedError:
            return False
        return True

    assert sum(at_once(settled)) == 1


def test_replaying_one_dead_letter_at_once_lets_one_win(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger)))
    (letter,) = ledger.dead_letters()

    def replayed(_number: int) -> str:
        try:
            ledger.replay(letter.dead_letter_id)
        except RejectedError as error:
            return error.cause
        return "replayed"

    assert sorted(at_once(replayed)) == [*["already_settled"] * (WORKERS - 1), "replayed"]
    assert actions(admin).count("dead_letter.closed") == 1


def test_a_lease_runs_by_the_clock_of_the_database(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    records.received(ledger)
    claim(ledger, lease_s=900)
    left = admin.execute(
        "SELECT extract(epoch FROM lease_until - clock_timestamp())::float FROM tieout.batches"
    ).fetchone()
    assert left == (pytest.approx(900, abs=60),)


def test_every_change_of_state_leaves_an_audit_row(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    read = Watermark(
        pair=PAIR, source=System.SHOPIFY, resource="orders", read_through=records.MIDNIGHT
    )
    ledger.land([entry(event_id="e-1")], watermark=read)
    (landed_entry,) = ledger.pending_entries(PAIR, limit=10)
    document_id = ledger.document(landed_entry.inbox_id, document()) or DocumentId(0)
    batch_id = claim(ledger) or BatchId(0)
    ledger.mark_validated(Validated(document_id=document_id, canonical={}))
    (one, other) = ledger.intend([delivery(document_id), delivery(document_id, key="b")])
    held = ledger.begin_step(batch_id, "invoice", lease_s=900)
    ledger.mark_sent([one.delivery_id], fence=held, lease_s=900)
    ledger.mark_in_doubt([records.stored(ledger, one.delivery_id)])
    ledger.mark_unsent([records.stored(ledger, one.delivery_id)])
    records.confirm(ledger, one, landed(), binding())
    ledger.refuse(records.stored(ledger, other.delivery_id), refused())
    ledger.set_aside(records.dead_letter(document_id=document_id))
    ledger.replay(ledger.dead_letters()[0].dead_letter_id)
    assert actions(admin) == [
        "inbox.pending",
        "watermark.moved",
        "document.received",
        "inbox.documented",
        "batch.claimed",
        "document.validated",
        "delivery.intent",
        "delivery.intent",
        "delivery.sent",
        "delivery.in_doubt",
        "delivery.intent",
        "binding.bound",
        "delivery.entered",
        "delivery.refused",
        "document.dead_letter",
        "dead_letter.opened",
        "dead_letter.closed",
        "document.received",
    ]


def test_what_changed_nothing_leaves_no_audit_row(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    document_id = records.received(ledger)
    ledger.mark_done(document_id)
    before = actions(admin)
    ledger.mark_done(document_id)
    ledger.land([entry()])
    with pytest.raises(RetryableError):
        ledger.skip_document(document_id, rule="test_order")
    assert actions(admin)[len(before) :] == ["inbox.pending"]


def test_an_audit_row_names_who_acted(emptied_ledger_url: str, admin: psycopg.Connection) -> None:
    with psycopg.connect(plain(emptied_ledger_url)) as person:
        person.execute("SET tieout.actor = 'anna@example.com'")
        person.execute(
            "INSERT INTO tieout.watermarks (pair, source, resource, read_through) "
            "VALUES ('p', 'xero', 'r', now())"
        )
    assert admin.execute("SELECT actor FROM tieout.audit").fetchone() == ("anna@example.com",)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE tieout.audit SET actor = 'nobody'",
        "DELETE FROM tieout.audit",
        "TRUNCATE tieout.audit",
    ],
)
def test_an_audit_row_can_neither_change_nor_go(
    ledger: PostgresLedger, admin: psycopg.Connection, tampering: str
) -> None:
    ledger.land([entry()])
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        admin.execute(sql.SQL(tampering))
    assert actions(admin) == ["inbox.pending"]


@pytest.fixture
def receiver_url(emptied_ledger_url: str) -> str:
    grants(emptied_ledger_url, ROLE, "first")
    grants(emptied_ledger_url, ROLE, "second")
    return make_url(emptied_ledger_url).set(username=ROLE).render_as_string(hide_password=False)


def test_the_receivers_role_lands_webhooks_and_leaves_audit_rows(
    receiver_url: str, admin: psycopg.Connection
) -> None:
    ledger = PostgresLedger(receiver_url)
    ledger.check_landing()
    assert ledger.land([entry(event_id="e-1"), entry(event_id="e-1")]) == 1
    ledger.close()
    assert admin.execute("SELECT action, actor FROM tieout.audit").fetchall() == [
        ("inbox.pending", ROLE)
    ]


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT body FROM tieout.inbox",
        "UPDATE tieout.inbox SET state = 'skipped', rule = 'x'",
        "DELETE FROM tieout.inbox",
        "TRUNCATE tieout.inbox",
        "INSERT INTO tieout.inbox (state) VALUES ('documented')",
        "INSERT INTO tieout.inbox (received_at) VALUES ('2000-01-01')",
        "SELECT 1 FROM tieout.documents",
        "SELECT 1 FROM tieout.webhook_ranges",
        "UPDATE tieout.webhook_ranges SET last_no = 9",
        "INSERT INTO tieout.webhook_ranges (heard_at) VALUES ('2000-01-01')",
        "INSERT INTO tieout.webhook_ranges (given_up_by) VALUES ('somebody')",
        "INSERT INTO tieout.watermarks VALUES ('p', 'xero', 'r', now())",
        "INSERT INTO tieout.audit (pair, actor) VALUES ('p', 'a')",
        "SELECT tieout.write_audit('p', 'a', 's', '{}')",
        "DROP TABLE tieout.inbox",
        "CREATE TABLE tieout.mine (x int)",
        "CREATE ROLE somebody",
    ],
)
def test_the_receivers_role_may_do_nothing_else(
    ledger: PostgresLedger, receiver_url: str, attempt: str
) -> None:
    ledger.land([entry()])
    with (
        psycopg.connect(plain(receiver_url)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(sql.SQL(attempt))


def test_a_role_without_the_grant_may_not_land(
    emptied_ledger_url: str, admin: psycopg.Connection
) -> None:
    admin.execute("CREATE ROLE tieout_stranger LOGIN")
    admin.execute("GRANT USAGE ON SCHEMA tieout TO tieout_stranger")
    url = make_url(emptied_ledger_url).set(username="tieout_stranger")
    ledger = PostgresLedger(url.render_as_string(hide_password=False))
    with pytest.raises(AuthenticationError, match=r"tieout\.ledger\.grants"):
        ledger.check_landing()
    with pytest.raises(AuthenticationError):
        ledger.land([entry()])
    ledger.close()
    admin.execute("REVOKE ALL ON SCHEMA tieout FROM tieout_stranger")
    admin.execute("DROP ROLE tieout_stranger")


@pytest.mark.usefixtures("receiver_url")
def test_the_password_of_a_role_is_stored_as_a_verifier_only(admin: psycopg.Connection) -> None:
    stored = admin.execute(
        "SELECT rolpassword LIKE 'SCRAM-SHA-256$%%' FROM pg_authid WHERE rolname = %s", [ROLE]
    ).fetchone()
    assert stored == (True,)


def test_a_role_without_password_is_refused(emptied_ledger_url: str) -> None:
    with pytest.raises(ConfigurationError):
        grants(emptied_ledger_url, ROLE, "")


@pytest.mark.parametrize("unusable", ["NUL \x00", "half a character \ud800", float("nan")])
def test_what_no_database_can_hold_is_rejected(
    ledger: PostgresLedger, unusable: str | float
) -> None:
    inbox_id = records.land_pending(ledger)
    with pytest.raises(RejectedError) as rejected:
        ledger.document(inbox_id, document(payload={"note": unusable}))
    assert rejected.value.cause == "text_not_storable"
    ledger.set_aside(records.dead_letter(inbox_id=inbox_id))


@pytest.mark.parametrize("name", ["NUL \x00", "half a character \ud800"])
def test_a_text_that_no_database_can_hold_is_rejected(ledger: PostgresLedger, name: str) -> None:
    inbox_id = records.land_pending(ledger)
    with pytest.raises(RejectedError):
        ledger.document(inbox_id, document().model_copy(update={"name": name}))


def test_a_dead_letter_is_opened_whatever_it_quotes(ledger: PostgresLedger) -> None:
    given = records.dead_letter(inbox_id=records.land_pending(ledger)).model_copy(
        update={
            "value": "a\x00b\ud800c",
            "mapped": {"a\x00": ["\udfff", "\\u0000", 1.5]},
            "answer": float("inf"),
        }
    )
    ledger.set_aside(given)
    (letter,) = ledger.dead_letters()
    assert letter.value == "a\ufffdb\ufffdc"
    assert letter.mapped == {"a\ufffd": ["\ufffd", "\\u0000", 1.5]}
    assert letter.answer == "inf"


def test_a_targets_answer_is_kept_whatever_it_says(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    document_id = records.received(ledger)
    one, other = ledger.intend([delivery(document_id), delivery(document_id, key="b")])
    hostile = {"message": "\x00'; DROP TABLE tieout.inbox; --"}
    ledger.refuse(
        records.stored(ledger, one.delivery_id), refused().model_copy(update={"answer": hostile})
    )
    records.confirm(ledger, other, landed().model_copy(update={"note": "\x00"}), None)
    assert admin.execute("SELECT answer, note FROM tieout.deliveries ORDER BY 1").fetchall() == [
        ({"a": 1}, "\ufffd"),
        ({"message": "\ufffd'; DROP TABLE tieout.inbox; --"}, ""),
    ]


def test_amounts_stay_exact(ledger: PostgresLedger, admin: psycopg.Connection) -> None:
    letter = records.dead_letter(inbox_id=records.land_pending(ledger))
    ledger.set_aside(letter.model_copy(update={"amount": records.MONEY}))
    assert str(ledger.dead_letters()[0].amount) == "110.130"
    assert admin.execute("SELECT amount::text FROM tieout.dead_letters").fetchone() == ("110.130",)


def test_a_lost_document_breaks_the_conservation(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    records.received(ledger)
    assert ledger.conservation(PAIR).is_conserved
    admin.execute("SET session_replication_role = replica")
    admin.execute("DELETE FROM tieout.documents")
    assert not ledger.conservation(PAIR).is_conserved


def test_pending_work_is_found_by_indexes_of_pending_work(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    records.received(ledger)
    admin.execute("SET enable_seqscan = off")
    admin.execute("SET enable_sort = off")  # of a table of one row, a sort would cost nothing
    entries = """
        EXPLAIN SELECT inbox_id FROM tieout.inbox WHERE pair = 'p' AND source = 's'
        AND state = 'pending' ORDER BY inbox_id LIMIT 10"""
    versions = """
        EXPLAIN SELECT document_id FROM tieout.documents WHERE pair = 'p' AND document_type = 't'
        AND state IN ('received', 'validated', 'ready')
        ORDER BY is_history, version_at, document_id LIMIT 10"""
    assert "inbox_pending" in str(admin.execute(entries).fetchall())
    assert "documents_unfinished" in str(admin.execute(versions).fetchall())


def test_what_people_do_at_the_desk_is_audited_by_name_and_without_their_words(
    ledger: PostgresLedger, admin: psycopg.Connection
) -> None:
    desk = PostgresDesk(ledger.database)
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger)))
    number = ledger.dead_letters()[0].dead_letter_id
    change = Operation(op=Act.REPLACE, path="/content", value="Zoe's")
    desk.correct(
        NewCorrection(
            dead_letter_id=number,
            patch=(change,),
            before={},
            after={},
            corrected_by="anna",
            reason="Zoe told me",
        )
    )
    records.land_document(ledger, document(content="second", minutes=5))
    desk.put_back(number, by="ben")
    found = admin.execute(
        "SELECT action, actor, detail FROM tieout.audit WHERE actor IN ('anna', 'ben') "
        "ORDER BY audit_id"
    ).fetchall()
    assert [(action, who) for action, who, _detail in found] == [
        ("correction.made", "anna"),
        ("dead_letter.closed", "ben"),
        ("document.skipped", "ben"),
        ("correction.superseded", "ben"),
    ]
    assert set(found[0][2]["salted"]) == {"patch_sha256", "reason_sha256"}
    assert "Zoe" not in str(found)
    desk_actor = admin.execute("SELECT current_setting('tieout.actor', true)").fetchone()
    assert desk_actor in {(None,), ("",)}


def test_the_workers_role_adds_corrections_and_changes_none(
    emptied_ledger_url: str, admin: psycopg.Connection
) -> None:
    grants(emptied_ledger_url, ROLE, "secret-of-the-test", work=Work.WORKER)
    rights = [
        admin.execute(
            "SELECT has_table_privilege(%s, 'tieout.corrections', %s)", [ROLE, right]
        ).fetchone()
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
    ]
    assert rights == [(True,), (True,), (False,), (False,)]
