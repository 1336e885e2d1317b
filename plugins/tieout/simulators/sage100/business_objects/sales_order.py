"""SO_SalesOrder_bus: sales orders. They commit stock and post nothing.

One transaction at the header's nWrite stores header, lines, tax summary, the row of
SO_SalesOrderHistoryHeader (which holds every order, ``A`` while it is open) and the commitment.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import order_history, shipments, stock
from tieout.simulators.sage100.business_objects.base import NEW, OK
from tieout.simulators.sage100.business_objects.item_lines import ItemLines
from tieout.simulators.sage100.business_objects.taxed_document import TaxedDocument
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.kits import moves_stock
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row

_NUMBER_WIDTH = 7
_COMMITTING_TYPES = {"S", "B"}


class SalesOrderLines(ItemLines):
    """SO_SalesOrderDetail_bus."""

    TABLE: ClassVar[str] = "SO_SalesOrderDetail"
    CLASS_NAME: ClassVar[str] = "SO_SalesOrderDetail_bus"
    QUANTITY: ClassVar[str] = "QuantityOrdered"
    QUANTITY_CALLED: ClassVar[str] = "quantity ordered"
    COMPUTED: ClassVar[frozenset[str]] = ItemLines.COMPUTED | {"QuantityShipped"}


class SalesOrder(TaxedDocument):
    """A sales order with its lines and its tax."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **TaxedDocument.METHODS,
        "nGetNextSalesOrderNo": "get_next_sales_order_no",
    }
    TABLE: ClassVar[str] = "SO_SalesOrderHeader"
    DETAIL: ClassVar[str] = "SO_SalesOrderDetail"
    TAX_TABLE: ClassVar[str] = "SO_SalesOrderTaxSummary"
    CALLED: ClassVar[str] = "order"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"SalesTaxAmt", "TaxableAmt", "NonTaxableAmt", "CurrentInvoiceNo", "LastInvoiceOrderNo"}
    )
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {
        "OrderType": frozenset("SBQMR"),
        "OrderStatus": frozenset("NOH"),
    }

    def __init__(self, session: Session) -> None:
        """Start without an order."""
        super().__init__(session)
        self.lines = SalesOrderLines(self)
        self._stored_lines: list[Row] = []

    def get_next_sales_order_no(self, into: ByRef) -> int:
        """Burn and give the next sales order number."""
        into.value = self.file.next_number("sales_order", _NUMBER_WIDTH)
        return OK

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        number = key["SalesOrderNo"]
        is_open = self.file.row(self.TABLE, SalesOrderNo=number) is not None
        if not is_open and self.file.row("SO_SalesOrderHistoryHeader", SalesOrderNo=number):
            message = f"The Sales Order {number} has already been used; see history."
            raise RefusedError(message)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        self._stored_lines = [Row(line) for line in self.lines.rows]
        if found is None:
            self.values.update(OrderType="S", OrderStatus="N", WarehouseCode="000")
            self.values.update(OrderDate=self.today, ShipExpireDate=self.today)

    @override
    def is_same_business(self, row: Row) -> bool:
        return row.text("SalesOrderNo") == self.values.text("SalesOrderNo")

    @override
    def write(self) -> int:
        self.check_complete()
        number = self.values.text("SalesOrderNo")
        self.add_up()
        with self.file.transaction():
            exists = self.file.row("SO_SalesOrderHistoryHeader", SalesOrderNo=number) is not None
            if self.state == NEW and exists:
                message = f"The Sales Order {number} is already on file."
                raise RefusedError(message)
            self._store(number)
        self.clear()
        return OK

    @override
    def delete(self) -> int:
        number = self.values.text("SalesOrderNo")
        if not self.state or self.file.row(self.TABLE, SalesOrderNo=number) is None:
            message = f"The Sales Order {number} is not on file."
            raise RefusedError(message)
        if self.values.text("CurrentInvoiceNo"):
            message = f"The Sales Order {number} is being invoiced."
            raise RefusedError(message)
        with self.file.transaction():
            self.lines.rows = []
            self._commit_difference()
            order_history.close(self.file, number, status="X")
        self.clear()
        return OK

    @override
    def clear(self) -> int:
        self._stored_lines = []
        return super().clear()

    def _store(self, number: str) -> None:
        self.store({"SalesOrderNo": number})
        self._commit_difference()
        order_history.keep(self.file, number)

    def _commit_difference(self) -> None:
        quantities: dict[tuple[str, str], Decimal] = {}
        for sign, lines in ((1, self.lines.rows), (-1, self._stored_lines)):
            for line in lines:
                if moves_stock(line):
                    place = (line.text("ItemCode"), line.text("WarehouseCode"))
                    left = sign * shipments.left(line)
                    quantities[place] = quantities.get(place, Decimal(0)) + left
        if self.values.text("OrderType") in _COMMITTING_TYPES:
            for (item, warehouse), quantity in quantities.items():
                stock.commit(self.file, item, warehouse, quantity)
