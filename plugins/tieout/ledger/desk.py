"""The Desk port on PostgreSQL: one method, one transaction, on somebody's word.

What a dead letter's end does to its record is in ``dead_letters``; what jobs do is in
``replay_jobs``. This module reads cases and stores corrections.
"""

from contextlib import AbstractContextManager

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from tieout.domain.base import DeadLetterId, DocumentId, Json
from tieout.domain.desk import (
    CORRELATION,
    REFERENCES,
    Case,
    Correction,
    LetterQuery,
    MappingChoice,
    NewCorrection,
    NewReplayJob,
    ReplayJob,
    Resolution,
)
from tieout.domain.ledger import DeadLetter, Delivery, Document, InboxEntry
from tieout.errors import RejectedError
from tieout.ledger import dead_letters as letters
from tieout.ledger import replay_jobs, rows
from tieout.ledger.documents import SUPERSEDED, newer_version, same_record
from tieout.ledger.schema import (
    bindings,
    corrections,
    dead_letters,
    deliveries,
    documents,
    inbox,
)
from tieout.ledger.session import Database, act_as
from tieout.ports.desk import Desk

NOTHING_TO_CORRECT = "nothing_to_correct"


class PostgresDesk(Desk):
    """The desk over the ledger's database."""

    def __init__(self, database: Database) -> None:
        """Keep the database; nothing is connected before the first call."""
        self._database = database

    def _transaction(self) -> AbstractContextManager[Connection]:
        return self._database.transaction()

    @override
    def letters(self, query: LetterQuery) -> list[DeadLetter]:
        statement = select(*rows.DEAD_LETTER).where(*asked_for(query))
        with self._transaction() as connection:
            found = connection.execute(statement.order_by(dead_letters.c.dead_letter_id))
            return [rows.dead_letter(row) for row in found.mappings()]

    @override
    def find(self, reference: str) -> list[Document]:
        if not reference:
            return []
        with self._transaction() as connection:
            found = connection.execute(
                select(*rows.DOCUMENT).where(is_named(reference)).order_by(documents.c.document_id)
            )
            return [rows.document(row) for row in found.mappings()]

    @override
    def case(self, dead_letter_id: DeadLetterId) -> Case:
        with self._transaction() as connection:
            return _case(connection, dead_letter_id)

    @override
    def correct(self, correction: NewCorrection) -> Correction:
        with self._transaction() as connection:
            act_as(connection, correction.corrected_by)
            return _correct(connection, correction)

    @override
    def put_back(
        self,
        dead_letter_id: DeadLetterId,
        *,
        by: str,
        mapping: MappingChoice = MappingChoice.CURRENT,
    ) -> None:
        with self._transaction() as connection:
            act_as(connection, by)
            keeps_mapping = mapping is MappingChoice.ORIGINAL
            letters.replay(connection, dead_letter_id, keeps_mapping=keeps_mapping)

    @override
    def dismiss(self, dead_letter_id: DeadLetterId, *, by: str, reason: str) -> None:
        with self._transaction() as connection:
            act_as(connection, by)
            letters.settle_moot(connection, dead_letter_id, Resolution.DISMISSED, reason=reason)

    @override
    def resolve(self, dead_letter_id: DeadLetterId, *, by: str, proof: Json) -> None:
        with self._transaction() as connection:
            act_as(connection, by)
            letters.settle_moot(connection, dead_letter_id, Resolution.RESOLVED, proof=proof)

    @override
    def open_job(self, job: NewReplayJob) -> ReplayJob:
        with self._transaction() as connection:
            act_as(connection, job.requested_by)
            return replay_jobs.open_job(connection, job, asked_for(job.query))

    @override
    def jobs(self, *, is_running: bool = False) -> list[ReplayJob]:
        with self._transaction() as connection:
            return replay_jobs.jobs(connection, is_running=is_running)

    @override
    def pause(self, job_id: int, *, by: str) -> ReplayJob:
        with self._transaction() as connection:
            act_as(connection, by)
            return replay_jobs.pause(connection, job_id, by)

    @override
    def resume(self, job_id: int, *, by: str) -> ReplayJob:
        with self._transaction() as connection:
            act_as(connection, by)
            return replay_jobs.resume(connection, job_id, by)

    @override
    def work(self, job_id: int) -> ReplayJob:
        with self._transaction() as connection:
            return replay_jobs.work(connection, job_id)


def is_named(reference: str) -> ColumnElement[bool]:
    """Return the condition on documents that a reference names; see ``Desk.find``."""
    written = select(deliveries.c.document_id).where(
        or_(
            deliveries.c.external_id == reference,
            deliveries.c.external_no == reference,
            deliveries.c.document_key == reference,
            *(deliveries.c.payload[place].astext == reference for place in REFERENCES),
            deliveries.c.payload.contains({"metafields": [{**CORRELATION, "value": reference}]}),
        )
    )
    bound = select(bindings.c.key).where(
        bindings.c.pair == documents.c.pair,
        bindings.c.entity == "order",
        or_(bindings.c.external_id == reference, bindings.c.external_no == reference),
    )
    return or_(
        documents.c.source_id == reference,
        documents.c.name.in_((reference, f"#{reference}")),
        documents.c.document_id.in_(written),
        documents.c.source_id.in_(bound),
    )


def asked_for(query: LetterQuery) -> list[ColumnElement[bool]]:
    """Return the conditions on dead letters that the query names."""
    wanted = [
        (dead_letters.c.pair == query.pair) if query.pair else None,
        (dead_letters.c.cause == query.cause) if query.cause else None,
        (dead_letters.c.opened_at >= query.since) if query.since else None,
        (dead_letters.c.opened_at < query.until) if query.until else None,
    ]
    if query.is_open is not None:
        is_closed = dead_letters.c.closed_at.is_not(None)
        wanted.append(~is_closed if query.is_open else is_closed)
    if query.records is not None:
        of_type = select(documents.c.document_id).where(
            documents.c.document_id == dead_letters.c.document_id,
            documents.c.document_type.in_(query.records.document_types),
        )
        of_source = select(inbox.c.inbox_id).where(
            inbox.c.inbox_id == dead_letters.c.inbox_id,
            inbox.c.source.in_(query.records.sources),
        )
        is_entry = dead_letters.c.document_id.is_(None)
        wanted.append(or_(of_type.exists(), and_(is_entry, of_source.exists())))
    return [one for one in wanted if one is not None]


def _letter(connection: Connection, dead_letter_id: DeadLetterId) -> DeadLetter:
    row = connection.execute(
        select(*rows.DEAD_LETTER).where(dead_letters.c.dead_letter_id == dead_letter_id)
    )
    found = row.mappings().one_or_none()
    if found is None:
        raise letters.not_open(connection, dead_letter_id)
    return rows.dead_letter(found)


def _case(connection: Connection, dead_letter_id: DeadLetterId) -> Case:
    letter = _letter(connection, dead_letter_id)
    document = _document(connection, letter.document_id)
    return Case(
        letter=letter,
        entry=_entry(connection, letter),
        document=document,
        deliveries=tuple(_deliveries(connection, letter.document_id)),
        corrections=tuple(_corrections(connection, letter.document_id)),
        letters=tuple(_letters_of(connection, letter)),
        newer_version_id=newer_version(connection, document.document_id) if document else None,
    )


def _document(connection: Connection, document_id: DocumentId | None) -> Document | None:
    found = connection.execute(select(*rows.DOCUMENT).where(documents.c.document_id == document_id))
    row = found.mappings().one_or_none()
    return rows.document(row) if row else None


def _entry(connection: Connection, letter: DeadLetter) -> InboxEntry | None:
    of_document = select(documents.c.inbox_id).where(documents.c.document_id == letter.document_id)
    wanted = (
        inbox.c.inbox_id == letter.inbox_id
        if letter.document_id is None
        else inbox.c.inbox_id.in_(of_document)
    )
    row = connection.execute(select(*rows.INBOX_ENTRY).where(wanted)).mappings().one_or_none()
    return rows.inbox_entry(row) if row else None


def _deliveries(connection: Connection, document_id: DocumentId | None) -> list[Delivery]:
    found = connection.execute(
        select(*rows.DELIVERY)
        .where(deliveries.c.document_id == document_id)
        .order_by(deliveries.c.delivery_id)
    )
    return [rows.delivery(row) for row in found.mappings()]


def _versions(document_id: DocumentId | None) -> Select[tuple[int]]:
    """Select every version of the document's record."""
    other = documents.alias("other")
    return (
        select(other.c.document_id)
        .join(documents, same_record(other, documents))
        .where(documents.c.document_id == document_id)
    )


def _corrections(connection: Connection, document_id: DocumentId | None) -> list[Correction]:
    found = connection.execute(
        select(*rows.CORRECTION)
        .where(corrections.c.document_id.in_(_versions(document_id)))
        .order_by(corrections.c.correction_id)
    )
    return [rows.correction(row) for row in found.mappings()]


def _letters_of(connection: Connection, letter: DeadLetter) -> list[DeadLetter]:
    of_record = (
        dead_letters.c.inbox_id == letter.inbox_id
        if letter.document_id is None
        else dead_letters.c.document_id.in_(_versions(letter.document_id))
    )
    found = connection.execute(
        select(*rows.DEAD_LETTER).where(of_record).order_by(dead_letters.c.dead_letter_id)
    )
    return [rows.dead_letter(row) for row in found.mappings()]


def _correct(connection: Connection, new: NewCorrection) -> Correction:
    """Store a correction, with the letter locked: nobody can close it meanwhile."""
    held = connection.execute(
        select(dead_letters.c.document_id, dead_letters.c.closed_at)
        .where(dead_letters.c.dead_letter_id == new.dead_letter_id)
        .with_for_update()
    ).one_or_none()
    if held is None or held.closed_at is not None:
        raise letters.not_open(connection, new.dead_letter_id)
    if held.document_id is None:
        raise RejectedError(
            f"Dead letter {new.dead_letter_id} is of a message that became no document.",
            remedy="Correct it at its source, then replay or dismiss it.",
            cause=NOTHING_TO_CORRECT,
        )
    newer = newer_version(connection, held.document_id)
    if newer is not None:
        raise RejectedError(
            f"The source has sent a newer version of it since: document {newer}.",
            remedy="That one counts. Replay this letter to close it, and correct the newer one.",
            cause=SUPERSEDED,
        )
    row = connection.execute(
        insert(corrections)
        .values(document_id=held.document_id, **new.model_dump(mode="python"))
        .returning(*rows.CORRECTION)
    )
    return rows.correction(row.mappings().one())
