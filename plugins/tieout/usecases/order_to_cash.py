"""Order-to-cash after the buyers: invoice, sales order, money, note, status.

Each function is one step over one batch, safe to repeat. What a payload looks like is the
mapping's; how a write is made safe is usecases.delivery's.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from tieout.domain.base import BatchId, System
from tieout.domain.conversion import in_base, settlements
from tieout.domain.ledger import LANDED, Binding
from tieout.domain.money import ZERO
from tieout.domain.order import CHARGE_KINDS, LineKind, Order, OrderLine
from tieout.domain.pair import Pair
from tieout.domain.roles import DEPOSITS, EXCHANGE_GAINS
from tieout.usecases.accounts import account_of, line_tracking, ruled_account
from tieout.usecases.buyers import CUSTOMER_BINDING, mark_known_buyers
from tieout.usecases.catalog import (
    CASH_RECEIPT,
    INVOICE,
    INVOICE_NOTE,
    ORDER_DEPOSIT,
    ORDER_STATUS,
    PAYMENT,
    SALES_ORDER,
)
from tieout.usecases.flow import (
    Flow,
    ReadyOrder,
    StepReport,
    added_up,
    by_shop,
    each,
    ready_orders,
)
from tieout.usecases.order_money import (
    cents_text,
    charge_item,
    sage100_order,
    tax_overrides,
    tax_schedule,
    xero_order,
    xero_tax_type,
)
from tieout.usecases.order_names import (
    amount_text,
    check_no,
    customer_key,
    gateway_of,
    invoice_number,
    payment_status,
    rate_text,
    warehouse_code,
)
from tieout.usecases.writing import Write, write_all

ORDER_BINDING = "order"
PAYMENT_BINDING = "payment"


def write_invoices(flow: Flow, batch_id: BatchId) -> StepReport:
    """Write the ACCREC invoice of each order, at order, with the shop's tax to the cent.

    The first step that needs the buyer on both sides: from here on an order is *ready*.
    """
    mark_known_buyers(flow, batch_id)
    orders = ready_orders(flow, batch_id)
    contacts = bindings_of(flow, CUSTOMER_BINDING, _buyers(orders), System.XERO)

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        order = xero_order(ready.order)
        record = {
            "order": order,
            "invoice_number": invoice_number(flow.pair, order),
            "contact_id": contacts[customer_key(order)].external_id,
            "due_date": order.book_date,
            "lines": [_invoice_line(flow.pair, ready.order, line) for line in order.lines],
        }
        expected = {
            "total": amount_text(order.total, order),
            "tax": amount_text(order.tax, order),
            "currency": order.currency,
        }
        if order.exchange is not None and order.exchange.rate != 1:
            expected["rate"] = rate_text(order.exchange.rate)
        yield Write(order.source_id, record, expected, binding_entity=ORDER_BINDING)

    return write_all(flow, INVOICE, flow.xero.target(INVOICE.entity), orders, writes_of)


def _invoice_line(pair: Pair, sold: Order, line: OrderLine) -> dict[str, object]:
    """Return a line of the invoice; account and tracking follow from the line as it was sold."""
    as_sold = _as_sold(sold, line)
    return {
        "line": line,
        "tracking": line_tracking(pair, sold, as_sold),
        "item_code": line.item_code,
        "account_code": account_of(pair, sold, as_sold).xero,
        "tax_type": xero_tax_type(pair, line),
    }


def write_sales_orders(flow: Flow, batch_id: BatchId) -> StepReport:
    """Enter the sales order of each order; it commits stock and posts nothing."""
    orders = ready_orders(flow, batch_id)
    customers = bindings_of(flow, CUSTOMER_BINDING, _buyers(orders), System.SAGE100)

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        order = sage100_order(flow.pair, ready.order)
        goods = [line for line in order.lines if line.kind is not LineKind.SHIPPING]
        record = {
            "order": order,
            "customer_no": customers[customer_key(order)].external_no,
            "division": flow.pair.sage100_division,
            "invoice_number": invoice_number(flow.pair, order),
            "warehouse_code": warehouse_code(flow.pair, order),
            "tax_schedule": tax_schedule(flow.pair, order),
            "taxes": tax_overrides(flow.pair, order),
            "terms_code": flow.pair.default_terms_code,
            "deposit": cents_text(order.captured),
            "lines": [_order_line(flow.pair, ready.order, line) for line in goods],
        }
        freight = sum((line.net for line in order.lines_of(LineKind.SHIPPING)), ZERO)
        expected = {
            "tax": cents_text(order.tax),
            "freight": cents_text(freight),
            "deposit": cents_text(order.captured),
            "lines": cents_text(sum((line.net for line in goods), ZERO)),
        }
        yield Write(order.source_id, record, expected, binding_entity=ORDER_BINDING)

    return write_all(flow, SALES_ORDER, flow.sage100.target(SALES_ORDER.entity), orders, writes_of)


def _as_sold(order: Order, line: OrderLine) -> OrderLine:
    """Return the line as the shop sold it: what a ledger books may have its tax elsewhere."""
    return next((one for one in order.lines if one.identity == line.identity), line)


def _order_line(pair: Pair, sold: Order, line: OrderLine) -> dict[str, object]:
    return {
        "line": line,
        "item_code": _sold_as(pair, line),
        "account": ruled_account(pair, sold, _as_sold(sold, line)),
    }


def _sold_as(pair: Pair, line: OrderLine) -> str:
    """Return the item code of a line in Sage 100."""
    return charge_item(pair, line) if line.kind in CHARGE_KINDS else line.item_code


def write_deposits(flow: Flow, batch_id: BatchId) -> StepReport:
    """Raise the deposit on sales orders that were entered before money came."""
    orders = ready_orders(flow, batch_id)
    entered = bindings_of(flow, ORDER_BINDING, _source_ids(orders), System.SAGE100)
    first = _first_deposits(flow, orders)
    grown = [
        ready
        for ready in orders
        if first.get(ready.order.source_id) not in (None, in_base(ready.order).captured)
    ]

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        deposit = cents_text(in_base(ready.order).captured)
        number = entered[ready.order.source_id].external_no
        record = {"sales_order_no": number, "deposit": deposit}
        yield Write(ready.order.source_id, record, {"deposit": deposit})

    target = flow.sage100.target(ORDER_DEPOSIT.entity)
    return write_all(flow, ORDER_DEPOSIT, target, grown, writes_of)


def _first_deposits(flow: Flow, orders: Sequence[ReadyOrder]) -> dict[str, Decimal]:
    """Return the deposit with which each order was entered, by order."""
    numbers = _source_ids(orders)
    entered = flow.ledger.deliveries_of(flow.pair.pair, SALES_ORDER.entity, numbers)
    return {
        delivery.document_key: _deposit(delivery.payload)
        for delivery in entered
        if delivery.state in LANDED
    }


def _deposit(payload: object) -> Decimal:
    header = payload.get("header") if isinstance(payload, dict) else None
    amount = header.get("DepositAmt", "0") if isinstance(header, dict) else "0"
    return Decimal(str(amount))


def write_payments(flow: Flow, batch_id: BatchId) -> StepReport:
    """Book captured money in Xero, gross, on the gateway's clearing account."""
    orders = ready_orders(flow, batch_id)
    invoices = bindings_of(flow, ORDER_BINDING, _source_ids(orders), System.XERO)

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        for settled in settlements(ready.order):
            payment = settled.payment
            account = flow.pair.account(gateway_of(flow.pair, payment).clearing_role).xero
            record = {
                "payment": payment,
                "banked": settled.banked,
                "invoice_id": invoices[ready.order.source_id].external_id,
                "account_code": account,
                "invoice_number": invoice_number(flow.pair, ready.order),
            }
            expected = {"amount": amount_text(payment.amount, ready.order), "account": account}
            if payment.exchange is not None and payment.exchange.rate != 1:
                expected["banked"] = f"{settled.banked:f}"
            yield Write(payment.source_id, record, expected, binding_entity=PAYMENT_BINDING)

    return write_all(flow, PAYMENT, flow.xero.target(PAYMENT.entity), orders, writes_of)


def write_receipts(flow: Flow, batch_id: BatchId) -> StepReport:
    """Enter captured money in Sage 100 as cash receipts to customer deposits."""
    orders = ready_orders(flow, batch_id)
    customers = bindings_of(flow, CUSTOMER_BINDING, _buyers(orders), System.SAGE100)

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        for settled in settlements(ready.order):
            payment, difference = settled.payment, settled.difference
            record = {
                "payment": payment,
                "applied": settled.applied,
                "banked": settled.banked,
                "exchange_gain": cents_text(difference) if difference else "",
                "exchange_account": _exchange_account(flow.pair) if difference else "",
                "customer_no": customers[customer_key(ready.order)].external_no,
                "division": flow.pair.sage100_division,
                "bank_code": gateway_of(flow.pair, payment).sage100_bank_code,
                "deposit_account": flow.pair.account(DEPOSITS).sage100,
                "check_no": check_no(payment),
            }
            expected = {"amount": cents_text(settled.banked)}
            yield Write(payment.source_id, record, expected, binding_entity=PAYMENT_BINDING)

    target = flow.sage100.target(CASH_RECEIPT.entity)
    return write_all(flow, CASH_RECEIPT, target, orders, writes_of)


def _exchange_account(pair: Pair) -> str:
    """Return the Sage 100 account of realised exchange gains and losses."""
    return pair.account(EXCHANGE_GAINS).sage100


def write_notes(flow: Flow, batch_id: BatchId) -> StepReport:
    """Note the sales order's number in the invoice's history."""
    orders = ready_orders(flow, batch_id)
    invoices = bindings_of(flow, ORDER_BINDING, _source_ids(orders), System.XERO)
    sales_orders = bindings_of(flow, ORDER_BINDING, _source_ids(orders), System.SAGE100)

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        record = {
            "invoice_id": invoices[ready.order.source_id].external_id,
            "sales_order_no": sales_orders[ready.order.source_id].external_no,
            "order": ready.order,
        }
        yield Write(ready.order.source_id, record, {})

    return write_all(flow, INVOICE_NOTE, flow.xero.target(INVOICE_NOTE.entity), orders, writes_of)


def report_status(flow: Flow, batch_id: BatchId) -> StepReport:
    """Tell the shop where each order is booked, and close the documents."""
    orders = ready_orders(flow, batch_id)
    invoices = bindings_of(flow, ORDER_BINDING, _source_ids(orders), System.XERO)
    sales_orders = bindings_of(flow, ORDER_BINDING, _source_ids(orders), System.SAGE100)

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        status = payment_status(ready.order)
        record = {
            "order": ready.order,
            "invoice_number": invoices[ready.order.source_id].external_no,
            "sales_order_no": sales_orders[ready.order.source_id].external_no,
            "status": status,
        }
        expected = {"status": status, "correlation_id": ready.order.source_id}
        yield Write(ready.order.source_id, record, expected)

    def tell(domain: str, ours: list[ReadyOrder]) -> StepReport:
        target = flow.shops[domain].target(ORDER_STATUS.entity)
        return write_all(flow, ORDER_STATUS, target, ours, writes_of)

    try:
        reports = each(by_shop(orders).items(), tell)
    finally:
        _close(flow, batch_id)
    return added_up("report_status", reports)


def _close(flow: Flow, batch_id: BatchId) -> None:
    """Mark done every document whose deliveries are all confirmed and whose shop was told."""
    orders = ready_orders(flow, batch_id)
    deliveries = flow.ledger.deliveries({ready.document_id for ready in orders})
    waiting = {d.document_id for d in deliveries if d.state not in LANDED}
    numbers = _source_ids(orders)
    told = {
        delivery.document_key
        for delivery in flow.ledger.deliveries_of(flow.pair.pair, ORDER_STATUS.entity, numbers)
        if delivery.state in LANDED
    }
    closed = [
        ready.document_id
        for ready in orders
        if ready.document_id not in waiting and ready.order.source_id in told
    ]
    flow.ledger.mark_done(*closed)


def _source_ids(orders: Sequence[ReadyOrder]) -> list[str]:
    return [ready.order.source_id for ready in orders]


def _buyers(orders: Sequence[ReadyOrder]) -> list[str]:
    return [customer_key(ready.order) for ready in orders]


def bindings_of(flow: Flow, entity: str, keys: Iterable[str], system: System) -> dict[str, Binding]:
    """Return the bindings of the keys in one system."""
    return flow.ledger.bindings(flow.pair.pair, entity, set(keys), system)
