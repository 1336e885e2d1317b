"""Dead letters as text for people and as plain values for programs; decides nothing."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pydantic import JsonValue

from tieout.domain.desk import Case, Correction, ReplayJob, history
from tieout.domain.ledger import DeadLetter, Document
from tieout.domain.plan import Action
from tieout.stack.tables import text_table
from tieout.usecases.desk import Shown
from tieout.usecases.dry_run import Trial
from tieout.usecases.resolve import Resolved

BODY_SHOWN_MAX = 2000
"""How much of an original is shown as text, in characters; JSON output has all of it."""
MOMENT = "%Y-%m-%d %H:%M:%S %Z"


def letters_json(letters: Sequence[DeadLetter]) -> JsonValue:
    """Return dead letters."""
    return {"dead_letters": [letter.model_dump(mode="json") for letter in letters]}


def letters_text(letters: Sequence[DeadLetter]) -> str:
    """Return dead letters, each with what is wrong and what to do, and what they are worth."""
    if not letters:
        return "No dead letters."
    blocks = [
        f"{letter.dead_letter_id}  {letter.trace_key}  [{letter.cause}]{_worth(letter)}"
        f"{'' if letter.is_open else f'  {letter.resolution} by {letter.closed_by}'}\n"
        f"  {letter.message}\n  {letter.remedy}{_owner(letter)}{_awaited(letter)}"
        for letter in letters
    ]
    worth: defaultdict[str, Decimal] = defaultdict(Decimal)
    for letter in letters:
        if letter.amount is not None and letter.is_open:
            worth[letter.currency] += letter.amount
    totals = [f"{amount} {currency}" for currency, amount in sorted(worth.items())]
    return "\n".join([*blocks, *([f"open: {', '.join(totals)}"] if totals else [])])


def _owner(letter: DeadLetter) -> str:
    return f" (for {letter.owner})" if letter.owner else ""


def _awaited(letter: DeadLetter) -> str:
    """Say what the letter waits for, on a line of its own."""
    if not letter.waits_for or not letter.is_open:
        return ""
    return f"\n  It goes on by itself when there is: {', '.join(letter.waits_for)}."


def _worth(letter: DeadLetter) -> str:
    return "" if letter.amount is None else f"  {letter.amount} {letter.currency}"


def warnings_json(documents: Sequence[Document]) -> JsonValue:
    """Return what the gate warned of, by document."""
    return {
        "warned": [
            {
                **one.model_dump(mode="json", include={"document_id", "pair", "document_type"}),
                "trace_key": f"{one.account} {one.name}",
                "state": one.state,
                "warnings": [warning.model_dump(mode="json") for warning in one.warnings],
            }
            for one in documents
        ]
    }


def warnings_text(documents: Sequence[Document]) -> str:
    """Return what the gate warned of, each record with what is wrong and what to do."""
    blocks = [
        f"{one.document_id}  {one.account} {one.name}  [{warning.rule}]  {one.state}\n"
        f"  {warning.message}\n  {warning.remedy} (for {warning.owner})"
        for one in documents
        for warning in one.warnings
    ]
    return "\n".join(blocks) or "No warnings."


def shown_json(shown: Shown) -> JsonValue:
    """Return all there is of one dead letter; ``payload`` is what corrections refer to."""
    case = shown.case
    document = case.document
    return {
        "dead_letter": case.letter.model_dump(mode="json"),
        "original": _original(case),
        "payload": document.corrected if document else None,
        "source_payload": document.payload if document else None,
        "canonical": shown.canonical,
        "unreadable": shown.unreadable,
        "document": _document(case),
        "deliveries": [one.model_dump(mode="json") for one in case.deliveries],
        "corrections": [one.model_dump(mode="json") for one in case.corrections],
        "history": [one.model_dump(mode="json") for one in history(case)],
    }


def _original(case: Case) -> JsonValue:
    if case.entry is None:
        return None
    entry = case.entry
    return {
        "inbox_id": entry.inbox_id,
        "topic": entry.topic,
        "account": entry.account,
        "received_at": entry.received_at.isoformat(),
        "body_size": entry.body_size,
        "body": None if entry.body is None else entry.body.decode("utf-8", "replace"),
    }


def _document(case: Case) -> JsonValue:
    if case.document is None:
        return None
    return {
        "document_id": case.document.document_id,
        "state": case.document.state,
        "version_at": case.document.version_at.isoformat(),
        "crashes": case.document.crashes,
        "newer_version": case.newer_version_id,
    }


def shown_text(shown: Shown) -> str:
    """Return all there is of one dead letter, for reading."""
    return "\n".join(_shown_lines(shown))


def _shown_lines(shown: Shown) -> Iterator[str]:
    case, letter = shown.case, shown.case.letter
    state = "open" if letter.is_open else f"{letter.resolution} by {letter.closed_by}"
    yield f"{letter.dead_letter_id}  {letter.trace_key}  [{letter.cause}]{_worth(letter)}  {state}"
    yield f"  {letter.message}"
    yield f"  {letter.remedy}{_owner(letter)}{_awaited(letter)}"
    if letter.field or letter.value:
        yield f"  at fault: {letter.field} = {letter.value!r}"
    if letter.reason:
        yield f"  reason: {letter.reason}"
    if letter.proof is not None:
        yield f"  proof: {_compact(letter.proof)}"
    if case.newer_version_id is not None:
        yield (
            f"  The source has sent a newer version since (document {case.newer_version_id}): that "
            "one counts, and no correction of this one applies to it."
        )
    yield from _contents(shown)
    yield "history:"
    for one in history(case):
        why = f": {one.why}" if one.why else ""
        yield f"  {one.at:{MOMENT}}  {one.dead_letter_id}  {one.what} by {one.by}{why}"
    if case.document is not None:
        yield f"now: document {case.document.document_id} is {case.document.state}"


def _contents(shown: Shown) -> Iterator[str]:
    case, letter = shown.case, shown.case.letter
    if case.entry is not None:
        body = (case.entry.body or b"").decode("utf-8", "replace")
        kept = "" if case.entry.body is not None else ", not kept"
        yield f"original ({case.entry.topic}, {case.entry.body_size} bytes{kept}):"
        yield f"  {body[:BODY_SHOWN_MAX]}{' ...' if len(body) > BODY_SHOWN_MAX else ''}"
    if shown.canonical is not None:
        yield f"canonical:\n  {_compact(shown.canonical)}"
    if shown.unreadable:
        yield f"canonical: cannot be read: {shown.unreadable}"
    for correction in case.corrections:
        yield correction_text(correction)
    if letter.mapped is not None:
        yield f"mapped for {letter.step}:\n  {_compact(letter.mapped)}"
    if letter.answer is not None:
        yield f"answer:\n  {_compact(letter.answer)}"
    for one in case.deliveries:
        yield (
            f"{one.target} {one.entity} {one.document_key}: {one.state}, {one.attempts} attempts, "
            f"mapping {one.mapping_version[:12]}, rules {one.rule_set[:12]}"
        )


def correction_text(correction: Correction) -> str:
    """Return what a person changed, from and to."""
    named = f"correction {correction.correction_id} of dead letter {correction.dead_letter_id}"
    lines = [f"{named}, by {correction.corrected_by}: {correction.reason}"]
    for operation in correction.patch:
        was = _compact(correction.before.get(operation.path))
        lines.append(f"  {operation.op} {operation.path}: {was} -> {_compact(operation.value)}")
    before, after = correction.amount_before, correction.amount_after
    if before != after:
        lines.append(f"  total: {_amount(before)} -> {_amount(after)} {correction.currency}")
    return "\n".join(lines)


def _amount(amount: Decimal | None) -> str:
    return "unreadable" if amount is None else f"{amount:f}"


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def jobs_json(jobs: Sequence[ReplayJob]) -> JsonValue:
    """Return replays of many."""
    return {"replay_jobs": [job.model_dump(mode="json") for job in jobs]}


def jobs_text(jobs: Sequence[ReplayJob]) -> str:
    """Return where replays of many stand, a line each, and why one stopped or waits."""
    if not jobs:
        return "No replay jobs."
    headers = (
        "job",
        "state",
        "what",
        "total",
        "waiting",
        "under way",
        "again",
        "by others",
        "asked by",
    )
    rows = [
        (
            str(job.job_id),
            str(job.state),
            " ".join(one for one in (job.pair, job.flow, job.cause) if one) or "by time",
            str(job.total),
            str(job.waiting),
            str(job.undecided),
            str(job.failed_again),
            str(job.settled_otherwise),
            job.requested_by,
        )
        for job in jobs
    ]
    said = [f"job {job.job_id}: {job.message}" for job in jobs if job.message]
    return "\n".join([text_table(headers, rows, right="r  rrrrr "), *said])


def resolved_json(resolved: Sequence[Resolved]) -> JsonValue:
    """Return what was closed with a proof."""
    return {"resolved": [one.model_dump(mode="json") for one in resolved]}


def resolved_text(resolved: Sequence[Resolved]) -> str:
    """Return what was closed, each with its proof."""
    lines = [f"{one.dead_letter_id}  {one.trace_key}  {_compact(one.proof)}" for one in resolved]
    return "\n".join([*lines, f"{len(resolved)} dead letters are proven posted and closed."])


def trials_json(trials: Sequence[Trial]) -> JsonValue:
    """Return what replays would come to, with whole payloads."""
    return {"trials": [trial.model_dump(mode="json") for trial in trials]}


def trials_text(trials: Sequence[Trial]) -> str:
    """Return what replays would come to, and how each write differs from what was mapped."""
    lines = [line for trial in trials for line in _trial_lines(trial)]
    endings = Counter(str(trial.ending) for trial in trials)
    counted = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
    lines += sorted({f"It would wait: {one}" for trial in trials for one in trial.blocked})
    return "\n".join([*lines, f"Nothing was written. {len(trials)} tried: {counted or 'none'}."])


def _trial_lines(trial: Trial) -> Iterator[str]:
    why = trial.cause or trial.rule
    yield f"{trial.dead_letter_id}  {trial.trace_key}  {trial.ending}{f' [{why}]' if why else ''}"
    if trial.message:
        yield f"  {trial.message}\n  {trial.remedy}"
    for write in trial.writes:
        yield f"  {write.action} {write.target} {write.entity} {write.document_key}"
        if write.differences is None and write.action is not Action.UNCHANGED:
            yield f"    {_compact(write.payload)}"
        for change in write.differences or ():
            yield f"    {change.path}: {_compact(change.was)} -> {_compact(change.now)}"
