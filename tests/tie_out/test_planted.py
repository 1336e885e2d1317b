"""Discrepancies planted in books that agree: each is named in its class, with its documents."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tie_out.books_of import (
    AS_OF,
    GOODS,
    KNOWN_AT,
    ORDERED,
    PAIR,
    SALES,
    TAX,
    TOTAL,
    Order,
    agreeing,
    changed,
    proven,
)
from tieout.domain.books import GlPosting, SageState, XeroJournal
from tieout.domain.tie_out import ERROR_CLASSES, DifferenceClass, Light, SourceRead
from tieout.ports.tie_out import Sent
from tieout.usecases.tie_out import tie_out
from tieout.usecases.tie_out_items import Told
from tieout.usecases.tie_out_reading import NOTHING

PLANTED = 200
CENT = Decimal("0.01")
Plant = Callable[[Order], Order]


def _one(order: Order, kind: str, **values: object) -> Order:
    """Change the one document of a kind."""
    (document,) = getattr(order, kind)
    return changed(order, **{kind: [document.model_copy(update=values)]})


def _again(order: Order, kind: str, **values: object) -> Order:
    """Enter the one document of a kind once more."""
    (document,) = getattr(order, kind)
    return changed(order, **{kind: [document, document.model_copy(update=values)]})


def _shipped(order: Order, **values: object) -> Order:
    (shipment,) = order.shipments
    made = shipment.model_copy(update=values)
    return changed(order, shipments=[made.model_copy(update={"deposit_applied": made.total})])


def _quantity(order: Order) -> Order:
    (sold,) = order.orders
    fewer = sold.lines[0].model_copy(update={"ordered": Decimal(2), "shipped": Decimal(2)})
    order = _one(order, "orders", lines=(fewer,))
    return _shipped(order, goods=GOODS - 31, goods_by_account={SALES: GOODS - 31})


def _unapplied(order: Order) -> Order:
    return _one(order, "shipments", deposit_applied=Decimal(0))


def _journal(order: Order) -> Order:
    amounts = {"820": Decimal(10), "200": Decimal(-10)}
    return changed(
        order,
        journals=[
            XeroJournal(
                journal_id=f"j-{order.place}", narration="by hand", date=ORDERED, amounts=amounts
            )
        ],
    )


def _general_journal(order: Order) -> Order:
    entries = [
        GlPosting(
            account=account,
            date=ORDERED,
            journal="GJ",
            register_no=f"{order.place:06d}",
            source_document="by hand",
            amount=amount,
        )
        for account, amount in ((TAX, Decimal(10)), (SALES, Decimal(-10)))
    ]
    return changed(order, postings=entries)


def _late(order: Order) -> Order:
    return changed(order, payments=[], orders=[], receipts=[], shipments=[])


def _repeated_invoice(order: Order) -> Order:
    (invoice,) = order.invoices
    copy = {"invoice_id": f"x-{order.place}", "number": f"{invoice.number}-2"}
    return changed(order, invoices=[invoice, invoice.model_copy(update=copy)])


def _unbilled(order: Order) -> Order:
    (sold,) = order.orders
    waits = sold.model_copy(
        update={
            "status": "O",
            "lines": tuple(one.model_copy(update={"shipped": Decimal(0)}) for one in sold.lines),
        }
    )
    return changed(order, invoices=[], payments=[], receipts=[], shipments=[], orders=[waits])


PLANTS: dict[str, tuple[DifferenceClass, Plant]] = {
    "nothing of it in Sage 100": (DifferenceClass.MISSING, _late),
    "no receipt": (DifferenceClass.MISSING, lambda one: changed(one, receipts=[])),
    "no invoice in Xero": (DifferenceClass.MISSING, _unbilled),
    "no payment": (DifferenceClass.EXTRA, lambda one: changed(one, payments=[])),
    "a receipt twice": (
        DifferenceClass.DUPLICATE,
        lambda one: _again(one, "receipts", deposit_no=f"9{one.place}"),
    ),
    "a payment twice": (
        DifferenceClass.DUPLICATE,
        lambda one: _again(one, "payments", payment_id=f"x-{one.place}"),
    ),
    "an A/R invoice beside it": (
        DifferenceClass.DUPLICATE,
        lambda one: _again(one, "shipments", order_no="", invoice_no=f"9{one.place:06d}"),
    ),
    "shipped twice": (
        DifferenceClass.DUPLICATE,
        lambda one: _again(one, "shipments", invoice_no=f"8{one.place:06d}"),
    ),
    "invoiced twice in Xero": (DifferenceClass.DUPLICATE, _repeated_invoice),
    "other goods": (
        DifferenceClass.WRONG_AMOUNT,
        lambda one: _shipped(one, goods=GOODS + 5, goods_by_account={SALES: GOODS + 5}),
    ),
    "less received": (
        DifferenceClass.WRONG_AMOUNT,
        lambda one: _one(one, "receipts", amount=TOTAL - 5),
    ),
    "tax computed anew": (
        DifferenceClass.WRONG_TAX,
        lambda one: _shipped(one, tax=one.shipments[0].tax - CENT),
    ),
    "goods on another account": (
        DifferenceClass.WRONG_ACCOUNT,
        lambda one: _one(one, "shipments", goods_by_account={"420-00": GOODS}),
    ),
    "received at another bank": (
        DifferenceClass.WRONG_ACCOUNT,
        lambda one: _one(one, "receipts", bank_code="P"),
    ),
    "shipped in another month": (
        DifferenceClass.WRONG_PERIOD,
        lambda one: _one(one, "shipments", invoice_date=date(2026, 10, 12)),
    ),
    "received in another month": (
        DifferenceClass.WRONG_PERIOD,
        lambda one: _one(one, "receipts", date=date(2026, 10, 12)),
    ),
    "another customer's": (
        DifferenceClass.WRONG_PARTY,
        lambda one: _one(one, "shipments", customer_no="0000099"),
    ),
    "received of another customer": (
        DifferenceClass.WRONG_PARTY,
        lambda one: _one(one, "receipts", customer_no="0000099"),
    ),
    "fewer pieces": (DifferenceClass.WRONG_QUANTITY, _quantity),
    "still open": (DifferenceClass.STALE_STATUS, lambda one: _one(one, "orders", status="O")),
    "a journal in Xero": (DifferenceClass.MANUAL_EDIT, _journal),
    "a journal in Sage 100": (DifferenceClass.MANUAL_EDIT, _general_journal),
}


def test_the_books_that_are_planted_in_agree() -> None:
    result = proven([agreeing(place) for place in range(1001, 1011)])
    assert result.items == ()
    assert result.light is Light.GREEN


@pytest.mark.parametrize("name", PLANTS)
def test_each_error_alone_is_named_and_nothing_else_is(name: str) -> None:
    expected, plant = PLANTS[name]
    result = proven([agreeing(1001), plant(agreeing(1002)), agreeing(1003)])
    assert [item.difference_class for item in result.items] == [expected]
    assert result.unknown == 0
    assert result.light is Light.AMBER
    assert all(sum(item.amounts.values()) == 0 for item in result.items)


def test_two_hundred_planted_errors_of_every_class_are_all_named_and_none_is_false() -> None:
    """Done-when 2 of issue 8, on what is read of both ledgers."""
    plants = list(PLANTS.values())
    orders, wanted = [], {}
    for place in range(PLANTED):
        expected, plant = plants[place % len(plants)]
        order = plant(agreeing(1001 + 2 * place))
        orders += [order, agreeing(1002 + 2 * place)]
        wanted[order.number] = expected
    # Restated needs books that were signed before.
    undone = {"HP-9001": ("Xero payment p-9001 is gone",)}
    orders.append(changed(agreeing(9001), payments=[]))
    wanted["HP-9001"] = DifferenceClass.RESTATED

    result = proven(orders, changed=undone)
    found = {_order_of(item.document, orders): item.difference_class for item in result.items}
    assert found == wanted
    assert len(result.items) == PLANTED + 1
    assert set(wanted.values()) == ERROR_CLASSES
    assert all(item.documents for item in result.items)
    assert result.unknown == 0
    assert result.light is Light.AMBER


def _order_of(document: str, orders: list[Order]) -> str:
    """Return the order that a named document was planted in."""
    place = document.removeprefix("HP-").removesuffix("-2").rpartition(" ")[2].removeprefix("j-")
    checks = {one.check_no: order.number for order in orders for one in order.receipts}
    return checks.get(place, f"HP-{int(place)}" if place.isdigit() else place)


def test_a52_errors_that_offset_each_other_are_two_items_and_never_green() -> None:
    def of(place: int, more: int) -> Order:
        goods = GOODS + more
        return _shipped(agreeing(place), goods=goods, goods_by_account={SALES: goods})

    result = proven([of(1001, 5), of(1002, -5)])
    assert [item.difference_class for item in result.items] == [DifferenceClass.WRONG_AMOUNT] * 2
    assert all(account.difference == 0 for account in result.accounts)
    assert result.light is Light.AMBER


def test_unknown_postings_that_offset_each_other_are_summed_gross() -> None:
    entries = [
        GlPosting(
            account=TAX,
            date=ORDERED,
            journal="XX",
            register_no=register,
            source_document="what is this",
            amount=amount,
        )
        for register, amount in (("000001", Decimal(5)), ("000002", Decimal(-5)))
    ]
    result = proven([changed(agreeing(1001), postings=entries)])
    assert result.unknown == Decimal(10)
    assert result.light is Light.RED


def test_a50_a_shipment_posted_after_the_cut_off_is_cutoff_until_then() -> None:
    later = _one(agreeing(1001), "shipments", date=AS_OF + timedelta(days=1), invoice_date=AS_OF)
    result = proven([later])
    assert [item.difference_class for item in result.items] == [DifferenceClass.CUTOFF]
    assert result.light is Light.GREEN
    assert proven([later], as_of=AS_OF + timedelta(days=1)).items == ()


@pytest.mark.parametrize(
    ("hours", "expected"), [(2, DifferenceClass.IN_FLIGHT), (25, DifferenceClass.MISSING)]
)
def test_a55_what_has_left_the_shop_is_never_unshipped(
    hours: int, expected: DifferenceClass
) -> None:
    order = _waiting()
    sent = Sent(at=KNOWN_AT - timedelta(hours=hours), pieces=Decimal(3), of=Decimal(3))
    result = proven([order], sent={"1001": sent})
    assert [item.difference_class for item in result.items] == [expected]
    assert result.unknown == 0


def test_only_the_part_that_has_left_is_late_and_the_rest_is_unshipped() -> None:
    sent = Sent(at=KNOWN_AT - timedelta(hours=30), pieces=Decimal(1), of=Decimal(3))
    result = proven([_waiting()], sent={"1001": sent})
    classes = [item.difference_class for item in result.items]
    assert classes == [DifferenceClass.MISSING, DifferenceClass.UNSHIPPED]
    assert all(sum(item.amounts.values()) == 0 for item in result.items)
    assert result.unknown == 0


def _waiting() -> Order:
    order = agreeing(1001)
    (sold,) = order.orders
    lines = tuple(one.model_copy(update={"shipped": Decimal(0)}) for one in sold.lines)
    return changed(_one(order, "orders", lines=lines, status="O"), shipments=[])


def test_what_waits_for_too_long_makes_the_light_amber() -> None:
    day = datetime(2026, 12, 17, tzinfo=KNOWN_AT.tzinfo)
    young, old = proven([_waiting()]), proven([_waiting()], today=day.date())
    assert young.light is Light.GREEN
    assert old.light is Light.AMBER
    assert [item.is_overage for item in old.items] == [True]
    entered = _one(agreeing(1002), "shipments", state=SageState.ENTERED, date=date(2026, 11, 26))
    assert proven([entered], today=date(2026, 11, 30)).light is Light.GREEN
    assert proven([entered]).light is Light.AMBER


def test_what_is_parked_is_named_so_and_keeps_its_amounts() -> None:
    order = replace(changed(agreeing(1001), receipts=[]), parked="dead letter 7, period_closed")
    result = proven([order])
    assert [item.difference_class for item in result.items] == [DifferenceClass.PARKED]
    assert "dead letter 7" in result.items[0].explanation
    assert result.items[0].amounts["customer_deposits"] == -TOTAL
    assert result.light is Light.GREEN


def test_money_that_is_not_applied_to_its_invoice_is_unapplied() -> None:
    result = proven([_unapplied(agreeing(1001))])
    assert [item.difference_class for item in result.items] == [DifferenceClass.UNAPPLIED]
    assert result.items[0].amounts == {"receivables": -TOTAL, "customer_deposits": TOTAL}


def test_a53_another_customers_invoice_stands_with_both_and_moves_no_area() -> None:
    result = proven([PLANTS["another customer's"][1](agreeing(1001))])
    (item,) = result.items
    assert item.parties == {"0001001": TOTAL, "0000099": -TOTAL}
    assert all(account.difference == 0 for account in result.accounts)


def test_a54_a_source_that_was_not_read_makes_it_red() -> None:
    told = Told(as_of=AS_OF, known_at=KNOWN_AT, today=AS_OF)
    short = SourceRead(name="sage100", through=AS_OF - timedelta(days=1))
    gone = SourceRead(name="xero", through=None, problem="Xero is down.")
    for source in (short, gone):
        result = tie_out(PAIR, replace(NOTHING, sources=(source,)), told)
        assert result.light is Light.RED
        assert result.unread == (source,)


def test_a51_what_xeros_own_balances_hold_beyond_its_documents_is_unknown() -> None:
    order = agreeing(1001)
    own = {"200": -GOODS, "260": Decimal("-8.00"), "820": Decimal("2.79"), "091": TOTAL}
    result = proven([order], balances=own)
    assert [item.document for item in result.items] == ["Xero trial balance"]
    assert result.unknown == Decimal(10)
    assert result.light is Light.RED
