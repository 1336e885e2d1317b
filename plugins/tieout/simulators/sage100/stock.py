"""Quantities per item and warehouse, and their value at average cost.

Orders commit quantities when they are written; shipments move them when their register is updated.
"""

from decimal import Decimal

from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)


def commit(file: CompanyFile, item_code: str, warehouse_code: str, quantity: Decimal) -> None:
    """Raise the quantity on sales orders, or lower it with a negative quantity."""
    key = {"ItemCode": item_code, "WarehouseCode": warehouse_code}
    row = _stock(file, key)
    if quantity:
        left = row.number("QuantityOnSalesOrder") + quantity
        file.update("IM_ItemWarehouse", key, {"QuantityOnSalesOrder": left})


def issue(file: CompanyFile, item_code: str, warehouse_code: str, quantity: Decimal) -> Decimal:
    """Take a quantity off the shelf; return its cost."""
    key = {"ItemCode": item_code, "WarehouseCode": warehouse_code}
    row = _stock(file, key)
    cost = rounded(quantity * row.number("AverageCost"))
    on_hand = row.number("QuantityOnHand") - quantity
    value = row.number("TotalWarehouseValue") - cost
    file.update("IM_ItemWarehouse", key, {"QuantityOnHand": on_hand, "TotalWarehouseValue": value})
    item = file.row("CI_Item", ItemCode=item_code)
    if item is not None:
        totals = Row(TotalQuantityOnHand=item.number("TotalQuantityOnHand") - quantity)
        totals["TotalInventoryValue"] = item.number("TotalInventoryValue") - cost
        file.update("CI_Item", {"ItemCode": item_code}, totals)
    return cost


def _stock(file: CompanyFile, key: dict[str, str]) -> Row:
    row = file.row("IM_ItemWarehouse", **key)
    if row is None:
        item = file.row("CI_Item", ItemCode=key["ItemCode"])
        cost = item.number("AverageUnitCost") if item else ZERO
        file.insert("IM_ItemWarehouse", Row(**key, AverageCost=cost))
        row = file.rows("IM_ItemWarehouse", **key)[0]
    return row


def order(file: CompanyFile, item_code: str, warehouse_code: str, quantity: Decimal) -> None:
    """Raise the quantity on purchase orders, or lower it with a negative quantity."""
    key = {"ItemCode": item_code, "WarehouseCode": warehouse_code}
    left = _stock(file, key).number("QuantityOnPurchaseOrder") + quantity
    file.update("IM_ItemWarehouse", key, {"QuantityOnPurchaseOrder": left})


def receive(
    file: CompanyFile, item_code: str, warehouse_code: str, quantity: Decimal, cost: Decimal
) -> None:
    """Put a quantity on the shelf at its cost, which moves the average."""
    key = {"ItemCode": item_code, "WarehouseCode": warehouse_code}
    row = _stock(file, key)
    on_hand = row.number("QuantityOnHand") + quantity
    value = row.number("TotalWarehouseValue") + cost
    changes = Row(QuantityOnHand=on_hand, TotalWarehouseValue=value)
    if on_hand > 0:
        changes["AverageCost"] = rounded(value / on_hand, 6)
    changes["QuantityOnPurchaseOrder"] = row.number("QuantityOnPurchaseOrder") - quantity
    file.update("IM_ItemWarehouse", key, changes)
    item = file.row("CI_Item", ItemCode=item_code)
    if item is not None:
        totals = Row(TotalQuantityOnHand=item.number("TotalQuantityOnHand") + quantity)
        totals["TotalInventoryValue"] = item.number("TotalInventoryValue") + cost
        totals["LastTotalUnitCost"] = rounded(cost / quantity, 6)
        file.update("CI_Item", {"ItemCode": item_code}, totals)
