"""Redact the personal data of one record, everywhere the ledger keeps it; the audit stays whole.

A record is what one account of a source knows under one id, in all its versions. Payloads, bodies
and quotes become a marker. Hashes of them are salted, here and in the audit, and the salt is
dropped. Ids, states, times and amounts stay: they are the books. A test holds every text column of
the schema against REDACTED and KEPT.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, TextClause, text

from tieout.domain.base import Frozen
from tieout.errors import RejectedError
from tieout.ledger.session import Database

RULE = "redacted"
MARKER: Final = "[redacted]"

REDACTED: Mapping[str, tuple[str, ...]] = {
    "inbox": ("body", "body_sha256", "headers"),
    "documents": ("content_hash", "payload", "canonical", "warnings", "held_for"),
    "deliveries": (
        "version_hash",
        "idempotency_key",
        "payload",
        "expected",
        "figures",
        "note",
        "message",
        "remedy",
        "answer",
    ),
    "dead_letters": ("message", "remedy", "value", "mapped", "answer", "reason"),
    "corrections": ("patch", "before", "after", "reason"),
    "agreed_records": ("fields", "intended"),
    "conflicts": ("xero", "sage100", "xero_by", "sage100_by", "answered_why"),
    "salts": ("salt",),
}
"""Columns that can say something about a person, and are emptied or marked."""

KEPT: Mapping[str, tuple[str, ...]] = {
    "inbox": (
        *("pair", "source", "account", "topic", "event_id", "resource_id"),
        *("origin", "state", "rule"),
    ),
    "documents": (
        *("pair", "document_type", "source", "account", "source_id", "name"),
        *("state", "rule", "waits_for"),
    ),
    "deliveries": (
        *("pair", "target", "entity", "document_key", "operation", "state"),
        *("mapping_version", "rule_set", "approver", "reserved_no"),
        *("external_id", "external_no", "cause"),
    ),
    "dead_letters": (
        *("pair", "trace_key", "step", "cause", "rule", "field", "owner", "currency"),
        *("resolution", "closed_by", "proof", "waits_for"),
    ),
    "corrections": ("currency", "corrected_by"),
    "replay_jobs": (
        *("pair", "cause", "flow", "mapping", "state", "message", "requested_by", "request_key"),
    ),
    "replay_job_letters": ("state",),
    "bindings": (
        *("pair", "entity", "key", "system", "external_id", "external_no"),
        *("provenance", "bound_by", "ended_by", "ended_why"),
    ),
    "not_same": (
        *("pair", "entity", "one_system", "one_id", "other_system", "other_id"),
        *("said_by", "why", "ended_by"),
    ),
    "heirs": ("pair", "entity", "system", "key", "heir", "why"),
    "agreed_records": ("pair", "entity", "key", "written_at"),
    "conflicts": (
        *("pair", "entity", "key", "field", "reason", "winner", "effect", "state"),
        "answered_by",
    ),
    "variances": (
        *("pair", "side", "document_id", "party", "currency", "variance_class", "owner"),
        *("evidence", "proposal", "entry", "state", "assigned_to", "said_by", "said_why"),
    ),
    "batches": ("pair", "document_type", "claimed_by"),
    "batch_steps": ("step",),
    "watermarks": ("pair", "source", "resource", "position"),
    "streams": ("name", "pair", "state", "cause", "reason"),
    "webhook_ranges": ("app", "given_up_by", "reason"),
    "audit": ("pair", "actor", "action", "subject", "detail"),
    "audit_seals": ("rows_hash", "previous_hash", "seal_hash"),
    "redactions": ("pair", "account", "source_id", "row_counts"),
    "tokens": ("name", "sealed", "scope"),
    "budgets": ("name", "state"),
    "kept_references": ("name", "content"),
    "call_usage": ("app", "organization", "flow", "lane"),
    "alembic_version": ("version_num",),
}
"""Columns that hold ids, numbers of documents, codes, and names of who of us acted."""

_ENTRIES = text("""
    SELECT inbox_id, state FROM tieout.inbox WHERE inbox_id IN (
        SELECT inbox_id FROM tieout.inbox
            WHERE pair = :pair AND account = :account AND resource_id = :source_id
        UNION SELECT inbox_id FROM tieout.documents
            WHERE pair = :pair AND account = :account AND source_id = :source_id)
    ORDER BY inbox_id FOR UPDATE""")
_DOCUMENTS = text("""
    SELECT document_id, state FROM tieout.documents WHERE inbox_id = ANY(:inbox_ids)
    ORDER BY document_id FOR UPDATE""")
_DELIVERIES = text("""
    SELECT delivery_id, state FROM tieout.deliveries WHERE document_id = ANY(:document_ids)
    ORDER BY delivery_id FOR UPDATE""")
_UNSETTLED = {
    "inbox entry": ("pending",),
    "document": ("received", "validated", "ready", "held"),
    "delivery": ("sent", "in_doubt", "held"),
}

_CLOSE = (
    text("""
    UPDATE tieout.dead_letters SET closed_at = clock_timestamp(), resolution = 'redacted',
        closed_by = coalesce(nullif(current_setting('tieout.actor', true), ''), session_user)
    WHERE closed_at IS NULL
        AND (inbox_id = ANY(:inbox_ids) OR document_id = ANY(:document_ids))"""),
    text("""
    UPDATE tieout.documents
    SET state = 'skipped', rule = 'redacted', changed_at = clock_timestamp()
    WHERE document_id = ANY(:document_ids) AND state = 'dead_letter'"""),
    text("""
    UPDATE tieout.inbox SET state = 'skipped', rule = 'redacted'
    WHERE inbox_id = ANY(:inbox_ids) AND state = 'dead_letter'"""),
)
"""Nobody can post any more what was set aside, so it is skipped, and counted as such."""

_MARKS = {"marker": MARKER, "marked": '{"redacted": "true"}'}
_OF_DOCUMENTS = """(
        EXISTS (
            SELECT FROM tieout.documents AS d JOIN tieout.bindings AS b
                ON b.pair = d.pair AND b.system = d.source AND b.external_id = d.source_id
            WHERE d.document_id = ANY(:document_ids) AND b.pair = a.pair
                AND b.entity = a.entity AND b.key = a.key)
        OR EXISTS (
            SELECT FROM tieout.deliveries AS d WHERE d.document_id = ANY(:document_ids)
                AND d.pair = a.pair AND d.document_key = a.key))"""
"""Whether what is in step is the record that documents tell of, or was made of one of them."""
_REDACT: Mapping[str, TextClause] = {
    "agreed_records": text(f"""
    UPDATE tieout.agreed_records AS a SET fields = '{{}}', intended = NULL
    WHERE {_OF_DOCUMENTS}"""),  # noqa: S608 - made of constants
    "conflicts": text(f"""
    UPDATE tieout.conflicts AS a SET
        xero = CAST(:marked AS jsonb), sage100 = CAST(:marked AS jsonb),
        xero_by = CASE WHEN xero_by <> '' THEN :marker ELSE '' END,
        sage100_by = CASE WHEN sage100_by <> '' THEN :marker ELSE '' END,
        answered_why = CASE WHEN answered_why <> '' THEN :marker ELSE '' END
    WHERE {_OF_DOCUMENTS}"""),  # noqa: S608 - made of constants
    "deliveries": text("""
    UPDATE tieout.deliveries SET
        version_hash = coalesce(tieout.salted(d.inbox_id, version_hash), version_hash),
        idempotency_key = coalesce(tieout.salted(d.inbox_id, idempotency_key), idempotency_key),
        payload = CAST(:marked AS jsonb),
        expected = tieout.amounts_only(expected),
        figures = CASE WHEN figures IS NOT NULL THEN tieout.amounts_only(figures) END,
        answer = CASE WHEN answer IS NOT NULL THEN CAST(:marked AS jsonb) END,
        note = CASE WHEN note <> '' THEN :marker ELSE '' END,
        message = CASE WHEN message <> '' THEN :marker ELSE '' END,
        remedy = CASE WHEN remedy <> '' THEN :marker ELSE '' END
    FROM tieout.documents AS d
    WHERE d.document_id = deliveries.document_id AND d.document_id = ANY(:document_ids)"""),
    "dead_letters": text("""
    UPDATE tieout.dead_letters SET
        message = :marker, remedy = :marker,
        value = CASE WHEN value <> '' THEN :marker ELSE '' END,
        reason = CASE WHEN reason <> '' THEN :marker ELSE '' END,
        mapped = CASE WHEN mapped IS NOT NULL THEN CAST(:marked AS jsonb) END,
        answer = CASE WHEN answer IS NOT NULL THEN CAST(:marked AS jsonb) END
    WHERE inbox_id = ANY(:inbox_ids) OR document_id = ANY(:document_ids)"""),
    "corrections": text("""
    UPDATE tieout.corrections SET
        patch = '[]', before = CAST(:marked AS jsonb), after = CAST(:marked AS jsonb),
        reason = :marker
    WHERE document_id = ANY(:document_ids)"""),
    "documents": text("""
    UPDATE tieout.documents SET
        content_hash = coalesce(tieout.salted(inbox_id, content_hash), content_hash),
        payload = CAST(:marked AS jsonb),
        canonical = CASE WHEN canonical IS NOT NULL THEN CAST(:marked AS jsonb) END,
        warnings = NULL,
        held_for = CASE WHEN held_for <> '' THEN :marker ELSE '' END
    WHERE document_id = ANY(:document_ids)"""),
    "inbox": text("""
    UPDATE tieout.inbox SET
        body_sha256 = coalesce(tieout.salted(inbox_id, body_sha256), body_sha256),
        body = CASE WHEN body IS NOT NULL THEN convert_to(:marker, 'UTF8') END,
        headers = CAST(:marked AS jsonb)
    WHERE inbox_id = ANY(:inbox_ids)"""),
    "salts": text("DELETE FROM tieout.salts WHERE inbox_id = ANY(:inbox_ids)"),
}
_NOTE = text("""
    INSERT INTO tieout.redactions (pair, account, source_id, row_counts)
    VALUES (:pair, :account, :source_id,
        (SELECT jsonb_object_agg(name, number)
         FROM unnest(CAST(:names AS text[]), CAST(:numbers AS bigint[])) AS t (name, number)))
    RETURNING redaction_id""")
_ACT_AS = text("SELECT set_config('tieout.actor', :actor, true)")


class Record(Frozen):
    """One record of one account of a source, such as an order of a shop."""

    pair: str
    account: str
    source_id: str


class Redacted(Frozen):
    """What one redaction changed: rows by table."""

    redaction_id: int
    row_counts: dict[str, int]


def redact(database: Database, record: Record, *, actor: str = "") -> Redacted:
    """Redact a record's personal data in one transaction; the same again finds nothing left.

    It needs the rights of the tables' owner. What was set aside is closed and counts as skipped by
    the rule ``redacted``. ``actor`` is named in the audit, else the login role is.

    Raises:
        RejectedError: The ledger has no such record, or something of it is still under way.
    """
    with database.transaction() as connection:
        if actor:
            connection.execute(_ACT_AS, {"actor": actor})
        ids = _settled(connection, record)
        for statement in _CLOSE:
            connection.execute(statement, ids)
        counts = {
            table: connection.execute(statement, {**_MARKS, **ids}).rowcount
            for table, statement in _REDACT.items()
        }
        noted = {"names": list(counts), "numbers": list(counts.values())}
        redaction_id = connection.execute(_NOTE, {**record.model_dump(), **noted}).scalar_one()
    return Redacted(redaction_id=redaction_id, row_counts=counts)


def _settled(connection: Connection, record: Record) -> dict[str, list[int]]:
    """Lock all rows of the record and return their ids, provided that nothing is under way."""
    entries = _states(connection, _ENTRIES, record.model_dump())
    if not entries:
        raise RejectedError(
            f"The ledger knows no record {record.source_id!r} of {record.account!r} in pair "
            f"{record.pair!r}.",
            remedy="Give the account and the record's own id as the inbox has them.",
            cause="unknown_record",
        )
    inbox_ids = list(entries)
    documents = _states(connection, _DOCUMENTS, {"inbox_ids": inbox_ids})
    document_ids = list(documents)
    sends = _states(connection, _DELIVERIES, {"document_ids": document_ids})
    for kind, states in (("inbox entry", entries), ("document", documents), ("delivery", sends)):
        for number, state in states.items():
            if state in _UNSETTLED[kind]:
                raise RejectedError(
                    f"Of record {record.source_id!r}, {kind} {number} is still {state}.",
                    remedy="Let the next run settle it, or decide what is held; then redact.",
                    cause="record_unsettled",
                )
    return {"inbox_ids": inbox_ids, "document_ids": document_ids}


def _states(
    connection: Connection, statement: TextClause, values: Mapping[str, object]
) -> dict[int, str]:
    return {int(number): str(state) for number, state in connection.execute(statement, values)}
