"""The demo's verdict: each way in which the books can be wrong is named."""

from datetime import UTC, datetime
from decimal import Decimal

from tieout.domain.base import DeadLetterId, DocumentId, InboxId, System
from tieout.domain.ledger import DeadLetter, Document, DocumentState
from tieout.stack.tables import text_table
from tieout.stack.verdict import (
    Aside,
    Expected,
    aside,
    observed_state,
    order_problems,
    pair_problems,
    state_problems,
)
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
AT = datetime(2026, 11, 22, tzinfo=UTC)


def a_document(number: int, *, source_id: str) -> Document:
    return Document(
        document_id=DocumentId(number),
        pair="p",
        document_type="shop_order",
        source=System.SHOPIFY,
        account="shop",
        source_id=source_id,
        name="#1001",
        version_at=AT,
        content_hash="",
        payload={},
        state=DocumentState.DEAD_LETTER,
    )


def a_letter(
    cause: str, *, document_id: int | None = None, inbox_id: int | None = None
) -> DeadLetter:
    return DeadLetter(
        dead_letter_id=DeadLetterId(1),
        opened_at=AT,
        is_open=True,
        pair="p",
        document_id=None if document_id is None else DocumentId(document_id),
        inbox_id=None if inbox_id is None else InboxId(inbox_id),
        trace_key="shop #1001",
        step="gate_orders",
        cause=cause,
        message="",
        remedy="",
    )


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


def nothing_aside(**changes: object) -> Aside:
    empty: dict[str, object] = {"causes": {}, "orderless": (), "skipped": {}}
    return Aside.model_validate(empty | changes)


def expecting(source_id: str, outcome: str) -> Expected:
    return Expected(pair="p", source_id=source_id, name=f"#{source_id}", outcome=outcome)


def test_causes_of_dead_letters_belong_to_the_order_of_their_document() -> None:
    documents = [a_document(7, source_id="1"), a_document(8, source_id="2")]
    letters = [
        a_letter("unknown_item", document_id=8),
        a_letter("order_incomplete", document_id=7),
        a_letter("body_not_json", inbox_id=3),
    ]

    assert aside(letters, documents, {"duplicate": 2}) == Aside(
        causes={"2": ("unknown_item",), "1": ("order_incomplete",)},
        orderless=("body_not_json",),
        skipped={"duplicate": 2},
    )


def test_two_orders_with_each_other_s_cause_are_both_wrong() -> None:
    found = nothing_aside(causes={"1": ("unknown_item",), "2": ("order_incomplete",)})
    other = ORDER.model_copy(update={"source_id": "2"})

    states = [observed_state(one, [], [], found) for one in (ORDER, other)]

    assert states == ["dead_letter:unknown_item", "dead_letter:order_incomplete"]
    assert state_problems(states[0], "dead_letter:order_incomplete") == [
        "is dead_letter:unknown_item, must be dead_letter:order_incomplete"
    ]
    assert state_problems(states[0], "dead_letter:unknown_item") == []


def test_the_state_is_what_the_systems_hold() -> None:
    parked = nothing_aside(causes={"1": ("target_refused",)})

    assert observed_state(ORDER, [INVOICE], [SALES_ORDER], nothing_aside()) == "posted"
    assert observed_state(ORDER, [INVOICE], [], nothing_aside()) == "in Xero only"
    assert observed_state(ORDER, [], [SALES_ORDER], parked) == (
        "dead_letter:target_refused and in Sage 100 only"
    )
    assert observed_state(ORDER, [], [], nothing_aside()) == "nowhere"


def test_an_order_is_skipped_only_if_the_rule_fits_it_and_the_ledger_counted_it() -> None:
    counted = nothing_aside(skipped={"test_order": 1})
    test = ORDER.model_copy(update={"is_test": True})
    cancelled = ORDER.model_copy(update={"is_cancelled": True})

    assert observed_state(test, [], [], counted) == "skipped:test_order"
    assert observed_state(test, [], [], nothing_aside()) == "nowhere"
    assert observed_state(cancelled, [], [], counted) == "nowhere"
    assert observed_state(ORDER, [], [], counted) == "nowhere"


def test_dead_letters_without_an_order_are_compared_by_cause() -> None:
    expected = [expecting("1", "dead_letter:body_not_json"), expecting("2", "posted")]

    assert pair_problems(expected, nothing_aside(orderless=("body_not_json",)), {"2"}) == []
    assert pair_problems(expected, nothing_aside(orderless=("body_too_large",)), {"2"}) == [
        "dead letters without an order for body_not_json: 0 found, 1 expected",
        "dead letters without an order for body_too_large: 1 found, 0 expected",
    ]


def test_orders_skipped_too_rarely_are_named_by_rule() -> None:
    expected = [expecting("1", "skipped:test_order"), expecting("2", "skipped:test_order")]

    assert pair_problems(expected, nothing_aside(skipped={"test_order": 3}), {"1", "2"}) == []
    assert pair_problems(expected, nothing_aside(skipped={"test_order": 1}), {"1", "2"}) == [
        "skipped by test_order: 1 found, at least 2 expected"
    ]


def test_an_order_or_a_dead_letter_that_the_shop_does_not_show_is_named() -> None:
    found = nothing_aside(causes={"9": ("unknown_item",)})

    assert pair_problems([expecting("1", "posted")], found, set()) == [
        "p #1: the shop does not show it",
        "9: dead letter for unknown_item, and no order in the shop",
    ]


def test_a_table_is_aligned_and_without_trailing_blanks() -> None:
    assert text_table(("name", "total"), [("a", "1.00"), ("bcdefg", "10.00")], right=" r") == (
        "name    total\n------  -----\na        1.00\nbcdefg  10.00"
    )
