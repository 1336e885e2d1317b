"""Audits for tests: a ledger with something to audit, its tampering, and both verifiers."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
from sqlalchemy import make_url

import records
from architecture.probing import ROOT
from tieout.ledger.audit import export, seal_and_anchor, verify
from tieout.ledger.audit_anchors import read_anchors
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.session import Database

VERIFIER = ROOT / "tools" / "verify_audit.py"
ORDERS = 12
ROWS_PER_SEAL = 10


LANDMARKS = """
    CREATE TEMPORARY TABLE third AS
        SELECT a.audit_id, row_number() OVER (ORDER BY a.xid DESC, a.audit_id DESC) AS from_end
        FROM tieout.audit AS a, tieout.audit_seals AS s, tieout.audit_seals AS p
        WHERE s.seal_no = 3 AND p.seal_no = 2
            AND (a.xid, a.audit_id) > (p.last_xid, p.last_audit_id)
            AND (a.xid, a.audit_id) <= (s.last_xid, s.last_audit_id);
    CREATE TEMPORARY TABLE landmarks AS
        SELECT (SELECT audit_id FROM third WHERE from_end = 1) AS one,
            (SELECT audit_id FROM third WHERE from_end = 2) AS other,
            (SELECT max(seal_no) FROM tieout.audit_seals) AS last_seal;
    CREATE TEMPORARY TABLE tail AS
        SELECT a.audit_id FROM tieout.audit AS a, tieout.audit_seals AS p
        WHERE p.seal_no = (SELECT last_seal - 1 FROM landmarks)
            AND (a.xid, a.audit_id) > (p.last_xid, p.last_audit_id)"""
"""Two neighboring rows under the third seal, that seal's rows, and the rows under the last."""
FINGERPRINT = """
    SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (
        SELECT a::text FROM tieout.audit AS a
        UNION ALL SELECT s::text FROM tieout.audit_seals AS s) AS all_of_it (line)"""

TAMPERINGS: dict[str, str] = {
    "changed": """
        UPDATE tieout.audit SET actor = 'somebody' WHERE audit_id = (SELECT one FROM landmarks)""",
    "changed in its detail": """
        UPDATE tieout.audit SET detail = detail || '{"rule": "test_order"}'
        WHERE audit_id = (SELECT one FROM landmarks)""",
    "deleted": "DELETE FROM tieout.audit WHERE audit_id = (SELECT one FROM landmarks)",
    "inserted": """
        INSERT INTO tieout.audit (audit_id, xid, at, pair, actor, action, subject, detail)
        OVERRIDING SYSTEM VALUE SELECT -1, xid, at, pair, actor, action, subject, detail
        FROM tieout.audit WHERE audit_id = (SELECT one FROM landmarks)""",
    "re-ordered by content": """
        UPDATE tieout.audit AS a SET at = b.at, pair = b.pair, actor = b.actor, action = b.action,
            subject = b.subject, detail = b.detail
        FROM tieout.audit AS b, landmarks
        WHERE (a.audit_id, b.audit_id) IN ((one, other), (other, one))""",
    "re-ordered by number": """
        CREATE TEMPORARY TABLE two AS SELECT a.*, one + other - audit_id AS new_id
            FROM tieout.audit AS a, landmarks WHERE audit_id IN (one, other);
        DELETE FROM tieout.audit WHERE audit_id IN (SELECT audit_id FROM two);
        INSERT INTO tieout.audit (audit_id, xid, at, pair, actor, action, subject, detail)
        OVERRIDING SYSTEM VALUE SELECT new_id, xid, at, pair, actor, action, subject, detail
        FROM two""",
    "moved behind the seals": """
        UPDATE tieout.audit SET xid = '9000000000' WHERE audit_id = (SELECT one FROM landmarks)""",
    "tail cut": "DELETE FROM tieout.audit WHERE audit_id IN (SELECT audit_id FROM tail)",
    "tail cut with its seal": """
        DELETE FROM tieout.audit WHERE audit_id IN (SELECT audit_id FROM tail);
        DELETE FROM tieout.audit_seals WHERE seal_no = (SELECT last_seal FROM landmarks)""",
    "everything cut": "DELETE FROM tieout.audit; DELETE FROM tieout.audit_seals",
    "seal changed": "UPDATE tieout.audit_seals SET sealed_at = now() WHERE seal_no = 2",
    "seal deleted with its rows": """
        DELETE FROM tieout.audit WHERE audit_id IN (SELECT audit_id FROM third);
        DELETE FROM tieout.audit_seals WHERE seal_no = 3""",
}
"""Ways to falsify the audit, as somebody with every right in the database would."""


class Sealed(NamedTuple):
    """A sealed ledger, and what is kept of it outside."""

    ledger: PostgresLedger
    anchors: Path
    export: Path
    admin: psycopg.Connection

    @property
    def database(self) -> Database:
        return self.ledger.database

    def seal(self, rows_max: int = ROWS_PER_SEAL) -> None:
        """Seal what is new."""
        seal_and_anchor(self.database, self.anchors, rows_max=rows_max)

    def tamper(self, name: str) -> None:
        """Falsify the ledger, all triggers off."""
        self.admin.execute(LANDMARKS.encode())
        before = self.admin.execute(FINGERPRINT).fetchone()
        with as_falsifier(self.admin):
            self.admin.execute(TAMPERINGS[name].encode())
        assert self.admin.execute(FINGERPRINT).fetchone() != before

    def ours_finds(self) -> list[str]:
        """Return what our verifier finds."""
        verdict = verify(self.database, read_anchors(self.anchors))
        return [str(finding.kind) for finding in verdict.findings]

    def theirs_finds(self) -> list[str]:
        """Return what the stranger's verifier finds in an export."""
        export(self.database, self.export)
        return run_verifier(self.export, self.anchors)


def run_verifier(export_file: Path, anchors: Path) -> list[str]:
    """Run the stranger's program, isolated from everything of ours; return its findings."""
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(export_file), str(anchors)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    found = [line for line in ended.stdout.splitlines() if line.startswith("FOUND: ")]
    assert ended.returncode == bool(found), (ended.stdout, ended.stderr)
    return found


@contextmanager
def as_falsifier(admin: psycopg.Connection) -> Iterator[None]:
    """Switch every trigger off, as only a superuser can."""
    admin.execute("SET session_replication_role = replica")
    yield
    admin.execute("SET session_replication_role = origin")


@contextmanager
def sealed_ledger(url: str, folder: Path, fill: Callable[[PostgresLedger], None]):
    """Yield a ledger that ``fill`` filled, sealed and anchored."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    ledger = PostgresLedger(url)
    fill(ledger)
    with psycopg.connect(plain, autocommit=True) as admin:
        sealed = Sealed(ledger, folder / "anchors.jsonl", folder / "export.jsonl", admin)
        sealed.seal()
        yield sealed
    ledger.close()


def some_orders(ledger: PostgresLedger) -> None:
    """Bring orders into the ledger, and their invoices into Xero."""
    for number in range(ORDERS):
        document_id = records.received(ledger, str(number))
        new = records.delivery(document_id, key=str(number))
        (one,) = ledger.intend([new])
        records.confirm(ledger, one, records.landed(f"inv-{number}"), None)
        ledger.mark_done(document_id)
