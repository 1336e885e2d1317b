"""Which rows each suite judges: a new kind of record joins the gate by one line here.

    rows = [row_of("bill", str(document_id), bill, known) for ...]
    verdict = flow.gate.validate("bill", rows)

The suite is include/expectations/<name>.yaml.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tieout.domain.base import Frozen
from tieout.domain.customer import Customer
from tieout.domain.order import Order
from tieout.domain.records import (
    Bill,
    Item,
    Journal,
    Payment,
    PurchaseOrder,
    SalesInvoice,
    Vendor,
)
from tieout.usecases.rows.facts import Known, Row
from tieout.usecases.rows.master_data import customer_row, item_row, vendor_row
from tieout.usecases.rows.money import journal_row, payment_row
from tieout.usecases.rows.orders import order_row
from tieout.usecases.rows.trade import bill_row, purchase_order_row, sales_invoice_row


@dataclass(frozen=True)
class RowKind:
    """What a suite judges: the canonical record, and what computes its facts."""

    record: type[Frozen]
    build: Callable[[str, Any, Known], Row]


ROW_KINDS: Mapping[str, RowKind] = {
    "shop_order": RowKind(Order, order_row),
    "customer": RowKind(Customer, customer_row),
    "item": RowKind(Item, item_row),
    "vendor": RowKind(Vendor, vendor_row),
    "sales_invoice": RowKind(SalesInvoice, sales_invoice_row),
    "bill": RowKind(Bill, bill_row),
    "purchase_order": RowKind(PurchaseOrder, purchase_order_row),
    "payment": RowKind(Payment, payment_row),
    "journal": RowKind(Journal, journal_row),
}
"""By the name of the suite."""
