"""Applying a plan: plan again, refuse on any drift, then run exactly its documents.

The batch is claimed by the plan's name, all or nothing, and goes through the ordinary steps:
intent, look-up, fence and read-back are the delivery protocol's own. A plan that was cut off goes
on under the same name, without being planned again.
"""

from tieout.domain.base import BatchId, Frozen
from tieout.domain.ledger import LANDED, UNFINISHED, Document, DocumentState, Origin
from tieout.domain.plan import Ending, GlEffect, Plan
from tieout.errors import FatalError, StreamPausedError
from tieout.usecases.capture import sweep
from tieout.usecases.flow import LEASE_S, Flow
from tieout.usecases.planning.drift import drift, versions
from tieout.usecases.planning.effects import effects_of, summed
from tieout.usecases.planning.ledger import version_of
from tieout.usecases.planning.plan import created_keys, planned_ids, replan
from tieout.usecases.steps import flow_steps, run_step

ENDED = {
    Ending.POST: DocumentState.DONE,
    Ending.SKIP: DocumentState.SKIPPED,
    Ending.DEAD_LETTER: DocumentState.DEAD_LETTER,
    Ending.HOLD: DocumentState.HELD,
}


class Applied(Frozen):
    """What an applied plan came to. ``deviations`` says where it is not what was planned."""

    plan_hash: str
    pair: str
    done: int
    skipped: int
    set_aside: int
    unfinished: int
    effects: tuple[GlEffect, ...]
    deviations: tuple[str, ...]

    @property
    def is_as_planned(self) -> bool:
        """Say whether everything came out as planned."""
        return not self.deviations


def apply_plan(flow: Flow, plan: Plan) -> Applied:
    """Run exactly the plan's documents, provided that nothing it stands on has changed.

    Raises:
        FatalError: Something changed, named; or the plan is not the one that its hash names.
        RetryableError: A system did not take some of it now; the same call goes on with the rest.
        OutcomeUnknownError: Some is in doubt; the same call goes on by looking it up.
    """
    steps = flow_steps(plan.flow)
    name = f"plan {plan.plan_hash}"
    batch = flow.ledger.claimed(plan.pair, steps.document_type, name)
    if batch is None:
        check(flow, plan)
        batch = _take(flow, plan, name)
    if batch is None:
        return _applied(flow, plan, [])
    if flow.ledger.documents(batch, *UNFINISHED):
        for step in steps.steps:
            run_step(flow, step, batch)
    return _applied(flow, plan, flow.ledger.documents(batch))


def check(flow: Flow, plan: Plan) -> None:
    """Make sure that the plan would be made again as it is.

    Raises:
        FatalError: It would not; the message names what changed.
        StreamPausedError: A stream that it would go through is paused or held.
    """
    if not plan.is_true_to_its_hash:
        raise FatalError(
            f"The plan {plan.plan_hash[:12]} was altered: its content has another hash.",
            remedy="Plan again with 'tieout plan'.",
        )
    interval = (plan.interval.since, plan.interval.until) if plan.interval else None
    now, known = replan(flow, plan.flow, interval=interval, only=versions(plan))
    if now.plan_hash != plan.plan_hash:
        raise _drifted(plan, drift(plan, now, known))
    if now.blocked:
        raise StreamPausedError(
            f"Nothing was applied: {'; '.join(now.blocked)}",
            remedy="See 'tieout streams'; apply the same plan again when they are open.",
        )


def _drifted(plan: Plan, found: list[str]) -> FatalError:
    lines = "".join(f"\n  - {line}" for line in found)
    return FatalError(
        f"Nothing was applied: since plan {plan.plan_hash[:12]} was made,{lines}\n",
        remedy="Plan again with 'tieout plan', and apply the new plan's hash.",
    )


def _take(flow: Flow, plan: Plan, name: str) -> BatchId | None:
    """Bring in what the plan found, and claim its documents, all of them or none."""
    steps = flow_steps(plan.flow)
    document_type = steps.document_type
    if plan.interval is not None:
        sweep(flow, plan.interval.since, plan.interval.until, origin=Origin.SWEEP)
    steps.take_in(flow)
    wanted = {document.version for document in plan.documents if document.version.content_hash}
    if not wanted:
        return None
    found = planned_ids(plan, flow.ledger.waiting(plan.pair, document_type))
    missing = wanted - found.keys()
    if missing:
        names = {document.version: document.name for document in plan.documents}
        gone = sorted(names[one] for one in missing)
        raise _drifted(plan, [f"{one} no longer waits in the version planned" for one in gone])
    batch = flow.ledger.claim_these(
        plan.pair, document_type, set(found.values()), claimed_by=name, lease_s=LEASE_S
    )
    return batch.batch_id


def _applied(flow: Flow, plan: Plan, documents: list[Document]) -> Applied:
    states = {version_of(document): document.state for document in documents}
    wanted = created_keys(plan)
    deliveries = flow.ledger.deliveries({document.document_id for document in documents})
    effects = summed(
        effect
        for delivery in deliveries
        if delivery.state in LANDED and delivery.key in wanted
        for effect in effects_of(flow.pair, delivery.entity, delivery.target, delivery.payload)
    )
    deviations = [
        f"{document.name}: {document.ending} was planned, and it is {state}"
        for document in plan.documents
        if (state := states.get(document.version)) is not None
        and ENDED.get(document.ending, state) != state
    ]
    if tuple(effects) != plan.effects:
        deviations.append("the effect on the general ledgers is not the plan's")
    return Applied(
        plan_hash=plan.plan_hash,
        pair=plan.pair,
        done=_count(documents, DocumentState.DONE),
        skipped=_count(documents, DocumentState.SKIPPED),
        set_aside=_count(documents, DocumentState.DEAD_LETTER),
        unfinished=_count(documents, *UNFINISHED),
        effects=tuple(effects),
        deviations=tuple(deviations),
    )


def _count(documents: list[Document], *states: DocumentState) -> int:
    return sum(document.state in states for document in documents)
