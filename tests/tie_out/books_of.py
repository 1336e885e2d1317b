"""Books of orders that agree in both ledgers, to plant discrepancies in behind Tieout's back."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageOrderLine,
    SageReceipt,
    SageState,
    XeroInvoice,
    XeroInvoiceLine,
    XeroJournal,
    XeroPayment,
)
from tieout.domain.tie_out import TieOut
from tieout.settings import load_pairs
from tieout.usecases.tie_out import tie_out
from tieout.usecases.tie_out_cases import Books, check_no_of
from tieout.usecases.tie_out_items import Told

PAIR = load_pairs(Path(__file__).parents[2] / "include")["harbor_and_pine"]
ORDERED, SHIPPED, AS_OF = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 30)
KNOWN_AT = datetime(2026, 12, 1, 7, tzinfo=UTC)
AR, SALES, FREIGHT, TAX = "120-00", "400-00", "410-00", "220-00"
CLEARING, DEPOSITS = "106-00", "230-00"
GOODS, SHIPPING, CHARGED = Decimal("94.92"), Decimal("8.00"), Decimal("7.21")
TOTAL = GOODS + SHIPPING + CHARGED


@dataclass
class Order:
    """One order in both ledgers: invoiced and paid in Xero, shipped and posted in Sage 100."""

    place: int
    invoices: list[XeroInvoice] = field(default_factory=list)
    payments: list[XeroPayment] = field(default_factory=list)
    orders: list[SageOrder] = field(default_factory=list)
    receipts: list[SageReceipt] = field(default_factory=list)
    shipments: list[SageInvoice] = field(default_factory=list)
    postings: list[GlPosting] = field(default_factory=list)
    journals: list[XeroJournal] = field(default_factory=list)
    parked: str = ""

    @property
    def number(self) -> str:
        return f"HP-{self.place}"


def agreeing(place: int) -> Order:
    """Return an order that both ledgers have alike, but for the postings."""
    invoice = XeroInvoice(
        invoice_id=f"i-{place}",
        number=f"HP-{place}",
        reference=f"{place} #{place}",
        status="PAID",
        date=ORDERED,
        currency="USD",
        total=TOTAL,
        total_tax=CHARGED,
        amount_due=Decimal(0),
        contact_id=f"c-{place}",
        lines=(
            XeroInvoiceLine(
                account_code="200", net=GOODS, tax=Decimal("6.65"), item_code="LAMP-01",
                quantity=Decimal(3),
            ),
            XeroInvoiceLine(account_code="260", net=SHIPPING, tax=Decimal("0.56")),
        ),
    )  # fmt: skip
    payment = XeroPayment(
        payment_id=f"p-{place}",
        invoice_id=invoice.invoice_id,
        account_code="091",
        date=ORDERED,
        amount=TOTAL,
        reference=f"HP-{place} {place}",
        status="AUTHORISED",
    )
    line = SageOrderLine(
        item_code="LAMP-01", item_type="1", ordered=Decimal(3), shipped=Decimal(3), extension=GOODS
    )
    order = SageOrder(
        order_no=f"{place:07d}",
        customer_po=invoice.number,
        status="C",
        date=ORDERED,
        customer_no=f"{place:07d}",
        freight=SHIPPING,
        tax=CHARGED,
        deposit=TOTAL,
        total=TOTAL,
        lines=(line,),
    )
    receipt = SageReceipt(
        deposit_no=f"{place:05d}",
        check_no=check_no_of(payment),
        customer_no=order.customer_no,
        date=ORDERED,
        bank_code="S",
        amount=TOTAL,
        credited_account=DEPOSITS,
        state=SageState.IN_GL,
    )
    shipment = SageInvoice(
        invoice_no=f"{place:07d}",
        order_no=order.order_no,
        customer_po=invoice.number,
        date=SHIPPED,
        state=SageState.IN_GL,
        goods=GOODS,
        freight=SHIPPING,
        tax=CHARGED,
        deposit_applied=TOTAL,
        goods_by_account={SALES: GOODS},
        customer_no=order.customer_no,
        invoice_date=SHIPPED,
        quantity=Decimal(3),
    )
    return Order(place, [invoice], [payment], [order], [receipt], [shipment])


def posted_of(order: Order) -> list[GlPosting]:
    """Return what the general ledger has of an order's documents, as their registers post them."""
    made: list[GlPosting] = []

    def post(day: date, source: str, **amounts: Decimal) -> None:
        made.extend(
            GlPosting(
                account=account.replace("_", "-"),
                date=day,
                journal=source.partition(" ")[0],
                register_no="000001",
                source_document=source,
                amount=amount,
            )
            for account, amount in amounts.items()
            if amount
        )

    banks = {"S": CLEARING, "P": "107-00"}
    for one in order.receipts:
        if one.state is SageState.IN_GL:
            source = f"CR {one.deposit_no}/{one.check_no}"
            amounts = {banks[one.bank_code]: one.amount, one.credited_account: -one.amount}
            post(one.date, source, **amounts)
    for bill in order.shipments:
        if bill.state is SageState.IN_GL:
            goods = bill.goods_by_account or {SALES: bill.goods}
            amounts = {
                AR: bill.total - bill.deposit_applied,
                DEPOSITS: bill.deposit_applied,
                FREIGHT: -bill.freight,
                TAX: -bill.tax,
                **{account: -amount for account, amount in goods.items()},
            }
            post(bill.date, f"INV {bill.invoice_no}", **amounts)
    return [*made, *order.postings]


def changed(order: Order, **lists: object) -> Order:
    """Return the order with other documents."""
    return replace(order, **lists)  # type: ignore[arg-type]


def proven(
    orders: list[Order], *, balances: dict[str, Decimal] | None = None, **told: object
) -> TieOut:
    """Prove the books that these orders are, as of the last day of November."""
    books = Books(
        xero_invoices=[one for order in orders for one in order.invoices],
        xero_payments=[one for order in orders for one in order.payments],
        sage_orders=[one for order in orders for one in order.orders],
        sage_receipts=[one for order in orders for one in order.receipts],
        sage_invoices=[one for order in orders for one in order.shipments],
        postings=[one for order in orders for one in posted_of(order)],
        accounts={},
        banks={"S": CLEARING, "P": "107-00"},
        journals=[one for order in orders for one in order.journals],
        balances=balances,
        year_began=date(2026, 1, 1),
    )
    parked = {order.number: order.parked for order in orders if order.parked}
    beside = Told(as_of=AS_OF, known_at=KNOWN_AT, today=date(2026, 12, 1), parked=parked)
    return tie_out(PAIR, books, replace(beside, **told))  # type: ignore[arg-type]
