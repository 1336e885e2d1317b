"""One step of a flow: map each order's records, deliver them, set aside what was refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tieout.domain.base import DocumentId, Json
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import (
    Delivery,
    Landed,
    NewBinding,
    NewDelivery,
    Refused,
    json_object,
)
from tieout.domain.streams import target_stream
from tieout.errors import RejectedError
from tieout.ports.targets import Target
from tieout.usecases.catalog import OnChange, WriteKind
from tieout.usecases.delivery import Delivered, Trouble, Writer, deliver
from tieout.usecases.flow import LEASE_S, Flow, Ready, StepReport, as_refused
from tieout.usecases.guarded import GuardedTarget
from tieout.usecases.parents import SetAside
from tieout.usecases.payees import check_payee
from tieout.usecases.period import PeriodGuard, is_moved
from tieout.usecases.successors import is_successor_named

CREATED = "created by Tieout"
"""Who says of a binding that it is one: the record is ours."""


@dataclass(frozen=True)
class Write:
    """One record that an order wants written: its key, its mapping's input, its figures.

    ``occasion`` is for what others change at the target meanwhile, as a shop does by selling: what
    was written on one occasion is written again on another, though it says the same. ``payee`` is
    the key of the vendor whom a document of a kind that ``pays`` is owed or paid to.
    """

    key: str
    record: Mapping[str, object]
    expected: dict[str, str]
    binding_entity: str = ""
    occasion: str = ""
    payee: str = ""


Item = TypeVar("Item", bound=Ready)
WritesOf = Callable[[Item], Iterable[Write]]


@dataclass(frozen=True)
class _Planned:
    ready: Ready
    write: Write
    delivery: NewDelivery


def write_all(
    flow: Flow,
    kind: WriteKind,
    target: Target,
    orders: Sequence[Item],
    writes_of: WritesOf[Item],
) -> StepReport:
    """Write every record of every order, each once, and report.

    An order of which one record is refused is set aside; its neighbors go on. What others share
    with it, as orders share a customer, is told once: they wait. When so many are refused that the
    stream pauses, the rest wait for it.

    Raises:
        RetryableError: The target did not take some of them now, or its stream pauses.
        StreamHeldError: A person must look first; nothing was sent.
        OutcomeUnknownError: Some are in doubt until the next attempt looks them up.
    """
    guarded = GuardedTarget(
        target,
        flow.streams,
        target_stream(flow.pair.pair, target.system, target.entity),
        clock=flow.clock,
    )
    aside = SetAside(flow, kind)
    planned = _plan(flow, kind, guarded, orders, writes_of, aside)
    entity_of = {plan.write.key: plan.write.binding_entity for plan in planned}
    # Of what several say of one customer, a person's correction counts.
    by_word = sorted(planned, key=lambda plan: bool(plan.ready.document.corrections))
    wanted = {plan.delivery.document_key: plan.delivery for plan in by_word}
    writer = Writer(
        ledger=flow.ledger,
        target=guarded,
        fence=flow.held,
        lease_s=LEASE_S,
        binding_of=lambda delivery, landed: _binding(entity_of, delivery, landed),
        newest_wins=kind.on_change is OnChange.SEND,
    )
    trouble = Trouble()
    settled = deliver(writer, list(wanted.values()), trouble)
    judged = {
        key: one
        for key, one in settled.items()
        if one.delivery.delivery_id not in guarded.kept_back
    }
    _set_aside_refused(flow, kind, planned, judged, aside)
    trouble.raise_worst()
    guarded.leave()
    confirmed = sum(1 for one in settled.values() if one.refused is None)
    return StepReport(
        step=kind.entity, documents=len(orders), confirmed=confirmed, set_aside=aside.count
    )


def _plan(
    flow: Flow,
    kind: WriteKind,
    guarded: GuardedTarget,
    orders: Sequence[Item],
    writes_of: WritesOf[Item],
    aside: SetAside,
) -> list[_Planned]:
    """Map what the orders want written; set aside what cannot be mapped.

    The stream is asked at the first write, before it is mapped: a paused one costs one order's
    look, whatever waits. Orders that want nothing written ask nothing.
    """
    planned: list[_Planned] = []
    has_entered = False
    kept = _kept(flow, kind, orders)
    period = PeriodGuard(flow, kind)
    for ready in orders:
        ours: list[_Planned] = []
        key = ""
        try:
            for write in writes_of(ready):
                key = write.key
                if not has_entered:
                    guarded.enter()
                    has_entered = True
                if kind.pays:
                    check_payee(flow, write.payee)
                before = kept.get((ready.document_id, write.key))
                ours.append(_planned(flow, kind, period, ready, write, before))
        except RejectedError as error:
            aside.refuse(ready, key, as_refused(error))
        else:
            planned += ours
    return planned


def _kept(
    flow: Flow, kind: WriteKind, orders: Sequence[Ready]
) -> dict[tuple[DocumentId, str], NewDelivery]:
    """Return what was mapped before of the orders that are replayed as they were mapped then."""
    keeping = {ready.document_id for ready in orders if ready.document.keeps_mapping}
    if not keeping:
        return {}
    known = flow.ledger.deliveries(keeping, entity=kind.entity)
    return {
        (one.document_id, one.document_key): NewDelivery.model_validate(
            one.model_dump(include=set(NewDelivery.model_fields))
        )
        for one in known
    }


def _planned(
    flow: Flow,
    kind: WriteKind,
    period: PeriodGuard,
    ready: Ready,
    write: Write,
    kept: NewDelivery | None,
) -> _Planned:
    document = ready.document
    if kept is not None and period.dated(document, write.key, kept.payload) == kept.payload:
        approved = kept.model_copy(update={"approver": flow.approver or kept.approver})
        return _Planned(ready=ready, write=write, delivery=approved)
    payload: Json = (
        flow.mapper.payload(kind.mapping, {"node": document.corrected, **write.record})
        if kind.mapping
        else json_object.validate_python(write.record)
    )
    payload = period.dated(document, write.key, payload)
    delivery = NewDelivery(
        document_id=ready.document_id,
        pair=flow.pair.pair,
        target=kind.target,
        entity=kind.entity,
        document_key=write.key,
        operation=kind.operation,
        version_hash=_version_hash(kind, payload, write.occasion),
        payload=payload,
        expected=write.expected,
        mapping_version=flow.mapper.version,
        rule_set=flow.gate.version,
        approver=flow.approver,
    )
    return _Planned(ready=ready, write=write, delivery=delivery)


def _version_hash(kind: WriteKind, payload: Json, occasion: str) -> str:
    if occasion:
        return content_hash({"payload": payload, "occasion": occasion})
    header = payload.get("header")
    if not kind.unhashed or not isinstance(header, dict):
        return content_hash(payload)
    kept = {name: value for name, value in header.items() if name not in kind.unhashed}
    return content_hash({**payload, "header": kept})


def _binding(entity_of: Mapping[str, str], delivery: Delivery, landed: Landed) -> NewBinding | None:
    entity = entity_of.get(delivery.document_key, "")
    if not entity:
        return None
    return NewBinding(
        pair=delivery.pair,
        entity=entity,
        key=delivery.document_key,
        system=delivery.target,
        external_id=landed.external_id,
        external_no=landed.external_no,
        provenance=CREATED,
    )


def _set_aside_refused(
    flow: Flow,
    kind: WriteKind,
    planned: Sequence[_Planned],
    settled: Mapping[str, Delivered],
    aside: SetAside,
) -> None:
    """Set aside each order once, for the first of its records that did not land."""
    done: set[int] = set()
    for plan in planned:
        delivered = settled.get(plan.write.key)
        refused = _refusal(flow, kind, plan, delivered)
        if refused is None or plan.ready.document_id in done:
            continue
        done.add(plan.ready.document_id)
        aside.refuse(plan.ready, plan.write.key, refused, mapped=plan.delivery.payload)


def _refusal(
    flow: Flow, kind: WriteKind, plan: _Planned, delivered: Delivered | None
) -> Refused | None:
    if delivered is None:
        return None
    if delivered.refused is not None:
        return delivered.refused
    if not delivered.is_changed or kind.on_change is not OnChange.SET_ASIDE:
        return None
    held, wanted = delivered.delivery.payload, plan.delivery.payload
    if is_successor_named(flow, kind.target, held, wanted) or is_moved(kind, held, wanted):
        return None
    number = delivered.delivery.external_no or delivered.delivery.external_id
    return Refused(
        cause="changed_after_posting",
        message=(
            f"Order {plan.ready.document.name} changed in the shop after its {kind.entity} "
            f"{number} was written to {kind.target}; what was written stays as it is."
        ),
        remedy=(
            "Compare the order with both documents and post the difference by hand (an invoice or "
            "credit note in Xero, a line change in Sage 100), and money taken later as well."
        ),
    )
