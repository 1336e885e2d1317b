"""What documents with lines share: taking up, storing and deleting a header with its lines."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control
from tieout.simulators.sage100.business_objects.base import NEW, OK, BusinessObject, blank_row
from tieout.simulators.sage100.business_objects.lines import (
    LINE_KEY_WIDTH,
    LINE_SEQUENCE_WIDTH,
    DocumentLines,
)
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)


class EntryDocument(BusinessObject):
    """A header and its lines, stored together when the header is written."""

    PROPERTIES: ClassVar[Mapping[str, str]] = {**BusinessObject.PROPERTIES, "oLines": "lines"}
    LINES: ClassVar[type[DocumentLines]]
    CALLED: ClassVar[str]
    """What messages call a document."""

    def __init__(self, session: Session) -> None:
        """Start without a document."""
        super().__init__(session)
        self.lines = self.LINES(self)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        self.lines.load([] if found is None else self.file.rows(self.lines.TABLE, **key))

    @property
    def today(self) -> str:
        """Return the module date, which documents are dated by at first."""
        day = self.session.module_date
        return f"{day[:4]}-{day[4:6]}-{day[6:]}"

    def loaded_line(self, place: int) -> Row:
        """Return a line that Sage itself makes, blank but for its key."""
        key = f"{place:0{LINE_KEY_WIDTH}d}"
        line = blank_row(self.lines.table)
        line.update(LineKey=key, LineSeqNo=key.zfill(LINE_SEQUENCE_WIDTH))
        return line

    def total_of_lines(self, name: str) -> Decimal:
        """Return the sum of a column over the lines."""
        return sum((line.number(name) for line in self.lines.rows), ZERO)

    def require(self, *names: tuple[str, str]) -> None:
        """Refuse blank columns; each is given with what messages call it."""
        for name, called in names:
            if not str(self.values[name]).strip():
                message = f"The {called} is required."
                raise RefusedError(message)

    def check_document(self) -> None:
        """Refuse what cannot be stored as it is."""

    def stored(self) -> None:
        """Do what a write does besides storing; still in its transaction."""

    @override
    def write(self) -> int:
        key = self._open_key()
        self.check_document()
        with self.file.transaction():
            if self.state == NEW and self.file.row(self.TABLE, **key) is not None:
                message = f"The {self.CALLED} {key[self.table.key[-1]]} is already on file."
                raise RefusedError(message)
            self._remove(key)
            self.file.insert(self.TABLE, self.values)
            for line in self.lines.rows:
                self.file.insert(self.lines.TABLE, Row(line | key))
            self.stored()
        self.clear()
        return OK

    @override
    def delete(self) -> int:
        key = self._open_key()
        with self.file.transaction():
            self._remove(key)
        self.clear()
        return OK

    @override
    def clear(self) -> int:
        self.lines.load([])
        return super().clear()

    def _open_key(self) -> dict[str, str]:
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        key = {name: self.values.text(name) for name in self.table.key}
        if control.is_locked(self.file, self.TABLE, tuple(key.values())):
            message = "The record is in use by another workstation."
            raise RefusedError(message)
        return key

    def _remove(self, key: Mapping[str, str]) -> None:
        self.file.delete(self.TABLE, **key)
        self.file.delete(self.lines.TABLE, **key)


def vendor_of(file: CompanyFile, row: Mapping[str, object]) -> Row:
    """Return the vendor that a key or row names.

    Raises:
        RefusedError: There is none.
    """
    where = {name: str(row[name]) for name in ("APDivisionNo", "VendorNo")}
    found = file.row("AP_Vendor", **where)
    if found is None:
        message = f"The Vendor Number {'-'.join(where.values())} is not on file."
        raise RefusedError(message)
    return found


def check_account(file: CompanyFile, key: str) -> None:
    """Refuse an AccountKey that is not on file or not active."""
    account = file.row("GL_Account", AccountKey=key)
    if account is None or account.text("Status") != "A":
        message = f"The G/L Account {key} is not on file."
        raise RefusedError(message)


def due_dates(file: CompanyFile, terms_code: str, invoice_date: str) -> Row:
    """Return due date and discount date by the terms.

    Raises:
        RefusedError: There are no such terms.
    """
    terms = file.row("AP_TermsCode", TermsCode=terms_code)
    if terms is None:
        message = f"The Terms Code {terms_code} is not on file."
        raise RefusedError(message)
    day = date.fromisoformat(invoice_date)
    due = day + int(terms.number("DaysBeforeDue")) * _ONE_DAY
    discount = day + int(terms.number("DaysDiscountAllowed")) * _ONE_DAY
    return Row(InvoiceDueDate=due.isoformat(), InvoiceDiscountDate=discount.isoformat())
