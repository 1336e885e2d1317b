"""Currency and tax at the wire: accounting.md's A21, A22, A24, A25 and A47, and each tax policy.

A20 and A23 stand with the worked order. Policies of a pair are changed in a copy of include/.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from acceptance.orders import HERE, PLACED_DAYS_AGO, TODAY, maker, number_of, paid, placed
from receivers import plain
from simulators.xero.client import XeroClient
from tieout.domain.books import SageInvoice, SageOrder, XeroInvoice
from tieout.domain.conversion import in_base
from tieout.domain.ledger import DeadLetter
from tieout.domain.order import Order
from tieout.domain.tie_out import DifferenceClass, TieOutItem
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import Draft, Line, build, order_id, sale
from tieout.wiring.installation import open_tieout
from world import HARBOR, INCLUDE, World

NUMBERS = count(8101)
TENANT = COMPANIES["HPS"].xero_tenant_id
PLACED = TODAY - timedelta(days=PLACED_DAYS_AGO)
POLICIES = "posting: per_order, fx: reject}"
ZERO = Decimal(0)


@contextmanager
def of_policies(
    world: World, folder: Path, policies: str, rates: str = "", aliases: str = ""
) -> Iterator[World]:
    """Give the world whose first pair has other policies, more rates, and other item aliases."""
    include = folder / "include"
    shutil.copytree(INCLUDE, include)
    pairs = include / "pairs.yaml"
    text = pairs.read_text("utf-8")
    assert POLICIES in text
    changed = text.replace(POLICIES, f"posting: per_order, {policies}}}", 1)
    pairs.write_text(changed, "utf-8")
    with (include / "exchange_rates.csv").open("a", encoding="utf-8") as file:
        file.write(rates)
    if aliases:
        (include / "mappings/item_aliases.csv").write_text(aliases, "utf-8")
    tieout = open_tieout(world.configuration.connections, include)
    yield replace(world, tieout=tieout)
    tieout.ledger.close()


def worked(*lines: Line) -> Draft:
    """Return a fresh order with the lines of 1042."""
    make = maker()
    own = lines or (
        make.line("LAMP-01", 3, discount="6.00"),
        make.line("SHADE-02", 1, discount="4.55"),
    )
    return make.draft(next(NUMBERS), make.known[5], *own, at=make.at(PLACED_DAYS_AGO, "12:00"))


def letter_of(world: World, draft: Draft) -> DeadLetter:
    letters = world.tieout.ledger.dead_letters(HARBOR)
    return next(one for one in letters if one.trace_key.endswith(f"#{draft.number}"))


def invoice_of(world: World, draft: Draft) -> XeroInvoice:
    return next(i for i in world.tieout.xero(HARBOR).invoices() if i.number == number_of(draft))


def order_of(world: World, draft: Draft) -> SageOrder:
    orders = world.tieout.sage100(HARBOR).orders()
    return next(one for one in orders if one.customer_po == number_of(draft))


def shipment_of(world: World, draft: Draft) -> SageInvoice:
    number = order_of(world, draft).order_no
    return next(i for i in world.tieout.sage100(HARBOR).invoices() if i.order_no == number)


def ship(world: World, draft: Draft, *, before_posting: Callable[[str], object] = str) -> None:
    """Let people invoice a whole order and post it, and the money taken for it, through to G/L."""
    day = TODAY.isoformat()
    number = order_of(world, draft).order_no
    entered = world.people("enter_invoice", sales_order_no=number, invoice_date=day)
    before_posting(entered["invoice_no"])
    for act in ("post_cash_receipts", "post_sales_journal", "post_daily_transaction_register"):
        world.people(act, posting_date=day)


def items_of(world: World, draft: Draft) -> list[TieOutItem]:
    """Return the tie-out's items of one order, after proving that nothing is unknown."""
    proof = world.tie_out()
    assert proof.unknown == ZERO
    return [item for item in proof.items if item.document == number_of(draft)]


def differences(items: list[TieOutItem]) -> list[tuple[str, dict[str, str]]]:
    return [
        (one.difference_class.value, {role: str(amount) for role, amount in one.amounts.items()})
        for one in items
    ]


def in_gl(world: World, draft: Draft) -> dict[str, Decimal]:
    """Return what the invoice of an order posted in Sage 100, by account."""
    invoice = shipment_of(world, draft)
    sums: dict[str, Decimal] = {}
    for posting in world.tieout.sage100(HARBOR).postings():
        if invoice.invoice_no in posting.source_document:
            sums[posting.account] = sums.get(posting.account, ZERO) + posting.amount
    return sums


def test_a21_without_an_override_a_cent_of_tax_is_rounding(world: World, tmp_path: Path) -> None:
    draft = worked()
    with of_policies(world, tmp_path, "fx: reject, sage_tax: rounding") as rounding:
        rounding.post(paid(draft))
        ship(rounding, draft)
        invoice = shipment_of(rounding, draft)
        assert invoice.tax == Decimal("7.20")
        assert invoice.charges == {"690-00": Decimal("0.01")}
        assert order_of(rounding, draft).total == invoice_of(rounding, draft).total
        assert differences(items_of(rounding, draft)) == [
            ("rounding", {"sales_tax": "-0.01", "rounding": "0.01"})
        ]


def test_a22_tax_recalculated_before_posting_is_wrong_tax(world: World) -> None:
    draft = worked()
    world.post(paid(draft))
    ship(
        world,
        draft,
        before_posting=lambda number: world.people("recalculate_tax", invoice_no=number),
    )
    assert shipment_of(world, draft).tax == Decimal("7.20")
    (item,) = items_of(world, draft)
    assert item.difference_class is DifferenceClass.WRONG_TAX
    assert item.amounts["sales_tax"] == Decimal("-0.01")


def test_a24_a_rate_that_the_books_do_not_have_is_parked_and_both_are_named(world: World) -> None:
    draft = replace(worked(), taxes=(("State Tax", Decimal("0.06")),))
    world.post(paid(draft))
    letter = letter_of(world, draft)
    assert letter.cause == "tax_unmapped"
    assert "State Tax at 6%, which the books have at 7%" in letter.message


def channel_liable(order: dict[str, Any]) -> dict[str, Any]:
    """Return the order with its tax remitted by the marketplace."""
    for line in (*order["line_items"], *order["shipping_lines"]):
        line["tax_lines"] = [{**tax, "channel_liable": True} for tax in line["tax_lines"]]
    return order


@pytest.mark.parametrize("taxes_included", [False, True])
def test_a25_tax_that_the_channel_remits_is_the_marketplaces(
    world: World, *, taxes_included: bool
) -> None:
    draft = replace(worked(), taxes_included=taxes_included)
    world.post(channel_liable(paid(draft)))
    ship(world, draft)
    invoice, order = invoice_of(world, draft), order_of(world, draft)
    tax = Decimal(build(draft)["total_tax"])
    assert (invoice.total, invoice.total_tax) == (order.total, ZERO)
    assert invoice.total == Decimal(build(draft)["total_price"])
    assert [line.net for line in invoice.lines if line.account_code == "850"] == [tax]
    assert order.tax == ZERO
    posted = in_gl(world, draft)
    assert posted["245-00"] == -tax
    assert posted.get("220-00", ZERO) == ZERO
    assert items_of(world, draft) == []
    assert taxes_included or tax == Decimal("7.21")


def test_tax_by_a_charge_line_leaves_sage_100_nothing_to_compute(
    world: World, tmp_path: Path
) -> None:
    draft = worked()
    with of_policies(world, tmp_path, "fx: reject, sage_tax: charge_line") as charging:
        charging.post(paid(draft))
        ship(charging, draft)
        assert order_of(charging, draft).tax == ZERO
        assert in_gl(charging, draft)["220-00"] == Decimal("-7.21")
        assert items_of(charging, draft) == []


def test_several_taxes_of_an_order_are_each_carried_to_the_cent(world: World) -> None:
    taxes = (("State Tax", Decimal("0.07")), ("County Tax", Decimal("0.01")))
    order = build(replace(worked(), taxes=taxes))
    # Of the second line the county takes nothing, as it would be of clothes.
    spared = order["line_items"][1]["tax_lines"].pop()
    draft = replace(worked(), number=order["order_number"], taxes=taxes)
    gone = Decimal(spared["price"])
    for name in ("total_tax", "current_total_tax", "total_price", "current_total_price"):
        less = str(Decimal(order[name]) - gone)
        order[name] = less
        order[f"{name}_set"] = {
            kind: {**money, "amount": less} for kind, money in order[f"{name}_set"].items()
        }
    world.post({**order, "transactions": [sale(order)]})
    ship(world, draft)
    assert invoice_of(world, draft).total_tax == Decimal(order["total_tax"])
    assert shipment_of(world, draft).tax == Decimal(order["total_tax"])
    assert items_of(world, draft) == []


def euros(*lines: Line, **more: Any) -> Draft:
    """Return an order of EUR 100.00, tax 6.54 of it."""
    make = maker()
    own = lines or (make.line("LAMP-01", 3), make.line("SHADE-02", 1, price="33.49"))
    return replace(worked(*own), currency="EUR", shipping=None, **more)


def paid_a_day_later(draft: Draft) -> dict[str, Any]:
    at = datetime.combine(PLACED + timedelta(days=1), datetime.min.time(), HERE).isoformat()
    payment = {**sale(build(draft)), "processed_at": at, "created_at": at}
    return placed(draft, payment)


def rates(*, of: str = "EUR") -> str:
    """Return the rates by which EUR 100.00 is 108.50 when placed, and 107.90 a day later."""
    known = (("0.921659", PLACED), ("0.926784", PLACED + timedelta(days=1)))
    return "".join(f"USD,{of},{day},{rate},European Central Bank\n" for rate, day in known)


def trial_balance(world: World, code: str) -> Decimal:
    """Return what Xero's own trial balance says of an account this year, debit less credit."""
    bookkeeper = XeroClient(world.configuration.url("xero"))
    answer = bookkeeper.get("Reports/TrialBalance", date=TODAY.isoformat())
    (report,) = answer.json()["Reports"]
    for section in report["Rows"]:
        for row in section.get("Rows", []):
            name, _debit, _credit, debit, credit = (cell["Value"] for cell in row["Cells"])
            if name.endswith(f"({code})"):
                return Decimal(debit or 0) - Decimal(credit or 0)
    return ZERO


def canonical_of(world: World, draft: Draft) -> Order:
    """Return the order as the ledger stores it."""
    url = world.tieout.ledger.database.engine.url.render_as_string(hide_password=False)
    query = "SELECT canonical FROM tieout.documents WHERE source_id = %s"
    with psycopg.connect(plain(url)) as ledger:
        (row,) = ledger.execute(query, [str(order_id(draft.number))]).fetchall()
    return Order.model_validate(row[0])


def test_a47_an_order_in_euros_is_parked_by_the_policy_reject(world: World) -> None:
    draft = euros()
    world.post(paid(draft))
    letter = letter_of(world, draft)
    assert (letter.cause, letter.amount) == ("currency_not_of_company", Decimal("100.00"))


def test_a47_an_order_in_euros_is_booked_in_base_and_the_loss_realised(
    world: World, tmp_path: Path
) -> None:
    currencies = f"{world.configuration.url('xero')}/_organisations/{TENANT}/Currencies"
    world.call(currencies, {"Code": "EUR", "Description": "Euro"})
    receivables, gains = trial_balance(world, "610"), trial_balance(world, "499")
    draft = euros()
    with of_policies(world, tmp_path, "fx: base", rates()) as base:
        base.post(paid_a_day_later(draft))
        invoice, order = invoice_of(base, draft), order_of(base, draft)
        assert (invoice.currency, invoice.total, invoice.rate) == (
            "EUR",
            Decimal("100.00"),
            Decimal("0.921659"),
        )
        assert (order.total, order.deposit) == (Decimal("108.50"), Decimal("108.50"))
        # What is stored gives every base amount again, to the cent.
        stored = canonical_of(base, draft)
        assert stored.exchange is not None
        assert stored.exchange.source == "European Central Bank"
        again = in_base(stored)
        assert (again.total, again.tax) == (order.total, order.tax)
        assert [line.net for line in again.lines] == [line.extension for line in order.lines]
        ship(base, draft)
        receipts = base.tieout.sage100(HARBOR).receipts()
        ours = {one.credited_account: one.amount for one in receipts if one.date == TODAY}
        assert ours["695-00"] == Decimal("-0.60")
        assert trial_balance(base, "610") == receivables
        assert trial_balance(base, "499") - gains == Decimal("0.60")
        left = items_of(base, draft)
        assert {one.difference_class for one in left} <= {DifferenceClass.ROUNDING}
        accounts = {one.role: one for one in base.tie_out().accounts}
        assert accounts["exchange_gains"].xero == accounts["exchange_gains"].sage100


def test_an_order_in_euros_without_a_recent_rate_is_parked(world: World, tmp_path: Path) -> None:
    draft = euros()
    old = f"USD,EUR,{PLACED - timedelta(days=5)},0.921659,European Central Bank\n"
    with of_policies(world, tmp_path, "fx: base", old + rates(of="GBP")) as base:
        base.post(paid(draft))
        letter = letter_of(base, draft)
        assert letter.cause == "exchange_rate_missing"
        assert f"EUR on {PLACED.isoformat()}" in letter.message


ALIASES = """pair,sold_as,item_code,pieces,unit,share
harbor_and_pine,LAMP-SET,LAMP-01,2,EACH,39.98
harbor_and_pine,LAMP-SET,SHADE-02,1,EACH,45.50
harbor_and_pine,SHADE-CASE,SHADE-02,12,EACH,
"""


@pytest.mark.tier2
def test_a_bundle_and_a_case_are_items_of_both_ledgers_to_the_cent(
    world: World, tmp_path: Path
) -> None:
    make = maker()
    own = (
        replace(make.line("LAMP-01", 3, discount="0.05"), sku="LAMP-SET", variant_id=None),
        replace(make.line("SHADE-02", 2), sku="shade-case", variant_id=None),
    )
    draft = worked(*own)
    with of_policies(world, tmp_path, "fx: reject", aliases=ALIASES) as aliased:
        aliased.post(paid(draft))
        invoice, order = invoice_of(aliased, draft), order_of(aliased, draft)
        assert [(line.item_code, line.ordered) for line in order.lines] == [
            ("LAMP-01", Decimal(6)),
            ("SHADE-02", Decimal(3)),
            ("SHADE-02", Decimal(24)),
        ]
        charged = Decimal(build(draft)["total_price"])
        assert (invoice.total, order.total) == (charged, charged)
        assert invoice.total_tax == order.tax == Decimal(build(draft)["total_tax"])
        waiting = {DifferenceClass.ENTERED, DifferenceClass.UNSHIPPED}
        assert {item.difference_class for item in items_of(aliased, draft)} <= waiting
