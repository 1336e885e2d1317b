"""What maintenance objects have in common: defaults, references, required columns, the write.

A record is stored by its own nWrite and nothing else: no lines, no batch, no posting. What a kind
of record demands is stated by its class; the sources of the rules are named there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.company_lists import TOWNS
from tieout.simulators.sage100 import control
from tieout.simulators.sage100.business_objects.base import NEW, OK, BusinessObject
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.store import Row, Value


@dataclass(frozen=True)
class OnFile:
    """What a column must name: a row of ``table`` whose columns equal columns of the record."""

    table: str
    called: str
    key: Mapping[str, str]
    """Column of the record, by column of the table."""


_ZIP_CODE = "ZipCode"
TERMS = OnFile("AR_TermsCode", "Terms Code", {"TermsCode": "TermsCode"})
TAX_SCHEDULE = OnFile("SY_SalesTaxSchedule", "Tax Schedule", {"TaxSchedule": "TaxSchedule"})
WAREHOUSE = OnFile("IM_Warehouse", "Warehouse", {"WarehouseCode": "WarehouseCode"})
CUSTOMER = OnFile(
    "AR_Customer",
    "Customer Number",
    {"ARDivisionNo": "ARDivisionNo", "CustomerNo": "CustomerNo"},
)
SALESPERSON = OnFile(
    "AR_Salesperson",
    "Salesperson",
    {"SalespersonDivisionNo": "SalespersonDivisionNo", "SalespersonNo": "SalespersonNo"},
)


class MasterData(BusinessObject):
    """A record of master data."""

    CALLED: ClassVar[str]
    """What messages call the record."""
    REQUIRED: ClassVar[Mapping[str, str]] = {}
    """What messages call each column that may not be blank."""
    ON_FILE: ClassVar[Mapping[str, OnFile]] = {}
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {}
    PARENT: ClassVar[OnFile | None] = None
    """What must be on file before the key may be opened."""

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        if self.PARENT is not None:
            self.check_on_file(self.PARENT, key)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            self.values.update(self.defaults())

    def defaults(self) -> Row:
        """Return what a new record starts with."""
        return Row()

    @override
    def accept(self, name: str, value: Value) -> int:
        if name in self.CHOICES and value not in self.CHOICES[name]:
            message = f"The {name} {value} is invalid."
            raise RefusedError(message)
        reference = self.ON_FILE.get(name)
        if reference is not None and value:
            self.check_on_file(reference, self.values | {name: str(value)})
        if name.endswith(_ZIP_CODE):
            self._fill_in_place(name.removesuffix(_ZIP_CODE), str(value))
        return super().accept(name, value)

    def _fill_in_place(self, prefix: str, postal_code: str) -> None:
        """Fill in the place of a postal code on file (boi.json, AR_Customer_bus: unconfirmed)."""
        for town in TOWNS.splitlines():
            city, state, known, _area = town.split("|")
            if known == postal_code:
                place = {"City": city, "State": state, "CountryCode": "USA"}
                self.values.update({f"{prefix}{name}": text for name, text in place.items()})

    def check_on_file(self, reference: OnFile, values: Mapping[str, Value]) -> None:
        """Refuse what names no row."""
        wanted = {column: str(values[ours]) for column, ours in reference.key.items()}
        if self.file.row(reference.table, **wanted) is None:
            message = f"The {reference.called} {'-'.join(wanted.values())} is not on file."
            raise RefusedError(message)

    def required(self) -> Mapping[str, str]:
        """Return what messages call each column that may not be blank now."""
        return self.REQUIRED

    @override
    def write(self) -> int:
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        for name, called in self.required().items():
            if not self.values.text(name).strip():
                message = f"The {called} is required."
                raise RefusedError(message)
        key = {name: self.values.text(name) for name in self.table.key}
        if control.is_locked(self.file, self.TABLE, tuple(key.values())):
            message = "The record is in use by another workstation."
            raise RefusedError(message)
        with self.file.transaction():
            self._store(key)
        self.clear()
        return OK

    def _store(self, key: Mapping[str, str]) -> None:
        is_there = self.file.row(self.TABLE, **key) is not None
        if self.state == NEW and is_there:
            message = f"The {self.CALLED} {'-'.join(key.values())} is already on file."
            raise RefusedError(message)
        if self.state == NEW:
            self.file.insert(self.TABLE, self.values)
        else:
            self.file.update(self.TABLE, key, self.values)
