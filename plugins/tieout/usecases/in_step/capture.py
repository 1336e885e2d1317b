"""Capture: turn what was told of either ledger's records into documents, one for each record.

An entry is a hint. A document says which record to look at, and nothing of what is in it: both
ledgers are read when it is worked on. So what comes twice, late or in another order is harmless.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from tieout.domain.base import BatchId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.in_step.likeness import unchanged
from tieout.domain.in_step.policy import ACTIVE, Policy
from tieout.domain.in_step.records import AgreedRecord
from tieout.domain.ledger import InboxEntry, NewDocument, NewInboxEntry, Origin
from tieout.domain.reading import SWEPT
from tieout.errors import ConfigurationError, RejectedError
from tieout.usecases.capture import DOCUMENTS_PER_BATCH_MAX, ENTRIES_PER_ROUND_MAX, ROUNDS_MAX
from tieout.usecases.flow import LEASE_S, Flow
from tieout.usecases.in_step.answers import look_again
from tieout.usecases.in_step.entities import IN_STEP, Entity, Side, external_id
from tieout.usecases.payees import bank_details_of, seen_details

AS_AGREED = "as_agreed"
"""The rule by which an entry is skipped that says no more than what was agreed on: an echo."""
PASSED_ON = "passed_on"
"""The topic, behind its list, of what another flow heard of a record first."""
MERGED_TO = "merged_to"


def policy_of(flow: Flow, entity: Entity) -> Policy:
    """Return by which policy the pair keeps such records in step.

    Raises:
        ConfigurationError: It has none.
    """
    policy = flow.pair.in_step.get(entity.name)
    if policy is None:
        raise ConfigurationError(
            f"Nothing says how {entity.name} records of {flow.pair.pair} are kept in step.",
            remedy=f"Add include/in_step/{entity.name}.yaml (docs/howto/keep-in-step.md).",
        )
    return policy


def capture_records(
    flow: Flow,
    *,
    entity: Entity,
    interval: tuple[datetime, datetime] | None,  # noqa: ARG001 - lists are read by tasks of their own
    origin: Origin,
    claimed_by: str,
) -> BatchId | None:
    """Turn what waits of such records into documents, and claim what is unfinished."""
    take_in_records(flow, entity)
    batch = flow.ledger.claim(
        flow.pair.pair,
        entity.name,
        claimed_by=claimed_by,
        limit=DOCUMENTS_PER_BATCH_MAX,
        lease_s=LEASE_S,
        history_first=origin is Origin.BACKFILL,
    )
    return batch.batch_id if batch else None


def take_in_records(flow: Flow, entity: Entity) -> None:
    """Turn what waits of such records into documents; nothing is claimed."""
    policy = policy_of(flow, entity)
    for system, kind in _kinds(entity):
        for _round in range(ROUNDS_MAX):
            entries = flow.ledger.pending_entries(
                flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=system, kind=kind
            )
            if not entries:
                break
            _take(flow, entity, policy, system, entries)


def _kinds(entity: Entity) -> Iterator[tuple[System, str]]:
    for system, side in entity.sides.items():
        yield system, side.resource
        if side.hint:
            yield system, side.hint


def _take(
    flow: Flow, entity: Entity, policy: Policy, system: System, entries: Sequence[InboxEntry]
) -> None:
    """Make documents of entries of one ledger, but for echoes."""
    pair, ledger = flow.pair.pair, flow.ledger
    ids = {external_id(system, entry.resource_id) for entry in entries}
    bound = ledger.bindings_to(pair, entity.name, ids, system)
    agreed = ledger.agreed(pair, entity.name, {binding.key for binding in bound.values()})
    _pass_on(flow, entity, system, entries)
    for entry in entries:
        of_record = external_id(system, entry.resource_id)
        binding = bound.get(of_record)
        known = agreed.get(binding.key) if binding else None
        if known is not None and _is_echo(flow, entity, policy, system, entry, known):
            ledger.skip_entry(entry.inbox_id, rule=AS_AGREED)
        else:
            ledger.document(entry.inbox_id, _document(entity, system, entry, of_record))


def _pass_on(flow: Flow, entity: Entity, system: System, entries: Sequence[InboxEntry]) -> None:
    """Tell other flows of what is bound as theirs: the contact that changed may be a vendor."""
    ids = {entry.resource_id for entry in entries}
    for name, other in IN_STEP.items():
        side = other.sides[system]
        if other is entity or not side.is_passed_on or name not in flow.pair.flows:
            continue
        theirs = flow.ledger.bindings_to(flow.pair.pair, other.name, ids, system)
        flow.ledger.land(
            [_passed_on(entry, side) for entry in entries if entry.resource_id in theirs]
        )


def _passed_on(entry: InboxEntry, side: Side) -> NewInboxEntry:
    return look_again(
        entry.pair,
        entry.source,
        f"{side.resource}/{PASSED_ON}",
        entry.resource_id,
        f"entry {entry.inbox_id}",
        account=entry.account,
    )


def _is_echo(
    flow: Flow,
    entity: Entity,
    policy: Policy,
    system: System,
    entry: InboxEntry,
    known: AgreedRecord,
) -> bool:
    """Say whether an entry that has the record itself says what its ledger agreed on."""
    if known.intended is not None or not entry.topic.endswith(f"/{SWEPT}") or not entry.body:
        return False
    try:
        node: Json = json.loads(entry.body, parse_float=str)
        record = entity.read(flow.mapper, system, node).model_dump(mode="json")
    except (ValueError, RejectedError):
        return False
    now = policy.values(record)
    is_watched = entity.is_paid and system is System.XERO
    if is_watched and bank_details_of(node) != seen_details(known):
        return False
    before = known.fields.get(ACTIVE)
    if before is None or before.of(system) != now[ACTIVE]:
        return False
    return all(
        (agreed := known.fields.get(field)) is not None
        and unchanged(rule, agreed.of(system), now[field])
        for field, rule in policy.fields.items()
    )


def _document(entity: Entity, system: System, entry: InboxEntry, of_record: str) -> NewDocument:
    payload: Json = {
        "record": of_record,
        "topic": entry.topic,
        MERGED_TO: entry.headers.get(MERGED_TO, ""),
    }
    return NewDocument(
        pair=entry.pair,
        document_type=entity.name,
        source=system,
        account=entry.account,
        source_id=of_record,
        name=f"{entity.sides[system].resource} {of_record}",
        version_at=entry.received_at,
        # A hint is never the same as another one: what it speaks of may have changed in between.
        content_hash=content_hash({**payload, "inbox_id": entry.inbox_id}),
        payload=payload,
    )
