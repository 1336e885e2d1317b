"""xero-python pays, takes back, advances, transfers and journals."""

from datetime import date
from typing import Any

import pytest

from simulators.xero.sdk.records import batch, journal, overpayment, prepayment, received, transfer
from simulators.xero.sdk.sdk import DAY, Sdk


def test_it_pays_an_invoice_and_deletes_the_payment(sdk: Sdk, models: Any) -> None:
    invoice = sdk.invoice()
    document = models.Invoice(invoice_id=invoice.invoice_id)
    made = sdk.pay(100.0, invoice=document, reference="marker")
    paid = sdk.get_invoice(invoice.invoice_id).invoices[0]
    where = f'Invoice.InvoiceID==guid("{invoice.invoice_id}")'
    found = sdk.get_payments(where=where).payments
    gone = sdk.delete_payment(made.payment_id, models.PaymentDelete(status="DELETED")).payments[0]
    due = sdk.get_invoice(invoice.invoice_id).invoices[0]
    assert (paid.status, paid.amount_due, paid.amount_paid) == ("PAID", 0, 100)
    assert [payment.reference for payment in found] == ["marker"]
    assert gone.status == sdk.get_payment(made.payment_id).payments[0].status == "DELETED"
    assert (due.status, due.amount_due) == ("AUTHORISED", 100)


def test_two_parts_pay_an_invoice(sdk: Sdk, models: Any) -> None:
    document = models.Invoice(invoice_id=sdk.invoice().invoice_id)
    account = models.Account(code="091")
    part = models.Payment(invoice=document, account=account, date=DAY, amount=60.0)
    sdk.create_payment(part)
    between = sdk.get_invoice(document.invoice_id).invoices[0]
    sdk.pay(40.0, invoice=document)
    assert (between.status, between.amount_due) == ("AUTHORISED", 40)
    assert sdk.get_invoice(document.invoice_id).invoices[0].status == "PAID"


def test_more_than_is_due_is_refused(sdk: Sdk, models: Any) -> None:
    from xero_python.exceptions import AccountingBadRequestException

    document = models.Invoice(invoice_id=sdk.invoice().invoice_id)
    with pytest.raises(AccountingBadRequestException) as refusal:
        sdk.pay(100.01, invoice=document)
    assert refusal.value.reason.startswith("Payment amount exceeds the amount outstanding")


@pytest.mark.parametrize("by_url", [True, False])
def test_it_pays_a_batch_and_deletes_it(sdk: Sdk, models: Any, *, by_url: bool) -> None:
    made = batch(sdk)
    if by_url:
        end = models.BatchPaymentDeleteByUrlParam(status="DELETED")
        sdk.delete_batch_payment_by_url_param(made.batch_payment_id, end)
    else:
        named = {"batch_payment_id": made.batch_payment_id, "status": "DELETED"}
        sdk.delete_batch_payment(models.BatchPaymentDelete(**named))
    gone = sdk.get_batch_payment(made.batch_payment_id).batch_payments[0]
    assert (made.total_amount, len(made.payments), gone.status) == (20, 2, "DELETED")


def test_a_bank_transaction_is_updated_and_deleted(sdk: Sdk, models: Any) -> None:
    made = received(sdk, reference="payout 12")
    # Its models take no bank transaction without these three.
    whole = {
        "type": "RECEIVE",
        "line_items": [sdk.line(unit_amount=50.0)],
        "bank_account": models.Account(code="090"),
    }
    new = models.BankTransaction(reference="13", **whole)
    body = models.BankTransactions(bank_transactions=[new])
    sdk.update_bank_transaction(made.bank_transaction_id, body)
    read = sdk.get_bank_transaction(made.bank_transaction_id).bank_transactions[0]
    named = {"bank_transaction_id": made.bank_transaction_id, "status": "DELETED"}
    ended = models.BankTransactions(bank_transactions=[models.BankTransaction(**named, **whole)])
    gone = sdk.update_or_create_bank_transactions(ended).bank_transactions[0]
    assert (made.reference, read.reference, read.total) == ("payout 12", "13", 50)
    assert gone.status == "DELETED"


def test_an_overpayment_is_allocated_and_taken_back(sdk: Sdk, models: Any) -> None:
    over = overpayment(sdk)
    invoice = sdk.invoice(contact=sdk.of(over.contact))
    due = models.Invoice(invoice_id=invoice.invoice_id)
    part = models.Allocation(invoice=due, amount=50.0, date=DAY)
    body = models.Allocations(allocations=[part])
    made = sdk.create_overpayment_allocations(over.overpayment_id, body).allocations[0]
    spent = sdk.get_overpayment(over.overpayment_id).overpayments[0]
    sdk.delete_overpayment_allocations(over.overpayment_id, made.allocation_id)
    back = sdk.get_overpayment(over.overpayment_id).overpayments[0]
    assert (over.remaining_credit, spent.remaining_credit, back.remaining_credit) == (50, 0, 50)
    assert (spent.status, back.status) == ("PAID", "AUTHORISED")


def test_a_prepayment_is_allocated_taken_back_and_refunded(sdk: Sdk, models: Any) -> None:
    pre = prepayment(sdk)
    invoice = sdk.invoice(contact=sdk.of(pre.contact))
    due = models.Invoice(invoice_id=invoice.invoice_id)
    part = models.Allocation(invoice=due, amount=50.0, date=DAY)
    body = models.Allocations(allocations=[part])
    made = sdk.create_prepayment_allocations(pre.prepayment_id, body).allocations[0]
    spent = sdk.get_prepayment(pre.prepayment_id).prepayments[0]
    sdk.delete_prepayment_allocations(pre.prepayment_id, made.allocation_id)
    refund = sdk.pay(20.0, prepayment=models.Prepayment(prepayment_id=pre.prepayment_id))
    back = sdk.get_prepayment(pre.prepayment_id).prepayments[0]
    assert (pre.remaining_credit, spent.remaining_credit, back.remaining_credit) == (50, 0, 30)
    assert refund.payment_type == "ARPREPAYMENTPAYMENT"


@pytest.mark.parametrize("by_url", [True, False])
def test_it_transfers_money_and_takes_it_back(sdk: Sdk, models: Any, *, by_url: bool) -> None:
    made = transfer(sdk)
    read = sdk.get_bank_transfer(made.bank_transfer_id).bank_transfers[0]
    if by_url:
        end = models.BankTransferDeleteByUrlParam(status="DELETED")
        sdk.delete_bank_transfer(made.bank_transfer_id, end)
    else:
        named = {"bank_transfer_id": made.bank_transfer_id, "status": "DELETED"}
        end = models.BankTransferDelete(**named)
        sdk.delete_bank_transfers(models.BankTransfersDelete(bank_transfers=[end]))
    gone = sdk.get_bank_transfer(made.bank_transfer_id).bank_transfers[0]
    assert (read.amount, read.status, gone.status) == (12.5, "AUTHORISED", "DELETED")


def test_a_journal_is_drafted_posted_and_voided(sdk: Sdk, models: Any) -> None:
    made = journal(sdk, status="DRAFT")
    journal_id = made.manual_journal_id
    posted = models.ManualJournal(narration="deferral", status="POSTED")
    sdk.update_manual_journal(journal_id, models.ManualJournals(manual_journals=[posted]))
    between = sdk.get_manual_journal(journal_id).manual_journals[0]
    void = models.ManualJournal(manual_journal_id=journal_id, narration="deferral", status="VOIDED")
    sdk.update_or_create_manual_journals(models.ManualJournals(manual_journals=[void]))
    last = sdk.get_manual_journal(journal_id).manual_journals[0]
    assert [line.line_amount for line in between.journal_lines] == [5, -5]
    assert (made.status, between.status, last.status) == ("DRAFT", "POSTED", "VOIDED")


def test_it_reads_the_reports(sdk: Sdk) -> None:
    balance = sdk.get_report_trial_balance(date=date(2026, 11, 30)).reports[0]
    month = {"from_date": date(2026, 11, 1), "to_date": date(2026, 11, 30)}
    banks = sdk.get_report_bank_summary(**month).reports[0]
    total = balance.rows[-1].rows[0].cells
    assert total[1].value == total[2].value
    assert total[3].value == total[4].value
    assert banks.rows[0].cells[4].value == "Closing Balance"
