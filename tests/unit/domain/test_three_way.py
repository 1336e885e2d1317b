"""The three-way match: what accounting.md says of single bills, and what holds of any."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.purchases_clearing import Received, received_not_invoiced
from tieout.domain.three_way import (
    BilledLine,
    Finding,
    Invoiced,
    OrderLine,
    Tolerances,
    Verdict,
    match,
)

REPEATABLE = settings(derandomize=True, deadline=None, max_examples=60, database=None)
LAMP, SHADE, SERVICE = "LAMP-01", "SHADE-02", "/INSTALL"
DEFAULTS = Tolerances()


def billed(price: str, quantity: str = "10", item: str = LAMP) -> BilledLine:
    return BilledLine(
        item_code=item, quantity=Decimal(quantity), net=Decimal(price) * Decimal(quantity)
    )


def ordered(
    quantity: str = "10", cost: str = "5.00", *, key: str = "000001", **more: str | bool
) -> OrderLine:
    said = {"item_code": LAMP, "received": quantity, **more}
    return OrderLine.model_validate({"key": key, "ordered": quantity, "unit_cost": cost, **said})


def matched(bill: Sequence[BilledLine], order: Sequence[OrderLine]) -> Verdict:
    return match(bill, order, DEFAULTS)


def test_two_percent_over_the_order_passes_and_is_variance() -> None:
    """accounting.md A39: billed at 5.10 -> S variance 1.00, GRNI 0.00."""
    verdict = matched([billed("5.10")], [ordered()])
    assert verdict.is_match
    assert verdict.variance == Decimal("1.00")
    assert verdict.invoiced == (
        Invoiced(order_line="000001", quantity=Decimal(10), amount=Decimal("51.00")),
    )


def test_a_cent_a_piece_more_than_two_percent_does_not_pass() -> None:
    """accounting.md A40: billed at 5.11 -> X not AUTHORISED; S nothing."""
    verdict = matched([billed("5.11")], [ordered()])
    assert verdict.findings == (Finding.PRICE_OVER,)
    assert verdict.reasons[0] == (
        "Line 1 (LAMP-01): 10 billed at 5.11 are 51.10, ordered at 50.00: 1.10 over, and 1.00 is "
        "allowed (2 %, at most 50.00 a line). Have the vendor credit or correct it, or change the "
        "cost on the order."
    )


def test_a_piece_more_than_came_does_not_pass() -> None:
    """accounting.md A40: 11 pieces -> X not AUTHORISED; S nothing."""
    verdict = matched([billed("5.00", "11")], [ordered("20", received="10")])
    assert verdict.findings == (Finding.QUANTITY_OVER,)
    assert verdict.reasons[0] == (
        "Line 1 (LAMP-01): 11 billed, but 10 received and 0 billed before: 1 too many. Have the "
        "vendor credit or correct it, or post the receipt that is missing."
    )


def test_what_was_billed_before_is_not_billed_again() -> None:
    order = [ordered(received="10", billed="6")]
    assert matched([billed("5.00", "4")], order).is_match
    verdict = matched([billed("5.00", "5")], order)
    assert verdict.findings == (Finding.QUANTITY_OVER,)
    assert "5 billed, but 10 received and 6 billed before: 1 too many" in verdict.reasons[0]


def test_a_dear_line_is_over_by_its_amount_though_not_by_its_percent() -> None:
    """At most 50.00 a line: 1 % of 6,000.00 is 60.00."""
    order = [ordered("10", "600.00")]
    assert matched([billed("605.00")], order).is_match
    verdict = matched([billed("606.00")], order)
    assert "60.00 over, and 50.00 is allowed" in verdict.reasons[0]


def test_lines_within_their_limits_are_over_together() -> None:
    """At most 100.00 a bill, and what is cheaper makes up for nothing."""
    order = [ordered("10", "300.00", key=f"00000{n}", item_code=f"I-{n}") for n in range(1, 5)]
    dear = [billed("304.00", item=f"I-{n}") for n in range(1, 4)]
    verdict = matched([*dear, billed("200.00", item="I-4")], order)
    assert verdict.findings == (Finding.BILL_OVER,)
    assert "The bill is 120.00 over the order's prices, and 100.00 a bill" in verdict.reasons[0]
    assert verdict.variance == Decimal("-880.00")
    assert matched([*dear[:2], billed("200.00", item="I-4")], order).is_match


def test_a_service_is_matched_with_the_order_alone() -> None:
    order = [ordered("3", "80.00", item_code=SERVICE, received="0", is_stock=False)]
    assert matched([billed("80.00", "3", SERVICE)], order).is_match
    verdict = matched([billed("80.00", "4", SERVICE)], order)
    assert "4 billed, but 3 ordered and 0 billed before: 1 too many" in verdict.reasons[0]


def test_what_nobody_ordered_does_not_pass() -> None:
    verdict = matched([billed("5.00"), billed("1.00", item=SHADE)], [ordered()])
    assert verdict.findings == (Finding.NOT_ORDERED,)
    assert verdict.reasons[0].startswith("Line 2 (SHADE-02) is of no line of the order.")
    assert matched([billed("5.00", item="")], [ordered()]).findings == (Finding.NOT_ORDERED,)


def test_what_goes_back_is_a_credit_of_its_own() -> None:
    verdict = matched([billed("5.00", "-1")], [ordered(billed="10")])
    assert verdict.findings == (Finding.NO_QUANTITY,)


def test_lines_of_one_item_go_together_by_their_prices() -> None:
    order = [ordered(key="000001", cost="5.00"), ordered(key="000002", cost="6.00")]
    bill = [billed("6.05"), billed("5.00")]
    verdict = matched(bill, order)
    assert verdict.is_match
    assert [one.amount for one in verdict.invoiced] == [Decimal("50.00"), Decimal("60.50")]


def test_one_line_may_take_from_two_of_the_order() -> None:
    order = [ordered("4", key="000001"), ordered("6", key="000002")]
    verdict = matched([billed("5.01")], order)
    assert [(one.quantity, one.amount) for one in verdict.invoiced] == [
        (Decimal(4), Decimal("20.04")),
        (Decimal(6), Decimal("30.06")),
    ]


def test_goods_in_fractions_of_a_unit_count_exactly() -> None:
    order = [ordered("2.5", "3.333333", received="1.25")]
    assert matched([billed("3.3333", "1.25")], order).is_match
    verdict = matched([billed("3.3333", "1.250001")], order)
    assert "1.250001 billed, but 1.25 received" in verdict.reasons[0]


QUANTITIES = st.integers(0, 40).map(lambda n: Decimal(n) / 2)
PRICES = st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100)
ORDER_LINES = st.lists(
    st.builds(
        OrderLine,
        key=st.integers(1, 999_999).map(lambda n: f"{n:06d}"),
        item_code=st.sampled_from([LAMP, SHADE]),
        ordered=QUANTITIES,
        unit_cost=PRICES,
        received=QUANTITIES,
        billed=QUANTITIES,
        is_stock=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda line: line.key,
)
BILL_LINES = st.lists(
    st.builds(
        BilledLine,
        item_code=st.sampled_from([LAMP, SHADE, ""]),
        quantity=QUANTITIES,
        net=PRICES,
    ),
    min_size=1,
    max_size=4,
)


@REPEATABLE
@given(BILL_LINES, ORDER_LINES)
def test_nothing_is_taken_that_is_not_due_and_a_match_takes_all(
    bill: list[BilledLine], order: list[OrderLine]
) -> None:
    verdict = matched(bill, order)
    due = {line.key: line.due for line in order}
    assert all(one.quantity <= due[one.order_line] for one in verdict.invoiced)
    assert verdict.is_match == (not verdict.reasons)
    if verdict.is_match:
        assert sum(one.quantity for one in verdict.invoiced) == sum(one.quantity for one in bill)
        assert sum(one.amount for one in verdict.invoiced) == sum(one.net for one in bill)
        over = sum(max(line.variance, Decimal(0)) for line in verdict.lines)
        assert over <= DEFAULTS.bill_max


@REPEATABLE
@given(BILL_LINES, ORDER_LINES, st.integers(0, 3), PRICES)
def test_a_cheaper_bill_of_what_matched_matches(
    bill: list[BilledLine], order: list[OrderLine], place: int, price: Decimal
) -> None:
    """Where an item has one line of the order, so that no other line is nearer by the new price."""
    single = list({line.item_code: line for line in order}.values())
    at = place % len(bill)
    cheaper = bill[at].model_copy(update={"net": min(price, bill[at].net)})
    changed = [*bill[:at], cheaper, *bill[at + 1 :]]
    if matched(bill, single).is_match:
        assert matched(changed, single).is_match


@REPEATABLE
@given(st.lists(st.builds(billed, st.just("5.00"), st.integers(1, 6).map(str)), max_size=6))
def test_what_is_billed_bill_by_bill_is_never_more_than_came(
    bill: list[BilledLine],
) -> None:
    """Bills of one order, one after another: each knows what those before it took."""
    lines = [ordered("12", "5.00", received="8")]
    for one in bill:
        verdict = matched([one], lines)
        if verdict.is_match:
            taken = sum((part.quantity for part in verdict.invoiced), Decimal(0))
            before = lines[0]
            lines = [before.model_copy(update={"billed": before.billed + taken})]
    assert lines[0].billed <= lines[0].received


def received(quantity: str, cost: str, line: str = "000001") -> Received:
    return Received(
        order_no="0000001", order_line=line, quantity=Decimal(quantity), unit_cost=Decimal(cost)
    )


def test_what_came_and_is_not_billed_is_owed_at_its_cost() -> None:
    """accounting.md A38: received 10 x 5.00, unbilled -> S GRNI -50.00; billed, 0.00."""
    came = [received("10", "5.00")]
    line = ("0000001", "000001")
    assert received_not_invoiced(came, {}) == Decimal("50.00")
    assert received_not_invoiced(came, {line: Decimal(4)}) == Decimal("30.00")
    assert received_not_invoiced(came, {line: Decimal(10)}) == 0


def test_the_first_receipt_is_billed_first() -> None:
    came = [received("4", "5.00"), received("6", "5.50"), received("1", "9.00", "000002")]
    billed_so_far = {("0000001", "000001"): Decimal(5)}
    assert received_not_invoiced(came, billed_so_far) == Decimal("36.50")
