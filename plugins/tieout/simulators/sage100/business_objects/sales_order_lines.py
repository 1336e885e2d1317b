"""The lines and the tax summary of SO_SalesOrder_bus."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control
from tieout.simulators.sage100.business_objects.base import EXISTING, OK
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import ByRef, Exposed, Fault, RefusedError
from tieout.simulators.sage100.fields import column_of, given, rounded, taken
from tieout.simulators.sage100.schema import tables
from tieout.simulators.sage100.store import Row, Value

if TYPE_CHECKING:
    from tieout.simulators.sage100.business_objects.sales_order import SalesOrder

_FROM_ITEM = {
    "ItemType": "ItemType",
    "ItemCodeDesc": "ItemCodeDesc",
    "UnitPrice": "StandardUnitPrice",
    "UnitCost": "AverageUnitCost",
    "UnitOfMeasure": "SalesUnitOfMeasure",
    "UnitOfMeasureConvFactor": "SalesUMConvFctr",
    "TaxClass": "TaxClass",
    "Valuation": "Valuation",
    "SalesAcctKey": "SalesAcctKey",
    "CostOfGoodsSoldAcctKey": "CostOfGoodsSoldAcctKey",
    "WarehouseCode": "DefaultWarehouseCode",
}


class SalesOrderLines(DocumentLines):
    """SO_SalesOrderDetail_bus: ItemCode$ first, because it loads the defaults."""

    TABLE: ClassVar[str] = "SO_SalesOrderDetail"
    CLASS_NAME: ClassVar[str] = "SO_SalesOrderDetail_bus"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"LineKey", "LineSeqNo", "ExtensionAmt", "QuantityShipped", "ItemType", "PriceOverridden"}
    )

    def __init__(self, order: "SalesOrder") -> None:
        """Belong to an order."""
        super().__init__(order)
        self.order = order

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "ItemCode":
            return self._take_item(line, str(value))
        if not line.text("ItemCode"):
            message = "The Item Code is required."
            raise RefusedError(message)
        if name == "QuantityOrdered" and Decimal(value) < 0:
            message = "The quantity ordered may not be negative."
            raise RefusedError(message)
        if name == "WarehouseCode" and not self._has_warehouse(str(value)):
            message = f"The Warehouse {value} is not on file."
            raise RefusedError(message)
        if name == "UnitPrice":
            line["PriceOverridden"] = "Y"
        return super().accept(line, name, value)

    @override
    def complete(self, line: Row) -> None:
        if not line.text("ItemCode"):
            message = "The Item Code is required."
            raise RefusedError(message)
        if not line.number("QuantityOrdered"):
            message = "The quantity ordered is required."
            raise RefusedError(message)
        price = line.number("UnitPrice") * (1 - line.number("LineDiscountPercent") / 100)
        line["ExtensionAmt"] = rounded(line.number("QuantityOrdered") * price)
        key = (line.text("ItemCode"), line.text("WarehouseCode"))
        if control.is_locked(self.file, "IM_ItemWarehouse", key):
            message = "The record is in use by another workstation."
            raise RefusedError(message)

    @override
    def changed(self) -> None:
        self.order.recalculate()

    def _has_warehouse(self, code: str) -> bool:
        return self.file.row("IM_Warehouse", WarehouseCode=code) is not None

    def _take_item(self, line: Row, item_code: str) -> int:
        item = self.file.row("CI_Item", ItemCode=item_code)
        if item is None:
            message = f"The Item {item_code} is not on file."
            raise RefusedError(message)
        if item.text("InactiveItem") == "Y":
            message = f"The Item {item_code} is inactive."
            raise RefusedError(message)
        line.update({name: item[source] for name, source in _FROM_ITEM.items()})
        line.update(ItemCode=item_code, PriceOverridden="N", ExtendedDescriptionKey="0000000000")
        header_warehouse = self.order.values.text("WarehouseCode")
        line["WarehouseCode"] = header_warehouse or line["WarehouseCode"]
        return OK


class TaxSummary(Exposed):
    """SO_SalesOrderTaxSummary: the tax of each code, which may be overridden."""

    METHODS: ClassVar[Mapping[str, str]] = {
        "nSetKeyValue": "set_key_value",
        "nSetKey": "set_key",
        "nSetValue": "set_value",
        "nGetValue": "get_value",
        "nWrite": "write",
    }
    CLASS_NAME: ClassVar[str] = "SO_SalesOrderTaxSummary"

    def __init__(self, order: "SalesOrder") -> None:
        """Belong to an order."""
        super().__init__()
        self.order = order
        self.table = tables()[self.CLASS_NAME]
        self._key = ""
        self._place: int | None = None
        self._amount: Decimal | None = None

    @override
    def take_fault(self, method: str) -> Fault | None:
        return control.take(self.order.file, self.CLASS_NAME, method)

    def set_key_value(self, name: str, value: str) -> int:
        """Name the tax code."""
        if name != "TaxCode$":
            message = f"The column {name} is not part of the key."
            raise RefusedError(message)
        self._key = str(taken(self.table.columns["TaxCode"], value))
        return OK

    def set_key(self) -> int:
        """Take up the tax code; 0 when the order's schedule does not have it."""
        codes = [line.code for line in self.order.taxes]
        if self._key not in codes:
            schedule = self.order.values.text("TaxSchedule")
            message = f"The Tax Code {self._key} is not in the Tax Schedule {schedule}."
            raise RefusedError(message)
        self._place = codes.index(self._key)
        return EXISTING

    def set_value(self, name: str, value: object) -> int:
        """Override the tax of the code."""
        if name != "SalesTaxAmt":
            message = f"The column {name} cannot be changed."
            raise RefusedError(message)
        self._amount = Decimal(taken(self.table.columns["SalesTaxAmt"], value))
        return OK

    def get_value(self, name: str, into: ByRef) -> int:
        """Give a column of the tax code."""
        column = column_of(self.table, name)
        row = self.order.taxes[self._line()].as_row()
        into.value = given(column, row[column.name])
        return OK

    def write(self) -> int:
        """Put the override into the order, in memory."""
        place = self._line()
        if self._amount is not None:
            line = replace(self.order.taxes[place], amount=self._amount, is_overridden=True)
            self.order.taxes[place] = line
            self.order.add_up()
        return OK

    def _line(self) -> int:
        if self._place is None:
            message = "The record key has not been set."
            raise RefusedError(message)
        return self._place
