"""The item lines of sales orders and S/O invoices: ItemCode$ first, because it loads the defaults.

Types 3 (charge: an amount), 4 (comment: text) and 5 (miscellaneous) of CI_Item move no stock. A kit
that explodes is followed by its components' lines, which follow its quantity and take no values.
"""

from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control, kits
from tieout.simulators.sage100.business_objects.base import OK, blank_row
from tieout.simulators.sage100.business_objects.lines import LINE_KEY_WIDTH, DocumentLines
from tieout.simulators.sage100.business_objects.taxed_document import TaxedDocument
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.shipments import extension
from tieout.simulators.sage100.store import Row, Value

ZERO = Decimal(0)
CHARGE, COMMENT = "3", "4"
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
_OF_SAGE = ("LineKey", "LineSeqNo", "ItemType", "PriceOverridden", "SalesKitLineKey")


class ItemLines(DocumentLines):
    """Lines of items; ``QUANTITY`` is the column that the money follows."""

    QUANTITY: ClassVar[str]
    QUANTITY_CALLED: ClassVar[str]
    COMPUTED: ClassVar[frozenset[str]] = frozenset({*_OF_SAGE, "ExplodedKitItem"})

    def __init__(self, document: TaxedDocument) -> None:
        """Belong to a document."""
        super().__init__(document)
        self.owner = document

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "ItemCode":
            return self._take_item(line, str(value))
        self._check_may_change(line, name, value)
        if name == "WarehouseCode" and not self._has_warehouse(str(value)):
            message = f"The Warehouse {value} is not on file."
            raise RefusedError(message)
        if name == "SalesAcctKey" and self.file.row("GL_Account", AccountKey=str(value)) is None:
            message = f"The G/L Account {value} is not on file."
            raise RefusedError(message)
        if name == "UnitPrice":
            line["PriceOverridden"] = "Y"
        return super().accept(line, name, value)

    @override
    def complete(self, line: Row) -> None:
        if not line.text("ItemCode"):
            message = "The Item Code is required."
            raise RefusedError(message)
        is_counted = line.text("ItemType") not in {CHARGE, COMMENT}
        if is_counted and not self.may_be_zero(line) and not line.number(self.QUANTITY):
            message = f"The {self.QUANTITY_CALLED} is required."
            raise RefusedError(message)
        if is_counted:
            line["ExtensionAmt"] = extension(line, line.number(self.QUANTITY))
        key = (line.text("ItemCode"), line.text("WarehouseCode"))
        if control.is_locked(self.file, "IM_ItemWarehouse", key):
            message = "The record is in use by another workstation."
            raise RefusedError(message)

    @override
    def write(self) -> int:
        line = self._line()
        result = super().write()
        if line.text("ExplodedKitItem") == kits.KIT:
            self._explode(line)
            self.changed()
        return result

    @override
    def delete_line(self, line_key: str) -> int:
        result = super().delete_line(line_key)
        kit = line_key.zfill(LINE_KEY_WIDTH)
        self.rows = [row for row in self.rows if row.text("SalesKitLineKey") != kit]
        self.changed()
        return result

    @override
    def changed(self) -> None:
        self.owner.recalculate()

    def may_be_zero(self, line: Row) -> bool:
        """Say whether a line may stand without a quantity."""
        del line
        return False

    def set_component(self, line: Row, kit: Row) -> None:
        """Let a component's line follow its kit's."""
        line[self.QUANTITY] = kit.number(self.QUANTITY) * line.number("QuantityPerBill")

    def _check_may_change(self, line: Row, name: str, value: Value) -> None:
        if not line.text("ItemCode"):
            message = "The Item Code is required."
            raise RefusedError(message)
        if name == self.QUANTITY and Decimal(value) < 0:
            message = f"The {self.QUANTITY_CALLED} may not be negative."
            raise RefusedError(message)
        if line.text("ExplodedKitItem") == kits.COMPONENT and name != "CommentText":
            message = f"The line belongs to the kit of line {line.text('SalesKitLineKey')}."
            raise RefusedError(message)
        if name == "ExtensionAmt" and line.text("ItemType") != CHARGE:
            message = f"The column {name} cannot be changed."
            raise RefusedError(message)

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
        self._load(line, item)
        line["ExplodedKitItem"] = kits.KIT if kits.components(self.file, item) else ""
        return OK

    def _load(self, line: Row, item: Row) -> None:
        line.update({name: item[source] for name, source in _FROM_ITEM.items()})
        line.update(ItemCode=item["ItemCode"], PriceOverridden="N")
        line["ExtendedDescriptionKey"] = "0000000000"
        header_warehouse = self.owner.values.text("WarehouseCode")
        line["WarehouseCode"] = header_warehouse or line["WarehouseCode"]

    def _explode(self, kit: Row) -> None:
        """Put a line for each component behind the kit's, or bring those that are there in line."""
        key = kit.text("LineKey")
        mine = [row for row in self.rows if row.text("SalesKitLineKey") == key]
        if not mine:
            item = self.file.rows("CI_Item", ItemCode=kit.text("ItemCode"))[0]
            for code, quantity in kits.components(self.file, item).items():
                mine.append(self._component(kit, code, quantity))
            self.rows += mine
        for line in mine:
            self.set_component(line, kit)

    def _component(self, kit: Row, code: str, quantity: Decimal) -> Row:
        line = blank_row(self.table)
        line.update(self.next_line())
        self._load(line, self.file.rows("CI_Item", ItemCode=code)[0])
        line.update(SalesKitLineKey=kit["LineKey"], ExplodedKitItem=kits.COMPONENT)
        line.update(QuantityPerBill=quantity, UnitPrice=ZERO, WarehouseCode=kit["WarehouseCode"])
        return line
