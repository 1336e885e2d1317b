"""SO_SalesOrder_bus: sales orders. They commit stock and post nothing.

One transaction at the header's nWrite stores header, lines, tax summary, the row of
SO_SalesOrderHistoryHeader (which holds every order, ``A`` while it is open) and the commitment.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control, order_history, stock
from tieout.simulators.sage100.business_objects.base import NEW, OK, WARNING, BusinessObject
from tieout.simulators.sage100.business_objects.sales_order_lines import (
    SalesOrderLines,
    TaxSummary,
)
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value
from tieout.simulators.sage100.taxes import TaxLine, computed, tax_line, total

_NUMBER_WIDTH = 7
_LINE_COUNT_MAX = 9999
_COMMITTING_TYPES = {"S", "B"}
REGULAR_ITEM = "1"
_PO_IN_USE = "This customer PO number already exists on one or more sales orders or invoices."
_PO_TABLES = ("SO_SalesOrderHistoryHeader", "SO_InvoiceHeader", "AR_InvoiceHistoryHeader")
_ON_FILE = {
    "ARDivisionNo": ("AR_Division", "A/R Division"),
    "TermsCode": ("AR_TermsCode", "Terms Code"),
    "TaxSchedule": ("SY_SalesTaxSchedule", "Tax Schedule"),
    "WarehouseCode": ("IM_Warehouse", "Warehouse"),
}
_CHOICES = {"OrderType": {"S", "B", "Q", "M", "R"}, "OrderStatus": {"N", "O", "H"}}
_ADDRESS = {
    "Name": "CustomerName",
    "Address1": "AddressLine1",
    "Address2": "AddressLine2",
    "Address3": "AddressLine3",
    "City": "City",
    "State": "State",
    "ZipCode": "ZipCode",
    "CountryCode": "CountryCode",
}


class SalesOrder(BusinessObject):
    """A sales order with its lines and its tax."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **BusinessObject.METHODS,
        "nGetNextSalesOrderNo": "get_next_sales_order_no",
    }
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        **BusinessObject.PROPERTIES,
        "oLines": "lines",
        "oTaxSummary": "tax_summary",
    }
    TABLE: ClassVar[str] = "SO_SalesOrderHeader"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"SalesTaxAmt", "TaxableAmt", "NonTaxableAmt", "CurrentInvoiceNo", "LastInvoiceOrderNo"}
    )

    def __init__(self, session: Session) -> None:
        """Start without an order."""
        super().__init__(session)
        self.lines = SalesOrderLines(self)
        self.tax_summary = TaxSummary(self)
        self.taxes: list[TaxLine] = []
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
        number = key["SalesOrderNo"]
        self._stored_lines = self.file.rows("SO_SalesOrderDetail", SalesOrderNo=number)
        self.lines.load([Row(line) for line in self._stored_lines])
        summary = self.file.rows("SO_SalesOrderTaxSummary", SalesOrderNo=number)
        self.taxes = [tax_line(row) for row in summary]
        if found is None:
            day = self.session.module_date
            today = f"{day[:4]}-{day[4:6]}-{day[6:]}"
            self.values.update(OrderType="S", OrderStatus="N", WarehouseCode="000")
            self.values.update(OrderDate=today, ShipExpireDate=today)

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "CustomerNo":
            return self._take_customer(str(value))
        if name in _ON_FILE:
            table, called = _ON_FILE[name]
            if self.file.row(table, **{name: str(value)}) is None:
                message = f"The {called} {value} is not on file."
                raise RefusedError(message)
        if name in _CHOICES and value not in _CHOICES[name]:
            message = f"The {name} {value} is invalid."
            raise RefusedError(message)
        if isinstance(value, Decimal) and value < 0:
            message = f"The {name} may not be negative."
            raise RefusedError(message)
        super().accept(name, value)
        if name in {"TaxSchedule", "FreightAmt"}:
            self.recalculate()
        is_repeated = name == "CustomerPONo" and value != "" and self._is_po_in_use(str(value))
        if is_repeated:
            self.last_error_message = _PO_IN_USE
        return WARNING if is_repeated else OK

    def recalculate(self) -> None:
        """Compute the tax anew; overrides are lost."""
        self.taxes = computed(
            self.file,
            schedule=self.values.text("TaxSchedule"),
            lines=self.lines.rows,
            freight=self.values.number("FreightAmt"),
        )
        self.add_up()

    def add_up(self) -> None:
        """Bring the header's totals up to date with lines and tax."""
        goods = sum((line.number("ExtensionAmt") for line in self.lines.rows), Decimal(0))
        taxable = max((line.taxable for line in self.taxes), default=Decimal(0))
        self.values.update(TaxableAmt=taxable, NonTaxableAmt=goods - taxable)
        self.values["SalesTaxAmt"] = total(self.taxes)

    @override
    def write(self) -> int:
        self._check_complete()
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
        self.lines.load([])
        self.taxes, self._stored_lines = [], []
        return super().clear()

    def _check_complete(self) -> None:
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        if not self.values.text("CustomerNo"):
            message = "The Customer Number is required."
            raise RefusedError(message)
        if not 0 < len(self.lines.rows) <= _LINE_COUNT_MAX:
            message = "The order has no lines."
            raise RefusedError(message)
        if control.is_locked(self.file, self.TABLE, (self.values.text("SalesOrderNo"),)):
            message = "The record is in use by another workstation."
            raise RefusedError(message)

    def _store(self, number: str) -> None:
        key = {"SalesOrderNo": number}
        if self.state == NEW:
            self.file.insert(self.TABLE, self.values)
        else:
            self.file.update(self.TABLE, key, self.values)
        self.file.delete("SO_SalesOrderDetail", **key)
        for line in self.lines.rows:
            self.file.insert("SO_SalesOrderDetail", Row(line | key))
        self.file.delete("SO_SalesOrderTaxSummary", **key)
        for place, tax in enumerate(self.taxes, 1):
            row = tax.as_row(**key, ScheduleSeqNo=f"{place:06d}")
            self.file.insert("SO_SalesOrderTaxSummary", row)
        self._commit_difference()
        order_history.keep(self.file, number)

    def _commit_difference(self) -> None:
        quantities: dict[tuple[str, str], Decimal] = {}
        for sign, lines in ((1, self.lines.rows), (-1, self._stored_lines)):
            for line in lines:
                if line.text("ItemType") == REGULAR_ITEM:
                    place = (line.text("ItemCode"), line.text("WarehouseCode"))
                    left = line.number("QuantityOrdered") - line.number("QuantityShipped")
                    quantities[place] = quantities.get(place, Decimal(0)) + sign * left
        if self.values.text("OrderType") in _COMMITTING_TYPES:
            for (item, warehouse), quantity in quantities.items():
                stock.commit(self.file, item, warehouse, quantity)

    def _take_customer(self, number: str) -> int:
        division = self.values.text("ARDivisionNo")
        if not division:
            message = "The A/R Division is required."
            raise RefusedError(message)
        customer = self.file.row("AR_Customer", ARDivisionNo=division, CustomerNo=number)
        if customer is None:
            message = f"The Customer Number {division}-{number} is not on file."
            raise RefusedError(message)
        if customer.text("CustomerStatus") == "I":
            message = f"The Customer {division}-{number} is inactive."
            raise RefusedError(message)
        self.values["CustomerNo"] = number
        for name in ("TermsCode", "TaxSchedule", "EmailAddress", "TaxExemptNo"):
            self.values[name] = customer[name]
        for name, source in _ADDRESS.items():
            self.values[f"BillTo{name}"] = self.values[f"ShipTo{name}"] = customer[source]
        self.recalculate()
        return OK

    def _is_po_in_use(self, customer_po: str) -> bool:
        where = {
            "ARDivisionNo": self.values.text("ARDivisionNo"),
            "CustomerNo": self.values.text("CustomerNo"),
            "CustomerPONo": customer_po,
        }
        number = self.values.text("SalesOrderNo")
        found = [row for table in _PO_TABLES for row in self.file.rows(table, **where)]
        return any(row.text("SalesOrderNo") != number for row in found)
