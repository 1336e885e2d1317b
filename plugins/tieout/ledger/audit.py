"""Seal, verify and export the audit. Rows are written by the database's triggers alone.

Time is the database's. Nothing here changes or deletes a row; one sealer works at a time.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, RowMapping, text

from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError, FatalError
from tieout.ledger.audit_anchors import append_anchors, read_anchors
from tieout.ledger.audit_chain import (
    Anchor,
    AuditRow,
    Break,
    Finding,
    RowsHash,
    Seal,
    Verdict,
    anchor_of,
    check_anchors,
    check_rows,
    check_seals,
    next_seal,
)
from tieout.ledger.locks import lock_session
from tieout.ledger.session import Database

EXPORT_FORM = "tieout-audit-1"
FETCH_ROWS = 2000
SEAL_ROWS_MAX = 50_000
SEALS_PER_CALL_MAX = 10_000
SEALER_WAIT_S = 60.0
SEALER = "audit|seal"

_ALL_ROWS = text("""
    SELECT a.audit_id::text AS audit_id, a.xid::text AS xid, tieout.moment(a.at) AS at,
        a.pair, a.actor, a.action, a.subject, a.detail::text AS detail
    FROM tieout.audit AS a ORDER BY a.xid, a.audit_id""")
_UNSEALED_ROWS = text("""
    SELECT a.audit_id::text AS audit_id, a.xid::text AS xid, tieout.moment(a.at) AS at,
        a.pair, a.actor, a.action, a.subject, a.detail::text AS detail
    FROM tieout.audit AS a
    WHERE (a.xid, a.audit_id)
            > (CAST(CAST(:last_xid AS text) AS xid8), CAST(:last_audit_id AS bigint))
        AND a.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY a.xid, a.audit_id LIMIT :rows_max""")
_SEALS = text("""
    SELECT seal_no, first_audit_id, last_audit_id, last_xid::text AS last_xid, row_count, rows_hash,
        previous_hash, seal_hash, tieout.moment(sealed_at) AS sealed_at
    FROM tieout.audit_seals ORDER BY seal_no""")
_LAST_SEAL = text("""
    SELECT seal_no, first_audit_id, last_audit_id, last_xid::text AS last_xid, row_count, rows_hash,
        previous_hash, seal_hash, tieout.moment(sealed_at) AS sealed_at
    FROM tieout.audit_seals ORDER BY seal_no DESC LIMIT 1""")
_ADD_SEAL = text("""
    INSERT INTO tieout.audit_seals (seal_no, first_audit_id, last_audit_id, last_xid, row_count,
        rows_hash, previous_hash, seal_hash, sealed_at)
    VALUES (:seal_no, :first_audit_id, :last_audit_id, CAST(CAST(:last_xid AS text) AS xid8),
        :row_count, :rows_hash, :previous_hash, :seal_hash, CAST(:sealed_at AS timestamptz))""")
_NOW = text("SELECT tieout.moment(clock_timestamp())")
_OLDEST_OPEN_XID = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
_ONE_VIEW = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_GUARDS_OFF = text("""
    SELECT wanted.relation FROM (VALUES
        ('tieout.audit', 'audit_is_append_only'),
        ('tieout.audit_seals', 'audit_seals_is_append_only')) AS wanted (relation, name)
    LEFT JOIN pg_catalog.pg_trigger AS found
        ON found.tgrelid = CAST(wanted.relation AS regclass) AND found.tgname = wanted.name
    WHERE found.tgenabled IS DISTINCT FROM 'O' ORDER BY 1""")


class Sealed(Frozen):
    """What one sealing did."""

    seals: tuple[Seal, ...]
    anchors: int = 0

    @property
    def rows(self) -> int:
        """Return how many rows were sealed."""
        return sum(seal.row_count for seal in self.seals)


class Exported(Frozen):
    """What an export holds."""

    rows: int
    seals: int


def seal(database: Database, *, rows_max: int = SEAL_ROWS_MAX) -> Sealed:
    """Seal every row whose transaction is over, at most ``rows_max`` to a seal.

    Each seal is a transaction of its own, so what was sealed stays so whatever comes after.

    Raises:
        UnavailableError: Another sealer has been at work for SEALER_WAIT_S.
        ConfigurationError: The database counts its transactions anew (restored from a dump).
    """
    with lock_session(database.lock_engine, [SEALER], wait_s=SEALER_WAIT_S):
        return _seal_all(database, rows_max)


def seal_and_anchor(
    database: Database, anchor_file: Path, *, rows_max: int = SEAL_ROWS_MAX
) -> Sealed:
    """Seal what can be sealed, and note every seal in the anchor file.

    Seals that an earlier call could no longer anchor get their lines now.

    Raises:
        FatalError: What was anchored before is not in the ledger: nothing is sealed upon it.
        UnavailableError: Another sealer has been at work for SEALER_WAIT_S.
        ConfigurationError: The file cannot be read or written, or the database counts anew.
    """
    with lock_session(database.lock_engine, [SEALER], wait_s=SEALER_WAIT_S):
        noted = read_anchors(anchor_file) if anchor_file.exists() else []
        _check_noted(database, noted)
        sealed = _seal_all(database, rows_max)
        with database.transaction() as connection:
            wanted = _anchors(_seals(connection))
        new = wanted[noted[-1].seal_no if noted else 0 :]
        append_anchors(anchor_file, new)
        return sealed.model_copy(update={"anchors": len(new)})


def verify(database: Database, anchors: list[Anchor] | None = None) -> Verdict:
    """Compare every sealed row with its seal, the seals with each other and with the anchors.

    Without anchors a tail that was cut off together with its seals cannot be found.
    """
    with _one_view(database) as connection:
        seals = _seals(connection)
        broken, rows_unsealed = check_rows(_rows(connection), seals)
        findings = [*_guards_off(connection), *check_seals(seals), *broken]
    findings.extend(check_anchors(anchors or [], seals))
    return Verdict(
        seals=len(seals),
        rows_sealed=sum(seal.row_count for seal in seals),
        rows_unsealed=rows_unsealed,
        anchors=len(anchors or []),
        findings=tuple(findings),
    )


def export(database: Database, path: Path) -> Exported:
    """Write all rows and seals as JSON lines; each seal follows the rows that it seals.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    rows = 0
    try:
        with path.open("w", encoding="utf-8") as file, _one_view(database) as connection:
            seals = _seals(connection)
            waiting = iter(seals)
            seal = next(waiting, None)
            file.write(_line("export", {"form": EXPORT_FORM}))
            for row in _rows(connection):
                while seal is not None and row.position > seal.position:
                    file.write(_line("seal", seal.model_dump()))
                    seal = next(waiting, None)
                file.write(_line("row", row.model_dump()))
                rows += 1
            for left in [*([] if seal is None else [seal]), *waiting]:
                file.write(_line("seal", left.model_dump()))
    except OSError as error:
        raise ConfigurationError(
            f"The export cannot be written to {path}: {error.strerror}.",
            remedy="Give a file in a folder that exists and has room.",
        ) from error
    return Exported(rows=rows, seals=len(seals))


def seals_and_anchors(database: Database) -> list[Anchor]:
    """Return for each seal of the ledger the anchor that it should have."""
    with database.transaction() as connection:
        return _anchors(_seals(connection))


def _seal_all(database: Database, rows_max: int) -> Sealed:
    seals: list[Seal] = []
    for _ in range(SEALS_PER_CALL_MAX):
        with database.transaction() as connection:
            new = _seal_next(connection, rows_max)
        if new is None:
            break
        seals.append(new)
    return Sealed(seals=tuple(seals))


def _seal_next(connection: Connection, rows_max: int) -> Seal | None:
    last = connection.execute(_LAST_SEAL).mappings().first()
    previous = None if last is None else _seal(last)
    position = {"last_xid": 0, "last_audit_id": 0}
    if previous is not None:
        _check_counter(connection, previous)
        position = {"last_xid": previous.last_xid, "last_audit_id": previous.last_audit_id}
    covered = RowsHash()
    found = connection.execute(_UNSEALED_ROWS, {**position, "rows_max": rows_max})
    for row in found.mappings():
        covered.add(_row(row))
    new = next_seal(previous, covered, str(connection.execute(_NOW).scalar_one()))
    if new is not None:
        connection.execute(_ADD_SEAL, new.model_dump())
    return new


def _check_counter(connection: Connection, previous: Seal) -> None:
    """Make sure that transactions still count up from where the seals are."""
    oldest = int(connection.execute(_OLDEST_OPEN_XID).scalar_one())
    if oldest <= previous.last_xid:
        raise ConfigurationError(
            f"The database counts transactions from {oldest}, but seal {previous.seal_no} reaches "
            f"to {previous.last_xid}: it was restored from a dump into a new cluster.",
            remedy="Raise the new cluster's counter above that with pg_resetwal, before anything "
            "is written; docs/reference/audit.md says how.",
        )


def _check_noted(database: Database, noted: list[Anchor]) -> None:
    with database.transaction() as connection:
        found = list(check_anchors(noted, _seals(connection)))
    if found:
        raise FatalError(
            f"The audit is not the one that was anchored: {found[0].message}.",
            remedy="Nothing was sealed. Run 'tieout audit verify', and keep the anchor file safe.",
        )


@contextmanager
def _one_view(database: Database) -> Iterator[Connection]:
    """Read everything as of one moment."""
    with database.transaction() as connection:
        connection.execute(_ONE_VIEW)
        yield connection


def _rows(connection: Connection) -> Iterator[AuditRow]:
    streaming = connection.execution_options(yield_per=FETCH_ROWS)
    for row in streaming.execute(_ALL_ROWS).mappings():
        yield _row(row)


def _row(row: RowMapping) -> AuditRow:
    return AuditRow.model_construct(**row)


def _seals(connection: Connection) -> list[Seal]:
    return [_seal(row) for row in connection.execute(_SEALS).mappings()]


def _seal(row: RowMapping) -> Seal:
    return Seal.model_validate({**row, "last_xid": int(row["last_xid"])})


def _anchors(seals: list[Seal]) -> list[Anchor]:
    anchors, rows = [], 0
    for one in seals:
        rows += one.row_count
        anchors.append(anchor_of(one, rows))
    return anchors


def _guards_off(connection: Connection) -> Iterator[Finding]:
    for (relation,) in connection.execute(_GUARDS_OFF):
        yield Finding(
            kind=Break.NOT_APPEND_ONLY,
            seal_no=0,
            message=f"{relation} can be changed: its trigger is gone or off",
        )


def _line(kind: str, value: dict[str, object]) -> str:
    return json.dumps({kind: value}, ensure_ascii=False) + "\n"
