"""The verdict over a simulated installation: the oracle's, and what the oracle cannot see."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from simulation.installation import Installation
from simulation.open_ledger import CURRENCY
from simulation.shop import DOMAIN, INDEX_LAG_S, PAIR, Version
from simulation.systems import Record
from tieout.domain.base import System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import DocumentState
from tieout.usecases.capture import VOLATILE_MEMBERS
from tieout_oracle.judge import Verdict, judge
from tieout_oracle.sets import Sets, SourceRecord, TargetRecord

UNGUARDED = frozenset({"payment", "invoice_note"})
"""Entities of which nothing at the target refuses a second copy."""
RECORDED = frozenset(
    {
        (System.XERO, "contact"),
        (System.XERO, "invoice"),
        (System.XERO, "payment"),
        (System.XERO, "invoice_note"),
        (System.SAGE100, "customer"),
        (System.SAGE100, "sales_order"),
        (System.SAGE100, "cash_receipt"),
    }
)


@dataclass(frozen=True)
class Judgement:
    """What is wrong, in words; and the doubles that are the known limit, counted apart."""

    verdict: Verdict
    wrongs: tuple[str, ...]
    excused: int

    @property
    def is_clean(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.wrongs


def judge_installation(installation: Installation, *, before_compare: bool = False) -> Judgement:
    """Judge an installation that has come to rest.

    Before the full compare, only what every sweep must see is asked of the ledger. A second copy at
    a target that refuses none is excused when one of its writers was paused between its last check
    and its send: the documents say so, and a sweep is to find it.
    """
    shown = _always_shown if before_compare else _all
    copies, excused = _without_excused(installation)
    verdict = judge(_sets(installation, copies, shown))
    wrongs = [] if verdict.is_clean else verdict.text().splitlines()
    wrongs += _unbalanced(installation)
    wrongs += _stale(installation, shown)
    wrongs += _incomplete(installation, copies)
    wrongs += installation.defects
    for world in installation.worlds.values():
        wrongs += [f"{world.system}: key {key} of another body" for key in world.reused_keys]
    return Judgement(verdict, tuple(wrongs), excused)


Shown = Callable[[list[Version]], bool]


def _all(_versions: list[Version]) -> bool:
    return True


def _always_shown(versions: list[Version]) -> bool:
    """Say whether a sweep by the stamp cannot miss the order."""
    return all(
        one.has_stamp and one.shown_from_s - one.changed_s <= INDEX_LAG_S for one in versions
    )


def _without_excused(installation: Installation) -> tuple[list[Record], int]:
    kept: dict[tuple[str, str, str], list[Record]] = {}
    for world in installation.worlds.values():
        for record in world.records.values():
            kept.setdefault((world.system, record.entity, record.key), []).append(record)
    records: list[Record] = []
    excused = 0
    for (_system, entity, _key), copies in kept.items():
        if entity in UNGUARDED and len(copies) > 1 and any(one.is_stale for one in copies):
            excused += 1
            records += copies[:1]
        else:
            records += copies
    return records, excused


def _sets(installation: Installation, records: list[Record], shown: Shown) -> Sets:
    ledger = installation.ledger
    return Sets(
        source=tuple(
            SourceRecord(DOMAIN, source_id, CURRENCY, _total(versions[-1]))
            for source_id, versions in installation.shop.versions.items()
            if shown(versions)
        ),
        inbox=tuple(ledger.inbox_rows()),
        documents=tuple(ledger.document_rows()),
        deliveries=tuple(ledger.delivery_rows()),
        targets=tuple(
            TargetRecord(one.system, one.entity, one.external_id, one.key, CURRENCY, one.amount)
            for one in records
        ),
        audit=tuple(ledger.audit_rows()),
        acked=frozenset(installation.acked),
        read=RECORDED,
    )


def _total(version: Version) -> Decimal:
    return Decimal(version.node["currentTotalPriceSet"]["shopMoney"]["amount"])


def _unbalanced(installation: Installation) -> Iterator[str]:
    """Name what conservation and the dead letters do not add up to."""
    ledger = installation.ledger
    counts = ledger.conservation(PAIR)
    if not counts.is_conserved:
        yield f"not conserved: {counts}"
    open_for = Counter(
        ("document", letter.document_id)
        if letter.document_id is not None
        else ("entry", letter.inbox_id)
        for letter in ledger.dead_letters()
    )
    aside = ledger.aside()
    for kind, number in sorted(aside - set(open_for)):
        yield f"{kind} {number} is set aside without an open dead letter"
    for (kind, number), count in sorted(open_for.items()):
        if count != 1 or (kind, number) not in aside:
            yield f"{kind} {number} has {count} open dead letters and is not set aside by them"


def _stale(installation: Installation, shown: Shown) -> Iterator[str]:
    """Name every order of which the ledger's newest version is not the shop's."""
    newest = installation.ledger.newest()
    for source_id, versions in installation.shop.versions.items():
        if source_id in newest and shown(versions):
            held = newest[source_id].content_hash
            if held != content_hash(versions[-1].node, without=VOLATILE_MEMBERS):
                yield f"order {source_id}: the ledger's newest version is an old one"


def _incomplete(installation: Installation, records: list[Record]) -> Iterator[str]:
    """Name every order that is done and of which a system lacks something."""
    held = {(one.system, one.entity, one.key) for one in records}
    for source_id, document in installation.ledger.newest().items():
        if document.state != DocumentState.DONE:
            continue
        wanted = {
            (System.XERO, "invoice", source_id),
            (System.XERO, "invoice_note", source_id),
            (System.SAGE100, "sales_order", source_id),
        }
        taken = Decimal(0)
        for transaction in document.payload["transactions"]:
            number = transaction["id"].rpartition("/")[2]
            wanted |= {(System.XERO, "payment", number), (System.SAGE100, "cash_receipt", number)}
            taken += Decimal(transaction["amountSet"]["shopMoney"]["amount"])
        for system, entity, key in sorted(wanted - held):
            yield f"order {source_id} is done, and {system} has no {entity} {key}"
        yield from _short(installation, source_id, taken)


def _short(installation: Installation, source_id: str, taken: Decimal) -> Iterator[str]:
    """Say when a sales order shows another deposit than what was taken."""
    sage100 = installation.worlds[System.SAGE100]
    order = sage100.held("sales_order", source_id)
    shown = sage100.states.get(("order_deposit", source_id)) or (order.figures if order else {})
    if Decimal(shown.get("deposit", "0")) != taken:
        yield f"order {source_id} is done, {taken} was taken, and its deposit is {shown}"
