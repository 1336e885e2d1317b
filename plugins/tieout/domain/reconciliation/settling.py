"""Which money pays which open items: by correlation id, else by number and amount together.

Never by dates, never by likeness, and nothing is made up to fit (docs/reference/accounting.md,
*Payments*). Everything is put in order of day and document first, so the order in which it was read
decides nothing. The work grows with what there is, not with its square.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.numbers import bare
from tieout.domain.reconciliation.records import (
    Applied,
    Ground,
    Money,
    OpenItem,
    Settlement,
    Shape,
)

Key = tuple[str, str, str]
"""Currency, party, and a correlation id or number: only what agrees in all three is put together.
"""


@dataclass
class Settled:
    """What was settled, and what is left of everything."""

    money: dict[str, Money]
    items: dict[str, OpenItem]
    left: dict[str, Decimal]
    """Of each amount of money, what pays nothing."""
    open: dict[str, Decimal]
    """Of each item, what is not paid."""
    settlements: list[Settlement] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    """By money, the items that it names and is too little for: somebody must say which."""


def settle(money: Iterable[Money], items: Iterable[OpenItem]) -> Settled:
    """Put money and items together.

    Raises:
        ValueError: A document is there twice.
    """
    ordered = sorted(money, key=lambda one: (one.day, one.document_id))
    waiting = sorted(items, key=lambda one: (one.day, one.document_id))
    settled = Settled(
        money={one.document_id: one for one in ordered},
        items={one.document_id: one for one in waiting},
        left={one.document_id: one.amount for one in ordered},
        open={one.document_id: one.amount for one in waiting},
    )
    if len(settled.money) < len(ordered) or len(settled.items) < len(waiting):
        message = "a document is there twice, so it would be counted twice"
        raise ValueError(message)
    _by_correlation_id(settled)
    _by_number_and_amount(settled)
    return settled


def correlation_keys(money: Money) -> list[Key]:
    """Return the keys of what money names by correlation id."""
    named = dict.fromkeys(one for one in money.pays if one)
    return [(money.currency, money.party, one) for one in named]


def number_keys(money: Money) -> list[Key]:
    """Return the keys of what money names by number, however that is written."""
    named = dict.fromkeys(number for one in money.numbers if (number := bare(one)))
    return [(money.currency, money.party, one) for one in named]


def _by_correlation_id(settled: Settled) -> None:
    """Apply money to what it names; what names one thing goes before what names several."""
    items: dict[Key, list[OpenItem]] = defaultdict(list)
    for item in settled.items.values():
        if item.correlation_id:
            items[item.currency, item.party, item.correlation_id].append(item)
    single: dict[Key, list[Money]] = defaultdict(list)
    several: list[tuple[Money, list[Key]]] = []
    for money in settled.money.values():
        keys = [key for key in correlation_keys(money) if key in items]
        if len(keys) == 1:
            single[keys[0]].append(money)
        elif keys:
            several.append((money, keys))
    for key, group in single.items():
        _pair(settled, group, items[key], Ground.CORRELATION_ID)
        _fill(settled, group, items[key], Ground.CORRELATION_ID)
    for money, keys in several:
        _apply_to_several(settled, money, [item for key in keys for item in items[key]])


def _apply_to_several(settled: Settled, money: Money, named: Sequence[OpenItem]) -> None:
    """Apply money that names several items, unless it is too little and nobody said for which."""
    waiting = [item for item in named if settled.open[item.document_id]]
    wanted = sum((settled.open[item.document_id] for item in waiting), ZERO)
    if money.amount < wanted and len(waiting) > 1:
        settled.ambiguous[money.document_id] = [item.document_id for item in waiting]
    else:
        _fill(settled, [money], waiting, Ground.CORRELATION_ID)


def _by_number_and_amount(settled: Settled) -> None:
    """Put together what is untouched and agrees in number and in amount, alone or in sum."""
    items: dict[Key, list[OpenItem]] = defaultdict(list)
    for item in settled.items.values():
        number = bare(item.number)
        if number and settled.open[item.document_id] == item.amount:
            items[item.currency, item.party, number].append(item)
    single: dict[Key, list[Money]] = defaultdict(list)
    several: list[tuple[Money, list[Key]]] = []
    for money in settled.money.values():
        if settled.left[money.document_id] < money.amount:
            continue
        if money.document_id in settled.ambiguous:
            continue
        keys = [key for key in number_keys(money) if key in items]
        if len(keys) == 1:
            single[keys[0]].append(money)
        elif keys:
            several.append((money, keys))
    for key, group in single.items():
        _pair(settled, group, items[key], Ground.NUMBER_AND_AMOUNT)
        _fill_exactly(settled, group, items[key])
    for money, keys in several:
        _fill_exactly(settled, [money], [item for key in keys for item in items[key]])


def _fill_exactly(settled: Settled, money: Sequence[Money], items: Sequence[OpenItem]) -> None:
    """Apply money to items if together they come to the same."""
    left = sum((settled.left[one.document_id] for one in money), ZERO)
    if left == sum((settled.open[one.document_id] for one in items), ZERO):
        _fill(settled, money, items, Ground.NUMBER_AND_AMOUNT)


def _pair(
    settled: Settled, money: Sequence[Money], items: Sequence[OpenItem], ground: Ground
) -> None:
    """Put together one by one what has the same amount."""
    waiting: Mapping[Decimal, deque[OpenItem]] = defaultdict(deque)
    for item in items:
        waiting[settled.open[item.document_id]].append(item)
    for one in money:
        amount = settled.left[one.document_id]
        if amount and waiting[amount]:
            item = waiting[amount].popleft()
            _keep(settled, [_applied(settled, one, item)], ground)


def _fill(
    settled: Settled, money: Sequence[Money], items: Sequence[OpenItem], ground: Ground
) -> None:
    """Apply money to items, the oldest of both first, until one side is used up."""
    sources = deque(one for one in money if settled.left[one.document_id])
    targets = deque(one for one in items if settled.open[one.document_id])
    applied: list[Applied] = []
    while sources and targets:
        applied.append(_applied(settled, sources[0], targets[0]))
        if not settled.left[sources[0].document_id]:
            sources.popleft()
        if not settled.open[targets[0].document_id]:
            targets.popleft()
    if applied:
        _keep(settled, applied, ground)


def _applied(settled: Settled, money: Money, item: OpenItem) -> Applied:
    amount = min(settled.left[money.document_id], settled.open[item.document_id])
    settled.left[money.document_id] -= amount
    settled.open[item.document_id] -= amount
    return Applied(money=money.document_id, item=item.document_id, amount=amount)


def _keep(settled: Settled, applied: Sequence[Applied], ground: Ground) -> None:
    if len(applied) > 1:
        shape = Shape.GROUPED
    else:
        shape = Shape.PARTIAL if settled.open[applied[0].item] else Shape.ONE_TO_ONE
    currency = settled.items[applied[0].item].currency
    settled.settlements.append(
        Settlement(ground=ground, shape=shape, currency=currency, applied=tuple(applied))
    )
