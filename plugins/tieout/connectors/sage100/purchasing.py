"""Purchase orders with what came of them and what was billed, as a bill is matched with them.

What was received and billed is summed up in the order's own lines when people update the registers
of receipts. A receipt of invoice that waits in entry counts as billed: else two bills of the same
goods would match. Only a standard item lies on a shelf; anything else is matched as a service.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal

from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.rows import Row
from tieout.domain.money import ZERO
from tieout.domain.purchases_clearing import Received
from tieout.domain.three_way import OrderLine
from tieout.ports.purchasing import SagePurchaseOrder

GOODS, INVOICE = "G", "I"
INVENTORY = "1"
"""The ItemType of what has stock."""

LineKey = tuple[str, str]
"""An order's number and the key of one of its lines."""


def purchase_orders(
    reader: Sage100Reader, order_nos: Collection[str]
) -> dict[str, SagePurchaseOrder]:
    """Return the purchase orders that have these numbers, by number."""
    among = {"PurchaseOrderNo": sorted(order_nos)}
    entered = _invoiced_in_entry(reader, among)
    lines: dict[str, list[OrderLine]] = defaultdict(list)
    columns = "ItemCode ItemType QuantityOrdered QuantityReceived QuantityInvoiced UnitCost"
    for row in reader.rows("PO_PurchaseOrderDetail", columns, among=among):
        number = row.text("PurchaseOrderNo")
        waiting = entered.get((number, row.text("LineKey")), ZERO)
        lines[number].append(_line(row, waiting))
    came = _received(reader, among)
    return {
        row.text("PurchaseOrderNo"): SagePurchaseOrder(
            number=row.text("PurchaseOrderNo"),
            division=row.text("APDivisionNo"),
            vendor_no=row.text("VendorNo"),
            lines=tuple(lines[row.text("PurchaseOrderNo")]),
            received=tuple(came[row.text("PurchaseOrderNo")]),
        )
        for row in reader.rows("PO_PurchaseOrderHeader", "APDivisionNo VendorNo", among=among)
    }


def _line(row: Row, waiting: Decimal) -> OrderLine:
    return OrderLine(
        key=row.text("LineKey"),
        item_code=row.text("ItemCode"),
        ordered=row.amount("QuantityOrdered"),
        unit_cost=row.amount("UnitCost"),
        received=row.amount("QuantityReceived"),
        billed=row.amount("QuantityInvoiced") + waiting,
        is_stock=row.text("ItemType") == INVENTORY,
    )


def _invoiced_in_entry(
    reader: Sage100Reader, among: Mapping[str, list[str]]
) -> dict[LineKey, Decimal]:
    """Return how many of each line receipts of invoice have that nobody updated yet."""
    waiting = {
        row.text("ReceiptNo"): row.text("PurchaseOrderNo")
        for row in reader.rows(
            "PO_ReceiptHeader", "PurchaseOrderNo", among={"ReceiptType": [INVOICE], **among}
        )
    }
    numbers = {"ReceiptType": [INVOICE], "ReceiptNo": sorted(waiting)}
    found: dict[LineKey, Decimal] = defaultdict(Decimal)
    for row in reader.rows("PO_ReceiptDetail", "OrderLineKey QuantityInvoiced", among=numbers):
        line = waiting[row.text("ReceiptNo")], row.text("OrderLineKey")
        found[line] += row.amount("QuantityInvoiced")
    return found


def _received(reader: Sage100Reader, among: Mapping[str, list[str]]) -> dict[str, list[Received]]:
    """Return what posted receipts of goods brought, by order, in the order of their numbers."""
    goods = {"ReceiptType": [GOODS], **among}
    found: dict[str, list[Received]] = defaultdict(list)
    columns = "QuantityReceived UnitCost"
    for row in reader.rows("PO_ReceiptHistoryDetail", columns, among=goods):
        number = row.text("PurchaseOrderNo")
        found[number].append(
            Received(
                order_no=number,
                order_line=row.text("LineKey"),
                quantity=row.amount("QuantityReceived"),
                unit_cost=row.amount("UnitCost"),
            )
        )
    return found
