"""Bills matched with the purchase orders that they name, before anything enters Sage 100."""

from datetime import date
from decimal import Decimal

import records
from fakes import FakeSage100
from tieout.domain.ledger import Validated
from tieout.domain.records import Accounts, Bill, BillLine
from tieout.domain.three_way import OrderLine
from tieout.ports.purchasing import SagePurchaseOrder
from tieout.usecases.flow import Flow
from tieout.usecases.procure_to_pay.capture import BILL_DOCUMENT
from tieout.usecases.procure_to_pay.three_way import mismatches
from unit.usecases.test_judging import PAIR, make_flow

ORDER = "0000012"


def bill(name: str, quantity: int, price: str = "5.00", **changes: str) -> Bill:
    net = quantity * Decimal(price)
    line = BillLine(accounts=Accounts(), net=net, item_code="LAMP-01", quantity=Decimal(quantity))
    day = date(2026, 11, 24)
    said = {"vendor_no": "0000200", "vendor_division": "00", "purchase_order_no": ORDER, **changes}
    return Bill(
        source_id=name,
        currency="USD",
        book_date=day,
        due_date=day,
        total=net,
        lines=(line,),
        **said,
    )


def received(quantity: int) -> Flow:
    """Return a flow whose Sage 100 has an order of 10 lamps at 5.00, of which some came."""
    flow = make_flow()
    line = OrderLine(
        key="000001",
        item_code="LAMP-01",
        ordered=Decimal(10),
        unit_cost=Decimal(5),
        received=Decimal(quantity),
    )
    order = SagePurchaseOrder(number=ORDER, division="00", vendor_no="0000200", lines=(line,))
    assert isinstance(flow.sage100, FakeSage100)
    flow.sage100.held_purchase_orders[ORDER] = order
    return flow


def test_a_bill_of_all_that_came_matches_and_one_over_a_tolerance_does_not() -> None:
    """accounting.md A39 and A40."""
    assert mismatches(received(10), [bill("a", 10, "5.10")]) == {}
    assert (
        "1.10 over, and 1.00 is allowed" in mismatches(received(10), [bill("a", 10, "5.11")])["a"]
    )
    assert "1 too many" in mismatches(received(10), [bill("a", 11)])["a"]


def test_a_bill_of_what_has_not_come_yet_waits() -> None:
    said = mismatches(received(4), [bill("a", 10)])["a"]
    assert "10 billed, but 4 received and 0 billed before: 6 too many" in said
    assert mismatches(received(4), [bill("a", 4)]) == {}


def test_bills_of_one_batch_do_not_take_the_same_goods() -> None:
    said = mismatches(received(10), [bill("a", 6), bill("b", 6), bill("c", 4)])
    assert set(said) == {"b"}
    assert "6 billed, but 10 received and 6 billed before: 2 too many" in said["b"]


def test_a_bill_on_its_way_has_taken_its_goods() -> None:
    flow = received(10)
    new = records.document("earlier").model_copy(
        update={"pair": PAIR.pair, "document_type": BILL_DOCUMENT}
    )
    document_id = records.land_document(flow.ledger, new)
    assert document_id is not None
    canonical = bill("earlier", 6).model_dump(mode="json")
    flow.ledger.mark_validated(Validated(document_id=document_id, canonical=canonical))
    assert "6 billed before" in mismatches(flow, [bill("a", 6)])["a"]
    assert mismatches(flow, [bill("a", 4)]) == {}


def test_an_order_that_is_not_there_or_of_another_vendor_is_said() -> None:
    flow = received(10)
    said = mismatches(
        flow, [bill("a", 1, purchase_order_no="0000099"), bill("b", 1, vendor_no="0000300")]
    )
    assert "0000099, which Sage 100 does not have" in said["a"]
    assert "is of vendor 0000200" in said["b"]
    assert mismatches(flow, [bill("a", 99, purchase_order_no="")]) == {}
