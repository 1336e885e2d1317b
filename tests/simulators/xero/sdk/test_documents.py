"""xero-python creates, updates, approves, voids and deletes invoices, credits and orders."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from simulators.xero.client import unique
from simulators.xero.sdk.records import credit, order
from simulators.xero.sdk.sdk import DAY, Sdk


def test_it_creates_and_reads_an_invoice_with_four_places(sdk: Sdk, models: Any) -> None:
    item = sdk.line(item_code="LAMP-01", quantity=3.0, unit_amount=17.9915, tax_type="TAX001")
    exclusive = models.LineAmountTypes.EXCLUSIVE
    wanted = models.Invoices(invoices=[sdk.sale(line_items=[item], line_amount_types=exclusive)])
    made = sdk.create_invoices(wanted, unitdp=4).invoices[0]
    read = sdk.get_invoice(made.invoice_id, unitdp=4).invoices[0]
    assert (read.date, read.status) == (DAY, "AUTHORISED")
    assert read.line_items[0].unit_amount == Decimal("17.9915")
    assert (read.sub_total, read.total_tax, read.total) == tuple(
        Decimal(amount) for amount in ("53.97", "3.78", "57.75")
    )


def test_it_updates_a_draft_line_by_line_and_approves_it(sdk: Sdk, models: Any) -> None:
    draft = sdk.invoice(status="DRAFT", line_items=[sdk.line(), sdk.line(unit_amount=5.0)])
    kept = draft.line_items[0]
    line = models.LineItem(line_item_id=kept.line_item_id, quantity=2.0, unit_amount=100.0)
    new = models.Invoice(line_items=[line], due_date=date(2027, 1, 31))
    changed = sdk.update_invoice(draft.invoice_id, models.Invoices(invoices=[new])).invoices[0]
    approved = models.Invoices(invoices=[models.Invoice(status="AUTHORISED")])
    sdk.update_invoice(draft.invoice_id, approved)
    read = sdk.get_invoice(draft.invoice_id).invoices[0]
    assert [one.line_item_id for one in changed.line_items] == [kept.line_item_id]
    assert (read.status, read.total, read.due_date) == ("AUTHORISED", 200, date(2027, 1, 31))


@pytest.mark.parametrize(("first", "last"), [("DRAFT", "DELETED"), ("AUTHORISED", "VOIDED")])
def test_it_deletes_a_draft_and_voids_an_approved_invoice(
    sdk: Sdk, models: Any, first: str, last: str
) -> None:
    invoice = sdk.invoice(status=first)
    end = models.Invoices(invoices=[models.Invoice(status=last)])
    ended = sdk.update_invoice(invoice.invoice_id, end).invoices[0]
    assert (ended.invoice_id, ended.status) == (invoice.invoice_id, last)
    assert sdk.get_invoice(invoice.invoice_id).invoices[0].status == last


def test_an_invoice_that_is_paid_in_part_is_not_voided(sdk: Sdk, models: Any) -> None:
    from xero_python.exceptions import AccountingBadRequestException

    invoice = sdk.invoice()
    sdk.pay(40.0, invoice=models.Invoice(invoice_id=invoice.invoice_id))
    void = models.Invoices(invoices=[models.Invoice(status="VOIDED")])
    with pytest.raises(AccountingBadRequestException):
        sdk.update_invoice(invoice.invoice_id, void)
    assert sdk.get_invoice(invoice.invoice_id).invoices[0].status == "AUTHORISED"


def test_of_a_batch_the_good_is_kept_and_the_bad_says_why(sdk: Sdk, models: Any) -> None:
    taken = sdk.invoice(invoice_number=unique("PY"))
    wanted = [
        sdk.sale(invoice_number=unique("PY")),
        sdk.sale(invoice_number=taken.invoice_number),
        models.Invoice(invoice_id=taken.invoice_id, reference="updated"),
    ]
    batch = models.Invoices(invoices=wanted[:2])
    good, bad = sdk.create_invoices(batch, summarize_errors=False).invoices
    upsert = models.Invoices(invoices=wanted[2:])
    updated = sdk.update_or_create_invoices(upsert, summarize_errors=False).invoices[0]
    assert (good.status_attribute_string, bad.status_attribute_string) == ("OK", "ERROR")
    assert (bad.has_errors, set(bad.invoice_id)) == (True, set("0-"))
    assert [error.message for error in bad.validation_errors] == ["Invoice # must be unique."]
    assert (updated.invoice_id, updated.reference) == (taken.invoice_id, "updated")


def test_a_bill_has_its_suppliers_number_which_need_not_be_unique(sdk: Sdk) -> None:
    values = {"type": "ACCPAY", "invoice_number": unique("BILL")}
    bills = [sdk.invoice(line_items=[sdk.line(account_code="453")], **values) for _ in range(2)]
    assert len({bill.invoice_id for bill in bills}) == 2
    assert {bill.invoice_number for bill in bills} == {values["invoice_number"]}


def test_a_credit_note_is_allocated_and_taken_back(sdk: Sdk, models: Any) -> None:
    contact = sdk.contact()
    invoice, note = sdk.invoice(contact=sdk.of(contact)), credit(sdk, contact)
    part = models.Allocation(
        invoice=models.Invoice(invoice_id=invoice.invoice_id), amount=60.0, date=DAY
    )
    body = models.Allocations(allocations=[part])
    made = sdk.create_credit_note_allocation(note.credit_note_id, body).allocations[0]
    spent = sdk.get_credit_note(note.credit_note_id).credit_notes[0]
    due = sdk.get_invoice(invoice.invoice_id).invoices[0]
    sdk.delete_credit_note_allocations(note.credit_note_id, made.allocation_id)
    back = sdk.get_credit_note(note.credit_note_id).credit_notes[0]
    assert (spent.status, spent.remaining_credit) == ("PAID", 0)
    assert (due.amount_due, due.amount_credited, due.amount_paid) == (40, 60, 0)
    assert (back.status, back.remaining_credit) == ("AUTHORISED", 60)


def test_a_credit_note_is_refunded(sdk: Sdk, models: Any) -> None:
    note = credit(sdk, sdk.contact())
    paid = sdk.pay(60.0, credit_note=models.CreditNote(credit_note_id=note.credit_note_id))
    assert paid.payment_type == "ARCREDITPAYMENT"
    assert sdk.get_credit_note(note.credit_note_id).credit_notes[0].remaining_credit == 0


def test_a_credit_note_is_updated_and_voided(sdk: Sdk, models: Any) -> None:
    note = credit(sdk, sdk.contact(), status="DRAFT")
    for values in ({"reference": "RMA 7"}, {"status": "AUTHORISED"}):
        body = models.CreditNotes(credit_notes=[models.CreditNote(**values)])
        sdk.update_credit_note(note.credit_note_id, body)
    void = models.CreditNote(credit_note_id=note.credit_note_id, status="VOIDED")
    body = models.CreditNotes(credit_notes=[void])
    sdk.update_or_create_credit_notes(body)
    read = sdk.get_credit_note(note.credit_note_id).credit_notes[0]
    assert (read.reference, read.status) == ("RMA 7", "VOIDED")


def test_a_purchase_order_is_created_found_approved_and_deleted(sdk: Sdk, models: Any) -> None:
    made = order(sdk)
    found = sdk.get_purchase_order_by_number(made.purchase_order_number).purchase_orders[0]
    approved = models.PurchaseOrder(status="AUTHORISED")
    body = models.PurchaseOrders(purchase_orders=[approved])
    sdk.update_purchase_order(made.purchase_order_id, body)
    read = sdk.get_purchase_order(made.purchase_order_id).purchase_orders[0]
    gone = models.PurchaseOrder(purchase_order_id=made.purchase_order_id, status="DELETED")
    deleted = models.PurchaseOrders(purchase_orders=[gone])
    last = sdk.update_or_create_purchase_orders(deleted, summarize_errors=False).purchase_orders[0]
    assert found.purchase_order_id == made.purchase_order_id
    assert read.line_items[0].unit_amount == Decimal("1.2345")
    assert (read.status, read.delivery_date, last.status) == (
        "AUTHORISED",
        date(2026, 12, 1),
        "DELETED",
    )
