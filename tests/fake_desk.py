"""The Desk port in memory, over the fake ledger: one object is both, and one lock rules it."""

from datetime import datetime, timedelta

from typing_extensions import override

from fake_ledger.ledger import FakeLedger
from tieout.domain.base import DeadLetterId, DocumentId, Json
from tieout.domain.desk import (
    CORRELATION,
    JOB_DECIDED_MIN,
    JOB_FAILURES_MAX,
    JOB_UNDECIDED_FIRST,
    JOB_UNDECIDED_MAX,
    REFERENCES,
    Case,
    Correction,
    JobState,
    LetterQuery,
    MappingChoice,
    NewCorrection,
    NewReplayJob,
    ReplayJob,
)
from tieout.domain.ledger import UNFINISHED, DeadLetter, Document, InboxState
from tieout.errors import RejectedError
from tieout.ports.clock import Clock
from tieout.ports.desk import Desk


class Job:
    """A replay of many: what was asked, and where each of its letters stands."""

    def __init__(
        self, job_id: int, new: NewReplayJob, letters: list[DeadLetterId], at: datetime
    ) -> None:
        self.job_id = job_id
        self.new = new
        self.waiting = letters
        self.replayed: dict[DeadLetterId, datetime] = {}
        self.settled_otherwise = 0
        self.state = JobState.RUNNING
        self.message = ""
        self.created_at = at
        self.forgiven: set[DeadLetterId] = set()


class FakeDesk(FakeLedger, Desk):
    """A ledger in memory with a desk."""

    def __init__(self, clock: Clock, *, writer_wait_s: float = 60.0) -> None:
        super().__init__(clock, writer_wait_s=writer_wait_s)
        self._corrections: list[Correction] = []
        self._jobs: list[Job] = []

    @override
    def letters(self, query: LetterQuery) -> list[DeadLetter]:
        with self._lock:
            letters = self._dead_letters.values()
            return [letter for letter in letters if self._is_asked_for(letter, query)]

    def _is_asked_for(self, letter: DeadLetter, query: LetterQuery) -> bool:
        return (
            query.pair in ("", letter.pair)
            and query.cause in ("", letter.cause)
            and (query.since is None or letter.opened_at >= query.since)
            and (query.until is None or letter.opened_at < query.until)
            and query.is_open in (None, letter.is_open)
            and (query.records is None or self._is_of(letter, query))
        )

    def _is_of(self, letter: DeadLetter, query: LetterQuery) -> bool:
        if query.records is None:
            return True
        document = self._document_or_none(letter.document_id)
        if document is not None:
            return document.document_type in query.records.document_types
        return (
            letter.inbox_id is not None
            and self._entries[letter.inbox_id].source in query.records.sources
        )

    def _document_or_none(self, document_id: DocumentId | None) -> Document | None:
        return None if document_id is None else self._documents[document_id]

    @override
    def find(self, reference: str) -> list[Document]:
        with self._lock:
            return [
                one
                for one in self._documents.values()
                if reference in self._names(one) or one.name == f"#{reference}"
            ]

    def _names(self, document: Document) -> set[str]:
        names = {document.source_id, document.name}
        for one in self.deliveries([document.document_id]):
            names |= {one.external_id, one.external_no, one.document_key}
            for place in REFERENCES:
                value: object = one.payload
                for name in place:
                    value = value.get(name) if isinstance(value, dict) else None
                names.add(str(value or ""))
            fields = one.payload.get("metafields")
            for field in fields if isinstance(fields, list) else ():
                if isinstance(field, dict) and field.items() >= CORRELATION.items():
                    names.add(str(field.get("value", "")))
        for bound in self._bindings.values():
            if (bound.pair, bound.entity, bound.key) == (
                document.pair,
                "order",
                document.source_id,
            ):
                names |= {bound.external_id, bound.external_no}
        return names - {""}

    @override
    def case(self, dead_letter_id: DeadLetterId) -> Case:
        with self._lock:
            if dead_letter_id not in self._dead_letters:
                self._open_letter(dead_letter_id)
            letter = self._dead_letters[dead_letter_id]
            document = self._document_or_none(letter.document_id)
            inbox_id = letter.inbox_id
            if document is not None:
                inbox_id = next(
                    one
                    for one, of_entry in self._document_of.items()
                    if of_entry == document.document_id
                )
            return Case(
                letter=letter,
                entry=None if inbox_id is None else self._entries[inbox_id],
                document=document,
                deliveries=tuple(self.deliveries([document.document_id])) if document else (),
                corrections=tuple(
                    one for one in self._corrections if self._is_same(one.document_id, document)
                ),
                letters=tuple(
                    one
                    for one in self._dead_letters.values()
                    if (
                        self._is_same(one.document_id, document)
                        if document
                        else one.inbox_id == letter.inbox_id
                    )
                ),
                newer_version_id=(
                    self._newer_version(document.document_id) if document is not None else None
                ),
            )

    def _is_same(self, document_id: DocumentId | None, document: Document | None) -> bool:
        other = self._document_or_none(document_id)
        if other is None or document is None:
            return False
        return (other.account, other.document_type, other.source_id) == (
            document.account,
            document.document_type,
            document.source_id,
        )

    @override
    def correct(self, correction: NewCorrection) -> Correction:
        with self._lock:
            letter = self._open_letter(correction.dead_letter_id)
            if letter.document_id is None:
                raise _rejected("nothing_to_correct")
            if self._newer_version(letter.document_id) is not None:
                raise _rejected("superseded")
            stored = Correction(
                correction_id=len(self._corrections) + 1,
                document_id=letter.document_id,
                corrected_at=self._clock.now(),
                **correction.model_dump(),
            )
            self._corrections.append(stored)
            known = self._documents[letter.document_id].corrections
            self._change(letter.document_id, corrections=(*known, *stored.patch))
            subject = f"correction/{stored.correction_id}"
            self._note(letter.pair, "correction.made", subject, correction.corrected_by)
            return stored

    @override
    def put_back(
        self,
        dead_letter_id: DeadLetterId,
        *,
        by: str,
        mapping: MappingChoice = MappingChoice.CURRENT,
    ) -> None:
        self._replay(dead_letter_id, by=by, keeps_mapping=mapping is MappingChoice.ORIGINAL)

    @override
    def dismiss(self, dead_letter_id: DeadLetterId, *, by: str, reason: str) -> None:
        with self._lock:
            self._skip(self._close(dead_letter_id, "dismissed", by=by, reason=reason))

    @override
    def resolve(self, dead_letter_id: DeadLetterId, *, by: str, proof: Json) -> None:
        with self._lock:
            self._skip(self._close(dead_letter_id, "resolved", by=by, proof=proof))

    def _skip(self, closed: DeadLetter) -> None:
        if closed.document_id is not None:
            self._drop(closed.document_id, closed.resolution)
        elif closed.inbox_id is not None:
            self._settle(closed.inbox_id, InboxState.SKIPPED, closed.resolution)

    @override
    def open_job(self, job: NewReplayJob) -> ReplayJob:
        with self._lock:
            for known in self._jobs:
                if job.request_key and known.new.request_key == job.request_key:
                    return self._told(known)
            letters = [letter.dead_letter_id for letter in self.letters(job.query)]
            made = Job(len(self._jobs) + 1, job, letters, self._clock.now())
            self._jobs.append(made)
            return self._told(made)

    @override
    def jobs(self, *, is_running: bool = False) -> list[ReplayJob]:
        with self._lock:
            told = [self._told(job) for job in reversed(self._jobs)]
            return [job for job in told if not is_running or job.state is JobState.RUNNING]

    @override
    def pause(self, job_id: int, *, by: str) -> ReplayJob:
        with self._lock:
            return self._turn(job_id, (JobState.RUNNING,), JobState.PAUSED, f"paused by {by}")

    @override
    def resume(self, job_id: int, *, by: str) -> ReplayJob:
        with self._lock:
            resumable = (JobState.PAUSED, JobState.STOPPED)
            told = self._turn(job_id, resumable, JobState.RUNNING, f"resumed by {by}")
            self._job(job_id).forgiven = set(self._job(job_id).replayed)
            return told

    def _turn(
        self, job_id: int, allowed: tuple[JobState, ...], state: JobState, message: str
    ) -> ReplayJob:
        job = self._job(job_id)
        if job.state not in allowed:
            raise _rejected("already_settled")
        job.state, job.message = state, message
        return self._told(job)

    def _job(self, job_id: int) -> Job:
        if not 1 <= job_id <= len(self._jobs):
            raise _rejected("unknown_job")
        return self._jobs[job_id - 1]

    @override
    def work(self, job_id: int) -> ReplayJob:
        with self._lock:
            job = self._job(job_id)
            if job.state is not JobState.RUNNING:
                return self._told(job)
            judged = [one for one in job.replayed if one not in job.forgiven]
            decided = [one for one in judged if not self._is_undecided(one)]
            failed = [one for one in decided if self._has_failed_again(one)]
            undecided = sum(map(self._is_undecided, job.replayed))
            if len(decided) >= JOB_DECIDED_MIN and len(failed) > JOB_FAILURES_MAX * len(decided):
                job.state = JobState.STOPPED
                job.message = f"{len(failed)} of {len(decided)} failed again for the same cause"
            elif not job.waiting and not undecided:
                job.state, job.message = JobState.DONE, ""
            else:
                minute_ago = self._clock.now() - timedelta(minutes=1)
                recent = sum(at > minute_ago for at in job.replayed.values())
                room = min(JOB_UNDECIDED_FIRST + len(decided), JOB_UNDECIDED_MAX) - undecided
                free = min(job.new.per_minute - recent, room, len(job.waiting))
                for _ in range(free):
                    self._put_next_back(job)
            return self._told(job)

    def _put_next_back(self, job: Job) -> None:
        one = job.waiting.pop(0)
        try:
            self.put_back(one, by=job.new.requested_by, mapping=job.new.mapping)
        except RejectedError:
            job.settled_otherwise += 1
        else:
            job.replayed[one] = self._clock.now()

    def _is_undecided(self, dead_letter_id: DeadLetterId) -> bool:
        letter = self._dead_letters[dead_letter_id]
        document_id = letter.document_id
        if document_id is None and letter.inbox_id is not None:
            if self._entry_states[letter.inbox_id][0] == InboxState.PENDING:
                return True
            document_id = self._document_of.get(letter.inbox_id)
        document = self._document_or_none(document_id)
        return document is not None and document.state in UNFINISHED

    def _has_failed_again(self, dead_letter_id: DeadLetterId) -> bool:
        letter = self._dead_letters[dead_letter_id]
        return any(
            (later.document_id, later.inbox_id, later.cause)
            == (letter.document_id, letter.inbox_id, letter.cause)
            for later in self._dead_letters.values()
            if later.dead_letter_id > dead_letter_id
        )

    def _told(self, job: Job) -> ReplayJob:
        return ReplayJob(
            job_id=job.job_id,
            pair=job.new.query.pair,
            cause=job.new.query.cause,
            flow=job.new.flow,
            since=job.new.query.since,
            until=job.new.query.until,
            mapping=job.new.mapping,
            per_minute=job.new.per_minute,
            state=job.state,
            message=job.message,
            requested_by=job.new.requested_by,
            created_at=job.created_at,
            total=len(job.waiting) + len(job.replayed) + job.settled_otherwise,
            waiting=len(job.waiting),
            replayed=len(job.replayed),
            settled_otherwise=job.settled_otherwise,
            undecided=sum(map(self._is_undecided, job.replayed)),
            failed_again=sum(map(self._has_failed_again, job.replayed)),
        )


def _rejected(cause: str) -> RejectedError:
    return RejectedError(f"it cannot be done: {cause}", remedy="Look at it again.", cause=cause)
