"""Passports as text for people and as plain values for programs."""

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from tieout.domain.base import Json
from tieout.domain.passport import Passport
from tieout.stack.tables import text_table

HASH_SHOWN = 12
"""How many digits of a hash are shown as text; JSON has all of it."""


def passports_json(found: Sequence[Passport]) -> JsonValue:
    """Return passports with every row and payload."""
    return {"passports": [one.model_dump(mode="json") for one in found]}


def passports_text(found: Sequence[Passport]) -> str:
    """Return passports for reading: the chain in its order, without payloads."""
    return "\n\n".join("\n".join(_lines(one)) for one in found)


def _lines(one: Passport) -> Iterator[str]:
    source = f"{one.document_type} of {one.source} {one.account} {one.source_id}"
    yield f"{one.pair}  {one.name}  {source}"
    yield _table(
        "received", one.received, "received_at topic origin state rule body_size body_sha256"
    )
    yield _table("versions", one.versions, "version_no version_at state rule batch_id content_hash")
    for row in one.versions:
        yield from _canonical(row)
    yield _table("edits", one.corrections, "corrected_at corrected_by reason patch")
    yield _table("batches", one.batches, "batch_id claimed_at claimed_by")
    yield _table(
        "writes",
        one.writes,
        "target entity operation external_no external_id state attempts sent_at approver "
        "mapping_version rule_set figures cause",
    )
    yield _table("bindings", one.bindings, "entity system external_no external_id provenance")
    yield _table(
        "dead letters",
        one.dead_letters,
        "dead_letter_id cause step opened_at resolution closed_by reason",
    )
    yield _table("replays of many", one.replay_jobs, "job_id cause state requested_by")
    yield _table("audit", one.audit, "at actor action subject")


def _canonical(row: Json) -> Iterator[str]:
    canonical = row["canonical"]
    if isinstance(canonical, dict) and "total" in canonical:
        yield f"  version {row['version_no']}: {canonical['total']} {canonical.get('currency', '')}"


def _table(title: str, rows: Sequence[Json], names: str) -> str:
    if not rows:
        return f"{title}: none"
    columns = names.split()
    cells = [tuple(_cell(name, row[name]) for name in columns) for row in rows]
    return f"{title}:\n{text_table(tuple(columns), cells)}"


def _cell(name: str, value: JsonValue) -> str:
    if value is None:
        return ""
    if name.endswith(("_hash", "_sha256", "_version", "_set")):
        return str(value)[:HASH_SHOWN]
    if name == "patch" and isinstance(value, list):
        return "; ".join(f"{one['op']} {one['path']}" for one in value if isinstance(one, dict))
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return str(value)
