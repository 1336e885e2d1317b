"""The worked order 1042 and its siblings at the wire: examples of accounting.md section 10.

Each test places its own order in the shop simulator, runs the whole flow, and reads both ledgers
through HTTP and ODBC. Section 1's figures: net 53.97 + 40.95, freight 8.00, tax 7.21, total 110.13.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from shutil import copytree
from typing import Any
from uuid import uuid4

import pytest

from acceptance.orders import PLACED_DAYS_AGO, TODAY, maker, number_of, paid, placed
from tieout.domain.books import SageOrder, SageReceipt, XeroInvoice, XeroPayment
from tieout.domain.payouts import PartKind
from tieout.domain.reconciliation.records import Side
from tieout.domain.tie_out import DifferenceClass, TieOutItem
from tieout.errors import ConfigurationError
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import VAT, Draft, Line, authorization, build, sale
from tieout.simulators.shopify.demo_maker import Maker
from tieout.wiring.installation import open_tieout
from tieout.wiring.payments import Payments
from world import HARBOR, INCLUDE, SHOPS, World

NUMBERS = count(5001)


@dataclass
class Posted:
    """What both ledgers hold for one order."""

    number: str
    invoice: XeroInvoice
    payments: list[XeroPayment]
    order: SageOrder
    receipts: list[SageReceipt]


def worked(make: Maker, *lines: Line) -> Draft:
    """Return a fresh order with the lines of 1042."""
    own = lines or (
        make.line("LAMP-01", 3, discount="6.00"),
        make.line("SHADE-02", 1, discount="4.55"),
    )
    return make.draft(next(NUMBERS), make.known[3], *own, at=make.at(PLACED_DAYS_AGO, "12:00"))


def find_posted(world: World, draft: Draft) -> Posted:
    """Read an order's documents from both ledgers, by HTTP and ODBC."""
    number = number_of(draft)
    xero, sage100 = world.tieout.xero(HARBOR), world.tieout.sage100(HARBOR)
    invoice = next(one for one in xero.invoices() if one.number == number)
    return Posted(
        number=number,
        invoice=invoice,
        payments=[one for one in xero.payments() if one.invoice_id == invoice.invoice_id],
        order=next(one for one in sage100.orders() if one.customer_po == number),
        receipts=[
            one
            for one in sage100.receipts()
            if one.check_no in {_check(payment) for payment in xero.payments()
                                if payment.invoice_id == invoice.invoice_id}
        ],
    )  # fmt: skip


def references(world: World, found: Posted) -> dict[str, str]:
    """Return what each system says of an order by which people would look for it."""
    ledger = world.tieout.ledger
    (order,) = world.tieout.desk.find(found.number)
    (told,) = ledger.deliveries_of(HARBOR, "order_status", {order.source_id})
    shop = world.tieout.flow(HARBOR).shops[order.account].target(told.entity)
    entered = world.tieout.sage100(HARBOR).target("sales_order")
    (written,) = ledger.deliveries_of(HARBOR, "sales_order", {order.source_id})
    assert entered.find([written]).keys() == {written.delivery_id}
    header: Any = written.payload["header"]
    return {
        "Shopify, metafield": shop.find([told])[told.delivery_id].figures["correlation_id"],
        "Xero, number": found.invoice.number,
        "Xero, reference": found.invoice.reference,
        "Xero, id": found.invoice.invoice_id,
        "Xero, payment": found.payments[0].reference,
        "Sage 100, number": found.order.order_no,
        "Sage 100, customer PO": found.order.customer_po,
        "Sage 100, UDF": header["UDF_TIEOUT_ID"],
        "Sage 100, check": found.receipts[0].check_no,
    }


def _check(payment: XeroPayment) -> str:
    from tieout.usecases.tie_out_cases import check_no_of  # noqa: PLC0415 - only here

    return check_no_of(payment)


def items_of(world: World, draft: Draft) -> list[TieOutItem]:
    """Return the tie-out's items of one order, after proving that nothing is unknown."""
    proof = world.tie_out()
    assert (proof.unknown, proof.unread) == (Decimal(0), ())
    return [item for item in proof.items if item.document == number_of(draft)]


def amounts(item: TieOutItem) -> dict[str, str]:
    return {role: str(amount) for role, amount in item.amounts.items()}


@pytest.fixture
def post_receipts(world: World) -> Iterator[Callable[[], None]]:
    def act() -> None:
        world.people("post_cash_receipts", posting_date=TODAY.isoformat())
        world.people("post_daily_transaction_register", posting_date=TODAY.isoformat())

    return act


def test_a01_paid_and_not_shipped(world: World, post_receipts: Callable[[], None]) -> None:
    draft = worked(maker())
    world.post(paid(draft))
    post_receipts()
    found = find_posted(world, draft)
    assert (found.invoice.total, found.invoice.total_tax) == (Decimal("110.13"), Decimal("7.21"))
    assert found.invoice.amount_due == Decimal("0.00")
    assert found.order.deposit == Decimal("110.13")
    assert found.order.freight == Decimal("8.00")
    assert found.order.tax == Decimal("7.21")
    assert [line.extension for line in found.order.lines] == [Decimal("53.97"), Decimal("40.95")]
    names = references(world, found)
    assert all([*names.values()])
    for system, name in names.items():
        (document,) = world.tieout.desk.find(name)
        assert document.name == f"#{draft.number}", system
    (item,) = items_of(world, draft)
    assert item.difference_class is DifferenceClass.UNSHIPPED
    assert amounts(item) == {
        "sales": "-94.92",
        "freight": "-8.00",
        "sales_tax": "-7.21",
        "customer_deposits": "110.13",
    }


def test_a02_on_account_and_not_shipped(world: World) -> None:
    draft = replace(worked(maker()), status="pending")
    world.post(placed(draft))
    found = find_posted(world, draft)
    assert found.invoice.amount_due == Decimal("110.13")
    assert found.payments == []
    assert found.order.deposit == Decimal("0.00")
    (item,) = items_of(world, draft)
    assert item.difference_class is DifferenceClass.UNSHIPPED
    assert amounts(item)["receivables"] == "110.13"


def test_a10_authorized_only_is_no_money(world: World) -> None:
    draft = replace(worked(maker()), status="authorized")
    world.post(placed(draft, authorization(build(draft))))
    found = find_posted(world, draft)
    assert found.invoice.amount_due == Decimal("110.13")
    assert found.payments == []
    assert found.receipts == []
    assert found.order.deposit == Decimal("0.00")


def test_a11_partly_captured(world: World, post_receipts: Callable[[], None]) -> None:
    draft = replace(worked(maker()), status="partially_paid")
    world.post(paid(draft, "50.00", total_outstanding="60.13"))
    post_receipts()
    found = find_posted(world, draft)
    assert found.invoice.amount_due == Decimal("60.13")
    assert [receipt.amount for receipt in found.receipts] == [Decimal("50.00")]
    (item,) = items_of(world, draft)
    assert amounts(item)["receivables"] == "60.13"
    assert amounts(item)["customer_deposits"] == "50.00"


def test_a11_the_rest_captured_later_is_added_not_reposted(
    world: World, post_receipts: Callable[[], None]
) -> None:
    draft = replace(worked(maker()), status="partially_paid")
    world.post(paid(draft, "50.00", total_outstanding="60.13"))
    later = sale(build(draft), "60.13", index=1)
    whole = replace(draft, status="paid")
    world.post(placed(whole, sale(build(whole), "50.00"), later, updated_at=_now()))
    post_receipts()
    found = find_posted(world, draft)
    assert found.invoice.amount_due == Decimal("0.00")
    assert sorted(payment.amount for payment in found.payments) == [
        Decimal("50.00"),
        Decimal("60.13"),
    ]
    assert found.order.deposit == Decimal("110.13")


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - the shop's clock moves


def test_a13_a_free_order_has_no_payment_and_cost_when_shipped(world: World) -> None:
    make = maker()
    line = make.line("LAMP-01", 1, discount="19.99")
    draft = replace(worked(make, line), shipping=None)
    world.post(placed(draft))
    found = find_posted(world, draft)
    assert found.invoice.total == Decimal("0.00")
    assert found.payments == []
    ship(world, found.order.order_no)
    postings = world.tieout.sage100(HARBOR).postings()
    invoice = next(
        i for i in world.tieout.sage100(HARBOR).invoices() if i.order_no == found.order.order_no
    )
    cost = [p.amount for p in postings if invoice.invoice_no in p.source_document]
    assert sorted(cost) == [Decimal("-7.40"), Decimal("7.40")]
    assert items_of(world, draft) == []


def ship(world: World, order_no: str) -> None:
    """Let people invoice a whole order and post it through to the GL."""
    day = TODAY.isoformat()
    world.people("enter_invoice", sales_order_no=order_no, invoice_date=day)
    world.people("post_sales_journal", posting_date=day)
    world.people("post_daily_transaction_register", posting_date=day)


def test_a14_a_test_order_is_skipped_by_rule(world: World) -> None:
    draft = worked(maker())
    before = world.tieout.ledger.conservation(HARBOR)
    world.post(paid(draft, test=True))
    after = world.tieout.ledger.conservation(HARBOR)
    assert after.skipped.get("test_order", 0) == before.skipped.get("test_order", 0) + 1
    assert number_of(draft) not in {one.number for one in world.tieout.xero(HARBOR).invoices()}
    orders = world.tieout.sage100(HARBOR).orders()
    assert number_of(draft) not in {one.customer_po for one in orders}


def test_a17_a_tracked_item_in_xero_posts_nothing_and_is_named(world: World) -> None:
    make = maker()
    tracked = make.item("VASE-03").code if "VASE-03" in _codes() else _codes()[5]
    tenant = COMPANIES["HPS"].xero_tenant_id
    url = f"{world.configuration.url('xero')}/_organisations/{tenant}/Items"
    world.call(url, {"Code": tracked, "IsTrackedAsInventory": True})
    _read_by_gates(world)
    draft = worked(make, make.line(tracked, 1))
    world.post(paid(draft))
    letter = _letter_of(world, draft)
    assert letter.cause == "item_tracked_in_xero"
    assert tracked in letter.message
    world.call(url, {"Code": tracked, "IsTrackedAsInventory": False})
    _read_by_gates(world)


def _read_by_gates(world: World) -> None:
    """Let it be known what Xero says now, as it is to gates within a quarter of an hour."""
    world.tieout.xero(HARBOR).reference()


def _codes() -> list[str]:
    return [item.code for item in COMPANIES["HPS"].items]


def _letter_of(world: World, draft: Draft) -> Any:
    letters = world.tieout.ledger.dead_letters(HARBOR)
    return next(letter for letter in letters if letter.trace_key.endswith(f"#{draft.number}"))


def test_a_refunded_order_is_set_aside_with_the_documents_that_it_takes(world: World) -> None:
    draft = worked(maker())
    whole = build(draft)
    back = {"id": 1, "line_item_id": whole["line_items"][0]["id"], "quantity": 1}
    back |= {"restock_type": "cancel", "subtotal": "17.99", "total_tax": "1.26"}
    money = sale(whole, "19.25", index=1) | {"kind": "refund"}
    refund = {
        "id": 9001,
        "created_at": whole["created_at"],
        "refund_line_items": [back],
        "transactions": [money],
    }
    world.post(paid(draft, refunds=[refund]))
    letter = _letter_of(world, draft)
    assert letter.cause == "refund_not_supported"
    assert "in Xero a credit note over 19.25, 1.26 of it tax" in letter.remedy
    assert "in Sage 100 take off the order 1 x LAMP-01" in letter.remedy
    assert "19.25 from customer deposits" in letter.remedy


def test_a20_shipped_whole_carries_the_shops_tax(
    world: World, post_receipts: Callable[[], None]
) -> None:
    draft = worked(maker())
    world.post(paid(draft))
    post_receipts()
    found = find_posted(world, draft)
    ship(world, found.order.order_no)
    invoice = next(
        i for i in world.tieout.sage100(HARBOR).invoices() if i.order_no == found.order.order_no
    )
    assert invoice.tax == Decimal("7.21")
    assert invoice.deposit_applied == Decimal("110.13")
    assert items_of(world, draft) == []


def test_a23_prices_including_tax_keep_the_shops_tax_on_both_sides(world: World) -> None:
    make = maker()
    lines = (
        make.line("LAMP-01", 1),
        make.line("SHADE-02", 1, price="5.49"),
        make.line(_codes()[2], 1, price="0.99"),
    )
    draft = replace(worked(make, *lines), taxes=(VAT,), taxes_included=True, shipping=None)
    world.post(paid(draft))
    found = find_posted(world, draft)
    assert (found.invoice.total, found.invoice.total_tax) == (Decimal("26.47"), Decimal("4.42"))
    assert found.order.tax == Decimal("4.42")
    assert sum((line.extension for line in found.order.lines), Decimal(0)) == Decimal("22.05")


def test_the_same_orders_again_change_nothing(world: World) -> None:
    counted = world.call(f"{world.configuration.url('xero')}/_calls", method="GET")
    before = world.tie_out()
    world.run()
    again = world.tie_out()
    assert again.accounts == before.accounts
    assert world.tieout.ledger.conservation(HARBOR).is_conserved
    assert _writes(world.call(f"{world.configuration.url('xero')}/_calls", method="GET")) == (
        _writes(counted)
    )


def _writes(calls: dict[str, Any]) -> dict[str, int]:
    """Return how often each path was written to."""
    return {
        f"{tenant} {path}": number
        for tenant, one in calls.items()
        for path, number in one["by_path"].items()
        if path.startswith(("PUT", "POST"))
    }


def test_a17_an_account_missing_in_xero_halts_and_names_it(world: World) -> None:
    tenant = COMPANIES["HPS"].xero_tenant_id
    url = f"{world.configuration.url('xero')}/_organisations/{tenant}/Accounts"
    draft = worked(maker())
    world.call(url, {"Code": "260", "Status": "ARCHIVED"})
    _read_by_gates(world)
    try:
        with pytest.raises(ConfigurationError, match="260"):
            world.post(paid(draft))
    finally:
        world.call(url, {"Code": "260", "Status": "ACTIVE"})
        _read_by_gates(world)
    assert number_of(draft) not in {one.number for one in world.tieout.xero(HARBOR).invoices()}
    assert number_of(draft) not in {
        one.customer_po for one in world.tieout.sage100(HARBOR).orders()
    }


def test_an_order_on_account_of_what_is_not_sold_waits_until_people_mend_both(
    world: World,
) -> None:
    item, customer = {"ItemCode": "SHADE-02"}, {"ARDivisionNo": "00", "CustomerNo": "0001001"}

    def mended(*, sold: str, limit: str) -> None:
        world.people("change_record", table="CI_Item", key=item, values={"UseInSO": sold})
        values = {"CreditLimit": limit}
        world.people("change_record", table="AR_Customer", key=customer, values=values)

    # The shop's first buyer is known to Sage 100 by e-mail alone: no order of hers came yet.
    make = maker()
    line = make.line("SHADE-02", 1, discount="4.55")
    at = make.at(PLACED_DAYS_AGO, "12:00")
    draft = replace(make.draft(next(NUMBERS), make.known[0], line, at=at), status="pending")
    mended(sold="N", limit="10.00")
    try:
        world.post(placed(draft))
    finally:
        mended(sold="Y", limit="0.00")
    (letter,) = [one for one in world.tieout.dead_letters() if f"#{draft.number}" in one.trace_key]
    assert letter.cause == "item_not_sellable"
    assert "sells SHADE-02 (in Sage 100)" in letter.message
    assert "customer 0001001 would owe" in letter.message
    assert "more than the credit limit of 10.00" in letter.message
    world.tieout.ledger.replay(letter.dead_letter_id)
    world.run()
    assert find_posted(world, draft).invoice.amount_due > Decimal(0)


def _track(world: World, category: str, option: str) -> None:
    """Add a tracking category with one option in Xero, as people do in its settings."""
    tenant = COMPANIES["HPS"].xero_tenant_id
    url = f"{world.configuration.url('xero')}/_organisations/{tenant}/TrackingCategories"
    options = [{"TrackingOptionID": str(uuid4()), "Name": option, "Status": "ACTIVE"}]
    world.call(url, {"Name": category, "Status": "ACTIVE", "Options": options})


def test_an_account_rule_takes_its_goods_to_its_accounts_in_both_ledgers(
    world: World, tmp_path: Path, post_receipts: Callable[[], None]
) -> None:
    accounts = (INCLUDE / "mappings/accounts/harbor_and_pine.yaml").read_text("utf-8")
    rules = (
        "account_rules:\n  - {item_class: KTCH, channel: [web, pos], role: sales_kitchen}\n"
        "tracking_rules:\n  - {tracking: Department, option: Kitchen, item_class: KTCH}\n"
    )
    role = '  - {role: sales_kitchen, xero: "265", sage100: 420-00}\ngateways:'
    include = tmp_path / "include"
    copytree(INCLUDE, include)
    changed = rules + accounts.replace("gateways:", role)
    (include / "mappings/accounts/harbor_and_pine.yaml").write_text(changed, "utf-8")
    ruled = replace(world, tieout=open_tieout(world.configuration.connections, include))
    make = maker()
    draft = worked(make, make.line("MUG-11", 2), make.line("LAMP-01", 1))
    ruled.post(paid(draft))
    letter = _letter_of(ruled, draft)
    assert (letter.cause, letter.value) == ("tracking_unknown", "Department Kitchen")
    _track(world, "Department", "Kitchen")
    ruled.tieout.ledger.replay(letter.dead_letter_id)
    ruled.run()
    post_receipts()
    found = find_posted(ruled, draft)
    assert [line.account_code for line in found.invoice.lines] == ["265", "200", "260"]
    ship(ruled, found.order.order_no)
    (shipped,) = (
        one
        for one in ruled.tieout.sage100(HARBOR).invoices()
        if one.order_no == found.order.order_no
    )
    assert shipped.goods_by_account == {"420-00": Decimal("23.00"), "400-00": Decimal("19.99")}
    assert items_of(ruled, draft) == []
    ruled.tieout.ledger.close()


def test_a26_the_payout_of_card_payments_is_what_both_ledgers_booked(world: World) -> None:
    """A26: payout -> bank, clearing 0.00; every charge of it is on the clearing account."""
    draft = worked(maker())
    world.post(paid(draft))
    found = find_posted(world, draft)
    shopify = f"{world.configuration.url('shopify')}/_shops/{SHOPS[HARBOR]}"
    made = world.call(f"{shopify}/pay-out", {})
    reconciled_ = Payments(world.tieout).reconciled(HARBOR, look_back=timedelta(days=7))
    assert reconciled_.parked == ()
    payout = next(one for one in reconciled_.payouts if one.payout_id == str(made["id"]))
    [charge] = [
        one
        for one in payout.parts
        if one.order == f"#{draft.number}" and one.kind is PartKind.CHARGE
    ]
    assert charge.amount == Decimal("110.13")
    assert charge.transaction_id == found.payments[0].reference.rpartition(" ")[2]
    of_gateway = [one for one in reconciled_.variances if one.side is Side.GATEWAY]
    assert charge.row_id not in " ".join(one.document_id for one in of_gateway)
    paid_by = f"Xero payment {found.payments[0].payment_id}"
    [applied] = [
        one
        for settlement in reconciled_.settlements
        for one in settlement.applied
        if one.money == paid_by
    ]
    receipt = f"{found.receipts[0].deposit_no}/{found.receipts[0].check_no}"
    assert applied.amount == Decimal("110.13")
    assert applied.item.startswith(f"Sage 100 receipt {receipt} of ")
    assert paid_by not in [one.document_id for one in reconciled_.variances]
