"""The worked order 1042 as a canonical order, and the events of section 10 on it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tieout.domain.order import (
    Address,
    Buyer,
    CapturedPayment,
    LineKind,
    Order,
    OrderLine,
    TaxShare,
)
from tieout.domain.order_changes.events import (
    Adjustment,
    ChangedOrder,
    Edit,
    Goods,
    Refund,
    RefundedLine,
    RefundedMoney,
)

PLACED = date(2026, 11, 29)
RETURNED = date(2026, 12, 4)
MOMENT = datetime(2026, 11, 29, 15, tzinfo=UTC)
RATE = Decimal("0.07")


def line(
    source_id: str,
    quantity: int,
    net: str,
    tax: str,
    *,
    kind: LineKind = LineKind.PRODUCT,
) -> OrderLine:
    return OrderLine(
        source_id=source_id,
        kind=kind,
        title=source_id,
        quantity=Decimal(quantity),
        price_total=Decimal(net),
        taxes=(TaxShare(title="State Tax", rate=RATE, amount=Decimal(tax)),),
        taxes_included=False,
        item_code=source_id if kind is LineKind.PRODUCT else "",
    )


A = line("A", 3, "53.97", "3.78")
B = line("B", 1, "40.95", "2.87")
SHIPPING = line("shipping", 1, "8.00", "0.56", kind=LineKind.SHIPPING)


def captured(amount: str) -> CapturedPayment:
    return CapturedPayment(
        source_id="7001",
        gateway="shopify_payments",
        amount=Decimal(amount),
        captured_at=MOMENT,
        book_date=PLACED,
    )


def order_1042(**more: object) -> ChangedOrder:
    """Return 1042: total 110.13 with 7.21 of tax, captured whole unless said otherwise."""
    lines = more.pop("lines", (A, B, SHIPPING))
    assert isinstance(lines, tuple)
    told = {
        "pair": "harbor_and_pine",
        "shop": "harbor-and-pine.myshopify.com",
        "source_id": "1042",
        "name": "#1042",
        "currency": "USD",
        "book_date": PLACED,
        "updated_at": MOMENT,
        "taxes_included": False,
        "buyer": Buyer(source_id="", name="Dana Okafor"),
        "ship_to": Address(),
        "lines": lines,
        "total": sum(one.gross for one in lines),
        "tax": sum(one.tax for one in lines),
        "payments": (captured("110.13"),),
    }
    return ChangedOrder.model_validate({**told, **more})


def as_placed(order: ChangedOrder) -> Order:
    """Return the order as the gate reads it, which is told of no events."""
    return Order.model_validate(order.model_dump(include=set(Order.model_fields)))


def money(amount: str, source_id: str = "8001") -> RefundedMoney:
    return RefundedMoney(
        source_id=source_id,
        gateway="shopify_payments",
        amount=Decimal(amount),
        book_date=RETURNED,
    )


def of_line(sold: OrderLine, quantity: int, amount: str, tax: str, goods: Goods) -> RefundedLine:
    return RefundedLine(
        line_id=sold.source_id,
        quantity=Decimal(quantity),
        sold=sold.quantity,
        amount=Decimal(amount),
        tax=Decimal(tax),
        goods=goods,
    )


def refund(*lines: RefundedLine, paid: str, adjusted: str = "", source_id: str = "9001") -> Refund:
    adjustment = Adjustment(reason="REFUND_DISCREPANCY", amount=Decimal(adjusted or 0))
    return Refund(
        source_id=source_id,
        book_date=RETURNED,
        lines=lines,
        adjustments=(adjustment,) if adjusted else (),
        payments=(money(paid, f"8{source_id}"),) if Decimal(paid) else (),
    )


def edit(*lines: OrderLine, source_id: str = "6001") -> Edit:
    return Edit(source_id=source_id, book_date=RETURNED, lines=lines)
