"""What is left over: every amount with its class, its evidence, its owner and what is proposed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tieout.domain.entries import ProposedEntry
from tieout.domain.numbers import bare
from tieout.domain.reconciliation.records import (
    OWNERS,
    ItemKind,
    Money,
    MoneyKind,
    OpenItem,
    Reconciliation,
    Side,
    Variance,
    VarianceClass,
)
from tieout.domain.reconciliation.settling import (
    Settled,
    correlation_keys,
    number_keys,
    settle,
)
from tieout.domain.roles import DEPOSITS, RECEIVABLES

IN_FLIGHT_MAX = timedelta(days=1)
"""How long money may name what is not there before that counts as missing."""
EVIDENCE_MAX = 20
"""How many documents a variance names."""
SPLIT = "Say how much of it goes to which of the items."
PROPOSALS = {
    VarianceClass.UNAPPLIED: "Keep it for the customer's next invoice, or refund it.",
    VarianceClass.UNPAID: "Wait for the money; a person writes off what never comes.",
    VarianceClass.EXTRA: "Find the payment that it records, or take the receipt back.",
    VarianceClass.IN_FLIGHT: "Wait: what it pays has a day to arrive.",
    VarianceClass.MISSING: "Find what it pays: replay it, or keep the money as a deposit.",
    VarianceClass.DUPLICATE: "Void it if the bank has it once; else refund it.",
    VarianceClass.WRONG_AMOUNT: "Link both documents as a part payment, or correct one.",
    VarianceClass.WRONG_PARTY: "Move one of the documents to the right customer.",
    VarianceClass.UNKNOWN: "Compare the currencies of the documents.",
}
"""What to do about each class, for people."""


def reconcile(money: Iterable[Money], items: Iterable[OpenItem], *, today: date) -> Reconciliation:
    """Settle money with open items; whatever is left becomes a variance.

    Nothing is posted, and nothing is lost: per currency, what is settled and what is left add up to
    what was given, on each side.

    Raises:
        ValueError: A document is there twice.
    """
    settled = settle(money, items)
    index = _indexed(settled)
    return Reconciliation(
        settlements=tuple(settled.settlements),
        variances=(
            *_of_money(settled, index, today),
            *_of_items(settled, index, today),
        ),
    )


@dataclass(frozen=True)
class _Index:
    """Who names whom, whatever came of it, without currency and party."""

    items_by_id: dict[str, list[OpenItem]] = field(default_factory=lambda: defaultdict(list))
    items_by_number: dict[str, list[OpenItem]] = field(default_factory=lambda: defaultdict(list))
    money_by_id: dict[str, list[Money]] = field(default_factory=lambda: defaultdict(list))
    money_by_number: dict[str, list[Money]] = field(default_factory=lambda: defaultdict(list))
    applied: dict[str, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    """By item, what each amount of money paid of it."""

    def named_by(self, money: Money) -> list[OpenItem]:
        """Return the items that money names, of whatever customer and currency."""
        ids, numbers = self.items_by_id, self.items_by_number
        found = [one for key in correlation_keys(money) for one in ids.get(key[2], ())]
        return found or [one for key in number_keys(money) for one in numbers.get(key[2], ())]

    def naming(self, item: OpenItem) -> list[Money]:
        """Return the money that names an item."""
        by_id = self.money_by_id.get(item.correlation_id, ())
        by_number = self.money_by_number.get(bare(item.number), ())
        return list({one.document_id: one for one in (*by_id, *by_number)}.values())


def _indexed(settled: Settled) -> _Index:
    index = _Index()
    for item in settled.items.values():
        if item.correlation_id:
            index.items_by_id[item.correlation_id].append(item)
        if item.number:
            index.items_by_number[bare(item.number)].append(item)
    for money in settled.money.values():
        for _, _, correlation_id in correlation_keys(money):
            index.money_by_id[correlation_id].append(money)
        for _, _, number in number_keys(money):
            index.money_by_number[number].append(money)
    for settlement in settled.settlements:
        for one in settlement.applied:
            index.applied[one.item][one.money] = one.amount
    return index


def _of_money(settled: Settled, index: _Index, today: date) -> Iterator[Variance]:
    for document_id, left in settled.left.items():
        if not left:
            continue
        money = settled.money[document_id]
        named = index.named_by(money)
        found = _class_of_money(settled, index, money, named, today)
        is_split = document_id in settled.ambiguous
        yield Variance(
            side=Side.MONEY,
            document_id=document_id,
            party=money.party,
            currency=money.currency,
            amount=left,
            age_days=(today - money.day).days,
            variance_class=found,
            owner=OWNERS[found],
            evidence=_evidence(document_id, (one.document_id for one in named)),
            proposal=SPLIT if is_split else PROPOSALS[found],
            entry=_receipt(money, left, found),
        )


def _receipt(money: Money, left: Decimal, found: VarianceClass) -> ProposedEntry | None:
    """Return the cash receipt that holds money for the customer; a credit moves no cash.

    Before its invoice it is a deposit; what is too much is a prepaid item among the receivables.
    """
    if not money.cash_role or found not in (VarianceClass.UNAPPLIED, VarianceClass.MISSING):
        return None
    is_early = found is VarianceClass.MISSING or money.kind is MoneyKind.PREPAYMENT
    role = DEPOSITS if is_early else RECEIVABLES
    return ProposedEntry(
        what=f"cash receipt of {money.document_id} to {role}",
        day=money.day,
        currency=money.currency,
        amounts={money.cash_role: left, role: -left},
    )


def _class_of_money(
    settled: Settled, index: _Index, money: Money, named: Sequence[OpenItem], today: date
) -> VarianceClass:
    own = [one for one in named if (one.currency, one.party) == (money.currency, money.party)]
    names_nothing = not money.pays and not money.numbers
    is_part = settled.left[money.document_id] < money.amount
    if money.document_id in settled.ambiguous or is_part or names_nothing:
        found = VarianceClass.UNAPPLIED
    elif _is_booked_before(index, money, own):
        found = VarianceClass.DUPLICATE
    elif any(settled.open[one.document_id] for one in own):
        found = VarianceClass.WRONG_AMOUNT
    elif own:
        found = VarianceClass.UNAPPLIED
    elif any(one.currency == money.currency for one in named):
        found = VarianceClass.WRONG_PARTY
    elif named:
        found = VarianceClass.UNKNOWN
    elif today - money.day <= IN_FLIGHT_MAX:
        found = VarianceClass.IN_FLIGHT
    else:
        found = VarianceClass.MISSING
    return found


def _is_booked_before(index: _Index, money: Money, own: Sequence[OpenItem]) -> bool:
    return any(
        amount == money.amount and other != money.document_id
        for one in own
        for other, amount in index.applied.get(one.document_id, {}).items()
    )


def _of_items(settled: Settled, index: _Index, today: date) -> Iterator[Variance]:
    for document_id, left in settled.open.items():
        if not left:
            continue
        item = settled.items[document_id]
        naming = index.naming(item)
        found = _class_of_item(settled, item, naming)
        yield Variance(
            side=Side.OPEN_ITEM,
            document_id=document_id,
            party=item.party,
            currency=item.currency,
            amount=left,
            age_days=(today - item.day).days,
            variance_class=found,
            owner=OWNERS[found],
            evidence=_evidence(document_id, (one.document_id for one in naming)),
            proposal=PROPOSALS[found],
        )


def _class_of_item(settled: Settled, item: OpenItem, naming: Sequence[Money]) -> VarianceClass:
    spare = [
        one
        for one in naming
        if settled.left[one.document_id] == one.amount and one.document_id not in settled.ambiguous
    ]
    same_money = [one for one in spare if one.currency == item.currency]
    if any(one.party == item.party for one in same_money):
        return VarianceClass.WRONG_AMOUNT
    if same_money:
        return VarianceClass.WRONG_PARTY
    if spare:
        return VarianceClass.UNKNOWN
    return VarianceClass.EXTRA if item.kind is ItemKind.RECEIPT else VarianceClass.UNPAID


def _evidence(document_id: str, others: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((document_id, *others)))[:EVIDENCE_MAX]
