"""CI_ItemCode_bus: items of every kind that the item master keeps.

boi.json, CI_ItemCode_bus: ItemType before ProductLine on a new item, a description, a product line
for type 1, "valuation, UOM, accounts default from the product line", "valuation cannot be changed
once there is activity" (the last one unconfirmed). README, section 1.3: CI_Item allows the types 1,
3, 4 and 5; codes of special items, which begin with /, stand on lines only.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.base import NEW
from tieout.simulators.sage100.business_objects.master_data import MasterData, OnFile
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.store import Row, Value

REGULAR = "1"
_COMPUTED = (
    "TotalQuantityOnHand TotalInventoryValue AverageUnitCost LastTotalUnitCost "
    "LastAllocatedUnitCost LastSoldDate LastReceiptDate LastPhysicalCountDate LowLevelCode "
    "AverageBackOrderFillDays"
)
_FROM_PRODUCT_LINE = (
    *("ProductType", "Valuation", "TaxClass"),
    *("StandardUnitOfMeasure", "SalesUnitOfMeasure", "PurchaseUnitOfMeasure"),
    *("SalesAcctKey", "InventoryAcctKey", "CostOfGoodsSoldAcctKey"),
)


class Item(MasterData):
    """An item; its quantities and costs are the registers'."""

    TABLE: ClassVar[str] = "CI_Item"
    CALLED: ClassVar[str] = "Item Code"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(_COMPUTED.split())
    ON_FILE: ClassVar[Mapping[str, OnFile]] = {
        "ProductLine": OnFile("IM_ProductLine", "Product Line", {"ProductLine": "ProductLine"}),
        "DefaultWarehouseCode": OnFile(
            "IM_Warehouse", "Warehouse", {"WarehouseCode": "DefaultWarehouseCode"}
        ),
    }
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {
        "ItemType": frozenset("1345"),
        "ProductType": frozenset("FRDK"),
        "Valuation": frozenset("123456"),
        "InactiveItem": frozenset("YN"),
    }

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        if key["ItemCode"].startswith("/"):
            message = f"The Item Code {key['ItemCode']} is invalid: special items are not on file."
            raise RefusedError(message)

    @override
    def defaults(self) -> Row:
        values = Row(InactiveItem="N", UseInAR="Y", UseInSO="Y", UseInPO="Y")
        values.update(AllowBackOrders="Y", AllowReturns="Y", AllowTradeDiscount="Y")
        values.update(ExtendedDescriptionKey="0" * 10, DefaultWarehouseCode="000")
        return Row(values | {"SalesUMConvFctr": Decimal(1), "PurchaseUMConvFctr": Decimal(1)})

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "ProductLine" and not self.values.text("ItemType"):
            message = "The Item Type is required before the Product Line."
            raise RefusedError(message)
        if name == "Valuation" and self._has_stock() and value != self.values["Valuation"]:
            message = "The Valuation cannot be changed: the item has activity."
            raise RefusedError(message)
        result = super().accept(name, value)
        if name == "ProductLine" and value and self.state == NEW:
            line = self.file.rows("IM_ProductLine", ProductLine=str(value))[0]
            self.values.update({column: line[column] for column in _FROM_PRODUCT_LINE})
        return result

    @override
    def required(self) -> Mapping[str, str]:
        required = {"ItemType": "Item Type", "ItemCodeDesc": "Item Description"}
        if self.values.text("ItemType") == REGULAR:
            required |= {"ProductLine": "Product Line"}
        return required | {"StandardUnitOfMeasure": "Standard Unit of Measure"}

    def _has_stock(self) -> bool:
        code = self.values.text("ItemCode")
        return self.file.row("IM_ItemWarehouse", ItemCode=code) is not None
