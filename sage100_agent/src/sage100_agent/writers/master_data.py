"""customer.update, customer_contact.save, ship_to_address.save, item.save and vendor.save.

One record under a key that the sender names. A new one is created whole. One that is there is read
first: what it holds as it shall be is left alone, what it holds as the sender expected is changed,
and anything else is a person's edit, which is never undone: the command is refused and says what
differs. So the same command twice, and one whose answer was lost, change nothing the second time.
"""

from dataclasses import dataclass
from decimal import Decimal

from sage100_agent.boi import BusinessObject, KeyState, Task
from sage100_agent.documents import Document, Field, fields_of, with_own
from sage100_agent.errors import RefusedError
from sage100_agent.master_data import KEYS
from sage100_agent.writers.base import Announce, Stored, Work

DIFFERS = "record_differs"
PLACES = {
    "ZipCode": ("City", "State", "CountryCode"),
    "ShipToZipCode": ("ShipToCity", "ShipToState", "ShipToCountryCode"),
}
"""What Sage fills in when it knows a postal code; set again after it, so that ours holds."""


@dataclass(frozen=True)
class MasterDataWriter:
    """Records of one kind; ``creates`` says whether one that is not there is made."""

    kind: str
    task: Task
    creates: bool = True

    def reserve(self, work: Work) -> dict[str, str]:
        """Name the record."""
        return {name: work.document.header[name] for name in KEYS[self.kind]}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Return the record when it holds all that the command states."""
        record = work.session.open(self.task, work.today, work.warnings)
        if record.set_key(_boi(key)) is KeyState.NEW or self._differing(record, work.document):
            return None
        return Stored(key=key, document_no=self._number(key), values=self._held(record, work))

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Create the record, or set what differs and was expected to.

        Raises:
            RefusedError: The record is gone, or holds what nobody expected.
        """
        record = work.session.open(self.task, work.today, work.warnings)
        is_new = record.set_key(_boi(key)) is KeyState.NEW
        if is_new and (work.document.expected or not self.creates):
            message = f"{self._called(key)} is not on file."
            raise RefusedError("unknown_record", message)
        changes = self._stated(work.document) if is_new else self._changes(record, work.document)
        if changes:
            record.set_values(changes, self._fields(work.document))
            announce()
            record.write()
        return self._number(key)

    def _changes(self, record: BusinessObject, document: Document) -> dict[str, str]:
        """Return what to set.

        Raises:
            RefusedError: The record holds something else than what is stated and was expected.
        """
        differing = self._differing(record, document)
        fields = self._fields(document)
        edited = {
            name: held
            for name, held in differing.items()
            if name not in document.expected
            or held != _normal(fields[name], document.expected[name])
        }
        if edited:
            stated = document.header | document.expected
            what = "; ".join(
                f"{name} is {held!r}, expected {stated[name]!r}" for name, held in edited.items()
            )
            message = f"{self._called(self._key(document))} holds other values: {what}."
            raise RefusedError(DIFFERS, message)
        changes = {name: document.header[name] for name in differing}
        for code, places in PLACES.items():
            if code in changes:
                changes |= {
                    name: document.header.get(name) or _text(record, fields[name])
                    for name in places
                }
        return changes

    def _differing(self, record: BusinessObject, document: Document) -> dict[str, str]:
        """Return what the record holds in the columns in which it is not as stated."""
        fields = self._fields(document)
        held = {name: _text(record, fields[name]) for name in self._stated(document)}
        return {
            name: value
            for name, value in held.items()
            if value != _normal(fields[name], document.header[name])
        }

    def _held(self, record: BusinessObject, work: Work) -> dict[str, str]:
        fields = self._fields(work.document)
        return {name: _text(record, fields[name]) for name in self._stated(work.document)}

    def _stated(self, document: Document) -> dict[str, str]:
        return {n: value for n, value in document.header.items() if n not in KEYS[self.kind]}

    def _fields(self, document: Document) -> dict[str, Field]:
        """Return the columns that a document may state, the site's own among them."""
        return with_own(fields_of(self.kind, "header"), document.header)

    def _key(self, document: Document) -> dict[str, str]:
        return {name: document.header[name] for name in KEYS[self.kind]}

    def _called(self, key: dict[str, str]) -> str:
        return f"{self.task.business_object.removesuffix('_bus')} {'-'.join(key.values())}"

    def _number(self, key: dict[str, str]) -> str:
        return key[KEYS[self.kind][-1]]


def _boi(key: dict[str, str]) -> dict[str, str]:
    return {f"{name}$": value for name, value in key.items()}


def _text(record: BusinessObject, field: Field) -> str:
    """Return what a record holds in a column, in the form in which values are compared."""
    if field.is_numeric:
        return record.amount(field.column, field.scale)
    return record.text(field.column).rstrip()


def _normal(field: Field, value: str) -> str:
    return f"{Decimal(value):.{field.scale}f}" if field.is_numeric else value.rstrip()
