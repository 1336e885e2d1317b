"""The judgement: lost, doubled, phantom, acknowledged and not done, unaudited, and the money gap.

Sets in, verdict out; no I/O. An entry, a version or a write is in exactly one state; what the
ledger calls landed is at the target once and with its amount; what carries our mark was meant.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tieout_oracle.sets import DeliveryRow, Sets, TargetRecord

LANDED = frozenset({"entered", "updated", "in_gl"})
ENTRY_ENDS = frozenset({"pending", "skipped", "dead_letter"})
DOCUMENT_STATES = frozenset(
    {"received", "validated", "ready", "held", "done", "skipped", "dead_letter"}
)
CREATE = "create"
ORDER_KIND = ("xero", "invoice")
"""The kind whose amount is the source record's own total."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Verdict:
    """What does not add up; every list is empty, and every gap 0.00, when nothing is wrong."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    phantom: tuple[str, ...] = ()
    acked_not_done: tuple[str, ...] = ()
    unaudited: tuple[str, ...] = ()
    regressed: tuple[str, ...] = ()
    gaps: dict[str, Decimal] = field(default_factory=dict)
    """Money by currency and kind, such as ``USD invoice``: what the ledger says less the target."""
    counts: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, Decimal] = field(default_factory=dict)
    """By currency, how much people changed the totals of done orders: no fault, but said."""

    @property
    def is_clean(self) -> bool:
        """Say whether nothing is wrong."""
        return not (
            self.lost
            or self.doubled
            or self.phantom
            or self.acked_not_done
            or self.unaudited
            or self.regressed
            or any(self.gaps.values())
        )

    def text(self) -> str:
        """Return the verdict for people: a line of figures, then every finding."""
        figures = (
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, phantom {len(self.phantom)}, "
            f"acknowledged and not done {len(self.acked_not_done)}, "
            f"unaudited {len(self.unaudited)}, regressed {len(self.regressed)}"
        )
        money = ", ".join(f"{kind} {gap:.2f}" for kind, gap in sorted(self.gaps.items()))
        read = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        findings = [
            f"  {name}: {one}"
            for name in ("lost", "doubled", "phantom", "acked_not_done", "unaudited", "regressed")
            for one in getattr(self, name)
        ]
        by_people = [
            f"corrected by people: {currency} {amount:+.2f}"
            for currency, amount in sorted(self.corrected.items())
        ]
        gap = f"money gap: {money or 'nothing posted'}"
        return "\n".join([figures, gap, f"read: {read}", *by_people, *findings])


def judge(sets: Sets) -> Verdict:
    """Return what does not add up between the sets."""
    gaps, corrected = _gaps(sets)
    return Verdict(
        lost=(*_lost_records(sets), *_lost_entries(sets), *_lost_acks(sets)),
        doubled=(*_doubled(sets.targets), *_shared(sets.deliveries)),
        phantom=tuple(_phantom(sets)),
        acked_not_done=tuple(_not_done(sets)),
        unaudited=tuple(_unaudited(sets)),
        regressed=tuple(_regressed(sets)),
        gaps=gaps,
        corrected=corrected,
        counts={
            "orders": len(sets.source),
            "inbox entries": len(sets.inbox),
            "documents": len(sets.documents),
            "deliveries": len(sets.deliveries),
            "target documents": len(sets.targets),
        },
    )


def _lost_records(sets: Sets) -> Iterable[str]:
    """Name every record of the source that the ledger never heard of."""
    known = {(one.account, one.source_id) for one in sets.documents}
    known |= {(one.account, one.resource_id) for one in sets.inbox if one.state in ENTRY_ENDS}
    for record in sets.source:
        if (record.account, record.source_id) not in known:
            yield f"{record.account} {record.source_id}: not in the ledger"


def _lost_entries(sets: Sets) -> Iterable[str]:
    """Name every inbox entry and document that is not in exactly one state."""
    of_entry = Counter(one.inbox_id for one in sets.documents)
    for entry in sets.inbox:
        ends = of_entry[entry.inbox_id] + (1 if entry.state in ENTRY_ENDS else 0)
        if ends != 1:
            yield f"inbox entry {entry.inbox_id} ({entry.state}) is in {ends} states"
    entries = {one.inbox_id for one in sets.inbox}
    for document in sets.documents:
        if document.state not in DOCUMENT_STATES:
            yield f"document {document.document_id} is in no known state: {document.state!r}"
        if document.inbox_id not in entries:
            yield f"document {document.document_id} came from no inbox entry"


def _lost_acks(sets: Sets) -> Iterable[str]:
    """Name every event that a sender was told is safe and that is not there."""
    stored = {one.event_id for one in sets.inbox} | {one.body_sha256 for one in sets.inbox}
    return (
        f"event {one}: acknowledged and not in the inbox" for one in sorted(sets.acked - stored)
    )


def _doubled(targets: Iterable[TargetRecord]) -> Iterable[str]:
    """Name every key that has more than one live document of one kind.

    A negative one takes another back: it is no copy, and the money gap counts it.
    """
    groups: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in targets:
        if one.amount is not None and one.amount < 0:
            continue
        groups[one.target, one.entity, one.key].add(one.external_id)
    for (target, entity, key), ids in sorted(groups.items()):
        if len(ids) > 1:
            yield f"{target} {entity} {key}: {', '.join(sorted(ids))}"


def _shared(deliveries: Iterable[DeliveryRow]) -> Iterable[str]:
    """Name every document at a target that two deliveries call theirs."""
    groups: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in deliveries:
        if one.state in LANDED and one.operation == CREATE and one.external_id:
            groups[one.target, one.entity, one.external_id].add(one.key)
    for (target, entity, external_id), keys in sorted(groups.items()):
        if len(keys) > 1:
            yield f"{target} {entity} {external_id} is of {', '.join(sorted(keys))}"


def _phantom(sets: Sets) -> Iterable[str]:
    """Name every document with our mark that nobody meant to write."""
    meant = {(one.target, one.entity, one.key) for one in sets.deliveries}
    for one in sets.targets:
        if (one.target, one.entity, one.key) not in meant:
            yield f"{one.target} {one.entity} {one.external_id} ({one.key})"


def _not_done(sets: Sets) -> Iterable[str]:
    """Name what the ledger says is at the target and is not, and what is done and not delivered."""
    held = {(one.target, one.entity, one.key) for one in sets.targets}
    for one in sets.deliveries:
        kind = (one.target, one.entity)
        if one.state in LANDED and kind in sets.read and (*kind, one.key) not in held:
            yield f"{one.target} {one.entity} {one.key} ({one.external_id}): not at the target"
    done = {one.document_id for one in sets.documents if one.state == "done"}
    for one in sets.deliveries:
        if one.document_id in done and one.state not in LANDED:
            yield f"document {one.document_id} is done and its {one.entity} is {one.state}"


def _unaudited(sets: Sets) -> Iterable[str]:
    """Name every document and delivery whose state is not the last one that the audit tells."""
    if sets.audit is None:
        return
    told = {row.subject: row.action for row in sets.audit}
    states = [(f"document/{one.document_id}", f"document.{one.state}") for one in sets.documents]
    states += [(f"delivery/{one.delivery_id}", f"delivery.{one.state}") for one in sets.deliveries]
    for subject, action in states:
        if told.get(subject) != action:
            yield f"{subject} is {action} and the audit ends with {told.get(subject)}"


def _regressed(sets: Sets) -> Iterable[str]:
    """Name every record of which a newer version was done before an older one still waits."""
    newest_done: dict[tuple[str, str], int] = {}
    for one in sets.documents:
        if one.state == "done":
            record = (one.account, one.source_id)
            newest_done[record] = max(newest_done.get(record, 0), one.version_no)
    for one in sets.documents:
        newest = newest_done.get((one.account, one.source_id), 0)
        if one.state in ("received", "validated", "ready") and one.version_no < newest:
            yield f"document {one.document_id} waits though version {newest} is done"


def _gaps(sets: Sets) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Return, per currency and kind, what the ledger says was booked less what the target shows.

    For invoices also what the source says less what the ledger does, over orders that are done. The
    second result is, per currency, how much people changed what the source says.
    """
    held: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for one in sets.targets:
        held[one.target, one.entity, one.key] += one.amount or Decimal(0)
    gaps: defaultdict[str, Decimal] = defaultdict(Decimal)
    for delivery in sets.deliveries:
        kind = (delivery.target, delivery.entity)
        if delivery.amount is not None and delivery.state in LANDED and kind in sets.read:
            gap = delivery.amount - held[*kind, delivery.key]
            gaps[f"{delivery.currency} {delivery.entity}"] += abs(gap)
    corrected = _add_source_gaps(sets, gaps)
    return {kind: gap.quantize(CENT) for kind, gap in gaps.items()}, corrected


def _add_source_gaps(sets: Sets, gaps: defaultdict[str, Decimal]) -> dict[str, Decimal]:
    """Compare with the source's own total, as far as nobody corrected it by name."""
    newest: dict[tuple[str, str], tuple[int, str, Decimal]] = {}
    unknown = (0, "", Decimal(0))
    by_people: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in sets.documents:
        if one.state != "skipped":
            record = (one.account, one.source_id)
            version = (one.version_no, one.state, one.corrected_by)
            newest[record] = max(newest.get(record, unknown), version)
    booked = {
        one.key: one.amount or Decimal(0)
        for one in sets.deliveries
        if (one.target, one.entity) == ORDER_KIND and one.state in LANDED
    }
    for order in sets.source:
        _version, state, corrected = newest.get((order.account, order.source_id), unknown)
        if state == "done":
            gap = order.total + corrected - booked.get(order.source_id, Decimal(0))
            gaps[f"{order.currency} source"] += abs(gap)
            if corrected:
                by_people[order.currency] += corrected
    return by_people
