"""Passports: all rows that the ledger has of the records that a reference names.

One statement for each table, whatever the record's history. A reference is looked up by the indexed
columns first; only one that none of them knows is looked for in the payloads.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Select, Table, or_, select, tuple_, union

from tieout.domain.base import Json, System
from tieout.domain.passport import Passport, Rows
from tieout.errors import RejectedError
from tieout.ledger.desk import is_named
from tieout.ledger.schema import (
    audit,
    batches,
    bindings,
    corrections,
    dead_letters,
    deliveries,
    documents,
    inbox,
    replay_job_letters,
    replay_jobs,
)
from tieout.ledger.session import Database

RECORDS_MAX = 20
"""How many records one reference may name; more is a word that names nothing in particular."""
UNSHOWN = {"body", "headers"}
_RECORD = ("source", "account", "document_type", "source_id")
_plain = TypeAdapter(dict[str, Any])
_ORDER = "order"
"""The entity under which orders are bound, by the id that the shop gave them."""


def passports(database: Database, reference: str) -> list[Passport]:
    """Return the passports of the records that a reference names in any system.

    Raises:
        RejectedError: Nothing is known by it, or too much is.
    """
    with database.transaction() as connection:
        versions = _versions(connection, reference)
        of_record: dict[tuple[str, ...], list[Json]] = {}
        for one in versions:
            of_record.setdefault(tuple(str(one[name]) for name in _RECORD), []).append(one)
        if not of_record:
            raise RejectedError(
                f"Nothing is known as {reference!r}.",
                remedy="Give an id, name, number or reference that it has in any system: of the "
                "shop's order, Xero's invoice or payment, Sage 100's order or check.",
                cause="unknown_document",
            )
        if len(of_record) > RECORDS_MAX:
            raise RejectedError(
                f"{reference!r} names {len(of_record)} records.",
                remedy="Give an id or number that only one of them has.",
                cause="unknown_document",
            )
        found = _found(connection, versions)
    return [_passport(own, found) for own in of_record.values()]


def _versions(connection: Connection, reference: str) -> list[Json]:
    if not reference:
        return []
    for named in (_indexed(reference), select(documents.c.document_id).where(is_named(reference))):
        record = tuple_(*(documents.c[name] for name in _RECORD))
        records = select(*(documents.c[name] for name in _RECORD)).where(
            documents.c.document_id.in_(named)
        )
        if rows := _read(connection, documents, record.in_(records)):
            return rows
    return []


def _indexed(reference: str) -> Select[tuple[int]]:
    """Select the documents that an indexed column names so."""
    written = [
        select(deliveries.c.document_id).where(deliveries.c[name] == reference)
        for name in ("external_id", "external_no", "document_key")
    ]
    own = select(documents.c.document_id).where(
        or_(documents.c.source_id == reference, documents.c.name.in_((reference, f"#{reference}")))
    )
    bound = (
        select(documents.c.document_id)
        .join(
            bindings,
            (bindings.c.pair == documents.c.pair) & (bindings.c.key == documents.c.source_id),
        )
        .where(bindings.c.entity == _ORDER)
        .where(or_(bindings.c.external_id == reference, bindings.c.external_no == reference))
    )
    return select(union(own, *written, bound).subquery().c.document_id)


Found = dict[str, list[Json]]


def _found(connection: Connection, versions: Sequence[Json]) -> Found:
    """Read what every other table has of these documents."""
    ids = _ids(versions, "document_id")
    writes = _read(connection, deliveries, deliveries.c.document_id.in_(ids))
    letters = _read(
        connection,
        dead_letters,
        or_(
            dead_letters.c.document_id.in_(ids),
            dead_letters.c.inbox_id.in_(_ids(versions, "inbox_id")),
        ),
    )
    keys = {str(one["document_key"]) for one in writes} | _texts(versions, "source_id")
    bound = _read(
        connection,
        bindings,
        bindings.c.pair.in_(_texts(versions, "pair")) & bindings.c.key.in_(keys),
    )
    of_letters = select(replay_job_letters.c.job_id).where(
        replay_job_letters.c.dead_letter_id.in_(_ids(letters, "dead_letter_id"))
    )
    subjects = [
        *(f"inbox/{one}" for one in _ids(versions, "inbox_id")),
        *(f"document/{one}" for one in ids),
        *(f"delivery/{one}" for one in _ids(writes, "delivery_id")),
        *(f"dead_letter/{one}" for one in _ids(letters, "dead_letter_id")),
        *(f"binding/{one}" for one in _ids(bound, "binding_id")),
        *(f"batch/{one}" for one in _ids(versions, "batch_id")),
    ]
    return {
        "received": _read(connection, inbox, inbox.c.inbox_id.in_(_ids(versions, "inbox_id"))),
        "corrections": _read(connection, corrections, corrections.c.document_id.in_(ids)),
        "batches": _read(connection, batches, batches.c.batch_id.in_(_ids(versions, "batch_id"))),
        "writes": writes,
        "bindings": bound,
        "dead_letters": letters,
        "replay_jobs": _read(connection, replay_jobs, replay_jobs.c.job_id.in_(of_letters)),
        "audit": _read(connection, audit, audit.c.subject.in_(subjects)),
    }


def _read(connection: Connection, table: Table, condition: ColumnElement[bool]) -> list[Json]:
    columns = [one for one in table.c if one.name not in UNSHOWN]
    statement = select(*columns).where(condition).order_by(*table.primary_key)
    found = connection.execute(statement).mappings()
    return [_plain.dump_python(dict(row), mode="json") for row in found]


def _ids(rows: Iterable[Json], name: str) -> list[int]:
    return sorted({one for row in rows if isinstance(one := row[name], int)})


def _texts(rows: Iterable[Json], name: str) -> set[str]:
    return {str(row[name]) for row in rows}


def _passport(own: Sequence[Json], found: Found) -> Passport:
    """Return the passport of one record out of all that was read of several."""
    newest = own[-1]
    ids = _ids(own, "document_id")
    writes = _of(found["writes"], "document_id", ids)
    entries = _ids(own, "inbox_id")
    letters = [
        one
        for one in found["dead_letters"]
        if one["document_id"] in ids or one["inbox_id"] in entries
    ]
    keys = _texts(writes, "document_key") | {str(newest["source_id"])}
    bound = [
        one for one in found["bindings"] if one["pair"] == newest["pair"] and one["key"] in keys
    ]
    batch_ids = _ids(own, "batch_id")
    subjects = {
        *(f"inbox/{one}" for one in entries),
        *(f"document/{one}" for one in ids),
        *(f"delivery/{one}" for one in _ids(writes, "delivery_id")),
        *(f"dead_letter/{one}" for one in _ids(letters, "dead_letter_id")),
        *(f"binding/{one}" for one in _ids(bound, "binding_id")),
        *(f"batch/{one}" for one in batch_ids),
    }
    return Passport(
        pair=str(newest["pair"]),
        document_type=str(newest["document_type"]),
        source=System(str(newest["source"])),
        account=str(newest["account"]),
        source_id=str(newest["source_id"]),
        name=str(newest["name"]),
        received=_of(found["received"], "inbox_id", entries),
        versions=tuple(own),
        corrections=_of(found["corrections"], "document_id", ids),
        batches=_of(found["batches"], "batch_id", batch_ids),
        writes=writes,
        bindings=tuple(bound),
        dead_letters=tuple(letters),
        replay_jobs=tuple(found["replay_jobs"]) if letters else (),
        audit=tuple(one for one in found["audit"] if one["subject"] in subjects),
    )


def _of(rows: Iterable[Json], name: str, ids: Sequence[int]) -> Rows:
    return tuple(row for row in rows if row[name] in ids)
