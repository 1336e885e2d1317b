"""The resources that the accounting API serves, what each takes, and which scopes open it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tieout.simulators.xero import (
    advances,
    attachments,
    bank_transactions,
    bank_transfers,
    batch_payments,
    charts,
    contact_groups,
    contacts,
    credit_notes,
    invoices,
    items,
    manual_journals,
    organisation,
    payments,
    purchase_orders,
    reports,
    tracking,
)
from tieout.simulators.xero.exchange import Answer, Call


@dataclass(frozen=True)
class Resource:
    """What a resource takes: methods on the list, on one record, on its parts; and its scopes.

    A part is what follows the record's id, such as ``history``, or ``options/*`` for one of many.
    """

    answer: Callable[[Call], Answer]
    on_list: tuple[str, ...]
    on_record: tuple[str, ...]
    scopes: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_NOTED: Final = {"history": ("GET", "PUT")}
_FILED: Final = {"attachments": ("GET",), "attachments/*": ("GET", "PUT", "POST")}
_DOCUMENT: Final = {**_NOTED, **_FILED}
_PRINTED: Final = {**_DOCUMENT, "pdf": ("GET",)}
_SENT: Final = {**_PRINTED, "email": ("POST",), "onlineinvoice": ("GET",)}
_ALLOCATED: Final = {"allocations": ("PUT",), "allocations/*": ("DELETE",)}
_SETTINGS: Final = ("accounting.settings",)
_ORGANISATION: Final = Resource(organisation.answer, ("GET",), (), _SETTINGS)
RESOURCES: Final = {
    "accounts": Resource(
        attachments.attached(charts.accounts, "Accounts", "AccountID"),
        ("GET", "PUT"),
        ("GET", "POST", "DELETE"),
        _SETTINGS,
        _FILED,
    ),
    "banktransactions": Resource(
        attachments.attached(bank_transactions.answer, "BankTransactions", "BankTransactionID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.banktransactions",),
        _DOCUMENT,
    ),
    "banktransfers": Resource(
        attachments.attached(bank_transfers.answer, "BankTransfers", "BankTransferID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.banktransactions",),
        _DOCUMENT,
    ),
    "batchpayments": Resource(
        batch_payments.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.payments",),
        _NOTED,
    ),
    "contactgroups": Resource(
        contact_groups.answer,
        ("GET", "PUT"),
        ("GET", "POST"),
        ("accounting.contacts",),
        {"contacts": ("PUT", "DELETE"), "contacts/*": ("DELETE",)},
    ),
    "contacts": Resource(
        attachments.attached(contacts.answer, "Contacts", "ContactID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.contacts",),
        _DOCUMENT,
    ),
    "creditnotes": Resource(
        attachments.attached(credit_notes.answer, "CreditNotes", "CreditNoteID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.invoices",),
        {**_PRINTED, **_ALLOCATED},
    ),
    "currencies": Resource(charts.currencies, ("GET", "PUT"), (), _SETTINGS),
    "invoices": Resource(
        attachments.attached(invoices.answer, "Invoices", "InvoiceID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.invoices",),
        _SENT,
    ),
    "items": Resource(
        items.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST", "DELETE"),
        ("accounting.settings", "accounting.invoices"),
        _NOTED,
    ),
    "manualjournals": Resource(
        attachments.attached(manual_journals.answer, "ManualJournals", "ManualJournalID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.manualjournals",),
        _DOCUMENT,
    ),
    "organisation": _ORGANISATION,
    # Not in the specification, but clients in use (tap-xero, pyxero) know no other spelling.
    "organisations": _ORGANISATION,
    "organisation/actions": Resource(organisation.actions, ("GET",), (), _SETTINGS),
    "overpayments": Resource(
        advances.overpayments,
        ("GET",),
        ("GET",),
        ("accounting.payments",),
        {**_NOTED, **_ALLOCATED},
    ),
    "payments": Resource(
        payments.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.payments",),
        _NOTED,
    ),
    "prepayments": Resource(
        advances.prepayments,
        ("GET",),
        ("GET",),
        ("accounting.payments",),
        {**_NOTED, **_ALLOCATED},
    ),
    "purchaseorders": Resource(
        attachments.attached(purchase_orders.answer, "PurchaseOrders", "PurchaseOrderID"),
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.invoices",),
        _PRINTED,
    ),
    "reports/banksummary": Resource(
        reports.bank_summary, ("GET",), (), ("accounting.reports.banksummary",)
    ),
    "reports/trialbalance": Resource(
        reports.trial_balance, ("GET",), (), ("accounting.reports.trialbalance",)
    ),
    "taxrates": Resource(charts.tax_rates, ("GET", "PUT", "POST"), ("GET",), _SETTINGS),
    "trackingcategories": Resource(
        tracking.answer,
        ("GET", "PUT"),
        ("GET", "POST", "DELETE"),
        _SETTINGS,
        {"options": ("PUT",), "options/*": ("POST", "DELETE")},
    ),
}
