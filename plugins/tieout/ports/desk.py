"""The desk, where people settle dead letters."""

from typing import Protocol

from tieout.domain.base import DeadLetterId, Json
from tieout.domain.desk import (
    Case,
    Correction,
    LetterQuery,
    MappingChoice,
    NewCorrection,
    NewReplayJob,
    ReplayJob,
)
from tieout.domain.ledger import DeadLetter, Document


class Desk(Protocol):
    """The desk of dead letters. Every method is one transaction and commits before it returns.

    ``by`` is who acts, and the actor of the audit rows that the call leaves. Of two calls on one
    open letter at once, one wins and the other is rejected.
    """

    def letters(self, query: LetterQuery) -> list[DeadLetter]:
        """Return the dead letters asked for, oldest first."""

    def find(self, reference: str) -> list[Document]:
        """Return the documents that a reference names, oldest first.

        It is the source's id or name (with or without #), or an id or number that one of the
        document's records has in any system, or a reference that it was written with. An empty one
        names nothing.
        """

    def case(self, dead_letter_id: DeadLetterId) -> Case:
        """Return all that is known of one dead letter, open or closed.

        Raises:
            RejectedError: There is none with this id (``unknown_dead_letter``).
        """

    def correct(self, correction: NewCorrection) -> Correction:
        """Store a correction of an open letter's document; the letter stays open.

        What the source said stays as it came.

        Raises:
            RejectedError: The letter is closed (``already_settled``), unknown
                (``unknown_dead_letter``), is of a message that became no document
                (``nothing_to_correct``), or the source has said something newer since
                (``superseded``): that is what counts.
        """

    def put_back(
        self,
        dead_letter_id: DeadLetterId,
        *,
        by: str,
        mapping: MappingChoice = MappingChoice.CURRENT,
    ) -> None:
        """Replay, as ``Ledger.replay`` does, on somebody's word and by the mapping chosen.

        Raises:
            RejectedError: It is closed (``already_settled``) or unknown (``unknown_dead_letter``).
        """

    def dismiss(self, dead_letter_id: DeadLetterId, *, by: str, reason: str) -> None:
        """Close an open letter as dismissed; its record is skipped by rule ``dismissed``.

        Raises:
            RejectedError: It is closed (``already_settled``) or unknown (``unknown_dead_letter``).
        """

    def resolve(self, dead_letter_id: DeadLetterId, *, by: str, proof: Json) -> None:
        """Close an open letter as resolved, with the proof; its record is skipped, ``resolved``.

        Raises:
            RejectedError: It is closed (``already_settled``) or unknown (``unknown_dead_letter``).
        """

    def open_job(self, job: NewReplayJob) -> ReplayJob:
        """Make a job of the letters that are open now; the same ``request_key`` is the same job."""

    def jobs(self, *, is_running: bool = False) -> list[ReplayJob]:
        """Return the jobs, or only the running ones, newest first."""

    def pause(self, job_id: int, *, by: str) -> ReplayJob:
        """Pause a running job; what was put back stays so.

        Raises:
            RejectedError: It is not running (``already_settled``) or unknown (``unknown_job``).
        """

    def resume(self, job_id: int, *, by: str) -> ReplayJob:
        """Let a paused or stopped job go on; what failed up to now counts no longer.

        Raises:
            RejectedError: It runs or is done (``already_settled``) or is unknown (``unknown_job``).
        """

    def work(self, job_id: int) -> ReplayJob:
        """Put back the next chunk of a running job, and return how far it is.

        At most the job's letters per minute, and never more whose outcome is open than ``room_for``
        allows. The job ends when every outcome is known, and stops when more than JOB_FAILURES_MAX
        of those known are the same cause again. Two workers at once share the letters.

        Raises:
            RejectedError: There is no such job (``unknown_job``).
        """
