"""What sales orders and invoices share: a customer, lines, freight, and tax by schedule.

Tax is computed per document by TaxSchedule and TaxClass; a later change of a line, the freight or
the schedule recalculates, and an override is lost. The summary object of each document is named in
public code (APOST); its use is this double's decision (boi.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control
from tieout.simulators.sage100.business_objects.base import EXISTING, OK, WARNING, BusinessObject
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import ByRef, Exposed, Fault, RefusedError
from tieout.simulators.sage100.fields import column_of, given, taken
from tieout.simulators.sage100.schema import tables
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value
from tieout.simulators.sage100.taxes import TaxLine, computed, tax_line, total

ZERO = Decimal(0)
LINE_COUNT_MAX = 9999
_PO_IN_USE = "This customer PO number already exists on one or more sales orders or invoices."
_PO_TABLES = ("SO_SalesOrderHistoryHeader", "SO_InvoiceHeader", "AR_InvoiceHistoryHeader")
_ON_FILE = {
    "ARDivisionNo": ("AR_Division", "A/R Division"),
    "TermsCode": ("AR_TermsCode", "Terms Code"),
    "TaxSchedule": ("SY_SalesTaxSchedule", "Tax Schedule"),
    "WarehouseCode": ("IM_Warehouse", "Warehouse"),
}
_FROM_CUSTOMER = ("TermsCode", "TaxSchedule", "EmailAddress", "TaxExemptNo")
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


class TaxedDocument(BusinessObject):
    """A document of a customer; ``CHOICES`` are the values that a column may have."""

    PROPERTIES: ClassVar[Mapping[str, str]] = {
        **BusinessObject.PROPERTIES,
        "oLines": "lines",
        "oTaxSummary": "tax_summary",
    }
    DETAIL: ClassVar[str]
    TAX_TABLE: ClassVar[str]
    CALLED: ClassVar[str]
    """What a person calls the document."""
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {}
    lines: DocumentLines

    def __init__(self, session: Session) -> None:
        """Start without a document."""
        super().__init__(session)
        self.taxes: list[TaxLine] = []
        self.tax_summary = TaxSummary(self)

    @property
    def today(self) -> str:
        """Return the module date, which documents are dated by at first."""
        day = self.session.module_date
        return f"{day[:4]}-{day[4:6]}-{day[6:]}"

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        self.lines.load(self.file.rows(self.DETAIL, **key))
        self.taxes = [tax_line(row) for row in self.file.rows(self.TAX_TABLE, **key)]

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "CustomerNo":
            return self._take_customer(str(value))
        if name in _ON_FILE:
            table, called = _ON_FILE[name]
            if self.file.row(table, **{name: str(value)}) is None:
                message = f"The {called} {value} is not on file."
                raise RefusedError(message)
        if name in self.CHOICES and value not in self.CHOICES[name]:
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
        taxable = max((line.taxable for line in self.taxes), default=ZERO)
        self.values.update(TaxableAmt=taxable, NonTaxableAmt=self.goods() - taxable)
        self.values["SalesTaxAmt"] = total(self.taxes)

    def goods(self) -> Decimal:
        """Return what the lines come to."""
        return sum((line.number("ExtensionAmt") for line in self.lines.rows), ZERO)

    @override
    def clear(self) -> int:
        self.lines.load([])
        self.taxes = []
        return super().clear()

    def check_complete(self) -> None:
        """Refuse a document without key, customer or lines, or that somebody else has open."""
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        if not self.values.text("CustomerNo"):
            message = "The Customer Number is required."
            raise RefusedError(message)
        if not 0 < len(self.lines.rows) <= LINE_COUNT_MAX:
            message = f"The {self.CALLED} has no lines."
            raise RefusedError(message)
        key = tuple(self.values.text(name) for name in self.table.key)
        if control.is_locked(self.file, self.TABLE, key):
            message = "The record is in use by another workstation."
            raise RefusedError(message)

    def store(self, key: Mapping[str, str]) -> None:
        """Replace header, lines and tax summary by what is in memory."""
        self.file.delete(self.TAX_TABLE, **key)
        self.file.delete(self.DETAIL, **key)
        if self.file.row(self.TABLE, **key) is None:
            self.file.insert(self.TABLE, self.values)
        else:
            self.file.update(self.TABLE, key, self.values)
        for line in self.lines.rows:
            self.file.insert(self.DETAIL, Row(line | dict(key)))
        for place, tax in enumerate(self.taxes, 1):
            row = tax.as_row(**key, ScheduleSeqNo=f"{place:06d}")
            self.file.insert(self.TAX_TABLE, row)

    def is_same_business(self, row: Row) -> bool:
        """Say whether a row with the same customer PO belongs to this very document."""
        raise NotImplementedError

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
        columns = self.table.columns
        self.values["CustomerNo"] = number
        self.values.update({n: customer[n] for n in _FROM_CUSTOMER if n in columns})
        for name, source in _ADDRESS.items():
            places = (place for place in (f"BillTo{name}", f"ShipTo{name}") if place in columns)
            self.values.update(dict.fromkeys(places, customer[source]))
        self.recalculate()
        return OK

    def _is_po_in_use(self, customer_po: str) -> bool:
        where = {
            "ARDivisionNo": self.values.text("ARDivisionNo"),
            "CustomerNo": self.values.text("CustomerNo"),
            "CustomerPONo": customer_po,
        }
        found = [row for table in _PO_TABLES for row in self.file.rows(table, **where)]
        return not all(self.is_same_business(row) for row in found)


class TaxSummary(Exposed):
    """The tax of each code of a document, which may be overridden."""

    METHODS: ClassVar[Mapping[str, str]] = {
        "nSetKeyValue": "set_key_value",
        "nSetKey": "set_key",
        "nSetValue": "set_value",
        "nGetValue": "get_value",
        "nWrite": "write",
    }

    def __init__(self, document: TaxedDocument) -> None:
        """Belong to a document."""
        super().__init__()
        self.document = document
        self.table = tables()[document.TAX_TABLE]
        self._key = ""
        self._place: int | None = None
        self._amount: Decimal | None = None

    @override
    def take_fault(self, method: str) -> Fault | None:
        return control.take(self.document.file, self.document.TAX_TABLE, method)

    def set_key_value(self, name: str, value: str) -> int:
        """Name the tax code."""
        if name != "TaxCode$":
            message = f"The column {name} is not part of the key."
            raise RefusedError(message)
        self._key = str(taken(self.table.columns["TaxCode"], value))
        return OK

    def set_key(self) -> int:
        """Take up the tax code; 0 when the document's schedule does not have it."""
        codes = [line.code for line in self.document.taxes]
        if self._key not in codes:
            schedule = self.document.values.text("TaxSchedule")
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
        row = self.document.taxes[self._line()].as_row()
        into.value = given(column, row[column.name])
        return OK

    def write(self) -> int:
        """Put the override into the document, in memory."""
        place = self._line()
        if self._amount is not None:
            line = replace(self.document.taxes[place], amount=self._amount, is_overridden=True)
            self.document.taxes[place] = line
            self.document.add_up()
        return OK

    def _line(self) -> int:
        if self._place is None:
            message = "The record key has not been set."
            raise RefusedError(message)
        return self._place
