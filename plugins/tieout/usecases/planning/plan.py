"""Making a plan: the flow's own capture, gate and steps, over systems that are only read."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from tieout.domain.base import DocumentId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    LANDED,
    Delivery,
    Document,
    DocumentState,
    NewDeadLetter,
    Origin,
    WriteKey,
)
from tieout.domain.pair import Pair
from tieout.domain.plan import (
    Action,
    ApiCalls,
    Ending,
    Plan,
    PlannedConflict,
    PlannedDocument,
    PlannedWrite,
    Version,
)
from tieout.domain.reading import Interval
from tieout.usecases.catalog import Posting, kind_of
from tieout.usecases.flow import Flow
from tieout.usecases.planning.effects import effects_of, summed
from tieout.usecases.planning.ledger import PlanningLedger, version_of
from tieout.usecases.planning.systems import only_read
from tieout.usecases.planning.targets import Notes, Sent, number_of
from tieout.usecases.steps import flow_steps, run_step

PLANNER = "plan"
ENDINGS = {
    DocumentState.DONE: Ending.POST,
    DocumentState.SKIPPED: Ending.SKIP,
    DocumentState.DEAD_LETTER: Ending.DEAD_LETTER,
    DocumentState.HELD: Ending.HOLD,
}
POSTING_NOTES = {
    Posting.NEVER: "",
    Posting.AT_ONCE: "",
    Posting.ON_UPDATE: "no effect until its register is updated",
    Posting.BY_INVOICE: "an order never posts: no effect until its register is updated by invoice",
}


def make_plan(
    flow: Flow,
    name: str,
    *,
    interval: tuple[datetime, datetime] | None = None,
) -> Plan:
    """Plan what the flow ``name`` would do with what waits, and with what a sweep would find.

    Nothing is written anywhere: not to the inbox, the ledger or any system.

    Raises:
        ConfigurationError: There is no such flow, or the gate halts the pair.
        RetryableError: A system cannot be read now.
    """
    return replan(flow, name, interval=interval, only=None)[0]


def replan(
    flow: Flow,
    name: str,
    *,
    interval: tuple[datetime, datetime] | None,
    only: Collection[Version] | None,
) -> tuple[Plan, list[Document]]:
    """Plan as ``make_plan`` does, for ``only`` these versions and not for what has come since.

    Also returns all unsettled documents that there would be, to tell what became of a version.
    """
    steps = flow_steps(name)
    ledger = PlanningLedger(
        flow.ledger,
        flow.clock,
        pair=flow.pair.pair,
        document_type=steps.document_type,
        only=only,
    )
    notes = Notes()
    planning = only_read(flow, ledger, notes)
    batch = steps.capture(planning, interval=interval, origin=Origin.SWEEP, claimed_by=PLANNER)
    if batch is not None:
        for step in steps.steps:
            run_step(planning, step, batch)
    documents = [*_documents(flow.pair, ledger, notes), *_entries(ledger.letters, only)]
    plan = _hashed(
        Plan(
            plan_hash="",
            flow=name,
            pair=flow.pair.pair,
            settings_hash=settings_hash(flow.pair),
            mapping_version=flow.mapper.version,
            rule_set=flow.gate.version,
            interval=Interval(since=interval[0], until=interval[1]) if interval else None,
            documents=tuple(documents),
            effects=tuple(summed(one for document in documents for one in document.effects)),
            calls=tuple(_calls(notes.reads, notes.writes)),
            made_at=flow.clock.now(),
            others_waiting=ledger.left_over,
            blocked=tuple(notes.blocked.values()),
        )
    )
    return plan, ledger.unsettled(flow.pair.pair, steps.document_type)


def settings_hash(pair: Pair) -> str:
    """Return the hash of all that a pair's files say."""
    settings: Json = pair.model_dump(mode="json")
    return content_hash(settings)


def _hashed(plan: Plan) -> Plan:
    return plan.model_copy(update={"plan_hash": content_hash(plan.hashed())})


def _calls(reads: Counter[System], writes: Counter[System]) -> list[ApiCalls]:
    return [
        ApiCalls(system=system, reads=reads[system], writes=writes[system])
        for system in System
        if reads[system] or writes[system]
    ]


def _documents(pair: Pair, ledger: PlanningLedger, notes: Notes) -> list[PlannedDocument]:
    writes = _writes_of(ledger, notes)
    letters = {one.document_id: one for one in ledger.letters if one.document_id is not None}
    documents = ledger.claimed_documents()
    conflicts = _conflicts_of(pair, ledger, documents)
    return [
        _document(
            pair,
            document,
            rule=ledger.rules.get(document.document_id, ""),
            letter=letters.get(document.document_id),
            writes=writes.get(document.document_id, ()),
        ).model_copy(update={"conflicts": conflicts.get(document.document_id, ())})
        for document in documents
    ]


def _conflicts_of(
    pair: Pair, ledger: PlanningLedger, documents: Sequence[Document]
) -> dict[DocumentId, tuple[PlannedConflict, ...]]:
    """Return what the ledgers disagree on, by the last document that tells of the record."""
    last: dict[str, DocumentId] = {}
    for document in documents if ledger.conflicts_met else ():
        place = (pair.pair, document.document_type, [document.source_id], document.source)
        for binding in ledger.bindings_to(*place).values():
            last[binding.key] = document.document_id
    return {
        last[key]: tuple(
            PlannedConflict.model_validate(
                one.model_dump(include=set(PlannedConflict.model_fields))
            )
            for one in met
        )
        for key, met in ledger.conflicts_met.items()
        if key in last
    }


Write = tuple[Delivery, Sent]


def _writes_of(ledger: PlanningLedger, notes: Notes) -> dict[DocumentId, list[Write]]:
    """Return what would be sent or adopted, by document, in the order of the steps."""
    found: dict[DocumentId, list[Write]] = {}
    for delivery_id, touched in ledger.touched.items():
        delivery = ledger.delivery(delivery_id)
        sent = notes.sent.get(delivery_id)
        if sent is None and delivery.state in LANDED and touched.before not in LANDED:
            sent = Sent(action=Action.ADOPT)
        if sent is not None:
            found.setdefault(touched.document_id, []).append((delivery, sent))
    return found


def _document(
    pair: Pair,
    document: Document,
    *,
    rule: str,
    letter: NewDeadLetter | None,
    writes: Sequence[Write],
) -> PlannedDocument:
    canonical = document.canonical or {}
    effects = [
        effect
        for delivery, sent in writes
        if sent.action is Action.CREATE
        for effect in effects_of(pair, delivery.entity, delivery.target, delivery.payload)
    ]
    return PlannedDocument.model_validate(
        {
            "version": version_of(document),
            "name": document.name,
            "version_at": document.version_at,
            "ending": ENDINGS.get(document.state, Ending.WAIT),
            "rule": rule,
            **_trouble(letter),
            "total": canonical.get("total"),
            "currency": canonical.get("currency", ""),
            "writes": tuple(_write(delivery, sent) for delivery, sent in writes),
            "effects": tuple(summed(effects)),
        }
    )


def _trouble(letter: NewDeadLetter | None) -> dict[str, str]:
    if letter is None:
        return {}
    return {"cause": letter.cause, "message": letter.message, "remedy": letter.remedy}


def _write(delivery: Delivery, sent: Sent) -> PlannedWrite:
    kind = kind_of(delivery.target, delivery.entity)
    is_new = sent.action is Action.CREATE
    return PlannedWrite(
        target=delivery.target,
        entity=delivery.entity,
        document_key=delivery.document_key,
        operation=delivery.operation,
        action=sent.action,
        number=number_of(delivery) or ("" if is_new else delivery.external_no),
        version_hash=delivery.version_hash,
        changes=sent.changes,
        is_live=kind.is_live,
        note=POSTING_NOTES[kind.posting] if is_new else "",
    )


def _entries(
    letters: Sequence[NewDeadLetter], only: Collection[Version] | None
) -> list[PlannedDocument]:
    """Return the inbox entries that would be set aside without becoming a document."""
    found = [
        PlannedDocument(
            version=Version(account="", source_id=letter.trace_key, content_hash=""),
            name=letter.trace_key,
            version_at=None,
            ending=Ending.DEAD_LETTER,
            cause=letter.cause,
            message=letter.message,
            remedy=letter.remedy,
        )
        for letter in letters
        if letter.document_id is None
    ]
    return [one for one in found if only is None or one.version in only]


def planned_ids(plan: Plan, documents: Sequence[Document]) -> dict[Version, DocumentId]:
    """Return which of the documents are of the plan."""
    versions = {document.version for document in plan.documents}
    return {version_of(one): one.document_id for one in documents if version_of(one) in versions}


def created_keys(plan: Plan) -> set[WriteKey]:
    """Return the records that the plan creates."""
    return {
        write.key
        for document in plan.documents
        for write in document.writes
        if write.action is Action.CREATE
    }
