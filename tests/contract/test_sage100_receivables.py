"""What people's registers make of receivables that we entered, as the targets find it then."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

import records
from deliveries import delivered
from sage100_places import SimulatedPlace, twin
from sage100_receivables import (
    RECEIVABLES,
    ar_invoice,
    deposit,
    memo,
    order,
    receipt,
    shipment,
)
from sage100_simulator import Sage, sage100
from tieout.connectors.sage100.targets.base import header_of
from tieout.domain.base import Json, System
from tieout.domain.books import SageState
from tieout.domain.ledger import Delivery, DeliveryState, Landed, NewDelivery
from tieout.domain.streams import StreamState, target_stream
from tieout.errors import OutcomeUnknownError
from tieout.simulators.sage100 import kits
from tieout.simulators.sage100.store import CompanyFile, Row
from tieout.usecases.delivery import Writer
from tieout.usecases.doubles import sweep_doubles
from tieout.usecases.flow import Flow
from tieout.usecases.follow import follow
from unit.usecases.test_steps import PAIR, make_flow, worked


@pytest.fixture(scope="module")
def sage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sage]:
    with sage100(tmp_path_factory.mktemp("receivables")) as running:
        yield running


@pytest.fixture(scope="module")
def place(sage: Sage) -> SimulatedPlace:
    return SimulatedPlace(sage)


def posted(place: SimulatedPlace) -> None:
    """Let people update every register; debits are credits, and receivables their control."""
    for act in ("post_cash_receipts", "post_sales_journal", "post_daily_transaction_register"):
        place.sage.do(act, {"posting_date": "2026-12-05"})
    balances = dict.fromkeys(place.sage100.accounts().values(), Decimal(0))
    for posting in place.sage100.postings():
        balances[posting.account] += posting.amount
    assert sum(balances.values()) == 0
    assert balances["120-00"] == sum(open_items(place).values())


def open_items(place: SimulatedPlace) -> dict[tuple[str, str], Decimal]:
    rows = held(place, "AR_OpenInvoice")
    return {(row.text("InvoiceType"), row.text("InvoiceNo")): row.number("Balance") for row in rows}


def held(place: SimulatedPlace, table: str, **where: str) -> list[Row]:
    file = CompanyFile(place.sage.home, "HPS")
    rows = file.rows(table, **where)
    file.close()
    return rows


def restated(delivery: Delivery, payload: Json) -> Delivery:
    return delivery.model_copy(update={"payload": payload})


def found(place: SimulatedPlace, delivery: Delivery) -> Landed:
    return place.target(delivery.entity).find([delivery])[delivery.delivery_id]


def stands(place: SimulatedPlace, delivery: Delivery, landed: Landed) -> SageState:
    number = landed.external_id
    return place.sage100.standings(delivery.entity, [number])[number].state


@pytest.mark.parametrize("make", [shipment, memo, ar_invoice])
def test_a_posted_document_is_found_as_it_was_entered(
    place: SimulatedPlace, make: Callable[[SimulatedPlace], Delivery]
) -> None:
    delivery = make(place)
    entered = place.landed(delivery)
    assert stands(place, delivery, entered) is SageState.ENTERED
    place.sage.do("post_sales_journal", {"posting_date": "2026-12-05"})
    assert stands(place, delivery, entered) is SageState.UPDATED
    posted(place)
    assert stands(place, delivery, entered) is SageState.IN_GL
    assert found(place, delivery).model_copy(update={"note": entered.note}) == entered
    unknown_to_the_agent = twin(delivery)
    assert found(place, unknown_to_the_agent).external_id == entered.external_id
    copies = place.target(delivery.entity).copies_held([delivery])
    assert list(copies[delivery.delivery_id]) == [entered.external_id]


@pytest.mark.parametrize("make", [shipment, ar_invoice])
def test_a_document_that_people_deleted_is_nowhere(
    place: SimulatedPlace, make: Callable[[SimulatedPlace], Delivery]
) -> None:
    delivery = make(place)
    number = place.landed(delivery).external_id
    place.sage.do("delete_invoice", {"invoice_no": number})
    assert place.sage100.standings(delivery.entity, [number]) == {}
    assert place.target(delivery.entity).find([delivery]) == {}


def test_what_is_open_of_posted_invoices_is_read_with_its_balance(place: SimulatedPlace) -> None:
    place.landed(ar_invoice(place))
    posted(place)
    read = {(one.invoice_type, one.invoice_no): one for one in place.sage100.open_invoices()}
    balances = {key: balance for key, balance in open_items(place).items() if balance}
    assert {key: one.balance for key, one in read.items()} == balances
    rows = held(place, "AR_OpenInvoice")
    named = {(row.text("InvoiceType"), row.text("InvoiceNo")): row for row in rows}
    assert all(
        (one.customer_no, one.customer_po, one.date.isoformat())
        == tuple(named[key].text(name) for name in ("CustomerNo", "CustomerPONo", "InvoiceDate"))
        for key, one in read.items()
    )
    assert read


def test_a_second_copy_of_what_nothing_guards_is_seen(place: SimulatedPlace) -> None:
    delivery, other = memo(place), memo(place)
    first, second = place.landed(delivery), place.landed(twin(delivery))
    place.landed(other)
    posted(place)
    copies = place.target("credit_memo").copies_held([delivery, other])
    assert set(copies[delivery.delivery_id]) == {first.external_id, second.external_id}
    assert len(copies[other.delivery_id]) == 1


def test_a_kit_is_left_to_sage_and_totals_agree(place: SimulatedPlace) -> None:
    kit = place.number()
    file = CompanyFile(place.sage.home, "HPS")
    file.insert("CI_Item", file.rows("CI_Item", ItemCode="LAMP-01")[0] | {"ItemCode": kit})
    kits.define(file, kit, {"LAMP-01": Decimal(2), "SHADE-02": Decimal(1)})
    file.close()
    line = {"ItemCode": kit, "QuantityOrdered": "3", "UnitPrice": "50.000000"}
    discounted = {**line, "LineDiscountPercent": "10.000"}
    delivery = order(place, DepositAmt="0.00")
    payload = {**delivery.payload, "lines": [discounted], "tax": {"STATE": "10.01"}}
    landed = place.landed(restated(delivery, payload))
    assert landed.figures["lines"] == "135.00"
    assert landed.figures["tax"] == "10.01"
    rows = held(place, "SO_SalesOrderDetail", SalesOrderNo=landed.external_no)
    lines = [(row.text("ItemCode"), row.number("QuantityOrdered")) for row in rows]
    assert lines == [(kit, 3), ("LAMP-01", 6), ("SHADE-02", 3)]
    invoice = shipment(place)
    part = {"OrderLineKey": "000001", "QuantityShipped": "2"}
    header = {**header_of(invoice.payload), "SalesOrderNo": landed.external_no}
    whole = {"header": {**header, "DepositAmt": "0.00"}, "lines": [part], "tax": {}}
    shipped = place.landed(restated(invoice, whole))
    assert (shipped.figures["lines"], shipped.figures["tax"]) == ("90.00", "6.86")
    posted(place)


def test_sage_itself_invoices_an_order_once_at_a_time(place: SimulatedPlace) -> None:
    delivery = shipment(place)
    place.landed(delivery)
    refused = place.refused(twin(delivery))
    assert "is being invoiced on invoice" in refused.message
    posted(place)


def test_an_ar_credit_memo_is_told_apart_by_its_type(place: SimulatedPlace) -> None:
    delivery = ar_invoice(place, kind="CM")
    landed = place.landed(delivery)
    posted(place)
    assert found(place, delivery).figures["total"] == "53.51"
    assert open_items(place)["CM", landed.external_no] == Decimal("-53.51")


def test_a_receipt_pays_invoices_takes_a_discount_and_opens_a_prepayment(
    place: SimulatedPlace,
) -> None:
    first, second = (place.landed(ar_invoice(place)).external_no for _ in range(2))
    posted(place)
    lines = (
        {"InvoiceNo": first, "AmountPosted": "52.51", "DiscountAmt": "1.00"},
        {"InvoiceNo": second, "AmountPosted": "3.51"},
        {"Account": "605-00", "AmountPosted": "-2.00"},
        {"InvoiceType": "PP", "AmountPosted": "9.87"},
    )
    delivery = receipt(place, "63.89", *lines)
    landed = place.landed(delivery)
    posted(place)
    assert found(place, delivery).figures == landed.figures == {"amount": "63.89"}
    items = open_items(place)
    assert (items["IN", first], items["IN", second]) == (0, Decimal(50))
    prepayment = f"PP{landed.external_id.partition('/')[0]}"
    assert items["PP", prepayment] == Decimal("-9.87")
    applied = receipt(
        place,
        "0.00",
        {"InvoiceNo": second, "AmountPosted": "9.87"},
        {"InvoiceType": "PP", "InvoiceNo": prepayment, "AmountPosted": "-9.87"},
    )
    assert place.landed(applied).figures == {"amount": "0.00"}
    posted(place)
    assert open_items(place)["IN", second] == Decimal("40.13")


def test_more_than_an_invoice_has_open_is_refused_and_nothing_is_entered(
    place: SimulatedPlace,
) -> None:
    number = place.landed(ar_invoice(place)).external_no
    posted(place)
    delivery = receipt(place, "53.52", {"InvoiceNo": number, "AmountPosted": "53.52"})
    assert "what is over is a prepayment" in place.refused(delivery).message
    assert place.target("cash_receipt").find([delivery]) == {}
    posted(place)
    assert open_items(place)["IN", number] == Decimal("53.51")


@pytest.mark.parametrize("make", [shipment, memo, ar_invoice, deposit])
def test_the_ledger_loses_and_doubles_none_of_what_it_sent(
    place: SimulatedPlace, make: Callable[[SimulatedPlace], Delivery]
) -> None:
    flow = replace(make_flow(worked()), sage100=place.sage100)
    sent = sent_twice(place, flow, make(place), fault="drop_after_write")
    assert sent.state is DeliveryState.ENTERED
    assert flow.ledger.conservation(PAIR.pair).is_conserved
    assert sweep_doubles(flow).doubles == ()
    follow(flow.ledger, flow.sage100, flow.mapper, PAIR, now=flow.clock.now())
    assert state_of(flow, sent) is DeliveryState.ENTERED
    posted(place)
    follow(flow.ledger, flow.sage100, flow.mapper, PAIR, now=flow.clock.now())
    assert state_of(flow, sent) is DeliveryState.IN_GL
    assert flow.ledger.conservation(PAIR.pair).is_conserved


def sent_twice(place: SimulatedPlace, flow: Flow, made: Delivery, *, fault: str) -> Delivery:
    """Deliver through the ledger, lose the server before or after its write, deliver again."""
    fields = made.model_dump(include=set(NewDelivery.model_fields))
    wanted = NewDelivery.model_validate({**fields, "pair": PAIR.pair})
    writer = Writer(
        ledger=flow.ledger,
        target=place.target(made.entity),
        fence=records.fence(flow.ledger),
        lease_s=900,
        binding_of=lambda _delivery, _landed: None,
    )
    (case,) = (case for case in RECEIVABLES if case.entity == made.entity)
    place.sage.control("/_boi_faults", {"kind": fault, "class": case.business_object})
    with pytest.raises(OutcomeUnknownError):
        delivered(writer, [wanted])
    (landed,) = delivered(writer, [wanted]).values()
    return landed.delivery


def state_of(flow: Flow, sent: Delivery) -> DeliveryState:
    (found,) = flow.ledger.deliveries([sent.document_id], entity=sent.entity)
    return found.state


def test_a_copy_that_somebody_made_holds_the_stream(place: SimulatedPlace) -> None:
    flow = replace(make_flow(worked()), sage100=place.sage100)
    place.landed(twin(sent_twice(place, flow, memo(place), fault="kill_before_write")))
    (double,) = sweep_doubles(flow).doubles
    assert (double.entity, len(double.external_ids)) == ("credit_memo", 2)
    stream = target_stream(PAIR.pair, System.SAGE100, "credit_memo")
    assert flow.streams.stream(stream).state is StreamState.HELD
