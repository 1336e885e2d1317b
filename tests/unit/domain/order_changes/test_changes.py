"""The documents of an order's changes: the figures of accounting.md, section 10, A06 to A12."""

from decimal import Decimal

import pytest

from tieout.domain.order import LineKind
from tieout.domain.order_changes.changes import (
    ChangeKind,
    changes_of,
    first_billed,
    still_ordered,
)
from tieout.domain.order_changes.documents import (
    Settles,
    account_memo,
    changes_order,
    credit_lines,
    invoice_lines,
    money_back,
    set_against,
    stock_memo,
)
from tieout.domain.order_changes.events import Goods
from tieout.errors import RejectedError
from unit.domain.order_changes.worked import (
    SHIPPING,
    A,
    B,
    captured,
    edit,
    line,
    of_line,
    order_1042,
    refund,
)

ONE_A = of_line(A, 1, "17.99", "1.26", Goods.RESTOCKED)


def figures(lines):
    """Return net and tax of the lines of a document."""
    return str(sum(one.net for one in lines)), str(sum(one.tax for one in lines))


def test_a06_one_a_comes_back_into_stock():
    order = order_1042(refunds=(refund(ONE_A, paid="19.25"),), has_shipped=True)
    (change,) = changes_of(order)
    assert change.kind is ChangeKind.REFUND
    assert figures(credit_lines(change)) == figures(stock_memo(change)) == ("17.99", "1.26")
    assert [one.quantity for one in stock_memo(change)] == [Decimal(1)]
    assert account_memo(change) == invoice_lines(change) == ()
    assert not changes_order(change)
    (back,) = money_back(change)
    assert (back.amount, back.awaits) == (Decimal("19.25"), {Settles.STOCK_MEMO})


def test_a07_one_a_is_paid_back_and_no_shelf_has_it():
    lost = ONE_A.model_copy(update={"goods": Goods.LOST})
    order = order_1042(refunds=(refund(lost, paid="19.25"),), has_shipped=True)
    (change,) = changes_of(order)
    assert figures(account_memo(change)) == figures(credit_lines(change)) == ("17.99", "1.26")
    assert stock_memo(change) == ()
    assert money_back(change)[0].awaits == {Settles.ACCOUNT_MEMO}


def test_a08_goodwill_goes_to_refund_adjustments_and_touches_no_goods():
    order = order_1042(refunds=(refund(paid="5.00", adjusted="5.00"),))
    (change,) = changes_of(order)
    (credited,) = credit_lines(change)
    assert (credited.kind, credited.gross) == (LineKind.REFUND_ADJUSTMENTS, Decimal("5.00"))
    assert stock_memo(change) == account_memo(change) == ()
    assert not changes_order(change)
    (back,) = money_back(change)
    assert [(part.settles, part.amount) for part in back.parts] == [
        (Settles.ADJUSTMENTS, Decimal("5.00"))
    ]
    assert not back.awaits


def whole_order(goods=Goods.ON_ORDER):
    return tuple(
        of_line(one, int(one.quantity), str(one.net), str(one.tax), goods)
        for one in (A, B, SHIPPING)
    )


def test_a09_cancelled_with_a_refund_of_all_is_one_credit_note_and_one_receipt():
    paid_back = refund(*whole_order(), paid="110.13")
    order = order_1042(refunds=(paid_back,), is_cancelled=True)
    (change,) = changes_of(order)
    assert figures(credit_lines(change)) == ("102.92", "7.21")
    assert changes_order(change)
    (back,) = money_back(change)
    assert [(part.settles, part.amount) for part in back.parts] == [
        (Settles.DEPOSIT, Decimal("110.13"))
    ]
    assert still_ordered(order, (change,)).total == 0
    assert set_against(order, order.total, (change,)) == {}


def test_a09_cancelled_and_paid_back_later_is_one_credit_note_that_the_money_pays_back():
    order = order_1042(is_cancelled=True)
    (cancelled,) = changes_of(order)
    assert cancelled.kind is ChangeKind.CANCELLATION
    assert figures(credit_lines(cancelled)) == ("102.92", "7.21")
    assert money_back(cancelled) == ()
    later = order_1042(is_cancelled=True, refunds=(refund(paid="110.13"),))
    back, still_cancelled = changes_of(later)
    assert [(one.source_id, one.amount) for one in back.pays] == [("1042", Decimal("110.13"))]
    assert credit_lines(back) == ()
    assert still_cancelled == cancelled
    assert [part.settles for part in money_back(back)[0].parts] == [Settles.DEPOSIT]


def test_goodwill_is_part_of_what_a_cancellation_gives_back():
    goodwill = refund(paid="5.00", adjusted="5.00")
    rest = refund(paid="105.13", source_id="9002")
    order = order_1042(refunds=(goodwill, rest), is_cancelled=True)
    given, back, cancelled = changes_of(order)
    assert (given.total, cancelled.total) == (Decimal("5.00"), Decimal("105.13"))
    (moved,) = money_back(cancelled)
    assert moved.amount == 0
    assert {part.settles: str(part.amount) for part in moved.parts} == {
        Settles.ADJUSTMENTS: "-5.00",
        Settles.DEPOSIT: "5.00",
    }
    (paid,) = money_back(back)
    assert [(part.settles, str(part.amount)) for part in paid.parts] == [
        (Settles.DEPOSIT, "105.13")
    ]


def test_a10_an_authorized_order_that_is_cancelled_owes_nothing_and_pays_nothing_back():
    refunded = refund(*whole_order(), paid="0")
    order = order_1042(payments=(), refunds=(refunded,), is_cancelled=True)
    (cancelled,) = changes_of(order)
    assert cancelled.kind is ChangeKind.CANCELLATION
    assert cancelled.total == Decimal("110.13")
    assert money_back(cancelled) == ()
    assert set_against(order, order.total, (cancelled,)) == {"1042": Decimal("110.13")}


def test_a11_what_comes_off_a_partly_captured_order_is_paid_out_of_its_deposit():
    off = ONE_A.model_copy(update={"goods": Goods.ON_ORDER})
    order = order_1042(payments=(captured("50.00"),), refunds=(refund(off, paid="19.25"),))
    (change,) = changes_of(order)
    assert changes_order(change)
    assert still_ordered(order, (change,)).lines[0].price_total == Decimal("35.98")
    assert [part.settles for part in money_back(change)[0].parts] == [Settles.DEPOSIT]
    assert set_against(order, order.total, (change,)) == {}


def test_a12_an_edit_of_ten_more_is_a_second_invoice_and_a_line_more():
    added = line("C", 1, "9.35", "0.65")
    order = order_1042(lines=(A, B, added, SHIPPING), edits=(edit(added),))
    first = first_billed(order, billed_edits=0)
    assert (first.total, first.tax) == (Decimal("110.13"), Decimal("7.21"))
    assert [one.source_id for one in first.lines] == ["A", "B", "shipping"]
    (change,) = changes_of(order)
    assert figures(invoice_lines(change)) == ("-9.35", "-0.65")
    assert credit_lines(change) == ()
    now = still_ordered(first, (change,))
    assert [one.source_id for one in now.lines] == ["A", "B", "shipping", "C"]
    assert now.total == Decimal("120.13")
    assert changes_of(order, billed_edits=1) == ()
    assert first_billed(order, billed_edits=1) == order


def test_an_exchange_by_edit_is_one_document_over_the_difference():
    more, less = line("C", 1, "50.00", "3.50"), line("B", -1, "-40.95", "-2.87")
    order = order_1042(lines=(A, more, SHIPPING), edits=(edit(more, less),))
    (change,) = changes_of(order)
    assert figures(invoice_lines(change)) == ("-9.05", "-0.63")
    assert len(invoice_lines(change)) == 2
    now = still_ordered(first_billed(order, billed_edits=0), (change,))
    assert {one.source_id: one.quantity for one in now.lines}["B"] == 0


def test_an_edit_that_takes_off_is_paid_back_in_money_or_set_against_what_is_due():
    less = line("A", -1, "-17.99", "-1.26")
    kept = line("A", 2, "35.98", "2.52")
    edited = {"lines": (kept, B, SHIPPING), "edits": (edit(less),)}
    paid = order_1042(**edited, refunds=(refund(paid="19.25"),))
    credit, back = changes_of(paid)
    assert credit.total == Decimal("19.25")
    assert [one.source_id for one in back.pays] == [credit.source_id]
    assert set_against(paid, Decimal("110.13"), (credit, back)) == {}
    unpaid = order_1042(**edited, payments=())
    (credit,) = changes_of(unpaid)
    assert set_against(unpaid, Decimal("110.13"), (credit,)) == {credit.source_id: Decimal("19.25")}


def test_shipping_is_credited_with_the_goods_that_come_back():
    freight = of_line(SHIPPING, 1, "8.00", "0.56", Goods.LOST)
    order = order_1042(refunds=(refund(ONE_A, freight, paid="27.81"),), has_shipped=True)
    (change,) = changes_of(order)
    assert figures(stock_memo(change)) == ("25.99", "1.82")
    assert account_memo(change) == ()
    alone = order_1042(refunds=(refund(freight, paid="8.56"),), has_shipped=True)
    assert figures(account_memo(*changes_of(alone))) == ("8.00", "0.56")


def test_a_fee_that_is_kept_back_is_an_adjustment_against_the_lines():
    order = order_1042(refunds=(refund(ONE_A, paid="15.00", adjusted="-4.25"),))
    (change,) = changes_of(order)
    assert change.total == change.paid == Decimal("15.00")
    (back,) = money_back(change)
    assert [(part.settles, str(part.amount)) for part in back.parts] == [
        (Settles.ADJUSTMENTS, "-4.25"),
        (Settles.STOCK_MEMO, "19.25"),
    ]


def test_goods_that_come_back_for_nothing_settle_without_money():
    order = order_1042(refunds=(refund(ONE_A, paid="0", adjusted="-19.25"),))
    (change,) = changes_of(order)
    assert len(credit_lines(change)) == 2
    (back,) = money_back(change)
    assert (back.key, back.amount) == ("9001", Decimal(0))
    assert {part.settles: str(part.amount) for part in back.parts} == {
        Settles.ADJUSTMENTS: "-19.25",
        Settles.STOCK_MEMO: "19.25",
    }


def test_a_refund_whose_money_is_another_amount_is_refused_with_the_figures():
    order = order_1042(refunds=(refund(ONE_A, paid="19.00"),))
    with pytest.raises(RejectedError, match=r"lines 19\.25, .* 0 USD, and 19\.00 went") as refused:
        changes_of(order)
    assert (refused.value.cause, refused.value.value) == ("refund_does_not_add_up", "-0.25")


def test_more_than_was_sold_never_comes_back():
    four = of_line(A, 4, "71.96", "5.04", Goods.RESTOCKED)
    order = order_1042(refunds=(refund(four, paid="77.00"),))
    with pytest.raises(RejectedError) as refused:
        changes_of(order)
    assert refused.value.cause == "refund_beyond_sale"


def test_an_order_that_shipped_in_part_is_not_cancelled_by_itself():
    with pytest.raises(RejectedError) as refused:
        changes_of(order_1042(is_cancelled=True, has_shipped=True))
    assert refused.value.cause == "cancelled_partly_shipped"


def test_parts_of_a_bundle_get_back_their_shares_and_the_last_refund_what_rounding_left():
    parts = tuple(
        line("set", 2 * pieces, net, tax).model_copy(update={"item_code": code})
        for pieces, net, tax, code in ((1, "6.67", "0.47", "CUP"), (2, "3.33", "0.23", "SAUCER"))
    )
    half = of_line(line("set", 2, "10.00", "0.70"), 1, "5.00", "0.35", Goods.RESTOCKED)
    order = order_1042(
        lines=(*parts, SHIPPING),
        refunds=(
            refund(half, paid="5.35"),
            refund(half, paid="5.35", source_id="9002"),
        ),
    )
    first, second = changes_of(order)
    for change in (first, second):
        assert [one.quantity for one in credit_lines(change)] == [1, 2]
        assert figures(credit_lines(change)) == ("5.00", "0.35")
    for place, sold in enumerate(parts):
        back = [credit_lines(change)[place] for change in (first, second)]
        assert sum(one.net for one in back) == sold.net
        assert sum(one.tax for one in back) == sold.tax
