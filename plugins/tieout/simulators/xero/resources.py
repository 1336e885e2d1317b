"""The resources that the accounting API serves, what each takes, and which scopes open it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tieout.simulators.xero import (
    advances,
    bank_transactions,
    bank_transfers,
    batch_payments,
    charts,
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
_ALLOCATED: Final = {"allocations": ("PUT",), "allocations/*": ("DELETE",)}
_SETTINGS: Final = ("accounting.settings",)
RESOURCES: Final = {
    "accounts": Resource(charts.accounts, ("GET", "PUT"), ("GET", "POST", "DELETE"), _SETTINGS),
    "banktransactions": Resource(
        bank_transactions.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.banktransactions",),
        _NOTED,
    ),
    "banktransfers": Resource(
        bank_transfers.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.banktransactions",),
        _NOTED,
    ),
    "batchpayments": Resource(
        batch_payments.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.payments",),
        _NOTED,
    ),
    "contacts": Resource(
        contacts.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.contacts",),
        _NOTED,
    ),
    "creditnotes": Resource(
        credit_notes.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.invoices",),
        {**_NOTED, **_ALLOCATED},
    ),
    "currencies": Resource(charts.currencies, ("GET", "PUT"), (), _SETTINGS),
    "invoices": Resource(
        invoices.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.invoices",),
        _NOTED,
    ),
    "items": Resource(
        items.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST", "DELETE"),
        ("accounting.settings", "accounting.invoices"),
        _NOTED,
    ),
    "manualjournals": Resource(
        manual_journals.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.manualjournals",),
        _NOTED,
    ),
    "organisation": Resource(organisation.answer, ("GET",), (), _SETTINGS),
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
        purchase_orders.answer,
        ("GET", "PUT", "POST"),
        ("GET", "POST"),
        ("accounting.invoices",),
        _NOTED,
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
