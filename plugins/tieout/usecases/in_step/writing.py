"""Writing what was decided, and settling it. Each may be repeated.

What has landed goes into the agreed record as the ledger will show it, so that its echo is none.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from tieout.domain.base import BatchId, DeadLetterId, DocumentId, Json, System
from tieout.domain.in_step.records import AgreedRecord, Intended, IntendedWrite
from tieout.domain.ledger import LANDED, DeadLetter, Delivery, Document, DocumentState
from tieout.usecases.catalog import WriteKind
from tieout.usecases.flow import Flow, Ready, StepReport, documents_of
from tieout.usecases.in_step.deciding import read_back
from tieout.usecases.in_step.entities import Entity
from tieout.usecases.in_step.reading import deliveries_of
from tieout.usecases.writing import Write, write_all

MERGED_ANEW = "merged_anew"
"""What was meant for it first was refused or never sent; what it tells of was merged anew since."""
DIFFERS = "record_differs"
"""Why a target refuses what a person changed since it was read: it is merged anew."""
ARCHIVED = "contact_archived"
"""Why Xero refuses to change what a person archived or merged since it was read: merged anew."""
SURVIVOR_WRITTEN = "survivor_is_written"
"""Why a merge in Xero cannot be followed yet: the one who survives is being written."""


class ReadyRecord(Ready):
    """A document that has something to be written, and the key of its thing."""

    key: str


def write_records(flow: Flow, entity: Entity, system: System, batch_id: BatchId) -> StepReport:
    """Write what was decided to one ledger.

    Raises:
        RetryableError: It did not take some of it now, or its stream pauses.
        OutcomeUnknownError: Some are in doubt until the next attempt looks them up.
    """
    ready = [_ready(one) for one in documents_of(flow, batch_id, DocumentState.READY)]
    meant = _meant(flow, entity, ready, system)
    report = StepReport(step=f"{entity.name}_to_{system}", documents=0, confirmed=0, set_aside=0)
    for kind in entity.kinds.values():
        items = [
            one
            for one in ready
            if kind.target is system
            and one.document_id in meant
            and meant[one.document_id].entity == kind.entity
        ]
        if items:
            report = _added(report, _write_kind(flow, entity, kind, items, meant))
    return report


def _write_kind(
    flow: Flow,
    entity: Entity,
    kind: WriteKind,
    items: Sequence[ReadyRecord],
    meant: Mapping[DocumentId, IntendedWrite],
) -> StepReport:
    """Write what is of one kind."""
    system = kind.target
    is_new = kind is entity.sides[system].creates

    def writes_of(one: ReadyRecord) -> Iterator[Write]:
        write = meant[one.document_id]
        if is_new:
            made = entity.form.model_validate(write.record)
            record = entity.created(flow.pair, system, one.key, made)
            yield Write(write.key, record, {}, binding_entity=entity.name)
        else:
            yield Write(write.key, write.record, {})

    target = (flow.xero if system is System.XERO else flow.sage100).target(kind.entity)
    return write_all(flow, kind, target, items, writes_of)


def _ready(document: Document) -> ReadyRecord:
    canonical: Json = document.canonical or {}
    return ReadyRecord(document=document, key=str(canonical.get("key", "")))


def _meant(
    flow: Flow, entity: Entity, ready: Sequence[ReadyRecord], system: System
) -> dict[DocumentId, IntendedWrite]:
    """Return what one ledger is to be written, by the documents that it goes for."""
    records = flow.ledger.agreed(flow.pair.pair, entity.name, {one.key for one in ready})
    return {
        one.document_id: intended.writes[system]
        for one in ready
        if (record := records.get(one.key)) is not None
        and (intended := record.intended) is not None
        and intended.document_id == one.document_id
        and system in intended.writes
    }


def _added(one: StepReport, other: StepReport) -> StepReport:
    return one.model_copy(
        update={
            name: getattr(one, name) + getattr(other, name)
            for name in ("documents", "confirmed", "set_aside", "warned")
        }
    )


def settle_records(
    flow: Flow, entity: Entity, batch_id: BatchId, *, closes: bool = True
) -> StepReport:
    """Agree on what has landed, and close the documents, unless they are to be merged anew.

    What a ledger refused because a person had changed it in between is put back: the next run reads
    it again and merges it anew.
    """
    states = (DocumentState.READY, DocumentState.DEAD_LETTER)
    documents = [_ready(one) for one in documents_of(flow, batch_id, *states)]
    records = flow.ledger.agreed(flow.pair.pair, entity.name, {one.key for one in documents})
    meant = {
        one.document_id: intended
        for one in documents
        if (record := records.get(one.key)) is not None
        and (intended := record.intended) is not None
        and intended.document_id == one.document_id
    }
    writes = [write for intended in meant.values() for write in intended.writes.values()]
    deliveries = deliveries_of(flow, writes)
    refused = [one for one in documents if one.document.state is DocumentState.DEAD_LETTER]
    if refused:
        put_back_refused(flow, entity, among={one.document_id for one in refused})
    done = 0
    for one in documents:
        is_set_aside = one.document.state is DocumentState.DEAD_LETTER
        if one.document_id in meant:
            intended = meant[one.document_id]
            outcomes = {
                system: deliveries.get((write.entity, write.key))
                for system, write in intended.writes.items()
            }
            if not is_set_aside and not all(map(_has_landed, outcomes.values())):
                continue
            _agree_on(flow, entity, records[one.key], intended, outcomes)
        if closes and not is_set_aside:
            close(flow, one.document_id)
            done += 1
    return StepReport(
        step=f"{entity.name}_settle", documents=len(documents), confirmed=done, set_aside=0
    )


def close(flow: Flow, document_id: DocumentId) -> None:
    """Close a document: done, or skipped where something that was meant for it never landed."""
    meant = flow.ledger.deliveries({document_id})
    if all(map(_has_landed, meant)):
        flow.ledger.mark_done(document_id)
    else:
        flow.ledger.skip_document(document_id, rule=MERGED_ANEW)


def _agree_on(
    flow: Flow,
    entity: Entity,
    record: AgreedRecord,
    intended: Intended,
    outcomes: Mapping[System, Delivery | None],
) -> None:
    """Keep as agreed what has landed, as each ledger shows it; what was refused is no more."""
    fields = dict(record.fields)
    for system, write in intended.writes.items():
        delivery = outcomes[system]
        if delivery is not None and delivery.state in LANDED:
            fields |= read_back(flow, entity, system, write, delivery.figures or {})
    flow.ledger.agree(record.model_copy(update={"fields": fields, "intended": None}))


def _has_landed(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.state in LANDED


def put_back_refused(
    flow: Flow, entity: Entity, *, among: Collection[DocumentId] | None = None
) -> None:
    """Put back what was refused for nothing but a change in between, by an earlier run too.

    Documents of other flows go on as well that Xero refused because they named a contact which was
    merged: written anew, they name the survivor.
    """
    letters = [
        letter
        for letter in flow.ledger.dead_letters(flow.pair.pair)
        if letter.document_id is not None and (among is None or letter.document_id in among)
    ]
    survived = _survived(flow, entity, letters)
    for letter in letters:
        if _is_merged_anew(entity, letter) or letter.dead_letter_id in survived:
            flow.ledger.replay(letter.dead_letter_id)


def _survived(flow: Flow, entity: Entity, letters: Sequence[DeadLetter]) -> set[DeadLetterId]:
    """Return what was refused because it names an archived contact that goes by another one now."""
    named: dict[DeadLetterId, str] = {}
    for letter in letters:
        contact = (letter.mapped or {}).get("Contact") if letter.cause == ARCHIVED else None
        if isinstance(contact, dict):
            named[letter.dead_letter_id] = str(contact.get("ContactID") or "")
    if not named:
        return set()
    pair = flow.pair.pair
    now = flow.ledger.successors(pair, entity.name, set(named.values()), System.XERO)
    return {one for one, contact in named.items() if contact in now}


def _is_merged_anew(entity: Entity, letter: DeadLetter) -> bool:
    """Say whether what was set aside is read and merged once more instead."""
    kinds = {kind.entity for kind in entity.kinds.values()}
    if letter.cause == DIFFERS:
        return letter.step in kinds
    if letter.cause == ARCHIVED:
        # What is to be created is refused because of another contact, and would be ever again.
        return letter.step in kinds - {side.creates.entity for side in entity.sides.values()}
    return letter.cause == SURVIVOR_WRITTEN and letter.step == f"{entity.name}_merge"
