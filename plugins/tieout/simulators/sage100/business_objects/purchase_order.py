"""PO_PurchaseOrder_bus: orders to vendors; an order commits nothing but the quantity on order.

Class and key are confirmed by public code. ``nGetNextPurchaseOrderNo`` is not; neither are the
letters of OrderStatus: N new, O open, B backordered, X completed were decided here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import stock
from tieout.simulators.sage100.business_objects.base import NEW, OK
from tieout.simulators.sage100.business_objects.entries import EntryDocument, vendor_of
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.seed import account_keys
from tieout.simulators.sage100.store import CompanyFile, Row, Value

_NUMBER_WIDTH = 7
_INVENTORY = "1"
_FROM_ITEM = ("ItemType", "ItemCodeDesc", "Valuation", "ProductLine")


class PurchaseOrderLines(DocumentLines):
    """Lines of items: the item code comes first and loads the rest."""

    TABLE: ClassVar[str] = "PO_PurchaseOrderDetail"
    CLASS_NAME: ClassVar[str] = "PO_PurchaseOrderDetail_bus"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"LineKey", "LineSeqNo", "ExtensionAmt", "QuantityReceived", "QuantityInvoiced"}
        | {"QuantityBackordered", "ReceivedAmt", "InvoicedAmt"}
    )

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "ItemCode":
            self._take_item(line, str(value))
        elif not line.text("ItemCode"):
            message = "The item code must be set before anything else."
            raise RefusedError(message)
        if name == "WarehouseCode":
            _check_warehouse(self.file, str(value))
        if isinstance(value, Decimal) and value < 0:
            message = f"The {name} may not be negative."
            raise RefusedError(message)
        return super().accept(line, name, value)

    @override
    def complete(self, line: Row) -> None:
        quantity = line.number("QuantityOrdered")
        if not line.text("ItemCode") or quantity <= 0:
            message = "An item and a quantity are required."
            raise RefusedError(message)
        line["ExtensionAmt"] = rounded(quantity * line.number("UnitCost"))

    def _take_item(self, line: Row, code: str) -> None:
        item = self.file.row("CI_Item", ItemCode=code)
        if item is None or item.text("InactiveItem") == "Y":
            message = f"The Item {code} is not on file."
            raise RefusedError(message)
        line.update((name, item[name]) for name in _FROM_ITEM)
        line.update(UnitOfMeasure=item["PurchaseUnitOfMeasure"], UnitOfMeasureConvFactor=Decimal(1))
        line.update(UnitCost=item["LastTotalUnitCost"], OriginalUnitCost=item["LastTotalUnitCost"])
        line.update(PurchasesAcctKey=account_keys(self.file)["205-00"])
        line["WarehouseCode"] = self.document.values["WarehouseCode"]
        line["RequiredDate"] = self.document.values["RequiredExpireDate"]


class PurchaseOrder(EntryDocument):
    """A standard purchase order."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **EntryDocument.METHODS,
        "nGetNextPurchaseOrderNo": "get_next_purchase_order_no",
    }
    TABLE: ClassVar[str] = "PO_PurchaseOrderHeader"
    LINES: ClassVar[type[DocumentLines]] = PurchaseOrderLines
    CALLED: ClassVar[str] = "Purchase Order"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"OrderStatus", "TaxableAmt", "NonTaxableAmt", "InvoicedAmt", "ReceivedAmt"}
    )

    def get_next_purchase_order_no(self, into: ByRef) -> int:
        """Burn and give the next order number."""
        into.value = self.file.next_number("purchase_order", _NUMBER_WIDTH)
        return OK

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            self.values["PurchaseOrderDate"] = self.today
            self.values["RequiredExpireDate"] = self.values["PurchaseOrderDate"]
            self.values.update(OrderType="S", OrderStatus="N", OnHold="N", WarehouseCode="000")

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "VendorNo":
            vendor = vendor_of(self.file, self.values | {"VendorNo": value})
            self.values.update(PurchaseName=vendor["VendorName"], TermsCode=vendor["TermsCode"])
            for part in ("City", "State", "ZipCode", "CountryCode"):
                self.values[f"Purchase{part}"] = vendor[part]
        if name == "WarehouseCode":
            _check_warehouse(self.file, str(value))
        if name == "TermsCode" and self.file.row("AP_TermsCode", TermsCode=str(value)) is None:
            message = f"The Terms Code {value} is not on file."
            raise RefusedError(message)
        return super().accept(name, value)

    @override
    def check_document(self) -> None:
        vendor_of(self.file, self.values)
        self.require(("PurchaseOrderDate", "Purchase Order Date"), ("WarehouseCode", "Warehouse"))
        if not self.lines.rows:
            message = "A purchase order needs a line."
            raise RefusedError(message)
        if self.state != NEW and self.values.text("OrderStatus") != "N":
            message = "A purchase order with receipts cannot be changed here."
            raise RefusedError(message)
        self.values["NonTaxableAmt"] = self.total_of_lines("ExtensionAmt")

    @override
    def stored(self) -> None:
        if self.state == NEW:
            self._order(1)

    @override
    def delete(self) -> int:
        self.check_document()
        self._order(-1)
        return super().delete()

    def _order(self, sign: int) -> None:
        for line in self.lines.rows:
            if line.text("ItemType") == _INVENTORY:
                where = line.text("ItemCode"), line.text("WarehouseCode")
                stock.order(self.file, *where, sign * line.number("QuantityOrdered"))


def _check_warehouse(file: CompanyFile, code: str) -> None:
    if file.row("IM_Warehouse", WarehouseCode=code) is None:
        message = f"The Warehouse {code} is not on file."
        raise RefusedError(message)
