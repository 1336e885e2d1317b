"""Look at a dead letter and correct it: what a person at the desk asks for, checked and stored.

Closing letters is the desk port's own; trying one out before is ``dry_run``; many at once are jobs.
"""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pydantic import AwareDatetime, Field, JsonValue

from tieout.domain.base import DeadLetterId, Frozen, Json
from tieout.domain.desk import (
    PER_MINUTE_MAX,
    Case,
    Correction,
    FlowRecords,
    LetterQuery,
    MappingChoice,
    NewCorrection,
    NewReplayJob,
    ReplayJob,
)
from tieout.domain.json_patch import Act, Operation, differences, found, patched
from tieout.domain.ledger import POST_ON, Document, json_object
from tieout.errors import RejectedError
from tieout.ports.desk import Desk
from tieout.ports.mapper import Mapper
from tieout.usecases.steps import flow_steps


def records_of(flow: str) -> FlowRecords:
    """Return which records a flow carries.

    Raises:
        ConfigurationError: There is no such flow.
    """
    steps = flow_steps(flow)
    return FlowRecords(document_types=(steps.document_type,), sources=steps.sources)


class Shown(Frozen):
    """A case with what the mapping reads out of it now; ``canonical`` is None if it cannot."""

    case: Case
    canonical: Json | None
    unreadable: str = ""


def show(desk: Desk, mapper: Mapper, dead_letter_id: DeadLetterId) -> Shown:
    """Return all there is to see of one dead letter.

    The canonical form is the one stored, or else, as for what the gate refused, as read now.

    Raises:
        RejectedError: There is no dead letter with this id.
    """
    case = desk.case(dead_letter_id)
    if case.document is None:
        return Shown(case=case, canonical=None)
    if case.document.canonical is not None:
        return Shown(case=case, canonical=case.document.canonical)
    try:
        order = mapper.order_from_shop(case.document.corrected, shop=case.document.account)
    except RejectedError as error:
        return Shown(case=case, canonical=None, unreadable=error.message)
    return Shown(case=case, canonical=order.model_dump(mode="json"))


class Wish(Frozen):
    """What a person wants changed: texts by JSON pointer, places to remove, whole operations."""

    texts: tuple[tuple[str, str], ...] = ()
    removals: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()


def correct(
    desk: Desk, mapper: Mapper, dead_letter_id: DeadLetterId, wish: Wish, *, by: str, reason: str
) -> Correction:
    """Store a person's correction of what the source said; the letter stays open for a replay.

    Raises:
        RejectedError: It does not apply to the record, changes nothing, or cannot be corrected.
    """
    if not by.strip() or not reason.strip():
        raise RejectedError(
            "A correction needs a name and a reason.",
            remedy="Say who corrects it, and why.",
            cause="correction_does_not_apply",
        )
    document = desk.case(dead_letter_id).document
    if document is None:
        raise RejectedError(
            f"Dead letter {dead_letter_id} is of a message that became no document.",
            remedy="Correct it at its source, then replay or dismiss it.",
            cause="nothing_to_correct",
        )
    patch = _patch(document, wish)
    _check_day(patch)
    before: JsonValue = document.corrected
    after = patched(before, patch)
    if not list(differences(before, after)):
        raise RejectedError(
            f"The correction of dead letter {dead_letter_id} changes nothing.",
            remedy="Look at the record with 'tieout dead-letters show ID --json'.",
            cause="correction_does_not_apply",
        )
    old, new = _total(mapper, document, before), _total(mapper, document, after)
    return desk.correct(
        NewCorrection(
            dead_letter_id=dead_letter_id,
            patch=tuple(patch),
            before={one.path: found(before, one.path)[1] for one in patch},
            after={one.path: one.value for one in patch},
            amount_before=old[0] if old else None,
            amount_after=new[0] if new else None,
            currency=(new or old or (None, ""))[1],
            corrected_by=by.strip(),
            reason=reason.strip(),
        )
    )


def _patch(document: Document, wish: Wish) -> list[Operation]:
    """Return the operations; a text takes the type of what stands at its place."""
    present: JsonValue = document.corrected
    patch: list[Operation] = []
    for path, text in wish.texts:
        is_there, value = found(patched(present, patch), path)
        patch.append(
            Operation(
                op=Act.REPLACE if is_there else Act.ADD,
                path=path,
                value=text if isinstance(value, str) else _parsed(text),
            )
        )
    patch += [Operation(op=Act.REMOVE, path=path) for path in wish.removals]
    return [*patch, *wish.operations]


def _check_day(patch: Sequence[Operation]) -> None:
    """Make sure that what is chosen as the day to post on is one."""
    for said in (one.value for one in patch if one.path == POST_ON):
        try:
            date.fromisoformat(str(said))
        except ValueError as error:
            raise RejectedError(
                f"{said!r} is no day to post on.",
                remedy="Write it as 2026-12-01, or use 'tieout close post ID'.",
                cause="correction_does_not_apply",
                field=POST_ON,
            ) from error


def _parsed(text: str) -> JsonValue:
    """Read JSON where it is JSON; anything else is text. Amounts are texts in every record."""
    try:
        value: JsonValue = json.loads(text, parse_constant=lambda name: name)
    except ValueError:
        return text
    return value


def _total(mapper: Mapper, document: Document, payload: JsonValue) -> tuple[Decimal, str] | None:
    """Return the order's total and currency as it would be read, or None if it cannot be."""
    try:
        order = mapper.order_from_shop(json_object.validate_python(payload), shop=document.account)
    except RejectedError:
        return None
    return order.total, order.currency


class JobWish(Frozen):
    """What a person wants replayed; what is empty or None restricts nothing."""

    pair: str = ""
    cause: str = ""
    flow: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    mapping: MappingChoice = MappingChoice.CURRENT
    per_minute: int = Field(default=60, ge=1, le=PER_MINUTE_MAX)

    @property
    def query(self) -> LetterQuery:
        """Return which letters that is.

        Raises:
            ConfigurationError: There is no such flow.
        """
        return LetterQuery(
            pair=self.pair,
            cause=self.cause,
            records=records_of(self.flow) if self.flow else None,
            since=self.since,
            until=self.until,
        )


def open_job(desk: Desk, wish: JobWish, *, by: str, request_key: str = "") -> ReplayJob:
    """Make a job that puts back every open letter that the wish names.

    Raises:
        RejectedError: No open letter is named (cause ``nothing_to_replay``).
        ConfigurationError: There is no such flow.
    """
    job = desk.open_job(
        NewReplayJob(
            query=wish.query,
            flow=wish.flow,
            mapping=wish.mapping,
            per_minute=wish.per_minute,
            requested_by=by,
            request_key=request_key,
        )
    )
    if job.total == 0:
        desk.work(job.job_id)
        raise RejectedError(
            "No open dead letter is what was asked for.",
            remedy="'tieout dead-letters' with the same options lists them.",
            cause="nothing_to_replay",
        )
    return job


def work_jobs(desk: Desk) -> list[ReplayJob]:
    """Work on every running job for one chunk, and return how far each is."""
    return [desk.work(job.job_id) for job in desk.jobs(is_running=True)]
