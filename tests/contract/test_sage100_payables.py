"""What people's registers make of payables that we entered, and what is never entered."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from sage100_payables import (
    VALLEY,
    bill,
    billed,
    check,
    credit,
    goods,
    order,
    owed,
    reversal,
    undone,
)
from sage100_payables import posted as updated
from sage100_places import Make, SimulatedPlace, twin
from sage100_simulator import Sage, sage100, today
from tieout.connectors.sage100.targets.base import header_of
from tieout.domain.books import SageState
from tieout.domain.ledger import Delivery, Landed
from tieout.domain.purchases_clearing import received_not_invoiced
from tieout.domain.three_way import BilledLine, Finding, Tolerances, match
from tieout.ports.purchasing import SagePurchaseOrder

REGISTERS = ("post_ap_invoices", "post_manual_checks", "post_receipts")
PAYABLE, CLEARING = "200-00", "205-00"


@pytest.fixture(scope="module")
def sage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sage]:
    with sage100(tmp_path_factory.mktemp("payables")) as running:
        yield running


@pytest.fixture(scope="module")
def place(sage: Sage) -> SimulatedPlace:
    return SimulatedPlace(sage)


def ledger(place: SimulatedPlace) -> dict[str, Decimal]:
    """Update every register; debits are credits, and payables their control account."""
    updated(place, *REGISTERS, "post_daily_transaction_register")
    balances = dict.fromkeys(place.sage100.accounts().values(), Decimal(0))
    for posting in place.sage100.postings():
        balances[posting.account] += posting.amount
    assert sum(balances.values()) == 0
    assert balances[PAYABLE] == -sum(open_bills(place).values())
    return balances


def open_bills(place: SimulatedPlace) -> dict[str, Decimal]:
    with closing(sqlite3.connect(place.sage.home / "MAS_HPS.sqlite")) as connection:
        rows = connection.execute("SELECT InvoiceNo, Balance FROM AP_OpenInvoice")
        return {number: Decimal(str(balance)) for number, balance in rows}


@pytest.mark.parametrize("make", [bill, check, reversal, goods, billed])
def test_a_document_stands_where_people_have_brought_it(place: SimulatedPlace, make: Make) -> None:
    delivery = make(place)
    name = place.landed(delivery).external_id

    def state() -> SageState:
        return place.sage100.standings(delivery.entity, [name])[name].state

    def since(day: date) -> set[str]:
        return place.sage100.posted_since([delivery.entity], day)[delivery.entity]

    day = today()
    seen = [state()]
    assert name not in since(day)
    updated(place, *REGISTERS)
    seen.append(state())
    assert name in since(day)
    updated(place, "post_daily_transaction_register")
    assert [*seen, state()] == [SageState.ENTERED, SageState.UPDATED, SageState.IN_GL]


def test_a_check_that_was_taken_back_comes_to_nothing(place: SimulatedPlace) -> None:
    number = owed(place)
    made = check(place, (number, "110.00"))
    name = place.landed(made).external_id
    ledger(place)
    assert place.sage100.standings("manual_check", [name])[name].amount == Decimal("110.00")
    place.landed(undone(made, number))
    ledger(place)
    assert place.sage100.standings("manual_check", [name])[name].amount == 0
    assert place.sage100.standings("check_reversal", [name])[name].amount == Decimal("-110.00")


def found(place: SimulatedPlace, delivery: Delivery) -> Landed:
    return place.target(delivery.entity).find([delivery])[delivery.delivery_id]


@pytest.mark.parametrize("make", [bill, credit, check, reversal, goods, billed])
def test_a_posted_document_is_found_as_it_was_entered(place: SimulatedPlace, make: Make) -> None:
    delivery = make(place)
    entered = place.landed(delivery)
    ledger(place)
    assert found(place, delivery).model_copy(update={"note": entered.note}) == entered
    copies = place.target(delivery.entity).copies_held([delivery])
    assert list(copies[delivery.delivery_id]) == [entered.external_id]


@pytest.mark.parametrize("make", [bill, check, reversal, billed])
def test_a_posted_document_whose_command_the_agent_forgot_is_found_by_its_mark(
    place: SimulatedPlace, make: Make
) -> None:
    delivery = make(place)
    entered = place.landed(delivery)
    ledger(place)
    assert found(place, twin(delivery)).external_id == entered.external_id
    assert place.landed(twin(delivery)).external_id == entered.external_id


def test_a_bill_of_somebody_else_is_neither_adopted_nor_adjusted(place: SimulatedPlace) -> None:
    theirs = bill(place)
    place.landed(theirs)
    number = header_of(theirs.payload)["InvoiceNo"]
    for _ in ("entered", "posted"):
        ours = bill(place, InvoiceNo=number)
        assert place.target("ap_invoice").find([ours]) == {}
        present = place.target("ap_invoice").present([ours])[ours.delivery_id]
        assert present.external_no == number
        assert place.refused(ours).cause == "number_taken"
        ledger(place)
    assert open_bills(place)[number] == Decimal("110.00")


@pytest.mark.parametrize("alike", ["0{}", "{}.", "-{}"])
def test_a_number_that_only_looks_different_waits_for_a_person(
    place: SimulatedPlace, alike: str
) -> None:
    """accounting.md A41: number 0012 again as "12" -> parked; S not adjusted."""
    digits = f"77{place.number()[1:]}"
    place.landed(bill(place, InvoiceNo=digits))
    again = bill(place, InvoiceNo=alike.format(digits))
    refused = place.refused(again)
    assert (refused.cause, digits in refused.message) == ("number_taken", True)
    place.landed(bill(place, InvoiceNo=f"{digits}-0"))  # that is another number


def test_a_bill_to_an_account_that_sage_lacks_is_refused_before_the_agent(
    place: SimulatedPlace,
) -> None:
    one = bill(place)
    one.payload["lines"] = [{"Account": "999-99", "DistributionAmt": "100.00"}]
    assert place.refused(one).cause == "account_unmapped"


def test_a_bill_of_a_receipt_of_invoice_vendor_is_sent_the_other_way(
    place: SimulatedPlace,
) -> None:
    """README 0.10: enter bills through PO Receipt of Invoice, not AP Invoice entry."""
    refused = place.refused(bill(place, VendorNo=VALLEY))
    assert "receipt of invoice" in refused.message


def test_a_check_pays_several_bills_and_its_reversal_opens_them_again(
    place: SimulatedPlace,
) -> None:
    """accounting.md A43 and A44."""
    numbers = [owed(place) for _ in range(3)]
    before = ledger(place)
    place.landed(check(place, *((number, "110.00") for number in numbers)))
    after = ledger(place)
    assert [open_bills(place)[number] for number in numbers] == [0, 0, 0]
    assert after["100-00"] - before["100-00"] == Decimal("-330.00")
    one = owed(place)
    paid = check(place, (one, "110.00"))
    place.landed(paid)
    ledger(place)
    place.landed(undone(paid, one))
    ledger(place)
    assert open_bills(place)[one] == Decimal("110.00")


def test_a_bill_at_another_price_goes_to_variance_and_clears_what_was_received(
    place: SimulatedPlace,
) -> None:
    """accounting.md A39: billed at 5.10 -> AP -51.00; S variance 1.00, GRNI 0.00."""
    before = ledger(place)
    place.landed(billed(place))
    after = ledger(place)
    moved = {account: after[account] - before[account] for account in after}
    assert {account: amount for account, amount in moved.items() if amount} == {
        "130-00": Decimal("50.00"),
        "510-00": Decimal("1.00"),
        PAYABLE: Decimal("-51.00"),
    }


def test_a_vendors_number_is_billed_once_by_receipts_too(place: SimulatedPlace) -> None:
    first = billed(place)
    place.landed(first)
    ledger(place)
    again = billed(place, number=header_of(first.payload)["InvoiceNo"])
    assert place.refused(again).cause == "number_taken"


def ordered(place: SimulatedPlace, number: str) -> SagePurchaseOrder:
    return place.sage100.purchase_orders([number])[number]


def owed_for_goods(place: SimulatedPlace) -> Decimal:
    """Return what came of all orders and was not billed, by what Sage 100 says of them."""
    numbers = [f"{one:07d}" for one in range(1, 60)]
    orders = place.sage100.purchase_orders(numbers).values()
    return received_not_invoiced(
        [one for order in orders for one in order.received],
        {(order.number, line.key): line.billed for order in orders for line in order.lines},
    )


def test_an_order_says_what_came_of_it_and_what_was_billed_even_in_entry(
    place: SimulatedPlace,
) -> None:
    """accounting.md A38: received, unbilled -> S GRNI; the identity holds at every step."""
    number = place.landed(order(place)).external_no
    place.landed(goods(place, order_no=number, quantity="4"))
    assert ordered(place, number).lines[0].received == 0
    balances = ledger(place)
    (line,) = ordered(place, number).lines
    assert (line.ordered, line.received, line.billed) == (10, 4, 0)
    assert (line.unit_cost, line.is_stock) == (Decimal(5), True)
    assert (ordered(place, number).vendor_no, ordered(place, number).division) == (VALLEY, "00")
    assert owed_for_goods(place) == -balances[CLEARING] >= Decimal("20.00")
    bill_of_four = invoice_of(place, number, "4")
    place.landed(bill_of_four)
    assert ordered(place, number).lines[0].billed == 4
    after = ledger(place)
    assert ordered(place, number).lines[0].billed == 4
    assert owed_for_goods(place) == -after[CLEARING]
    assert place.sage100.purchase_orders(["9999999"]) == {}


def test_a_bill_is_matched_with_what_the_books_say_came(place: SimulatedPlace) -> None:
    """A bill of all that was ordered waits until all of it came (issue 8, partly received)."""
    number = place.landed(order(place)).external_no
    place.landed(goods(place, order_no=number, quantity="4"))
    ledger(place)
    bill_of_ten = [BilledLine(item_code="LAMP-01", quantity=Decimal(10), net=Decimal("51.00"))]
    early = match(bill_of_ten, ordered(place, number).lines, Tolerances())
    assert early.findings == (Finding.QUANTITY_OVER,)
    assert "10 billed, but 4 received and 0 billed before: 6 too many" in early.reasons[0]
    place.landed(goods(place, order_no=number, quantity="6"))
    ledger(place)
    verdict = match(bill_of_ten, ordered(place, number).lines, Tolerances())
    assert (verdict.is_match, verdict.variance) == (True, Decimal("1.00"))


def invoice_of(place: SimulatedPlace, number: str, quantity: str) -> Delivery:
    whole = billed(place)
    header = {**header_of(whole.payload), "PurchaseOrderNo": number}
    amount = f"{int(quantity) * 5}.00"
    line = {"OrderLineKey": "000001", "QuantityInvoiced": quantity, "UnitCost": "5.000000"}
    payload = {"header": {**header, "InvoiceAmt": amount}, "lines": [line]}
    return whole.model_copy(update={"payload": payload, "expected": {"amount": amount}})
