"""Where the simulated organisations keep their records: in memory, written through to SQLite.

Every change goes through a shelf and its journal, so that one element, or a whole request, can be
taken back before it is committed. A record is never changed in place. The rules are elsewhere.
"""

import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.document_records import (
    BankTransaction,
    CreditNote,
    Invoice,
    Overpayment,
    Prepayment,
    PurchaseOrder,
)
from tieout.simulators.xero.money_records import BankTransfer, BatchPayment, ManualJournal
from tieout.simulators.xero.payment_records import Allocation, Payment
from tieout.simulators.xero.renderings import Renderings
from tieout.simulators.xero.setting_records import (
    Account,
    Currency,
    Item,
    Organisation,
    TaxRate,
    TrackingCategory,
)
from tieout.simulators.xero.side_records import Attachment, ContactGroup, Note
from tieout.simulators.xero.wire import Wire

Record = TypeVar("Record", bound=Wire)
_NEVER = datetime.min.replace(tzinfo=UTC)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    shelf TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (shelf, id)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Change:
    """What a commit made of one record; what was not there is None."""

    shelf: str
    record_id: str
    before: object
    after: object


class Journal:
    """Everything changed since the last commit, oldest first."""

    def __init__(self, path: Path) -> None:
        """Open, or create, the file of records."""
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(_SCHEMA)
        self._undo: list[tuple[str, Callable[[], None]]] = []
        self._dirty: dict[tuple[str, str], Callable[[], tuple[int, str] | None]] = {}
        self._compared: dict[tuple[str, str], tuple[object, Callable[[], object]]] = {}
        self.changes: Counter[str] = Counter()
        """How many changes there have been of whose records, those taken back included."""
        self.listener: Callable[[list[Change]], None] | None = None
        """Told of every change that was committed."""

    def saved(self, shelf: str) -> list[str]:
        """Return the bodies of a shelf, in the order in which the records came to be."""
        query = "SELECT body FROM record WHERE shelf = ? ORDER BY position"
        return [body for (body,) in self._database.execute(query, (shelf,))]

    def changed(
        self,
        shelf: str,
        record_id: str,
        *,
        undo: Callable[[], None],
        body: Callable[[], tuple[int, str] | None],
        prior: object,
        now: Callable[[], object],
    ) -> None:
        """Note a change; ``body`` gives position and body at the commit, None if it is gone.

        ``prior`` is the record before it, and ``now`` gives the one at the commit.
        """
        owner = shelf.partition("/")[0]
        self.changes[owner] += 1
        self._undo.append((owner, undo))
        self._dirty[shelf, record_id] = body
        self._compared.setdefault((shelf, record_id), (prior, now))

    def mark(self) -> int:
        """Return the point to which a rollback can return."""
        return len(self._undo)

    def rollback(self, mark: int) -> None:
        """Take back what was changed since ``mark``."""
        while len(self._undo) > mark:
            owner, undo = self._undo.pop()
            self.changes[owner] += 1
            undo()

    def commit(self) -> None:
        """Write every change to the file, in one transaction."""
        if not self._undo:
            return
        self._database.execute("BEGIN")
        for (shelf, record_id), body in self._dirty.items():
            content = body()
            if content is None:
                self._database.execute(
                    "DELETE FROM record WHERE shelf = ? AND id = ?", (shelf, record_id)
                )
            else:
                self._database.execute(
                    "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)",
                    (shelf, record_id, *content),
                )
        self._database.execute("COMMIT")
        changes = [
            Change(shelf, record_id, prior, after)
            for (shelf, record_id), (prior, now) in self._compared.items()
            if (after := now()) is not prior
        ]
        self._undo.clear()
        self._dirty.clear()
        self._compared.clear()
        if self.listener is not None:
            self.listener(changes)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class Shelf(Generic[Record]):
    """The records of one kind, found by id, by age, or by an indexed text in any case."""

    def __init__(
        self,
        journal: Journal,
        name: str,
        model: type[Record],
        *,
        identify: Callable[[Record], str | None],
        indexes: Mapping[str, Callable[[Record], str | None]] | None = None,
    ) -> None:
        """Load the records that the file holds."""
        self._journal = journal
        self._name = name
        self._identify = identify
        self._texts = dict(indexes or {})
        self._records: dict[str, Record] = {}
        self._positions: dict[str, int] = {}
        self._found: dict[tuple[str, str], dict[str, None]] = {}
        self._next = 0
        self._ages: list[tuple[datetime, str]] = []
        self._by_age: list[Record] = []
        """The records, each at the index of its age."""
        for body in journal.saved(name):
            self._set(model.model_validate_json(body))

    def get(self, record_id: str | None) -> Record | None:
        """Return the record with this id."""
        return self._records.get((record_id or "").casefold())

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._records)

    def all(self) -> list[Record]:
        """Return every record, oldest first."""
        return list(self._records.values())

    def changed_since(self, moment: datetime | None) -> list[Record]:
        """Return the records changed then or later, in the order of their changes, then of ids."""
        return self._by_age[bisect_left(self._ages, (moment, "")) :] if moment else self._by_age[:]

    def find(self, index: str, text: str | None) -> list[Record]:
        """Return the records whose indexed text equals ``text``."""
        if not text:
            return []
        ids = self._found.get((index, text.casefold()), {})
        return [self._records[record_id] for record_id in ids]

    def put(self, record: Record) -> Record:
        """Store a record, new or changed, and return it."""
        record_id = self._id(record)
        prior = self._records.get(record_id)
        self._set(record)
        self._journal.changed(
            self._name,
            record_id,
            undo=lambda: self._unset(record_id) if prior is None else self._set(prior),
            body=lambda: self._body(record_id),
            prior=prior,
            now=lambda: self._records.get(record_id),
        )
        return record

    def drop(self, record: Record) -> None:
        """Remove a record."""
        record_id = self._id(record)
        self._unset(record_id)
        self._journal.changed(
            self._name,
            record_id,
            undo=lambda: self._set(record),
            body=lambda: self._body(record_id),
            prior=record,
            now=lambda: self._records.get(record_id),
        )

    def _id(self, record: Record) -> str:
        return (self._identify(record) or "").casefold()

    def _body(self, record_id: str) -> tuple[int, str] | None:
        record = self._records.get(record_id)
        if record is None:
            return None
        return self._positions[record_id], record.model_dump_json(exclude_none=True)

    def _set(self, record: Record) -> None:
        record_id = self._id(record)
        self._unindex(record_id)
        self._records[record_id] = record
        if record_id not in self._positions:
            self._positions[record_id] = self._next
            self._next += 1
        for key in self._keys(record):
            self._found.setdefault(key, {})[record_id] = None
        age = _age(record, record_id)
        index = bisect_left(self._ages, age)
        self._ages.insert(index, age)
        self._by_age.insert(index, record)

    def _unset(self, record_id: str) -> None:
        self._unindex(record_id)
        self._records.pop(record_id, None)
        self._positions.pop(record_id, None)

    def _unindex(self, record_id: str) -> None:
        prior = self._records.get(record_id)
        if prior is None:
            return
        for key in self._keys(prior):
            self._found[key].pop(record_id, None)
        index = bisect_left(self._ages, _age(prior, record_id))
        del self._ages[index], self._by_age[index]

    def _keys(self, record: Record) -> list[tuple[str, str]]:
        texts = ((index, text(record)) for index, text in self._texts.items())
        return [(index, text.casefold()) for index, text in texts if text]


def _age(record: Wire, record_id: str) -> tuple[datetime, str]:
    """Return the place of a record in the vendor's default order (domain/xero README, 1.2)."""
    updated: datetime | None = getattr(record, "updated", None)
    return updated or _NEVER, record_id


@dataclass(frozen=True)
class Books:
    """The records of one organisation, the present and new ids."""

    tenant_id: str
    journal: Journal
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    organisations: Shelf[Organisation] = field(init=False)
    contacts: Shelf[Contact] = field(init=False)
    invoices: Shelf[Invoice] = field(init=False)
    credit_notes: Shelf[CreditNote] = field(init=False)
    overpayments: Shelf[Overpayment] = field(init=False)
    prepayments: Shelf[Prepayment] = field(init=False)
    allocations: Shelf[Allocation] = field(init=False)
    bank_transactions: Shelf[BankTransaction] = field(init=False)
    purchase_orders: Shelf[PurchaseOrder] = field(init=False)
    payments: Shelf[Payment] = field(init=False)
    batch_payments: Shelf[BatchPayment] = field(init=False)
    bank_transfers: Shelf[BankTransfer] = field(init=False)
    manual_journals: Shelf[ManualJournal] = field(init=False)
    items: Shelf[Item] = field(init=False)
    accounts: Shelf[Account] = field(init=False)
    tax_rates: Shelf[TaxRate] = field(init=False)
    currencies: Shelf[Currency] = field(init=False)
    tracking_categories: Shelf[TrackingCategory] = field(init=False)
    notes: Shelf[Note] = field(init=False)
    contact_groups: Shelf[ContactGroup] = field(init=False)
    attachments: Shelf[Attachment] = field(init=False)
    renderings: Renderings = field(init=False)

    def __post_init__(self) -> None:
        """Open the shelves."""
        shelves = {
            "organisations": self._shelf(Organisation, lambda r: r.organisation_id),
            "contacts": self._shelf(
                Contact,
                lambda r: r.contact_id,
                name=lambda r: r.name,
                number=lambda r: r.contact_number,
            ),
            "invoices": self._shelf(
                Invoice, lambda r: r.invoice_id, number=lambda r: r.invoice_number
            ),
            "credit_notes": self._shelf(
                CreditNote, lambda r: r.credit_note_id, number=lambda r: r.credit_note_number
            ),
            "overpayments": self._shelf(Overpayment, lambda r: r.overpayment_id),
            "prepayments": self._shelf(Prepayment, lambda r: r.prepayment_id),
            "bank_transactions": self._shelf(BankTransaction, lambda r: r.bank_transaction_id),
            "allocations": self._shelf(
                Allocation,
                lambda r: r.allocation_id,
                credit=lambda r: r.credit_id,
                invoice=lambda r: r.invoice_id,
            ),
            "purchase_orders": self._shelf(
                PurchaseOrder,
                lambda r: r.purchase_order_id,
                number=lambda r: r.purchase_order_number,
            ),
            "payments": self._shelf(
                Payment,
                lambda r: r.payment_id,
                invoice=lambda r: r.invoice_id,
                credit=lambda r: r.credit_id,
                batch=lambda r: r.batch_payment_id,
            ),
            "batch_payments": self._shelf(BatchPayment, lambda r: r.batch_payment_id),
            "bank_transfers": self._shelf(BankTransfer, lambda r: r.bank_transfer_id),
            "manual_journals": self._shelf(ManualJournal, lambda r: r.manual_journal_id),
            "items": self._shelf(Item, lambda r: r.item_id, code=lambda r: r.code),
            "accounts": self._shelf(
                Account, lambda r: r.account_id, code=lambda r: r.code, name=lambda r: r.name
            ),
            "tax_rates": self._shelf(TaxRate, lambda r: r.tax_type, name=lambda r: r.name),
            "currencies": self._shelf(Currency, lambda r: r.code),
            "tracking_categories": self._shelf(
                TrackingCategory, lambda r: r.tracking_category_id, name=lambda r: r.name
            ),
            "contact_groups": self._shelf(ContactGroup, lambda r: r.contact_group_id),
            "attachments": self._shelf(
                Attachment, lambda r: r.attachment_id, subject=lambda r: r.subject_id
            ),
            "notes": self._shelf(Note, lambda r: r.note_id, subject=lambda r: r.subject_id),
        }
        for name, shelf in shelves.items():
            object.__setattr__(self, name, shelf)
        object.__setattr__(
            self, "renderings", Renderings(lambda: self.journal.changes[self.tenant_id])
        )

    def organisation(self) -> Organisation:
        """Return the organisation that these books belong to."""
        return self.organisations.all()[0]

    def _shelf(
        self,
        model: type[Record],
        identify: Callable[[Record], str | None],
        **indexes: Callable[[Record], str | None],
    ) -> Shelf[Record]:
        name = f"{self.tenant_id}/{model.__name__}"
        return Shelf(self.journal, name, model, identify=identify, indexes=indexes)
