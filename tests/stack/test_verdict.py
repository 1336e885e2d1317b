"""The demo's verdict: each way in which the books can be wrong is named."""

from decimal import Decimal

from tieout.stack.demo import Expected, dead_letter_problems, order_problems
from tieout.stack.tables import text_table
from tieout.stack.witness import SageBooking, ShopOrder, XeroBooking

ORDER = ShopOrder(
    source_id="1",
    name="#1042",
    currency="USD",
    total=Decimal("110.13"),
    captured=Decimal("110.13"),
    is_cancelled=False,
    is_test=False,
)
INVOICE = XeroBooking(
    invoice_id="1",
    number="HP-1042",
    status="PAID",
    total=Decimal("110.13"),
    paid=Decimal("110.13"),
)
SALES_ORDER = SageBooking(number="0001025", total=Decimal("110.13"), deposit=Decimal("110.13"))


def test_an_order_that_is_once_in_both_ledgers_with_its_total_and_payment_is_right() -> None:
    assert order_problems(ORDER, [INVOICE], [SALES_ORDER], is_wanted=True) == []


def test_a_cent_too_much_in_xero_is_named() -> None:
    wrong = INVOICE.model_copy(update={"total": Decimal("110.14")})

    assert order_problems(ORDER, [wrong], [SALES_ORDER], is_wanted=True) == [
        "Xero's total is 110.14, the shop's is 110.13"
    ]


def test_a_deposit_that_is_missing_in_sage_100_is_named() -> None:
    wrong = SALES_ORDER.model_copy(update={"deposit": Decimal(0)})

    assert order_problems(ORDER, [INVOICE], [wrong], is_wanted=True) == [
        "Sage 100's deposit is 0.00, the shop's is 110.13"
    ]


def test_an_order_that_is_twice_or_not_at_all_in_a_ledger_is_named() -> None:
    assert order_problems(ORDER, [INVOICE, INVOICE], [], is_wanted=True) == [
        "is in Xero 2 times, not once",
        "is in Sage 100 0 times, not once",
    ]


def test_an_order_that_must_not_be_posted_and_is_gets_named() -> None:
    assert order_problems(ORDER, [INVOICE], [], is_wanted=False) == [
        "must not be posted, and is in Xero as HP-1042"
    ]


def test_dead_letters_too_many_and_too_few_are_named() -> None:
    expected = [
        Expected(pair="p", source_id="1", name="#1", outcome="dead_letter:unknown_item"),
        Expected(pair="p", source_id="2", name="#2", outcome="posted"),
    ]

    assert dead_letter_problems(expected, ["unknown_item"]) == []
    assert dead_letter_problems(expected, ["target_refused"]) == [
        "dead letters for target_refused: 1 found, 0 expected",
        "dead letters for unknown_item: 0 found, 1 expected",
    ]


def test_a_table_is_aligned_and_without_trailing_blanks() -> None:
    assert text_table(("name", "total"), [("a", "1.00"), ("bcdefg", "10.00")], right=" r") == (
        "name    total\n------  -----\na        1.00\nbcdefg  10.00"
    )
