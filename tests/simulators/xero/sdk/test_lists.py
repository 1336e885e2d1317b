"""xero-python reads lists: page by page, filtered, and only what has changed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from simulators.xero.client import XeroClient, unique
from simulators.xero.sdk.records import (
    account,
    batch,
    credit,
    item,
    journal,
    order,
    overpayment,
    payment,
    prepayment,
    received,
    transfer,
)
from simulators.xero.sdk.sdk import DAY, Sdk

Make = Callable[[Sdk], Any]
PAGE = 50
PAGED = [
    ("get_bank_transactions", "bank_transactions", "bank_transaction_id", received),
    ("get_contacts", "contacts", "contact_id", Sdk.contact),
    ("get_credit_notes", "credit_notes", "credit_note_id", credit),
    ("get_invoices", "invoices", "invoice_id", Sdk.invoice),
    ("get_manual_journals", "manual_journals", "manual_journal_id", journal),
    ("get_overpayments", "overpayments", "overpayment_id", overpayment),
    ("get_payments", "payments", "payment_id", payment),
    ("get_prepayments", "prepayments", "prepayment_id", prepayment),
    ("get_purchase_orders", "purchase_orders", "purchase_order_id", order),
]
UNPAGED = [
    ("get_accounts", "accounts", "account_id", account),
    ("get_bank_transfers", "bank_transfers", "bank_transfer_id", transfer),
    ("get_batch_payments", "batch_payments", "batch_payment_id", batch),
    ("get_items", "items", "item_id", item),
]


@pytest.mark.parametrize(("read", "plural", "key", "make"), [*PAGED, *UNPAGED])
def test_a_delta_brings_what_came_since_and_nothing_older(
    sdk: Sdk, xero: XeroClient, read: str, plural: str, key: str, make: Make
) -> None:
    old = getattr(make(sdk), key)
    xero.control("POST", "clock", {"advance_seconds": 2})
    since = sdk.contact().updated_date_utc
    new = getattr(make(sdk), key)
    listed = getattr(getattr(sdk, read)(if_modified_since=since), plural)
    found = {getattr(record, key) for record in listed}
    assert (old in found, new in found) == (False, True)


@pytest.mark.parametrize(("read", "plural", "key", "make"), PAGED)
def test_the_pages_together_are_the_list(
    sdk: Sdk, read: str, plural: str, key: str, make: Make
) -> None:
    made = {getattr(make(sdk), key) for _ in range(3)}
    size = PAGE if read == "get_contacts" else 2
    first = getattr(sdk, read)(page=1, page_size=size)
    numbers = range(1, first.pagination.page_count + 1)
    pages = [getattr(sdk, read)(page=number, page_size=size) for number in numbers]
    records = [getattr(record, key) for page in pages for record in getattr(page, plural)]
    beyond = getattr(sdk, read)(page=len(pages) + 1, page_size=size)
    assert made <= set(records)
    assert len(records) == len(set(records)) == first.pagination.item_count
    assert {len(getattr(page, plural)) for page in pages[:-1]} == {size}
    assert getattr(beyond, plural) == []


def test_pages_carry_the_lines_and_the_plain_list_does_not(sdk: Sdk) -> None:
    invoice = sdk.invoice()
    plain = sdk.get_invoices(i_ds=[invoice.invoice_id]).invoices[0]
    paged = sdk.get_invoices(i_ds=[invoice.invoice_id], page=1).invoices[0]
    assert (plain.line_items, len(paged.line_items)) == ([], 1)


def test_invoices_are_found_by_what_names_them(sdk: Sdk) -> None:
    contact = sdk.contact()
    values = {"contact": sdk.of(contact), "status": "DRAFT", "invoice_number": unique("FIND")}
    invoice = sdk.invoice(**values)
    sdk.invoice()
    for filters in (
        {"i_ds": [invoice.invoice_id]},
        {"invoice_numbers": [invoice.invoice_number]},
        {"contact_i_ds": [contact.contact_id]},
        {"statuses": ["DRAFT", "SUBMITTED"], "contact_i_ds": [contact.contact_id]},
        {"search_term": invoice.invoice_number.lower()},
        {"where": f'InvoiceNumber=="{invoice.invoice_number}"'},
    ):
        found = sdk.get_invoices(**filters, page=1).invoices
        assert [one.invoice_id for one in found] == [invoice.invoice_id], filters


def test_invoices_come_in_the_order_that_is_asked_for(sdk: Sdk) -> None:
    contact = sdk.contact()
    amounts = (20.0, 30.0, 10.0)
    for amount in amounts:
        sdk.invoice(contact=sdk.of(contact), line_items=[sdk.line(unit_amount=amount)])
    asked = {"contact_i_ds": [contact.contact_id], "order": "Total DESC"}
    totals = [invoice.total for invoice in sdk.get_invoices(**asked).invoices]
    assert totals == sorted(amounts, reverse=True)


def test_contacts_are_found_by_what_names_them(sdk: Sdk, models: Any) -> None:
    contact = sdk.contact(email_address=f"{unique('find').lower()}@example.com")
    for filters in (
        {"i_ds": [contact.contact_id]},
        {"search_term": contact.email_address},
        {"where": f'EmailAddress=="{contact.email_address.upper()}"'},
    ):
        found = sdk.get_contacts(**filters).contacts
        assert [one.contact_id for one in found] == [contact.contact_id], filters
    gone = models.Contacts(contacts=[models.Contact(contact_status="ARCHIVED")])
    sdk.update_contact(contact.contact_id, gone)
    asked = {"search_term": contact.email_address}
    assert sdk.get_contacts(**asked).contacts == []
    assert len(sdk.get_contacts(**asked, include_archived=True).contacts) == 1


def test_a_summary_leaves_out_what_is_dear(sdk: Sdk) -> None:
    invoice = sdk.invoice()
    short = sdk.get_invoices(summary_only=True, i_ds=[invoice.invoice_id], page=1).invoices[0]
    assert short.invoice_number == invoice.invoice_number
    assert not short.line_items


def test_purchase_orders_are_found_by_status_and_day(sdk: Sdk) -> None:
    made = order(sdk)
    window = {"date_from": DAY, "date_to": DAY, "status": "DRAFT"}
    found = sdk.get_purchase_orders(**window).purchase_orders
    other = sdk.get_purchase_orders(**{**window, "date_from": date(2026, 11, 21)}).purchase_orders
    assert made.purchase_order_id in {one.purchase_order_id for one in found}
    assert made.purchase_order_id not in {one.purchase_order_id for one in other}


def test_what_is_not_there_is_not_found(sdk: Sdk) -> None:
    from xero_python.exceptions import NotFoundException

    with pytest.raises(NotFoundException):
        sdk.get_invoice("00000000-0000-0000-0000-000000000001")
