"""The merge step: read what a batch tells of in both ledgers, and keep what is to be written.

What is decided is kept with the agreed record before anything is sent. A run that died is carried
on: what may be on its way goes as it was meant, and only then is anything merged anew.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from tieout.domain.base import BatchId, System
from tieout.domain.in_step.merge import Answer
from tieout.domain.in_step.policy import Policy
from tieout.domain.in_step.records import AgreedRecord, ConflictState, Intended, KeptConflict
from tieout.domain.ledger import UNFINISHED, Document, NewBinding, Refused, Validated
from tieout.errors import OutcomeUnknownError, RejectedError, RetryableError, TieoutError
from tieout.usecases.flow import Flow, StepReport, as_refused, documents_of, set_aside
from tieout.usecases.in_step.bank_details import with_bank_details
from tieout.usecases.in_step.capture import policy_of
from tieout.usecases.in_step.deciding import (
    KEEPS_CHANGING,
    LOOP_WRITES_MAX,
    Decision,
    created,
    decide,
)
from tieout.usecases.in_step.entities import ENTITIES, SYSTEMS, Entity
from tieout.usecases.in_step.following import follow_merges
from tieout.usecases.in_step.reading import Thing, read_halves, things_of, under_way
from tieout.usecases.in_step.shared_contacts import while_needed
from tieout.usecases.in_step.suspects import suspects
from tieout.usecases.in_step.writing import close, settle_records, write_records

TOLD_TOGETHER = "told_together"
"""Another document of the batch tells of the same thing."""
KEPT_BY_PEOPLE = "kept_by_people"
"""A record that people keep in both ledgers by themselves, such as the house account."""
NOT_CREATED = "not_created"
"""The other ledger lacks the record, and policy does not create it there, or it is inactive."""
ANOTHER_KIND = "another_kind"
"""Nobody bound it, and by its ledger it is none of these, as a contact that has had bills alone."""
MERGED = "merged"
"""It was merged into another thing, and goes by that one from now on."""
FIRST_SEEN = "first seen there"
"""Who says of a binding that it is one: nobody but the ledger that has the record."""


def merge_records(flow: Flow, entity: Entity, batch_id: BatchId) -> StepReport:
    """Read what the batch tells of in both ledgers, merge it, and keep what is to be written.

    Raises:
        RetryableError: A ledger cannot be read now, or does not take what was begun.
        OutcomeUnknownError: Something that was begun is in doubt.
    """
    merging = _Merging(flow, entity, policy_of(flow, entity))
    documents = documents_of(flow, batch_id, *UNFINISHED)
    trouble = _carry_on(flow, entity, batch_id, documents)
    things = things_of(flow, entity, documents_of(flow, batch_id, *UNFINISHED))
    begun = under_way(flow, things)
    merging.run([thing for thing in things if thing.key not in begun])
    if trouble is not None:
        raise trouble
    return StepReport(
        step=f"{entity.name}_merge",
        documents=len(documents),
        confirmed=merging.ready,
        set_aside=merging.set_aside,
        alarms=tuple(merging.alarms),
    )


def _carry_on(
    flow: Flow, entity: Entity, batch_id: BatchId, documents: Sequence[Document]
) -> TieoutError | None:
    """Bring to its end what an earlier run may have sent; return what stood in the way of some.

    It goes for the document that tells of the thing now, which is merged after it: what the
    document tells may have come since.
    """
    things = things_of(flow, entity, documents)
    begun = under_way(flow, things)
    trouble: TieoutError | None = None
    for thing in things:
        record = thing.agreed
        if thing.key not in begun or record is None or record.intended is None:
            continue
        document_id = thing.leading.document_id
        if record.intended.document_id != document_id:
            moved = record.intended.model_copy(update={"document_id": document_id})
            flow.ledger.agree(record.model_copy(update={"intended": moved}))
        mark_ready(flow, thing)
    if not begun:
        return None
    for system in SYSTEMS:
        try:
            write_records(flow, entity, system, batch_id)
        except (RetryableError, OutcomeUnknownError) as error:
            trouble = trouble or error
    settle_records(flow, entity, batch_id, closes=False)
    return trouble


def mark_ready(flow: Flow, thing: Thing) -> None:
    """Let the thing's document go on to be written."""
    document_id = thing.leading.document_id
    flow.ledger.mark_validated(Validated(document_id=document_id, canonical={"key": thing.key}))
    flow.ledger.mark_ready([document_id])


class _Merging:
    """One merge of one batch, and what it came to so far."""

    def __init__(self, flow: Flow, entity: Entity, policy: Policy) -> None:
        self.ready = self.set_aside = 0
        self.alarms: list[str] = []
        self._flow = flow
        self._entity = entity
        self._policy = policy

    def run(self, things: Sequence[Thing]) -> None:
        for thing in things:
            for document in thing.documents[:-1]:
                self._flow.ledger.skip_document(document.document_id, rule=TOLD_TOGETHER)
        ours = [thing for thing in things if thing.key not in self._entity.not_ours]
        for thing in things:
            if thing.key in self._entity.not_ours:
                self._skip(thing, KEPT_BY_PEOPLE)
        read_halves(self._flow, self._entity, self._policy, ours)
        left = self._followed(ours)
        self._create([thing for thing in left if len(thing.bound) == 1])
        self._merge([thing for thing in left if len(thing.bound) > 1])

    def _followed(self, things: Sequence[Thing]) -> list[Thing]:
        """Follow what was merged in a ledger; return what is to be merged field by field."""
        found = follow_merges(self._flow, self._entity, self._policy, things)
        told = {thing.leading.document_id for thing in found}
        for thing in things:
            if thing.leading.document_id not in told:
                self._skip(thing, TOLD_TOGETHER)
        over = self._handed_over(found)
        left = []
        for thing in found:
            if thing.is_new and over & set(thing.bound.values()):
                self._skip(thing, MERGED)
            elif not thing.heirs:
                left.append(thing)
            elif not self._is_troubled(thing):
                self._skip(thing, MERGED)
        return left

    def _handed_over(self, things: Sequence[Thing]) -> set[str]:
        """Return the records of which nothing is made any more: others took their place."""
        pair, ledger = self._flow.pair.pair, self._flow.ledger
        new = {
            system: {thing.bound[system] for thing in things if self._is_new_in(system, thing)}
            for system in SYSTEMS
        }
        return {
            record_id
            for system, ids in new.items()
            if ids
            for record_id in ledger.handed_over(pair, self._entity.name, ids, system)
        }

    @staticmethod
    def _is_new_in(system: System, thing: Thing) -> bool:
        return thing.is_new and system in thing.bound

    def _create(self, things: Sequence[Thing]) -> None:
        wanted = []
        others = self._bound_otherwise(things)
        for thing in things:
            if self._is_troubled(thing):
                continue
            half = next(iter(thing.halves.values()), None)
            source = next(iter(thing.bound))
            target = System.SAGE100 if source is System.XERO else System.XERO
            may = self._policy.creates and self._policy.direction.may_write(target)
            if half is None or not half.side.is_active or not may:
                self._skip(thing, NOT_CREATED)
            elif not self._entity.sides[source].is_one(half.node, thing.bound[source] in others):
                self._skip(thing, ANOTHER_KIND)
            else:
                wanted.append(thing)
        alike = suspects(self._flow, self._entity, wanted) if wanted else {}
        for thing in wanted:
            if thing.key in alike:
                self._refuse(thing, alike[thing.key])
                continue
            self._bind(thing)
            self._conclude(thing, self._created)

    def _created(self, thing: Thing) -> Decision:
        decision = created(self._flow, self._entity, self._policy, thing)
        return with_bank_details(self._entity, thing, decision, ())

    def _bound_otherwise(self, things: Sequence[Thing]) -> set[str]:
        """Return which of the records are bound as one of another kind."""
        pair, ledger = self._flow.pair.pair, self._flow.ledger
        return {
            record_id
            for system in SYSTEMS
            if (ids := {thing.bound[system] for thing in things if system in thing.bound})
            for other in ENTITIES
            if other != self._entity.name
            for record_id in ledger.bindings_to(pair, other, ids, system)
        }

    def _bind(self, thing: Thing) -> None:
        """Bind what is to be created elsewhere to itself, under the key that it has from now on."""
        ((system, external_id),) = thing.bound.items()
        self._flow.ledger.bind(
            NewBinding(
                pair=self._flow.pair.pair,
                entity=self._entity.name,
                key=thing.key,
                system=system,
                external_id=external_id,
                external_no=external_id,
                provenance=FIRST_SEEN,
            )
        )

    def _merge(self, things: Sequence[Thing]) -> None:
        keys = {thing.key for thing in things}
        answers = _answers(self._flow, self._entity, keys)
        approvals = self._approvals(keys)
        for thing in things:
            if self._is_troubled(thing):
                continue
            denied = [
                system
                for system, side in self._entity.sides.items()
                if side.keeps_all and system not in thing.halves
            ]
            if denied:
                self._refuse(thing, _unknown(thing))
                continue
            said = answers.get(thing.key, answers[""])
            deciding = partial(self._decided, answers=said, known=approvals.get(thing.key, ()))
            self._conclude(thing, deciding)

    def _approvals(self, keys: Collection[str]) -> dict[str, list[KeptConflict]]:
        """Return what people were asked of bank details, by key, the oldest first."""
        found: dict[str, list[KeptConflict]] = {}
        if not keys or not self._entity.is_paid:
            return found
        asked = self._flow.ledger.conflicts(
            self._flow.pair.pair,
            entity=self._entity.name,
            keys=keys,
            states=tuple(ConflictState),
        )
        for one in asked:
            found.setdefault(one.key, []).append(one)
        return found

    def _decided(
        self, thing: Thing, *, answers: Mapping[str, Answer], known: Sequence[KeptConflict]
    ) -> Decision:
        policy = while_needed(self._flow, self._entity, self._policy, thing)
        decision = decide(self._flow, self._entity, policy, thing, answers)
        return with_bank_details(self._entity, thing, decision, known)

    def _conclude(self, thing: Thing, deciding: Callable[[Thing], Decision]) -> None:
        """Keep what is decided, then say so of the document."""
        try:
            decision = deciding(thing)
        except RejectedError as error:
            self._refuse(thing, as_refused(error))
            return
        self._keep(thing, decision)
        if decision.refused is not None:
            self._alarm(thing, decision.refused)
            self._refuse(thing, decision.refused)
        elif decision.writes:
            mark_ready(self._flow, thing)
            self.ready += 1
        else:
            close(self._flow, thing.leading.document_id)

    def _alarm(self, thing: Thing, refused: Refused) -> None:
        """Have people told of a record that keeps changing: once, while it waits for them."""
        if refused.cause != KEEPS_CHANGING:
            return
        letters = self._flow.ledger.dead_letters(self._flow.pair.pair)
        if not any((one.cause, one.value) == (KEEPS_CHANGING, thing.key) for one in letters):
            self.alarms.append(f"{self._flow.pair.pair}: {refused.message} {refused.remedy}")

    def _keep(self, thing: Thing, decision: Decision) -> None:
        before = thing.agreed or AgreedRecord(
            pair=self._flow.pair.pair, entity=self._entity.name, key=thing.key
        )
        intended = None
        written_at = before.written_at
        if decision.writes:
            document_id = thing.leading.document_id
            intended = Intended(document_id=document_id, writes=decision.writes)
            written_at = (*written_at, self._flow.clock.now())[-LOOP_WRITES_MAX:]
        after = before.model_copy(
            update={"fields": decision.fields, "intended": intended, "written_at": written_at}
        )
        known = self._flow.ledger.conflicts(
            self._flow.pair.pair, entity=self._entity.name, keys={thing.key}
        )
        if after != before or decision.conflicts or known:
            self._flow.ledger.agree(after, conflicts=decision.conflicts)

    def _is_troubled(self, thing: Thing) -> bool:
        if thing.trouble is not None:
            self._refuse(thing, as_refused(thing.trouble))
        return thing.trouble is not None

    def _skip(self, thing: Thing, rule: str) -> None:
        self._flow.ledger.skip_document(thing.leading.document_id, rule=rule)

    def _refuse(self, thing: Thing, refused: Refused) -> None:
        set_aside(self._flow, thing.leading, refused, step=f"{self._entity.name}_merge")
        self.set_aside += 1


def _unknown(thing: Thing) -> Refused:
    return Refused(
        cause="unknown_to_xero",
        message=f"{thing.key} is bound to {thing.bound[System.XERO]} in Xero, which denies it.",
        remedy=(
            "Xero keeps even what is archived or merged: compare the organization of the "
            "connection; then replay, or unlink it."
        ),
        field="external_id",
        value=thing.bound[System.XERO],
    )


def _answers(flow: Flow, entity: Entity, keys: Collection[str]) -> dict[str, dict[str, Answer]]:
    """Return what people said, by key; under '' what stands for every record of the pair."""
    if not keys:
        return {"": {}}
    pair = flow.pair.pair
    standing = {
        field: Answer(winner=winner)
        for field, winner in flow.ledger.standing(pair, entity.name).items()
    }
    said = {"": dict(standing)}
    answered = flow.ledger.conflicts(
        pair, entity=entity.name, keys=keys, states=(ConflictState.ANSWERED,)
    )
    for one in answered:
        if one.winner is not None and one.field not in standing:
            of_key = said.setdefault(one.key, dict(standing))
            of_key[one.field] = Answer(winner=one.winner, values=one.values)
    return said
