"""Judging: a batch's records pass the gate, or not. Records of any kind are judged alike.

One validation for the whole batch; then the good ones go on, with what they are warned of, and
each bad one becomes a dead letter with all that it failed. Which rows fail is the word of
include/expectations, what the rules look at is computed in rows/. How records of a kind are read
belongs to their flow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tieout.domain.base import BatchId, DocumentId, Json
from tieout.domain.ledger import (
    Document,
    DocumentState,
    GateWarning,
    NewDeadLetter,
    Refused,
    Validated,
)
from tieout.domain.pair import Pair
from tieout.domain.streams import StreamState, is_too_bad, source_stream
from tieout.errors import ConfigurationError
from tieout.ports.gate import ROW_KEY, Finding, Row
from tieout.usecases.flow import Flow, Ready, StepReport, dead_letter_of, documents_of
from tieout.usecases.period import as_posted

Record = TypeVar("Record", bound=Ready)


@dataclass(frozen=True)
class Taken(Generic[Record]):
    """A batch as it was read: the rows of what could be, by their documents' ids, and what not.

    ``documents`` are all that is to be settled, in their order.
    """

    documents: Sequence[Document]
    records: Sequence[Record]
    rows: Sequence[Row]
    unreadable: Mapping[DocumentId, NewDeadLetter]
    anew: "Callable[[], Taken[Record]] | None" = None
    """Makes records and rows again of what is known now, where what was known before was used."""


@dataclass(frozen=True)
class Judging(Generic[Record]):
    """How records of one kind are judged; the suite's name is also their document type.

    ``take`` reads documents and computes their rows. ``awaited`` says what a record waits for,
    of which the findings say what it lacks.
    """

    suite: str
    step: str
    take: Callable[[Flow, Sequence[Document]], Taken[Record]]
    canonical: Callable[[Record], Json]
    awaited: Callable[[Record, Sequence[Finding]], tuple[str, ...]] = lambda *_given: ()


def judge(flow: Flow, batch_id: BatchId, judging: Judging[Record]) -> StepReport:
    """Judge the batch's received documents.

    While their stream pauses nothing is judged but a probe now and then: a batch that is good
    enough lets it go on, and of any other nothing is set aside.

    Raises:
        ConfigurationError: An expectation of severity *halt* failed; nothing of the batch goes on.
    """
    name = source_stream(flow.pair.pair, judging.suite)
    admission = flow.streams.admit(name)
    if not admission.is_admitted:
        return _report(judging, paused=name)
    received = documents_of(flow, batch_id, DocumentState.RECEIVED)
    taken = judging.take(flow, received)
    page = str(batch_id) if flow.only is None else f"{batch_id}-{flow.only}"
    by_key = {str(one.document_id): one for one in received}
    findings = _judged(flow, judging, taken, by_key, page)
    if findings and taken.anew is not None:
        taken = taken.anew()
        findings = _judged(flow, judging, taken, by_key, page)
    found = _by_row(findings)
    _halt(flow.pair, found)
    bad = {**taken.unreadable, **_failed(judging, taken.records, found)}
    good = {one.document_id: one for one in taken.records if one.document_id not in bad}
    if admission.is_probe:
        share_max = admission.stream.share_max
        judged = len(good) + len(bad)
        if not good or is_too_bad(judged=judged, bad=len(bad), share_max=share_max):
            return _report(judging, documents=len(received), paused=name)
        flow.streams.succeeded(name)
    counts = _settle(flow, judging, taken.documents, good, bad, found)
    is_open = flow.streams.stream(name).state is StreamState.OPEN
    return _report(judging, documents=len(received), paused="" if is_open else name, **counts)


def _judged(
    flow: Flow,
    judging: Judging[Record],
    taken: Taken[Record],
    documents: Mapping[str, Document],
    page: str,
) -> Sequence[Finding]:
    """Return what is wrong with the rows, each on the day on which it would be posted."""
    rows = [as_posted(row, documents.get(str(row.get(ROW_KEY)))) for row in taken.rows]
    return flow.gate.validate(judging.suite, rows, page=page).findings


def _report(
    judging: Judging[Record],
    *,
    documents: int = 0,
    confirmed: int = 0,
    set_aside: int = 0,
    warned: int = 0,
    paused: str = "",
) -> StepReport:
    return StepReport(
        step=judging.step,
        documents=documents,
        confirmed=confirmed,
        set_aside=set_aside,
        warned=warned,
        paused=paused,
    )


def _settle(
    flow: Flow,
    judging: Judging[Record],
    documents: Sequence[Document],
    good: Mapping[DocumentId, Record],
    bad: Mapping[DocumentId, NewDeadLetter],
    found: Mapping[str, Sequence[Finding]],
) -> dict[str, int]:
    """Let the good ones on and set the bad ones aside, until the stream pauses.

    They were judged together, so that it counts for nothing which of them comes first: the good
    ones are counted evenly between the bad ones. What was not reached by then stays received.
    """
    name = source_stream(flow.pair.pair, judging.suite)
    between = len(good) // len(bad) if bad else 0
    counts = {"set_aside": 0, "warned": 0}
    validated: list[Validated] = []
    is_open = True
    for document in documents:
        record, letter = good.get(document.document_id), bad.get(document.document_id)
        if record is not None:
            warnings = [_warning(one) for one in found.get(str(document.document_id), ())]
            validated.append(
                Validated(
                    document_id=document.document_id,
                    canonical=judging.canonical(record),
                    warnings=tuple(warnings),
                )
            )
            counts["warned"] += bool(warnings)
        elif letter is not None:
            if not flow.streams.judged(name, good=between, is_bad=True):
                is_open = False
                break
            flow.ledger.set_aside(letter)
            counts["set_aside"] += 1
    flow.ledger.mark_validated(*validated)
    uncounted = len(good) - between * len(bad)
    if is_open and uncounted:
        flow.streams.judged(name, good=uncounted, is_bad=False)
    return {**counts, "confirmed": len(validated)}


def _by_row(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.row_key, []).append(finding)
    return found


def _halt(pair: Pair, found: Mapping[str, Sequence[Finding]]) -> None:
    halting = [one for findings in found.values() for one in findings if one.severity == "halt"]
    if not halting:
        return
    first = halting[0]
    more = len(halting) - 1
    raise ConfigurationError(
        f"The gate halted pair {pair.pair}: {first.message}"
        f"{f' {more} more findings halt it.' if more else ''}",
        remedy=f"{first.remedy} It is for {first.owner} to do (rule {first.rule}).",
    )


def _failed(
    judging: Judging[Record],
    records: Sequence[Record],
    found: Mapping[str, Sequence[Finding]],
) -> dict[DocumentId, NewDeadLetter]:
    """Return the dead letter of each record that failed a *park* expectation."""
    parked: dict[DocumentId, NewDeadLetter] = {}
    for record in records:
        findings = found.get(str(record.document_id), ())
        failed = [one for one in findings if one.severity == "park"]
        if failed:
            letter = dead_letter_of(
                record.document,
                _refused(failed, findings),
                step=judging.step,
                order=record.worth,
                waits_for=judging.awaited(record, failed),
            )
            update = {"rule": failed[0].rule, "owner": failed[0].owner}
            parked[record.document_id] = letter.model_copy(update=update)
    return parked


def _refused(failed: Sequence[Finding], findings: Sequence[Finding]) -> Refused:
    """Return the refusal of a record: the cause of the first rule and the messages of all."""
    first = failed[0]
    return Refused(
        cause=first.rule,
        message=" ".join(finding.message for finding in failed),
        remedy=first.remedy,
        field=first.column,
        value=first.value,
        answer=[one.model_dump(mode="json") for one in findings],
    )


def _warning(finding: Finding) -> GateWarning:
    return GateWarning(
        rule=finding.rule,
        owner=finding.owner,
        field=finding.column,
        value=finding.value,
        message=finding.message,
        remedy=finding.remedy,
    )
