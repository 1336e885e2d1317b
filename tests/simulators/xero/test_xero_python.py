"""The vendor's own client, xero-python 15.2.0, works against the simulator (README section 3)."""

# mypy: disable-error-code="no-untyped-call"
# The vendor ships no types.

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.xero.client import HPS, XeroClient, unique


@pytest.fixture(scope="session")
def api(base: str, xero: XeroClient) -> Any:
    """Return the vendor's accounting client with a token of the simulator."""
    from xero_python.accounting import AccountingApi
    from xero_python.api_client import ApiClient
    from xero_python.api_client.configuration import Configuration
    from xero_python.api_client.oauth2 import OAuth2Token

    token = xero.token(grant_type="client_credentials").json()
    token["scope"] = token["scope"].split()
    configuration = Configuration(oauth2_token=OAuth2Token(xero.client_id, xero.secret))
    client = ApiClient(
        configuration,
        oauth2_token_getter=lambda: token,
        oauth2_token_saver=lambda _token: None,
    )
    return AccountingApi(client, base_url=f"{base}/api.xro/2.0")


@pytest.fixture(scope="session")
def contact(api: Any) -> Any:
    from xero_python.accounting import Contact, Contacts, Phone

    phone = Phone(phone_type="DEFAULT", phone_number="555-0100")
    wanted = Contact(name=unique("Python"), contact_number=unique("SHOP"), phones=[phone])
    return api.create_contacts(HPS, Contacts(contacts=[wanted])).contacts[0]


@pytest.fixture(scope="session")
def invoice(api: Any, contact: Any) -> Any:
    from xero_python.accounting import Contact, Invoice, Invoices, LineAmountTypes, LineItem

    item = LineItem(
        item_code="LAMP-01",
        description="Desk lamp",
        quantity=3.0,
        unit_amount=17.9915,
        tax_type="TAX001",
        account_code="200",
    )
    wanted = Invoice(
        type="ACCREC",
        invoice_number=unique("PY"),
        contact=Contact(contact_id=contact.contact_id),
        date=date(2026, 11, 20),
        due_date=date(2026, 12, 20),
        line_amount_types=LineAmountTypes.EXCLUSIVE,
        status="AUTHORISED",
        line_items=[item],
    )
    answer = api.create_invoices(HPS, Invoices(invoices=[wanted]), unitdp=4)
    return answer.invoices[0]


def test_it_creates_and_reads_a_contact(api: Any, contact: Any) -> None:
    read = api.get_contact(HPS, contact.contact_id).contacts[0]
    assert (read.name, read.contact_number) == (contact.name, contact.contact_number)
    assert [p.phone_number for p in read.phones if p.phone_type == "DEFAULT"] == ["555-0100"]


def test_it_creates_and_reads_an_invoice(api: Any, invoice: Any) -> None:
    read = api.get_invoice(HPS, invoice.invoice_id, unitdp=4).invoices[0]
    assert (read.date, read.status) == (date(2026, 11, 20), "AUTHORISED")
    assert (read.sub_total, read.total_tax, read.total) == tuple(
        Decimal(amount) for amount in ("53.97", "3.78", "57.75")
    )


def test_it_pays_an_invoice_and_deletes_the_payment(api: Any, invoice: Any) -> None:
    from xero_python.accounting import Account, Invoice, Payment, PaymentDelete, Payments

    wanted = Payment(
        invoice=Invoice(invoice_id=invoice.invoice_id),
        account=Account(code="091"),
        date=date(2026, 11, 21),
        amount=57.75,
        reference="marker",
    )
    made = api.create_payments(HPS, Payments(payments=[wanted])).payments[0]
    paid = api.get_invoice(HPS, invoice.invoice_id).invoices[0]
    where = f'Invoice.InvoiceID==guid("{invoice.invoice_id}")'
    found = api.get_payments(HPS, where=where).payments
    gone = api.delete_payment(HPS, made.payment_id, PaymentDelete(status="DELETED")).payments[0]
    assert (paid.status, paid.amount_due) == ("PAID", 0)
    assert [p.reference for p in found] == ["marker"]
    assert gone.status == "DELETED"


def test_it_adds_and_reads_a_note(api: Any, invoice: Any) -> None:
    from xero_python.accounting import HistoryRecord, HistoryRecords

    records = HistoryRecords(history_records=[HistoryRecord(details="Sage order 0001234")])
    api.create_invoice_history(HPS, invoice.invoice_id, records)
    listed = api.get_invoice_history(HPS, invoice.invoice_id).history_records
    assert "Sage order 0001234" in [record.details for record in listed]


def test_it_reads_the_settings(api: Any) -> None:
    organisation = api.get_organisations(HPS).organisations[0]
    banks = api.get_accounts(HPS, where='Type=="BANK"').accounts
    rates = {rate.tax_type: rate.effective_rate for rate in api.get_tax_rates(HPS).tax_rates}
    items = api.get_items(HPS).items
    assert organisation.base_currency.value == "USD"
    assert {"091", "092", "093"} <= {account.code for account in banks}
    assert rates["TAX001"] == 7
    assert "LAMP-01" in {item.code for item in items}


def test_it_understands_a_refusal(api: Any, contact: Any) -> None:
    from xero_python.accounting import Contact, Contacts
    from xero_python.exceptions import AccountingBadRequestException

    twice = Contacts(contacts=[Contact(name=contact.name)])
    with pytest.raises(AccountingBadRequestException) as refusal:
        api.create_contacts(HPS, twice)
    assert refusal.value.error_data["ErrorNumber"] == 10


def test_it_lists_the_connections(base: str, api: Any) -> None:
    from xero_python.identity import IdentityApi

    connections = IdentityApi(api.api_client, base_url=base).get_connections()
    assert [connection.tenant_id for connection in connections] == [HPS]


def test_it_moves_money_without_documents(api: Any) -> None:
    from xero_python.accounting import (
        Account,
        BankTransfer,
        BankTransfers,
        ManualJournal,
        ManualJournalLine,
        ManualJournals,
    )

    ends = {"from_bank_account": Account(code="091"), "to_bank_account": Account(code="090")}
    wanted = BankTransfer(**ends, amount=12.5, date=date(2026, 11, 20))
    made = api.create_bank_transfer(HPS, BankTransfers(bank_transfers=[wanted])).bank_transfers[0]
    read = api.get_bank_transfer(HPS, made.bank_transfer_id).bank_transfers[0]
    lines = [
        ManualJournalLine(line_amount=amount, account_code=code)
        for amount, code in ((5.0, "840"), (-5.0, "200"))
    ]
    entry = ManualJournal(narration="deferral", journal_lines=lines, status="POSTED")
    journals = api.create_manual_journals(HPS, ManualJournals(manual_journals=[entry]))
    posted = journals.manual_journals[0]
    again = api.get_manual_journal(HPS, posted.manual_journal_id).manual_journals[0]
    assert (read.amount, read.status) == (12.5, "AUTHORISED")
    assert [line.line_amount for line in again.journal_lines] == [5, -5]


def test_it_pays_a_batch_and_deletes_it(api: Any, xero: XeroClient) -> None:
    from xero_python.accounting import (
        Account,
        BatchPayment,
        BatchPaymentDelete,
        BatchPayments,
        Invoice,
        Payment,
    )

    invoices = [xero.invoice()["InvoiceID"] for _ in range(2)]
    parts = [Payment(invoice=Invoice(invoice_id=one), amount=10.0) for one in invoices]
    wanted = BatchPayment(account=Account(code="090"), date=date(2026, 11, 20), payments=parts)
    made = api.create_batch_payment(HPS, BatchPayments(batch_payments=[wanted])).batch_payments[0]
    delete = BatchPaymentDelete(batch_payment_id=made.batch_payment_id, status="DELETED")
    gone = api.delete_batch_payment(HPS, delete).batch_payments[0]
    assert (made.total_amount, len(made.payments), gone.status) == (20, 2, "DELETED")


def test_it_reads_the_reports_and_the_permissions(api: Any) -> None:
    balance = api.get_report_trial_balance(HPS, date=date(2026, 11, 30)).reports[0]
    banks = api.get_report_bank_summary(HPS).reports[0]
    actions = api.get_organisation_actions(HPS).actions
    total = balance.rows[-1].rows[0].cells
    assert total[1].value == total[2].value
    assert total[3].value == total[4].value
    assert banks.rows[0].cells[4].value == "Closing Balance"
    assert "CreateApprovedInvoice" in {one.name for one in actions if one.status == "ALLOWED"}


def test_it_groups_contacts_and_attaches_files(api: Any, contact: Any) -> None:
    from xero_python.accounting import Contact, ContactGroup, ContactGroups, Contacts

    groups = ContactGroups(contact_groups=[ContactGroup(name=unique("Python"))])
    group_id = api.create_contact_group(HPS, groups).contact_groups[0].contact_group_id
    members = Contacts(contacts=[Contact(contact_id=contact.contact_id)])
    api.create_contact_group_contacts(HPS, group_id, members)
    named = api.get_contact_group(HPS, group_id).contact_groups[0].contacts
    made = api.create_contact_attachment_by_file_name(
        HPS, contact.contact_id, "proof.txt", b"delivered"
    ).attachments[0]
    # The client keeps what it read in a file and returns the path.
    path = Path(
        api.get_contact_attachment_by_file_name(HPS, contact.contact_id, "proof.txt", "text/plain")
    )
    content = path.read_bytes()
    path.unlink()
    assert [one.contact_id for one in named] == [contact.contact_id]
    assert (made.content_length, content) == (len(b"delivered"), b"delivered")
