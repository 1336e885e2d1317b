"""Payments and open invoices by chance, with what must come of each of them."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tieout.domain.reconciliation.records import (
    Money,
    MoneyKind,
    OpenItem,
    Reconciliation,
    VarianceClass,
)

TODAY = date(2026, 11, 30)
CENT = Decimal("0.01")
CASH = "clearing_shopify_payments"


def money(document_id: str, amount: str | Decimal, **more: object) -> Money:
    """A payment of customer C1 a week ago, that names nothing yet."""
    given: dict[str, object] = {
        "document_id": document_id,
        "kind": MoneyKind.PAYMENT,
        "party": "C1",
        "day": TODAY - timedelta(days=7),
        "currency": "USD",
        "amount": Decimal(amount),
        "cash_role": CASH,
    }
    return Money.model_validate({**given, **more})


def item(document_id: str, amount: str | Decimal, **more: object) -> OpenItem:
    """An invoice of customer C1, nine days old."""
    given: dict[str, object] = {
        "document_id": document_id,
        "party": "C1",
        "day": TODAY - timedelta(days=9),
        "currency": "USD",
        "amount": Decimal(amount),
    }
    return OpenItem.model_validate({**given, **more})


@dataclass
class Books:
    """What is reconciled, and how many variances of which class there must be."""

    money: list[Money] = field(default_factory=list)
    items: list[OpenItem] = field(default_factory=list)
    expected: Counter[tuple[str, VarianceClass]] = field(default_factory=Counter)


def by_chance(count: int, seed: int) -> Books:
    """About so many payments and open invoices, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - the same for the same seed
    books = Books()
    number = 0
    while min(len(books.money), len(books.items)) < count:
        number += 1
        chance.choice(_CASES)(books, chance, number)
    return books


def _amount(chance: random.Random) -> Decimal:
    return CENT * chance.randint(100, 90_000)


def _party(number: int) -> str:
    # Few customers, so that what keeps documents apart is their ids alone.
    return f"C{number % 500}"


def _plain(books: Books, chance: random.Random, number: int) -> None:
    amount, party = _amount(chance), _party(number)
    books.money.append(money(f"P{number}", amount, party=party, pays=(f"o{number}",)))
    books.items.append(item(f"I{number}", amount, party=party, correlation_id=f"o{number}"))


def _by_number(books: Books, chance: random.Random, number: int) -> None:
    amount, party = _amount(chance), _party(number)
    books.money.append(money(f"P{number}", amount, party=party, numbers=(f"inv-{number}",)))
    books.items.append(item(f"I{number}", amount, party=party, number=f"INV {number}"))


def _partial(books: Books, chance: random.Random, number: int) -> None:
    amount, party = _amount(chance), _party(number)
    books.money.append(money(f"P{number}", amount, party=party, pays=(f"o{number}",)))
    more = amount + CENT
    books.items.append(item(f"I{number}", more, party=party, correlation_id=f"o{number}"))
    books.expected["open_item", VarianceClass.UNPAID] += 1


def _one_for_several(books: Books, chance: random.Random, number: int) -> None:
    parts, party = [_amount(chance) for _ in range(3)], _party(number)
    ids = [f"o{number}.{place}" for place in range(3)]
    total = sum(parts, Decimal(0))
    books.money.append(money(f"P{number}", total, party=party, pays=tuple(ids)))
    books.items += [
        item(f"I{one}", part, party=party, correlation_id=one)
        for one, part in zip(ids, parts, strict=True)
    ]


def _several_for_one(books: Books, chance: random.Random, number: int) -> None:
    parts, party = [_amount(chance) for _ in range(3)], _party(number)
    total = sum(parts, Decimal(0))
    books.money += [
        money(f"P{number}.{place}", part, party=party, pays=(f"o{number}",))
        for place, part in enumerate(parts)
    ]
    books.items.append(item(f"I{number}", total, party=party, correlation_id=f"o{number}"))


def _too_much(books: Books, chance: random.Random, number: int) -> None:
    amount, party = _amount(chance), _party(number)
    books.money.append(money(f"P{number}", amount + 1, party=party, pays=(f"o{number}",)))
    books.items.append(item(f"I{number}", amount, party=party, correlation_id=f"o{number}"))
    books.expected["money", VarianceClass.UNAPPLIED] += 1


def _alone(books: Books, chance: random.Random, number: int) -> None:
    amount = _amount(chance)
    books.money.append(money(f"P{number}", amount, pays=(f"nowhere{number}",)))
    books.items.append(item(f"I{number}", amount, correlation_id=f"o{number}"))
    books.expected["money", VarianceClass.MISSING] += 1
    books.expected["open_item", VarianceClass.UNPAID] += 1


def _cent_off(books: Books, chance: random.Random, number: int) -> None:
    amount, party = _amount(chance), _party(number)
    books.money.append(money(f"P{number}", amount, party=party, numbers=(f"n{number}",)))
    books.items.append(item(f"I{number}", amount + CENT, party=party, number=f"N{number}"))
    books.expected["money", VarianceClass.WRONG_AMOUNT] += 1
    books.expected["open_item", VarianceClass.WRONG_AMOUNT] += 1


_CASES = [
    *([_plain] * 14),
    *([_by_number] * 2),
    _partial,
    _one_for_several,
    _several_for_one,
    _too_much,
    _alone,
    _cent_off,
]


def counted(reconciled: Reconciliation) -> Counter[tuple[str, VarianceClass]]:
    """How many variances there are, by side and class."""
    return Counter((one.side.value, one.variance_class) for one in reconciled.variances)


def totals(reconciled: Reconciliation) -> dict[tuple[str, str], Decimal]:
    """What was settled and what is left, by side and currency."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for settlement in reconciled.settlements:
        for applied in settlement.applied:
            found["money", settlement.currency] += applied.amount
            found["open_item", settlement.currency] += applied.amount
    for variance in reconciled.variances:
        found[variance.side.value, variance.currency] += variance.amount
    return dict(found)


def given(books: Books) -> dict[tuple[str, str], Decimal]:
    """What was given, by side and currency."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in books.money:
        found["money", one.currency] += one.amount
    for open_item in books.items:
        found["open_item", open_item.currency] += open_item.amount
    return dict(found)
