"""The lists of Xero's accounting API: how each is read, and how it says that a record is dead.

From the specification (xero_accounting.yaml 16.1.0) and domain/xero README, 1.2 and 2.2. Not here:
how a page is read (lists.py), and anything that is written.
"""

from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.reading import Tombstone
from tieout.domain.statuses import xero as statuses
from tieout.domain.statuses.machine import Phase, Statuses
from tieout.errors import ConfigurationError

CHANGED_AT = "UpdatedDateUTC"
MERGED_TO = "MergedToContactID"
"""The member of a contact that names the one which took its place."""


class Way(StrEnum):
    """How the changes of a list can be read."""

    PAGES = "pages"
    """What changed since a moment, 1,000 at a time."""
    CHANGES = "changes"
    """What changed since a moment, all in one answer."""
    WHOLE = "whole"
    """All of it at every reading: it takes no moment, or it loses records without a word."""


_ARCHIVED = (Tombstone.ARCHIVED,)
_DELETED = (Tombstone.DELETED,)
_VOIDED = (Tombstone.VOIDED,)


def _gone(known: Statuses) -> tuple[Tombstone, ...]:
    """Return the causes that the statuses give in which a document counts no more."""
    return tuple(Tombstone(word.lower()) for word in sorted(known.words(Phase.GONE)))


_ANY_ARCHIVED = (("includeArchived", "true"),)
_FOUR_PLACES = (("unitdp", "4"),)
_SETTINGS = "accounting.settings.read"
_INVOICES = "accounting.invoices"
_PAYMENTS = "accounting.payments"
_BANK = "accounting.banktransactions"


@dataclass(frozen=True)
class Resource:
    """One list: its path, and the members of its records that reading needs.

    ``tombstones`` are the causes that its records give, by their state in the member ``status`` or
    by naming their heir; any other state, known to us or not, is one of a record that lives.
    """

    path: str
    id_member: str
    way: Way
    scope: str
    tombstones: tuple[Tombstone, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    status: str = "Status"
    envelope: str = ""
    called: str = ""

    @property
    def name(self) -> str:
        """Return what the list is called: two that share a path are two lists."""
        return self.called or self.path

    @property
    def member(self) -> str:
        """Return the member of the answer that holds the records."""
        return self.envelope or self.path


RESOURCES = (
    Resource(
        "Contacts",
        "ContactID",
        Way.PAGES,
        "accounting.contacts",
        (Tombstone.ARCHIVED, Tombstone.MERGED),
        _ANY_ARCHIVED,
        status="ContactStatus",
    ),
    # Whoever has had a bill. A first one moves no date, so it comes when the contact next changes.
    Resource(
        "Contacts",
        "ContactID",
        Way.PAGES,
        "accounting.contacts",
        (Tombstone.ARCHIVED, Tombstone.MERGED),
        (*_ANY_ARCHIVED, ("where", "IsSupplier==true")),
        status="ContactStatus",
        called="Suppliers",
    ),
    Resource("Accounts", "AccountID", Way.WHOLE, _SETTINGS, (*_ARCHIVED, *_DELETED)),
    # A deleted item is answered with 204 and never listed again.
    Resource("Items", "ItemID", Way.WHOLE, _INVOICES, params=_FOUR_PLACES),
    Resource("TaxRates", "TaxType", Way.WHOLE, _SETTINGS, (*_ARCHIVED, *_DELETED)),
    Resource("Currencies", "Code", Way.WHOLE, _SETTINGS),
    Resource(
        "TrackingCategories",
        "TrackingCategoryID",
        Way.WHOLE,
        _SETTINGS,
        (*_ARCHIVED, *_DELETED),
        _ANY_ARCHIVED,
    ),
    Resource("Organisation", "OrganisationID", Way.WHOLE, _SETTINGS, envelope="Organisations"),
    Resource(
        "Invoices",
        "InvoiceID",
        Way.PAGES,
        _INVOICES,
        _gone(statuses.INVOICE),
        (*_ANY_ARCHIVED, *_FOUR_PLACES),
    ),
    Resource(
        "CreditNotes",
        "CreditNoteID",
        Way.PAGES,
        _INVOICES,
        _gone(statuses.CREDIT_NOTE),
        _FOUR_PLACES,
    ),
    # What vendors send, for the flow that works on it: other lists of the same records are read by
    # whoever watches what we wrote.
    Resource(
        "Invoices",
        "InvoiceID",
        Way.PAGES,
        _INVOICES,
        _gone(statuses.BILL),
        (*_ANY_ARCHIVED, *_FOUR_PLACES, ("where", 'Type=="ACCPAY"')),
        called="Bills",
    ),
    Resource(
        "CreditNotes",
        "CreditNoteID",
        Way.PAGES,
        _INVOICES,
        _gone(statuses.CREDIT_NOTE),
        (*_FOUR_PLACES, ("where", 'Type=="ACCPAYCREDIT"')),
        called="VendorCredits",
    ),
    Resource(
        "Payments",
        "PaymentID",
        Way.PAGES,
        _PAYMENTS,
        _gone(statuses.PAYMENT),
        (("where", 'PaymentType=="ACCPAYPAYMENT"'),),
        called="BillPayments",
    ),
    Resource("Payments", "PaymentID", Way.PAGES, _PAYMENTS, _gone(statuses.PAYMENT)),
    Resource(
        "BatchPayments", "BatchPaymentID", Way.CHANGES, _PAYMENTS, _gone(statuses.BATCH_PAYMENT)
    ),
    Resource("Prepayments", "PrepaymentID", Way.PAGES, _PAYMENTS, _VOIDED, _FOUR_PLACES),
    Resource("Overpayments", "OverpaymentID", Way.PAGES, _PAYMENTS, _VOIDED, _FOUR_PLACES),
    Resource(
        "BankTransactions",
        "BankTransactionID",
        Way.PAGES,
        _BANK,
        _gone(statuses.BANK_TRANSACTION),
        _FOUR_PLACES,
    ),
    # A transfer says when it was made, not when it was changed.
    Resource(
        "BankTransfers",
        "BankTransferID",
        Way.WHOLE,
        _BANK,
        _gone(statuses.BANK_TRANSFER),
        (("includeDeleted", "true"),),
    ),
    Resource(
        "ManualJournals",
        "ManualJournalID",
        Way.PAGES,
        "accounting.manualjournals",
        _gone(statuses.MANUAL_JOURNAL),
    ),
    # Natively of four places, and without the parameter.
    Resource(
        "PurchaseOrders", "PurchaseOrderID", Way.PAGES, _INVOICES, _gone(statuses.PURCHASE_ORDER)
    ),
)
_BY_NAME = {resource.name: resource for resource in RESOURCES}


def resource_of(name: str) -> Resource:
    """Return the list of a name.

    Raises:
        ConfigurationError: There is none, or it is not read.
    """
    if name not in _BY_NAME:
        raise ConfigurationError(
            f"Xero has no list {name!r} that is read.",
            remedy=f"Use one of these: {', '.join(_BY_NAME)}.",
        )
    return _BY_NAME[name]
