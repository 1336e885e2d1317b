"""The tie-out's arithmetic on books drawn by hand; the worked order is accounting.md's 1042."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageOrderLine,
    SageReceipt,
    SageState,
    XeroInvoice,
    XeroInvoiceLine,
    XeroPayment,
)
from tieout.domain.pair import Account
from tieout.domain.tie_out import DifferenceClass, Light, TieOut
from tieout.settings import load_pairs
from tieout.usecases.tie_out import tie_out
from tieout.usecases.tie_out_cases import Books
from tieout.usecases.tie_out_items import Told

PAIR = load_pairs(Path(__file__).parents[3] / "include")["harbor_and_pine"]
ORDERED = date(2026, 11, 29)
SHIPPED = date(2026, 11, 30)
CHECK = "T5EOO"
"""The check number of transaction 252312: its digits in base 36."""

AR, SALES, FREIGHT, TAX = "120-00", "400-00", "410-00", "220-00"
CLEARING, DEPOSITS, COGS, STOCK = "106-00", "230-00", "500-00", "130-00"


def money(text: str) -> Decimal:
    return Decimal(text)


def invoice(number: str = "HP-1042", total: str = "110.13") -> XeroInvoice:
    return XeroInvoice(
        invoice_id="i-1",
        number=number,
        reference="252311 #1042",
        status="AUTHORISED",
        date=ORDERED,
        currency="USD",
        total=money(total),
        total_tax=money("7.21"),
        amount_due=money("0.00"),
        lines=(
            XeroInvoiceLine(account_code="200", net=money("53.97"), tax=money("3.78")),
            XeroInvoiceLine(account_code="200", net=money("40.95"), tax=money("2.87")),
            XeroInvoiceLine(account_code="260", net=money("8.00"), tax=money("0.56")),
        ),
    )


def payment(amount: str = "110.13") -> XeroPayment:
    return XeroPayment(
        payment_id="p-1",
        invoice_id="i-1",
        account_code="091",
        date=ORDERED,
        amount=money(amount),
        reference="HP-1042 252312",
        status="AUTHORISED",
    )


def order(*, shipped_a: str = "0", shipped_b: str = "0") -> SageOrder:
    def line(code: str, ordered: str, shipped: str, extension: str) -> SageOrderLine:
        return SageOrderLine(
            item_code=code,
            item_type="1",
            ordered=money(ordered),
            shipped=money(shipped),
            extension=money(extension),
        )

    return SageOrder(
        order_no="0001042",
        customer_po="HP-1042",
        status="C" if (shipped_a, shipped_b) == ("3", "1") else "O",
        date=ORDERED,
        customer_no="0000001",
        freight=money("8.00"),
        tax=money("7.21"),
        deposit=money("110.13"),
        total=money("110.13"),
        lines=(line("LAMP-01", "3", shipped_a, "53.97"), line("SHADE-02", "1", shipped_b, "40.95")),
    )


def receipt(state: SageState = SageState.IN_GL, amount: str = "110.13") -> SageReceipt:
    return SageReceipt(
        deposit_no="00001",
        check_no=CHECK,
        customer_no="0000001",
        date=ORDERED,
        bank_code="S",
        amount=money(amount),
        credited_account=DEPOSITS,
        state=state,
    )


def shipment(state: SageState, tax: str = "4.34") -> SageInvoice:
    return SageInvoice(
        invoice_no="0000311",
        order_no="0001042",
        customer_po="HP-1042",
        date=SHIPPED,
        state=state,
        goods=money("53.97"),
        freight=money("8.00"),
        tax=money(tax),
        deposit_applied=money("61.97") + money(tax),
    )


def posted(document: str, **amounts: str) -> list[GlPosting]:
    accounts = {
        "ar": AR,
        "sales": SALES,
        "freight": FREIGHT,
        "tax": TAX,
        "clearing": CLEARING,
        "deposits": DEPOSITS,
        "cogs": COGS,
        "stock": STOCK,
    }
    return [
        GlPosting(
            account=accounts[name],
            date=ORDERED,
            journal="CR",
            register_no="000001",
            source_document=document,
            amount=money(amount),
        )
        for name, amount in amounts.items()
    ]


RECEIPT_IN_GL = posted(f"CR 00001/{CHECK}", clearing="110.13", deposits="-110.13")
SHIPMENT_IN_GL = posted(
    "INV 0000311",
    sales="-53.97",
    freight="-8.00",
    tax="-4.34",
    deposits="66.31",
    cogs="22.20",
    stock="-22.20",
)


NOTHING = Books(
    xero_invoices=[],
    xero_payments=[],
    sage_orders=[],
    sage_receipts=[],
    sage_invoices=[],
    postings=[],
    accounts={},
    banks={"S": CLEARING},
)


def proof(*, today: date = SHIPPED, **read: Any) -> TieOut:
    known_at = datetime(2026, 12, 1, 2, tzinfo=UTC)
    books = replace(NOTHING, **read)
    return tie_out(PAIR, books, Told(as_of=SHIPPED, known_at=known_at, today=today))


def differences(result: TieOut) -> dict[str, str]:
    return {a.role: str(a.difference) for a in result.accounts if a.difference}


def classes(result: TieOut) -> list[DifferenceClass]:
    return [item.difference_class for item in result.items]


def test_a01_paid_and_nothing_shipped_is_one_unshipped_item() -> None:
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order()],
        sage_receipts=[receipt()],
        postings=RECEIPT_IN_GL,
    )
    assert classes(result) == [DifferenceClass.UNSHIPPED]
    assert differences(result) == {
        "customer_deposits": "110.13",
        "freight": "-8.00",
        "sales": "-94.92",
        "sales_tax": "-7.21",
    }
    assert result.unknown == 0
    assert result.light is Light.GREEN


def test_a02_on_account_and_unshipped_leaves_receivables_unshipped() -> None:
    result = proof(xero_invoices=[invoice()], sage_orders=[order()])
    assert classes(result) == [DifferenceClass.UNSHIPPED]
    assert differences(result)["receivables"] == "110.13"
    assert result.unknown == 0


def test_a03_a_shipment_that_is_only_entered_is_named_entered() -> None:
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order(shipped_a="3")],
        sage_receipts=[receipt()],
        sage_invoices=[shipment(SageState.ENTERED)],
        postings=RECEIPT_IN_GL,
    )
    assert classes(result) == [DifferenceClass.ENTERED, DifferenceClass.UNSHIPPED]
    assert result.unknown == 0


def test_a05_a_posted_part_shipment_leaves_exactly_line_b() -> None:
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order(shipped_a="3")],
        sage_receipts=[receipt()],
        sage_invoices=[shipment(SageState.IN_GL)],
        postings=RECEIPT_IN_GL + SHIPMENT_IN_GL,
    )
    assert differences(result) == {
        "customer_deposits": "43.82",
        "sales": "-40.95",
        "sales_tax": "-2.87",
    }
    assert classes(result) == [DifferenceClass.UNSHIPPED]
    assert result.unknown == 0


def test_a11_a_part_payment_splits_unshipped_between_deposits_and_receivables() -> None:
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment("50.00")],
        sage_orders=[order()],
        sage_receipts=[receipt(amount="50.00")],
        postings=posted(f"CR 00001/{CHECK}", clearing="50.00", deposits="-50.00"),
    )
    assert differences(result)["receivables"] == "60.13"
    assert differences(result)["customer_deposits"] == "50.00"
    assert result.unknown == 0


@pytest.mark.parametrize(
    ("state", "difference_class"),
    [
        (SageState.ENTERED, DifferenceClass.ENTERED),
        (SageState.UPDATED, DifferenceClass.NOT_IN_GL),
    ],
)
def test_a_receipt_outside_the_gl_is_named_by_its_state(
    state: SageState, difference_class: DifferenceClass
) -> None:
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order()],
        sage_receipts=[receipt(state)],
    )
    assert difference_class in classes(result)
    assert result.unknown == 0


@pytest.mark.parametrize(
    ("today", "difference_class"),
    [
        (date(2026, 11, 30), DifferenceClass.IN_FLIGHT),
        (date(2026, 12, 1), DifferenceClass.MISSING),
    ],
)
def test_an_invoice_without_a_sales_order_is_in_flight_for_a_day(
    today: date, difference_class: DifferenceClass
) -> None:
    result = proof(xero_invoices=[invoice()], today=today)
    assert classes(result) == [difference_class]
    assert result.unknown == 0


def test_a15_an_invoice_keyed_again_in_sage_100_is_a_duplicate() -> None:
    keyed = shipment(SageState.IN_GL).model_copy(
        update={"order_no": "", "goods": money("110.13"), "freight": money("0"),
                "tax": money("0"), "deposit_applied": money("0")}
    )  # fmt: skip
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order()],
        sage_receipts=[receipt()],
        sage_invoices=[keyed],
        postings=RECEIPT_IN_GL + posted("INV 0000311", ar="110.13", sales="-110.13"),
    )
    assert DifferenceClass.DUPLICATE in classes(result)
    assert differences(result)["receivables"] == "-110.13"
    assert result.light is Light.AMBER
    assert result.unknown == 0


def test_a20_a_cent_of_recomputed_tax_is_wrong_tax_not_netted() -> None:
    whole = shipment(SageState.IN_GL, tax="7.20").model_copy(
        update={"goods": money("94.92"), "deposit_applied": money("110.12")}
    )
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order(shipped_a="3", shipped_b="1")],
        sage_receipts=[receipt()],
        sage_invoices=[whole],
        postings=RECEIPT_IN_GL
        + posted("INV 0000311", sales="-94.92", freight="-8.00", tax="-7.20", deposits="110.12"),
    )
    assert classes(result) == [DifferenceClass.WRONG_TAX]
    assert differences(result) == {"customer_deposits": "0.01", "sales_tax": "-0.01"}


def test_a_corrupted_invoice_total_is_unknown_and_red() -> None:
    result = proof(
        xero_invoices=[invoice(total="110.23")],
        xero_payments=[payment()],
        sage_orders=[order()],
        sage_receipts=[receipt()],
        postings=RECEIPT_IN_GL,
    )
    assert result.light is Light.RED
    assert result.unknown == money("0.10")


def test_a_journal_on_a_mirrored_account_is_unknown_and_red() -> None:
    result = proof(postings=posted("JE 000001", tax="10.00", sales="-10.00"))
    assert result.light is Light.RED
    assert result.unknown == money("20.00")


def test_two_errors_that_cancel_are_still_two_items() -> None:
    other = invoice("HP-1043").model_copy(update={"invoice_id": "i-2"})
    result = proof(
        xero_invoices=[
            invoice(total="110.18"),
            other.model_copy(update={"total": money("110.08")}),
        ],
        sage_orders=[
            order(),
            order().model_copy(update={"order_no": "1", "customer_po": "HP-1043"}),
        ],
    )
    assert result.unknown == money("0.10")
    assert result.light is Light.RED


def test_goods_on_an_account_of_a_rule_compare_by_its_role() -> None:
    lighting = Account(role="sales_lighting", xero="201", sage100="401-00")
    pair = PAIR.model_copy(update={"accounts": (*PAIR.accounts, lighting)})
    sold = invoice()
    lines = (sold.lines[0].model_copy(update={"account_code": "201"}), *sold.lines[1:])
    shipped = shipment(SageState.IN_GL).model_copy(
        update={"goods_by_account": {"401-00": money("53.97")}}
    )
    in_gl = [
        one.model_copy(update={"account": "401-00"}) if one.account == SALES else one
        for one in SHIPMENT_IN_GL
    ]
    result = tie_out(
        pair,
        replace(
            NOTHING,
            xero_invoices=[sold.model_copy(update={"lines": lines})],
            xero_payments=[payment()],
            sage_orders=[order(shipped_a="3")],
            sage_receipts=[receipt()],
            sage_invoices=[shipped],
            postings=RECEIPT_IN_GL + in_gl,
        ),
        Told(as_of=SHIPPED, known_at=datetime(2026, 12, 1, 2, tzinfo=UTC), today=SHIPPED),
    )
    assert "sales_lighting" not in differences(result)
    assert differences(result)["sales"] == "-40.95"
    assert classes(result) == [DifferenceClass.UNSHIPPED]
    assert result.unknown == 0


@pytest.mark.parametrize("state", [SageState.ENTERED, SageState.IN_GL])
def test_goods_on_another_account_than_xeros_are_named_wrong_account(state: SageState) -> None:
    shipped = shipment(state).model_copy(update={"goods_by_account": {"420-00": money("53.97")}})
    in_gl = [
        one.model_copy(update={"account": "420-00"}) if one.account == SALES else one
        for one in SHIPMENT_IN_GL
    ]
    result = proof(
        xero_invoices=[invoice()],
        xero_payments=[payment()],
        sage_orders=[order(shipped_a="3")],
        sage_receipts=[receipt()],
        sage_invoices=[shipped],
        postings=RECEIPT_IN_GL + (in_gl if state is SageState.IN_GL else []),
    )
    assert DifferenceClass.WRONG_ACCOUNT in classes(result)
    wrong = result.items[classes(result).index(DifferenceClass.WRONG_ACCOUNT)]
    assert {role: str(amount) for role, amount in wrong.amounts.items()} == {
        "sage100 420-00 (unmapped)": "53.97",
        "sales": "-53.97",
    }
    assert result.unknown == 0
    assert result.light is Light.AMBER


def test_accounts_of_sage_that_share_one_of_xero_compare_together() -> None:
    lighting = Account(role="sales_lighting", xero="200", sage100="401-00")
    pair = PAIR.model_copy(update={"accounts": (*PAIR.accounts, lighting)})
    assert pair.books_role("sales_lighting") == "sales"
    assert pair.books_role("inventory") == "inventory"
