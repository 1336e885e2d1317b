"""Statements on replays of many: a job, the letters fixed when it was made, and its progress.

Several workers may work on one job at once: each takes letters that no other holds.
"""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from tieout.domain.base import DeadLetterId
from tieout.domain.desk import (
    JOB_DECIDED_MIN,
    JOB_FAILURES_MAX,
    JobState,
    MappingChoice,
    NewReplayJob,
    ReplayJob,
    room_for,
)
from tieout.domain.ledger import UNFINISHED, InboxState
from tieout.errors import RejectedError
from tieout.ledger.dead_letters import replay
from tieout.ledger.schema import dead_letters, documents, inbox, replay_job_letters, replay_jobs
from tieout.ledger.session import act_as

WAITING, REPLAYED, SETTLED_OTHERWISE = "waiting", "replayed", "settled_otherwise"
JOBS_LISTED_MAX = 100
_MINUTE = func.make_interval(0, 0, 0, 0, 0, 1)


def open_job(
    connection: Connection, new: NewReplayJob, wanted: Sequence[ColumnElement[bool]]
) -> ReplayJob:
    """Insert a job and the letters it is about; a known request key is the job it made before."""
    inserted = connection.execute(
        insert(replay_jobs)
        .values(
            pair=new.query.pair,
            cause=new.query.cause,
            since=new.query.since,
            until=new.query.until,
            **new.model_dump(exclude={"query"}),
        )
        .on_conflict_do_nothing()
        .returning(replay_jobs.c.job_id)
    ).scalar_one_or_none()
    if inserted is None:
        known = select(replay_jobs.c.job_id).where(replay_jobs.c.request_key == new.request_key)
        return job(connection, connection.execute(known).scalar_one())
    letters = select(dead_letters.c.dead_letter_id, literal(inserted)).where(*wanted)
    connection.execute(
        insert(replay_job_letters).from_select(["dead_letter_id", "job_id"], letters)
    )
    return job(connection, inserted)


def jobs(connection: Connection, *, is_running: bool) -> list[ReplayJob]:
    """Return the latest jobs, newest first."""
    statement = select(replay_jobs.c.job_id).order_by(replay_jobs.c.job_id.desc())
    if is_running:
        statement = statement.where(replay_jobs.c.state == JobState.RUNNING)
    found = connection.execute(statement.limit(JOBS_LISTED_MAX)).scalars()
    return [job(connection, job_id) for job_id in list(found)]


def job(connection: Connection, job_id: int) -> ReplayJob:
    """Return a job and how far it is."""
    found = connection.execute(select(replay_jobs).where(replay_jobs.c.job_id == job_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise _unknown(job_id)
    fields = {name: row[name] for name in ReplayJob.model_fields if name in row}
    return ReplayJob.model_validate({**fields, **_progress(connection, job_id)})


def _progress(connection: Connection, job_id: int) -> RowMapping:
    """Count a job's letters by what became of them."""
    letter, is_replayed = replay_job_letters.c, replay_job_letters.c.state == REPLAYED
    counted = connection.execute(
        select(
            func.count().label("total"),
            func.count().filter(letter.state == WAITING).label("waiting"),
            func.count().filter(is_replayed).label("replayed"),
            func.count().filter(letter.state == SETTLED_OTHERWISE).label("settled_otherwise"),
            func.count().filter(is_replayed, _is_undecided()).label("undecided"),
            func.count().filter(is_replayed, _has_failed_again()).label("failed_again"),
        )
        .join(dead_letters, dead_letters.c.dead_letter_id == letter.dead_letter_id)
        .where(letter.job_id == job_id)
    )
    return counted.mappings().one()


def _is_undecided() -> ColumnElement[bool]:
    """Say whether a letter's record is still on its way."""
    of_document = exists().where(
        or_(
            documents.c.document_id == dead_letters.c.document_id,
            and_(
                dead_letters.c.document_id.is_(None),
                documents.c.inbox_id == dead_letters.c.inbox_id,
            ),
        ),
        documents.c.state.in_(UNFINISHED),
    )
    of_entry = exists().where(
        dead_letters.c.document_id.is_(None),
        inbox.c.inbox_id == dead_letters.c.inbox_id,
        inbox.c.state == InboxState.PENDING,
    )
    return or_(of_document, of_entry)


def _has_failed_again() -> ColumnElement[bool]:
    """Say whether a letter's record was set aside again for the same cause."""
    later = dead_letters.alias("later")
    of_document = and_(
        dead_letters.c.document_id.is_not(None),
        later.c.document_id == dead_letters.c.document_id,
    )
    of_entry = and_(
        dead_letters.c.document_id.is_(None), later.c.inbox_id == dead_letters.c.inbox_id
    )
    return exists().where(
        or_(of_document, of_entry),
        later.c.dead_letter_id > dead_letters.c.dead_letter_id,
        later.c.cause == dead_letters.c.cause,
    )


def pause(connection: Connection, job_id: int, by: str) -> ReplayJob:
    """Pause a running job."""
    return _moved(connection, job_id, (JobState.RUNNING,), JobState.PAUSED, f"paused by {by}")


def resume(connection: Connection, job_id: int, by: str) -> ReplayJob:
    """Let a paused or stopped job go on; what failed up to now no longer stops it."""
    moved = (JobState.PAUSED, JobState.STOPPED)
    return _moved(connection, job_id, moved, JobState.RUNNING, f"resumed by {by}")


def _moved(
    connection: Connection, job_id: int, allowed: tuple[JobState, ...], to: JobState, message: str
) -> ReplayJob:
    values: dict[str, object] = {"state": to, "message": message}
    if to is JobState.RUNNING:
        values["judged_from"] = func.clock_timestamp()
    moved = connection.execute(
        update(replay_jobs)
        .where(replay_jobs.c.job_id == job_id, replay_jobs.c.state.in_(allowed))
        .values(changed_at=func.clock_timestamp(), **values)
    )
    present = job(connection, job_id)
    if moved.rowcount == 0:
        raise RejectedError(
            f"Replay job {job_id} is {present.state}.",
            remedy="'tieout replay-jobs' shows where each job stands.",
            cause="already_settled",
        )
    return present


def work(connection: Connection, job_id: int) -> ReplayJob:
    """Put back the next chunk of a running job, or end it, or stop it."""
    present = job(connection, job_id)
    if present.state is not JobState.RUNNING:
        return present
    decided, failed = _judged(connection, job_id)
    if decided >= JOB_DECIDED_MIN and Decimal(failed) / decided > JOB_FAILURES_MAX:
        message = f"{failed} of {decided} failed again for the same cause"
        return _moved(connection, job_id, (JobState.RUNNING,), JobState.STOPPED, message)
    if present.waiting == present.undecided == 0:
        return _moved(connection, job_id, (JobState.RUNNING,), JobState.DONE, "")
    free = min(
        max(present.per_minute - _recent(connection, job_id), 0),
        room_for(undecided=present.undecided, decided=decided),
    )
    for dead_letter_id in _next(connection, job_id, free):
        _put_back(connection, present, dead_letter_id)
    return job(connection, job_id)


def _judged(connection: Connection, job_id: int) -> tuple[int, int]:
    """Return of how many letters the outcome is known since the job began or went on, and bad."""
    letter = replay_job_letters.c
    row = connection.execute(
        select(func.count(), func.count().filter(_has_failed_again()))
        .select_from(replay_job_letters)
        .join(dead_letters, dead_letters.c.dead_letter_id == letter.dead_letter_id)
        .join(replay_jobs, replay_jobs.c.job_id == letter.job_id)
        .where(
            letter.job_id == job_id,
            letter.state == REPLAYED,
            letter.replayed_at >= replay_jobs.c.judged_from,
            ~_is_undecided(),
        )
    ).one()
    return int(row[0]), int(row[1])


def _recent(connection: Connection, job_id: int) -> int:
    """Count what the job put back within the last minute, by the database's clock."""
    return connection.execute(
        select(func.count())
        .select_from(replay_job_letters)
        .where(
            replay_job_letters.c.job_id == job_id,
            replay_job_letters.c.replayed_at > func.clock_timestamp() - _MINUTE,
        )
    ).scalar_one()


def _next(connection: Connection, job_id: int, limit: int) -> list[DeadLetterId]:
    """Take the next waiting letters; another worker's are passed over.

    The job's row is locked in share mode, so that nobody pauses it in the midst of a chunk.
    """
    running = connection.execute(
        select(replay_jobs.c.job_id)
        .where(replay_jobs.c.job_id == job_id, replay_jobs.c.state == JobState.RUNNING)
        .with_for_update(read=True)
    )
    if running.first() is None:
        return []
    found = connection.execute(
        select(replay_job_letters.c.dead_letter_id)
        .where(replay_job_letters.c.job_id == job_id, replay_job_letters.c.state == WAITING)
        .order_by(replay_job_letters.c.dead_letter_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DeadLetterId(one) for one in found.scalars()]


def _put_back(connection: Connection, present: ReplayJob, dead_letter_id: DeadLetterId) -> None:
    """Replay one letter on the word of whoever asked for the job; a closed one is left alone."""
    act_as(connection, present.requested_by)
    keeps_mapping = present.mapping is MappingChoice.ORIGINAL
    state = REPLAYED
    try:
        replay(connection, dead_letter_id, keeps_mapping=keeps_mapping)
    except RejectedError:
        state = SETTLED_OTHERWISE
    connection.execute(
        update(replay_job_letters)
        .where(
            replay_job_letters.c.job_id == present.job_id,
            replay_job_letters.c.dead_letter_id == dead_letter_id,
        )
        .values(state=state, replayed_at=func.clock_timestamp() if state == REPLAYED else None)
    )


def _unknown(job_id: int) -> RejectedError:
    return RejectedError(
        f"The ledger has no replay job {job_id}.",
        remedy="Take the number from 'tieout replay-jobs'.",
        cause="unknown_job",
    )
