"""The audit is sealed in an order without gaps, verifiable, and readable by roles that need it."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

import audits
import records
from audits import TAMPERINGS, Sealed, sealed_ledger, some_orders
from tieout.errors import ConfigurationError, FatalError, UnavailableError
from tieout.ledger.audit import seal, seal_and_anchor, verify
from tieout.ledger.audit_anchors import read_anchors
from tieout.ledger.grants import Work, grants
from tieout.ledger.postgres import PostgresLedger

MANY_ROWS = 100_000
FEW_ROWS = 10_000
WORST_RATIO = 3.0
"""How much dearer one row may be among ten times as many; a quadratic cost would be 10."""
ROLES = {work: f"tieout_audit_test_{work}" for work in Work}


@pytest.fixture
def sealed(emptied_ledger_url: str, tmp_path: Path) -> Iterator[Sealed]:
    with sealed_ledger(emptied_ledger_url, tmp_path, some_orders) as sealed:
        yield sealed


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def write_row(connection: psycopg.Connection, subject: str) -> None:
    connection.execute("SELECT tieout.write_audit('p', 'a', %s, '{}')", [subject])


def sealed_order(admin: psycopg.Connection) -> list[str]:
    rows = admin.execute("SELECT subject FROM tieout.audit ORDER BY xid, audit_id").fetchall()
    return [subject for (subject,) in rows]


def test_a_sealed_ledger_is_good(sealed: Sealed) -> None:
    verdict = verify(sealed.database, read_anchors(sealed.anchors))
    assert verdict.findings == ()
    assert verdict.rows_sealed > 5 * audits.ROWS_PER_SEAL
    assert verdict.anchors == verdict.seals > 5
    assert verdict.rows_unsealed == 0
    assert sealed.theirs_finds() == []


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_both_verifiers_find_what_was(sealed: Sealed, tampering: str) -> None:
    sealed.tamper(tampering)
    assert sealed.ours_finds()
    assert sealed.theirs_finds()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("changed", "rows_changed"),
        ("deleted", "rows_missing"),
        ("inserted", "rows_added"),
        ("re-ordered by content", "rows_changed"),
        ("tail cut", "rows_missing"),
        ("tail cut with its seal", "tail_cut"),
    ],
)
def test_a_finding_says_what_was_done(sealed: Sealed, name: str, kind: str) -> None:
    sealed.tamper(name)
    assert sealed.ours_finds() == [kind]


def test_without_anchors_a_tail_cut_with_its_seal_would_pass(sealed: Sealed) -> None:
    sealed.tamper("tail cut with its seal")
    assert verify(sealed.database).is_good


def test_a_chain_made_anew_is_not_the_anchored_one(sealed: Sealed) -> None:
    with audits.as_falsifier(sealed.admin):
        sealed.admin.execute("UPDATE tieout.audit SET actor = 'somebody'")
        sealed.admin.execute("DELETE FROM tieout.audit_seals")
    seal(sealed.database, rows_max=audits.ROWS_PER_SEAL)
    assert set(sealed.ours_finds()) == {"anchor_differs"}
    assert all("anchored" in found for found in sealed.theirs_finds())


def test_a_trigger_switched_off_is_found(sealed: Sealed) -> None:
    switch = "ALTER TABLE tieout.audit {} TRIGGER audit_is_append_only"
    sealed.admin.execute(switch.format("DISABLE"))
    assert sealed.ours_finds() == ["not_append_only"]
    sealed.admin.execute(switch.format("ENABLE"))
    assert sealed.ours_finds() == []


def test_nothing_is_sealed_upon_a_ledger_that_lost_its_tail(sealed: Sealed) -> None:
    sealed.tamper("tail cut with its seal")
    records.received(sealed.ledger, "later")
    with pytest.raises(FatalError, match="is gone"):
        sealed.seal()
    assert "tail_cut" in sealed.ours_finds()


def test_a_transaction_open_across_two_seals_is_sealed_whole_and_in_order(
    sealed: Sealed, emptied_ledger_url: str
) -> None:
    before = verify(sealed.database).rows_sealed
    with psycopg.connect(plain(emptied_ledger_url)) as slow:
        write_row(slow, "slow 1")
        write_row(sealed.admin, "fast 1")
        sealed.seal()
        write_row(slow, "slow 2")
        write_row(sealed.admin, "fast 2")
        sealed.seal()
        waiting = verify(sealed.database, read_anchors(sealed.anchors))
        slow.commit()
    write_row(sealed.admin, "fast 3")
    sealed.seal()
    assert (waiting.rows_sealed, waiting.rows_unsealed, waiting.findings) == (before, 2, ())
    assert verify(sealed.database, read_anchors(sealed.anchors)).rows_sealed == before + 5
    assert sealed_order(sealed.admin)[-5:] == ["slow 1", "slow 2", "fast 1", "fast 2", "fast 3"]
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])


def test_a_lower_number_that_becomes_visible_after_a_seal_is_sealed_by_the_next(
    sealed: Sealed, emptied_ledger_url: str
) -> None:
    with psycopg.connect(plain(emptied_ledger_url)) as late:
        (number,) = late.execute(
            "SELECT nextval(pg_get_serial_sequence('tieout.audit', 'audit_id'))"
        ).fetchone()
        late.commit()
        write_row(sealed.admin, "higher number, first")
        sealed.seal()
        late.execute(
            "INSERT INTO tieout.audit (audit_id, pair, actor, action, subject, detail) "
            "OVERRIDING SYSTEM VALUE VALUES (%s, 'p', 'a', 'a', 'lower number, later', '{}')",
            [number],
        )
    sealed.seal()
    assert sealed_order(sealed.admin)[-2:] == ["higher number, first", "lower number, later"]
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])
    assert verify(sealed.database).rows_unsealed == 0


def test_what_was_rolled_back_leaves_no_gap(sealed: Sealed, emptied_ledger_url: str) -> None:
    with psycopg.connect(plain(emptied_ledger_url)) as given_up:
        write_row(given_up, "never")
        write_row(sealed.admin, "after")
        given_up.rollback()
    sealed.seal()
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])
    assert verify(sealed.database).rows_unsealed == 0


def test_sealers_at_once_make_one_chain(sealed: Sealed, emptied_ledger_url: str) -> None:
    for number in range(100):
        write_row(sealed.admin, f"row {number}")
    gate = threading.Barrier(4)

    def seal_once(_number: int) -> int:
        ledger = PostgresLedger(emptied_ledger_url)
        gate.wait()
        rows = seal_and_anchor(ledger.database, sealed.anchors, rows_max=7).rows
        ledger.close()
        return rows

    with ThreadPoolExecutor(4) as sealers:
        assert sum(sealers.map(seal_once, range(4))) == 100
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])


def test_a_second_sealer_waits_and_then_gives_up(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tieout.ledger.audit.SEALER_WAIT_S", 0.1)
    with sealed.ledger.locks(["audit|seal"]), pytest.raises(UnavailableError):
        sealed.seal()


def test_sealing_again_with_nothing_new_adds_nothing(sealed: Sealed) -> None:
    before = sealed.anchors.read_bytes()
    sealed.seal()
    assert sealed.anchors.read_bytes() == before


def test_a_seal_whose_anchor_a_crash_prevented_is_anchored_by_the_next_call(
    sealed: Sealed,
) -> None:
    write_row(sealed.admin, "one more")
    seal(sealed.database)
    content = sealed.anchors.read_bytes()
    sealed.anchors.write_bytes(content + b'{"seal_no": 99, "seal_')
    sealed.seal()
    assert len(read_anchors(sealed.anchors)) == verify(sealed.database).seals
    assert sealed.anchors.read_bytes().startswith(content + b'{"seal_no":')
    assert (sealed.ours_finds(), sealed.theirs_finds()) == ([], [])


def test_a_line_that_is_no_anchor_says_so(sealed: Sealed) -> None:
    sealed.anchors.write_bytes(b"rubbish\n" + sealed.anchors.read_bytes())
    with pytest.raises(ConfigurationError, match="Line 1"):
        read_anchors(sealed.anchors)


def test_anchors_that_are_not_there_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_anchors(tmp_path / "nowhere.jsonl")


def test_an_anchor_file_that_cannot_be_written_says_so(sealed: Sealed, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be appended"):
        seal_and_anchor(sealed.database, tmp_path / "no such folder" / "anchors.jsonl")


def test_a_database_that_counts_anew_is_refused(sealed: Sealed) -> None:
    with audits.as_falsifier(sealed.admin):
        sealed.admin.execute(
            "UPDATE tieout.audit_seals SET last_xid = '9000000000' "
            "WHERE seal_no = (SELECT max(seal_no) FROM tieout.audit_seals)"
        )
    with pytest.raises(ConfigurationError, match="restored from a dump"):
        seal(sealed.database)


def seconds_per_row(sealed: Sealed, rows: int) -> tuple[float, float]:
    """Seal new rows; return the seconds per row of our processor and of the clock on the wall."""
    sealed.admin.execute(
        "INSERT INTO tieout.audit (pair, actor, action, subject, detail) "
        "SELECT 'harbor_and_pine', 'tieout', 'delivery.entered', 'delivery/' || n, "
        "jsonb_build_object('was', 'sent', 'document_id', n, 'external_id', md5(n::text), "
        "'salted', jsonb_build_object('payload_sha256', md5(n::text) || md5(n::text))) "
        "FROM generate_series(1, %s) AS n",
        [rows],
    )
    processor, wall = time.process_time(), time.perf_counter()
    assert seal(sealed.database).rows == rows
    return (time.process_time() - processor) / rows, (time.perf_counter() - wall) / rows


def test_sealing_costs_the_same_per_row_however_many_there_are(
    sealed: Sealed, record_property: Callable[[str, object], None]
) -> None:
    few, _ = seconds_per_row(sealed, FEW_ROWS)
    many, wall = seconds_per_row(sealed, MANY_ROWS)
    record_property("rows_sealed_per_second", round(1 / wall))
    sys.stdout.write(f"sealed {MANY_ROWS:,} rows: {1 / wall:,.0f} a second\n")
    assert many < WORST_RATIO * few


@pytest.fixture
def role_urls(sealed: Sealed, emptied_ledger_url: str) -> dict[Work, str]:
    assert sealed.anchors.exists()
    for work, role in ROLES.items():
        grants(emptied_ledger_url, role, "a password", work=work)
    return {
        work: make_url(emptied_ledger_url)
        .set(username=role, drivername="postgresql")
        .render_as_string(hide_password=False)
        for work, role in ROLES.items()
    }


FALSIFYING = (
    "UPDATE tieout.audit SET actor = 'nobody'",
    "DELETE FROM tieout.audit",
    "TRUNCATE tieout.audit",
    "UPDATE tieout.audit_seals SET row_count = 1",
    "DELETE FROM tieout.audit_seals",
    "TRUNCATE tieout.audit_seals",
)
UNDERMINING = (
    "ALTER TABLE tieout.audit DISABLE TRIGGER audit_is_append_only",
    "DROP TRIGGER audit_is_append_only ON tieout.audit",
    "SET session_replication_role = replica",
    "DROP TABLE tieout.audit",
    "INSERT INTO tieout.audit (pair, actor, action, subject, detail) VALUES ('', '', '', '', '{}')",
    "SELECT tieout.write_audit('p', 'a', 's', '{}')",
    "SELECT tieout.salted(1, 'a guess')",
    "SELECT salt FROM tieout.salts",
    "UPDATE tieout.inbox SET body = ''",
    "DELETE FROM tieout.inbox",
    "CREATE FUNCTION tieout.audit_inbox() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
)


def denied(url: str, attempts: tuple[str, ...]) -> list[str]:
    """Return the attempts that fail for want of a right, before any trigger is asked."""
    found = []
    for attempt in attempts:
        with psycopg.connect(url) as connection:
            try:
                connection.execute(attempt.encode())
            except psycopg.errors.InsufficientPrivilege as error:
                found += [] if "append-only" in str(error) else [attempt]
            connection.rollback()
    return found


def test_worker_and_auditor_are_denied_twelve_of_twelve_attempts(
    role_urls: dict[Work, str],
) -> None:
    counts = [len(denied(role_urls[work], FALSIFYING)) for work in (Work.WORKER, Work.AUDITOR)]
    assert sum(counts) == 12


@pytest.mark.parametrize("work", Work)
def test_no_role_can_get_around_the_audit(role_urls: dict[Work, str], work: Work) -> None:
    attempts = (*FALSIFYING, *UNDERMINING)
    assert denied(role_urls[work], attempts) == list(attempts)


def test_the_workers_role_does_the_ledgers_work_and_seals(
    sealed: Sealed, role_urls: dict[Work, str]
) -> None:
    ledger = PostgresLedger(role_urls[Work.WORKER])
    document_id = records.received(ledger, "by the worker")
    ledger.skip_document(document_id, rule="test_order")
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger, "another")))
    ledger.replay(ledger.dead_letters()[0].dead_letter_id)
    records.send(ledger, records.intended(ledger, records.received(ledger, "a third")))
    seal_and_anchor(ledger.database, sealed.anchors)
    ledger.close()
    assert sealed.ours_finds() == []


def test_the_auditors_role_verifies(sealed: Sealed, role_urls: dict[Work, str]) -> None:
    auditor = PostgresLedger(role_urls[Work.AUDITOR])
    assert verify(auditor.database, read_anchors(sealed.anchors)).is_good
    auditor.close()
    with (
        psycopg.connect(role_urls[Work.AUDITOR]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(sql.SQL("SELECT payload FROM tieout.deliveries"))


def test_a_posting_names_what_made_it_and_hashes_what_was_meant(sealed: Sealed) -> None:
    document_id = records.received(sealed.ledger, "posted")
    new = records.delivery(document_id, key="posted").model_copy(
        update={"mapping_version": "m-7", "rule_set": "r-3", "approver": "anna"}
    )
    (stored,) = sealed.ledger.intend([new])
    records.confirm(sealed.ledger, stored, records.landed("inv-posted"), None)
    rows = sealed.admin.execute(
        "SELECT a.action, a.detail, encode(sha256(s.salt || convert_to(encode(sha256("
        "convert_to(d.payload::text, 'UTF8')), 'hex'), 'UTF8')), 'hex') "
        "FROM tieout.audit AS a JOIN tieout.deliveries AS d ON a.subject = 'delivery/' || "
        "d.delivery_id JOIN tieout.documents AS o USING (document_id) "
        "JOIN tieout.salts AS s ON s.inbox_id = o.inbox_id "
        "WHERE d.delivery_id = %s ORDER BY a.audit_id",
        [stored.delivery_id],
    ).fetchall()
    assert [(action, detail["was"]) for action, detail, _ in rows] == [
        ("delivery.intent", ""),
        ("delivery.entered", "intent"),
    ]
    for _, detail, expected in rows:
        assert (detail["mapping_version"], detail["rule_set"], detail["approver"]) == (
            *("m-7", "r-3"),
            "anna",
        )
        assert detail["salted"]["payload_sha256"] == expected
        assert detail["salted"]["version_hash"] not in {"", new.version_hash, None}


def test_every_inbox_entry_has_a_salt_of_its_own(sealed: Sealed) -> None:
    found = sealed.admin.execute(
        "SELECT count(DISTINCT s.salt), count(*), min(length(s.salt)) FROM tieout.inbox "
        "LEFT JOIN tieout.salts AS s USING (inbox_id)"
    ).fetchone()
    assert found == (audits.ORDERS, audits.ORDERS, 32)
