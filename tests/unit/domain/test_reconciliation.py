"""Money and open items: settled by id, by number and amount, or a variance; never by guessing."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given as sampled
from hypothesis import settings
from hypothesis import strategies as st

from reconciling import CASH, TODAY, Books, by_chance, counted, given, item, money, totals
from tieout.domain.reconciliation.records import (
    Ground,
    Money,
    MoneyKind,
    OpenItem,
    Owner,
    Reconciliation,
    Settlement,
    Shape,
    Side,
    Variance,
    VarianceClass,
)
from tieout.domain.reconciliation.variances import reconcile

REPEATABLE = settings(derandomize=True, deadline=None, max_examples=60, database=None)


def put_together(money_: list[Money], items: list[OpenItem]) -> Reconciliation:
    reconciled = reconcile(money_, items, today=TODAY)
    assert totals(reconciled) == given(Books(money_, items))
    return reconciled


def settled(money_: list[Money], items: list[OpenItem]) -> list[Settlement]:
    """The settlements of what leaves nothing over."""
    reconciled = put_together(money_, items)
    assert reconciled.variances == ()
    return list(reconciled.settlements)


def left_of(reconciled: Reconciliation, document_id: str) -> Variance:
    [found] = [one for one in reconciled.variances if one.document_id == document_id]
    return found


def amounts(settlement: Settlement) -> list[tuple[str, str, str]]:
    return [(one.money, one.item, f"{one.amount:.2f}") for one in settlement.applied]


def test_a_payment_settles_the_invoice_of_its_correlation_id() -> None:
    paid = money("P1", "110.13", pays=("1042",), numbers=("INV-7",))
    other = item("I2", "110.13", number="INV-7")
    reconciled = put_together([paid], [other, item("I1", "110.13", correlation_id="1042")])
    [one] = reconciled.settlements
    assert (one.ground, one.shape) == (Ground.CORRELATION_ID, Shape.ONE_TO_ONE)
    assert amounts(one) == [("P1", "I1", "110.13")]
    assert left_of(reconciled, "I2").variance_class is VarianceClass.UNPAID


def test_without_an_id_number_and_amount_must_both_agree() -> None:
    [one] = settled(
        [money("P1", "20.00", numbers=("inv-0012",))], [item("I1", "20.00", number="INV 0012")]
    )
    assert one.ground is Ground.NUMBER_AND_AMOUNT
    off = put_together(
        [money("P1", "19.99", numbers=("INV-1",))], [item("I1", "20.00", number="INV-1")]
    )
    assert off.settlements == ()
    assert {one.variance_class for one in off.variances} == {VarianceClass.WRONG_AMOUNT}
    assert left_of(off, "P1").evidence == ("P1", "I1")
    assert left_of(off, "I1").evidence == ("I1", "P1")


def test_the_same_day_and_amount_alone_settle_nothing() -> None:
    day = TODAY - timedelta(days=3)
    reconciled = put_together([money("P1", "20.00", day=day)], [item("I1", "20.00", day=day)])
    assert reconciled.settlements == ()
    assert left_of(reconciled, "P1").variance_class is VarianceClass.UNAPPLIED
    assert left_of(reconciled, "I1").variance_class is VarianceClass.UNPAID


def test_a_part_payment_leaves_the_rest_open() -> None:
    """A11: 50.00 of 110.13 captured -> 60.13 is due."""
    reconciled = put_together(
        [money("P1", "50.00", pays=("1042",))], [item("I1", "110.13", correlation_id="1042")]
    )
    assert [one.shape for one in reconciled.settlements] == [Shape.PARTIAL]
    [rest] = reconciled.variances
    assert (rest.side, rest.variance_class, rest.amount, rest.age_days) == (
        Side.OPEN_ITEM,
        VarianceClass.UNPAID,
        Decimal("60.13"),
        9,
    )


def test_one_payment_pays_several_invoices_that_it_names() -> None:
    [one] = settled(
        [money("P1", "110.13", pays=("a", "b"))],
        [item("I1", "66.31", correlation_id="a"), item("I2", "43.82", correlation_id="b")],
    )
    assert one.shape is Shape.GROUPED
    assert amounts(one) == [("P1", "I1", "66.31"), ("P1", "I2", "43.82")]


def test_several_payments_pay_one_invoice() -> None:
    """A34: 60.13 by card and 50.00 by gift card."""
    card = money("P1", "60.13", pays=("1042",))
    gift = money("P2", "50.00", pays=("1042",), cash_role="gift_cards")
    [one] = settled([gift, card], [item("I1", "110.13", correlation_id="1042")])
    assert amounts(one) == [("P1", "I1", "60.13"), ("P2", "I1", "50.00")]


def test_an_order_shipped_in_two_parts_takes_its_payments_in_any_split() -> None:
    card = money("P1", "60.13", pays=("1042",))
    gift = money("P2", "50.00", pays=("1042",))
    shipped = [
        item("I1", "66.31", correlation_id="1042"),
        item("I2", "43.82", correlation_id="1042"),
    ]
    [one] = settled([card, gift], shipped)
    assert amounts(one) == [("P1", "I1", "60.13"), ("P2", "I1", "6.18"), ("P2", "I2", "43.82")]


def test_several_numbers_settle_if_they_come_to_the_payment() -> None:
    items = [item("I1", "60.00", number="A-1"), item("I2", "40.00", number="A-2")]
    [one] = settled([money("P1", "100.00", numbers=("A1", "A2"))], items)
    assert (one.ground, one.shape) == (Ground.NUMBER_AND_AMOUNT, Shape.GROUPED)
    short = put_together([money("P1", "99.99", numbers=("A1", "A2"))], items)
    assert short.settlements == ()


def test_too_little_for_several_is_split_by_a_person() -> None:
    items = [item("I1", "60.00", correlation_id="a"), item("I2", "60.00", correlation_id="b")]
    reconciled = put_together([money("P1", "80.00", pays=("a", "b"))], items)
    assert reconciled.settlements == ()
    rest = left_of(reconciled, "P1")
    assert rest.variance_class is VarianceClass.UNAPPLIED
    assert rest.evidence == ("P1", "I1", "I2")
    assert "how much of it goes to which" in rest.proposal


def test_a35_what_is_too_much_is_a_prepaid_item_of_the_customer() -> None:
    """A35: 120.00 against 110.13 -> X overpayment 9.87; S PP -9.87."""
    reconciled = put_together(
        [money("P1", "120.00", pays=("1042",))], [item("I1", "110.13", correlation_id="1042")]
    )
    [rest] = reconciled.variances
    assert (rest.variance_class, rest.amount) == (VarianceClass.UNAPPLIED, Decimal("9.87"))
    assert rest.entry is not None
    assert rest.entry.amounts == {CASH: Decimal("9.87"), "receivables": Decimal("-9.87")}


def test_a36_an_allocated_credit_settles_without_cash() -> None:
    """A36: credit 19.25 allocated -> S zero receipt, cash unchanged."""
    credit = money("CN1", "19.25", kind=MoneyKind.CREDIT, pays=("1042",), cash_role="")
    [one] = settled([credit], [item("I1", "19.25", correlation_id="1042")])
    assert amounts(one) == [("CN1", "I1", "19.25")]
    alone = put_together([credit], [])
    [rest] = alone.variances
    assert rest.entry is None


def test_a_payment_before_its_invoice_is_a_deposit() -> None:
    reconciled = put_together([money("P1", "50.00", kind=MoneyKind.PREPAYMENT)], [])
    [rest] = reconciled.variances
    assert rest.variance_class is VarianceClass.UNAPPLIED
    assert rest.entry is not None
    assert rest.entry.amounts == {CASH: Decimal("50.00"), "customer_deposits": Decimal("-50.00")}


@pytest.mark.parametrize(
    ("days", "found", "owner"),
    [
        (0, VarianceClass.IN_FLIGHT, Owner.OPERATIONS),
        (1, VarianceClass.IN_FLIGHT, Owner.OPERATIONS),
        (2, VarianceClass.MISSING, Owner.OPERATIONS),
    ],
)
def test_what_names_an_invoice_that_is_not_there_has_a_day(
    days: int, found: VarianceClass, owner: Owner
) -> None:
    paid = money("P1", "5.00", pays=("1042",), day=TODAY - timedelta(days=days))
    [rest] = put_together([paid], []).variances
    assert (rest.variance_class, rest.owner, rest.age_days) == (found, owner, days)
    assert (rest.entry is None) is (found is VarianceClass.IN_FLIGHT)


def test_money_that_is_there_twice_is_named_as_such() -> None:
    twice = [money("P1", "20.00", pays=("1042",)), money("P2", "20.00", pays=("1042",))]
    reconciled = put_together(twice, [item("I1", "20.00", correlation_id="1042")])
    rest = left_of(reconciled, "P2")
    assert rest.variance_class is VarianceClass.DUPLICATE
    assert rest.entry is None


def test_another_customers_invoice_is_never_paid() -> None:
    """A53's twin in money: the ids agree, the customers do not."""
    reconciled = put_together(
        [money("P1", "20.00", pays=("1042",))],
        [item("I1", "20.00", party="C2", correlation_id="1042")],
    )
    assert reconciled.settlements == ()
    assert {one.variance_class for one in reconciled.variances} == {VarianceClass.WRONG_PARTY}


def test_another_currency_is_never_converted_to_fit() -> None:
    reconciled = put_together(
        [money("P1", "20.00", pays=("1042",), currency="EUR")],
        [item("I1", "20.00", correlation_id="1042")],
    )
    assert reconciled.settlements == ()
    assert {one.variance_class for one in reconciled.variances} == {VarianceClass.UNKNOWN}


def test_a_document_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        reconcile([money("P1", "1.00"), money("P1", "1.00")], [], today=TODAY)


def test_a_months_books_are_settled_as_planted() -> None:
    books = by_chance(600, 7)
    assert counted(put_together(books.money, books.items)) == books.expected


IDS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=2).map(tuple)
CENTS = st.integers(1, 6).map(lambda units: Decimal(units).scaleb(-2))
COMMON = {
    "party": st.sampled_from(["C1", "C2"]),
    "currency": st.sampled_from(["USD", "EUR"]),
    "day": st.integers(0, 3).map(lambda days: TODAY - timedelta(days=days)),
    "amount": CENTS,
}
MONEY = st.builds(
    Money,
    document_id=st.just(""),
    kind=st.sampled_from(MoneyKind),
    pays=IDS,
    numbers=IDS,
    cash_role=st.sampled_from(["", CASH]),
    **COMMON,
)
ITEM = st.builds(
    OpenItem,
    document_id=st.just(""),
    correlation_id=st.sampled_from(["a", "b", "c", ""]),
    number=st.sampled_from(["A", "b", " c", ""]),
    **COMMON,
)


def numbered(books: tuple[list[Money], list[OpenItem]]) -> tuple[list[Money], list[OpenItem]]:
    return (
        [one.model_copy(update={"document_id": f"P{place}"}) for place, one in enumerate(books[0])],
        [one.model_copy(update={"document_id": f"I{place}"}) for place, one in enumerate(books[1])],
    )


@REPEATABLE
@sampled(
    st.tuples(st.lists(MONEY, max_size=8), st.lists(ITEM, max_size=8)).map(numbered),
    st.randoms(use_true_random=False),
)
def test_money_is_conserved_and_the_order_of_reading_decides_nothing(
    books: tuple[list[Money], list[OpenItem]], chance: random.Random
) -> None:
    """Matched + variance = total, per side and currency; nothing is applied beyond what it is."""
    money_, items = books
    reconciled = put_together(money_, items)
    applied = [one for settlement in reconciled.settlements for one in settlement.applied]
    pairs = [(one.money, one.item) for one in applied]
    assert len(set(pairs)) == len(pairs)
    left = {(one.side, one.document_id): one.amount for one in reconciled.variances}
    assert len(left) == len(reconciled.variances)
    for one in money_:
        paid = sum((a.amount for a in applied if a.money == one.document_id), Decimal(0))
        assert paid + left.get((Side.MONEY, one.document_id), 0) == one.amount
    for due in items:
        paid = sum((a.amount for a in applied if a.item == due.document_id), Decimal(0))
        assert paid + left.get((Side.OPEN_ITEM, due.document_id), 0) == due.amount
    by_money = {one.document_id: one for one in money_}
    by_item = {one.document_id: one for one in items}
    for pair in applied:
        source, target = by_money[pair.money], by_item[pair.item]
        assert (source.party, source.currency) == (target.party, target.currency)
    chance.shuffle(money_)
    chance.shuffle(items)
    assert reconcile(money_, items, today=TODAY) == reconciled
