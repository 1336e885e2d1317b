"""Every row of the table of Xero's errors: the simulator says it, and what Tieout then does."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from architecture.probing import ROOT
from tieout.connectors.http import error_of
from tieout.connectors.xero.answers import warnings_of
from tieout.connectors.xero.client import Row, XeroClient
from tieout.connectors.xero.refusals import OTHER, STATUSES, TEXTS, UNFIT, Refusal, Then
from tieout.connectors.xero.writes import Element, Resource, write_elements
from tieout.errors import ConfigurationError, OutcomeUnknownError, RateLimitedError, TieoutError
from tieout.stack.xero_errors import ANSWERS, answers_table, legend, refusals_table
from wire import SetClock
from xero_simulator import XeroSimulator, xero_simulator

ONE_BY_ONE = {"summarizeErrors": "false"}
LOCKED_THROUGH = "2020-12-31"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000001"
NUMBERS = count(1)
LINE: Row = {"Description": "Lamp", "Quantity": 1, "UnitAmount": 10, "AccountCode": "200"}
TOO_MANY = 429


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    with xero_simulator(tmp_path_factory.mktemp("xero")) as running:
        running.put("Organisations", PeriodLockDate=LOCKED_THROUGH)
        running.put("Accounts", Code="999", Name="Gone", Type="REVENUE", Status="ARCHIVED")
        yield running


@dataclass(frozen=True)
class Organization:
    """The simulated organization, written to without a target of ours before it."""

    client: XeroClient
    simulator: XeroSimulator

    def write(
        self, path: str, content: Row, *, method: str = "PUT", key: str = "", member: str = ""
    ) -> Row | Refusal:
        """Write one element and return what Xero says to it."""
        member = member or path.partition("/")[0]
        resource = Resource(path, member, method, member.removesuffix("s") + "ID", ONE_BY_ONE)
        element = Element(content, key or f"key {next(NUMBERS)}", echoes=lambda _row: True)
        answered = write_elements(self.client, resource, [element])
        return answered if isinstance(answered, Refusal) else answered[0]

    def made(self, path: str, content: Row, *, member: str = "", name: str = "") -> str:
        """Write one element that Xero takes, and return its id."""
        row = self.write(path, content, member=member)
        assert isinstance(row, dict), row
        return str(row[name or path.removesuffix("s") + "ID"])

    def refused(self, path: str, content: Row, *, method: str = "PUT", member: str = "") -> Refusal:
        row = self.write(path, content, method=method, member=member)
        assert isinstance(row, Refusal), row
        return row

    def write_contact(self) -> None:
        self.write("Contacts", {"Name": "Somebody"})

    def read_contacts(self) -> None:
        self.client.rows("Contacts", "Contacts")

    def contact_id(self) -> str:
        return self.made("Contacts", {"Name": f"Buyer {next(NUMBERS)}"})

    def invoice(self, **changes: object) -> Row:
        return {
            "Type": "ACCREC",
            "InvoiceNumber": f"E-{next(NUMBERS)}",
            "Contact": {"ContactID": self.contact_id()},
            "Status": "AUTHORISED",
            "LineItems": [LINE],
            **changes,
        }

    def invoice_id(self) -> str:
        return self.made("Invoices", self.invoice())

    def payment(self, **changes: object) -> Row:
        invoice = {"InvoiceID": self.invoice_id()} if "Invoice" not in changes else {}
        return {"Invoice": invoice, "Account": {"Code": "091"}, "Amount": 5, **changes}

    def credit_note(self, **changes: object) -> Row:
        return {
            "Type": "ACCRECCREDIT",
            "CreditNoteNumber": f"C-{next(NUMBERS)}",
            "Contact": {"ContactID": self.contact_id()},
            "Status": "AUTHORISED",
            "LineItems": [LINE],
            **changes,
        }

    def bank_transaction(self, **changes: object) -> Row:
        return {
            "Type": "RECEIVE",
            "Contact": {"ContactID": self.contact_id()},
            "BankAccount": {"Code": "091"},
            "LineItems": [LINE],
            **changes,
        }

    def purchase_order(self, **changes: object) -> Row:
        contact = {"Contact": {"ContactID": self.contact_id()}}
        return {**contact, "LineItems": [LINE], **changes}

    def paid_invoice_id(self) -> str:
        invoice_id = self.invoice_id()
        self.made("Payments", self.payment(Invoice={"InvoiceID": invoice_id}))
        return invoice_id

    def told(self, status: int, content: object = None) -> None:
        """Let the next write be answered so: what the simulator has no occasion to say."""
        body = "" if content is None else json.dumps(content)
        headers = {"Content-Type": "application/json"}
        self.simulator.arm(
            "Contacts", kind="status", method="PUT", status=status, body=body, headers=headers
        )


@pytest.fixture
def xero(simulator: XeroSimulator) -> Organization:
    return Organization(simulator.client(SetClock()), simulator)


def taken_number(xero: Organization) -> Refusal:
    invoice = xero.invoice()
    xero.made("Invoices", invoice)
    return xero.refused("Invoices", {**invoice, "Reference": "another"})


def taken_credit_note_number(xero: Organization) -> Refusal:
    note = xero.credit_note()
    xero.made("CreditNotes", note)
    return xero.refused("CreditNotes", {**note, "Reference": "another"})


def taken_order_number(xero: Organization) -> Refusal:
    xero.told(200, {"Contacts": [said_no("Order number must be unique")]})
    return xero.refused("Contacts", {"Name": "Somebody"})


def said_no(words: str) -> Row:
    return {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": words}]}


def taken_contact_number(xero: Organization) -> Refusal:
    number = f"N-{next(NUMBERS)}"
    xero.made("Contacts", {"Name": f"One {number}", "ContactNumber": number})
    return xero.refused("Contacts", {"Name": f"Two {number}", "ContactNumber": number})


def taken_name(xero: Organization) -> Refusal:
    name = f"Name {next(NUMBERS)}"
    xero.made("Contacts", {"Name": name})
    return xero.refused("Contacts", {"Name": name})


def taken_item_code(xero: Organization) -> Refusal:
    return xero.refused("Items", {"Code": "LAMP-01", "Name": "Another lamp"})


def too_much_paid(xero: Organization) -> Refusal:
    return xero.refused("Payments", xero.payment(Amount=11))


def too_much_allocated(xero: Organization) -> Refusal:
    contact = {"ContactID": xero.contact_id()}
    note_id = xero.made("CreditNotes", xero.credit_note(Contact=contact))
    invoice_id = xero.made("Invoices", xero.invoice(Contact=contact))
    content: Row = {"Invoice": {"InvoiceID": invoice_id}, "Amount": 11}
    return xero.refused(f"CreditNotes/{note_id}/Allocations", content, member="Allocations")


def deleted_order_number(xero: Organization) -> Refusal:
    number = f"P-{next(NUMBERS)}"
    order = xero.purchase_order(PurchaseOrderNumber=number)
    order_id = xero.made("PurchaseOrders", order)
    deleted: Row = {"PurchaseOrderID": order_id, "Status": "DELETED"}
    assert isinstance(xero.write("PurchaseOrders", deleted, method="POST"), dict)
    return xero.refused("PurchaseOrders", order)


def payment_of_a_draft(xero: Organization) -> Refusal:
    draft_id = xero.made("Invoices", xero.invoice(Status="DRAFT"))
    return xero.refused("Payments", xero.payment(Invoice={"InvoiceID": draft_id}))


def change_of_a_void_invoice(xero: Organization) -> Refusal:
    void: Row = {"InvoiceID": xero.invoice_id(), "Status": "VOIDED"}
    assert isinstance(xero.write("Invoices", void, method="POST"), dict)
    return xero.refused("Invoices", {**void, "Status": "AUTHORISED"}, method="POST")


def order_billed_from_nothing(xero: Organization) -> Refusal:
    order_id = xero.made("PurchaseOrders", xero.purchase_order())
    billed: Row = {"PurchaseOrderID": order_id, "Status": "BILLED"}
    return xero.refused("PurchaseOrders", billed, method="POST")


def change_of_a_paid_invoice(xero: Organization) -> Refusal:
    changed: Row = {"InvoiceID": xero.paid_invoice_id(), "LineItems": [{**LINE, "UnitAmount": 20}]}
    return xero.refused("Invoices", changed, method="POST")


def void_of_a_paid_invoice(xero: Organization) -> Refusal:
    void: Row = {"InvoiceID": xero.paid_invoice_id(), "Status": "VOIDED"}
    return xero.refused("Invoices", void, method="POST")


def deletion_of_a_reconciled_payment(xero: Organization) -> Refusal:
    payment_id = xero.made("Payments", xero.payment(IsReconciled=True))
    return xero.refused(
        f"Payments/{payment_id}", {"Status": "DELETED"}, method="POST", member="Payments"
    )


def deletion_of_a_part_of_a_batch(xero: Organization) -> Refusal:
    part: Row = {"Invoice": {"InvoiceID": xero.invoice_id()}, "Amount": 5}
    batch: Row = {"Account": {"Code": "091"}, "Date": "2026-11-29", "Payments": [part]}
    row = xero.write("BatchPayments", batch)
    assert isinstance(row, dict)
    (payment,) = row["Payments"]  # type: ignore[misc]  # a list, as Xero shows it
    return xero.refused(
        f"Payments/{payment['PaymentID']}",
        {"Status": "DELETED"},
        method="POST",
        member="Payments",
    )


def change_of_an_archived_contact(xero: Organization) -> Refusal:
    contact_id = xero.contact_id()
    xero.simulator.overwrite("Contacts", contact_id, ContactStatus="ARCHIVED")
    return xero.refused("Contacts", {"ContactID": contact_id, "Name": "Back"}, method="POST")


def invoiced(**changes: object) -> Callable[[Organization], Refusal]:
    return lambda xero: xero.refused("Invoices", xero.invoice(**changes))


def lined(**changes: object) -> Callable[[Organization], Refusal]:
    return invoiced(LineItems=[{**LINE, **changes}])


def paying(**changes: object) -> Callable[[Organization], Refusal]:
    return lambda xero: xero.refused("Payments", xero.payment(**changes))


def transferred(xero: Organization) -> Refusal:
    sides: Row = {"FromBankAccount": {"Code": "091"}, "ToBankAccount": {"Code": "200"}}
    return xero.refused("BankTransfers", {**sides, "Amount": 5})


def banked(xero: Organization) -> Refusal:
    account = {"Code": "200"}
    return xero.refused("BankTransactions", xero.bank_transaction(BankAccount=account))


def unusable_tax_type(xero: Organization) -> Refusal:
    xero.simulator.put(
        "TaxRates", TaxType="TAX999", Name="Of assets", Status="ACTIVE", CanApplyToRevenue=False
    )
    return lined(TaxType="TAX999")(xero)


def unknown_credit_note(xero: Organization) -> Refusal:
    changed: Row = {"CreditNoteID": UNKNOWN_ID, "Reference": "another"}
    return xero.refused("CreditNotes", changed, method="POST")


def malformed(xero: Organization) -> Refusal:
    return lined(UnitAmount=[1])(xero)


PROVOKED: dict[str, Callable[[Organization], Refusal]] = {
    "Invoice # must be unique": taken_number,
    "Credit Note # must be unique": taken_credit_note_number,
    "Order number must be unique": taken_order_number,
    "The contact number … is already assigned to another contact": taken_contact_number,
    "Price List Item with Code … already exists": taken_item_code,
    "The contact name … is already assigned to another contact": taken_name,
    "Payment amount exceeds the amount outstanding on this document": too_much_paid,
    "Allocation amount exceeds the …": too_much_allocated,
    "Deleted PurchaseOrders cannot be updated": deleted_order_number,
    "… can only be made against Authorised documents": payment_of_a_draft,
    "… not of valid status for modification": change_of_a_void_invoice,
    "PurchaseOrder status change is invalid": order_billed_from_nothing,
    "This document cannot be edited as it has a payment or credit note allocated to it": (
        change_of_a_paid_invoice
    ),
    "The status VOIDED cannot be applied to the invoice because it has payments": (
        void_of_a_paid_invoice
    ),
    "… has been reconciled and cannot be deleted": deletion_of_a_reconciled_payment,
    "This payment is part of a batch payment and cannot be deleted alone": (
        deletion_of_a_part_of_a_batch
    ),
    "The specified contact details matched an archived contact": change_of_an_archived_contact,
    "The document date cannot be before the … lock date": invoiced(Date="2020-12-31"),
    "Account type is invalid for making a payment to/from": paying(Account={"Code": "200"}),
    "Account code … is not a valid code for this": lined(AccountCode="12345"),
    "Account code … has been archived, or has been deleted": lined(AccountCode="999"),
    "Account could not be found": paying(Account={"Code": "12345"}),
    "Invalid Bank Account": banked,
    "… is not a valid bank account": transferred,
    "The TaxType code … cannot be used with account code": unusable_tax_type,
    "The TaxType code … does not exist": lined(TaxType="TAX998"),
    "Organisation is not subscribed to currency": invoiced(CurrencyCode="EUR"),
    "Item code … is not valid": lined(ItemCode="NO-SUCH-LAMP"),
    "An existing Credit Note with the specified CreditNoteID could not be found": (
        unknown_credit_note
    ),
    "The Contact could not be found": invoiced(Contact={"ContactID": UNKNOWN_ID}),
    "Invoice could not be found": paying(Invoice={"InvoiceID": UNKNOWN_ID}),
    "The Contact must contain at least 1 of the following elements to identify the contact": (
        lambda xero: xero.refused("Contacts", {"EmailAddress": "a@example.com"})
    ),
    "… must be specified": lambda xero: xero.refused("Invoices", xero.invoice(Type=None)),
    "… must be a string with a maximum length of": (
        lambda xero: xero.refused("Contacts", {"Name": "x" * 256})
    ),
    "… must not be longer than": lined(Description="x" * 4001),
    "JSON for post data was invalid": malformed,
}
"""How the simulator is brought to say each text."""


def test_every_text_is_provoked_here() -> None:
    texts = [row.says for row in TEXTS if row.then is not Then.IN_DOUBT]
    assert sorted(texts) == sorted(PROVOKED)


@pytest.mark.parametrize("says", sorted(PROVOKED))
def test_the_simulator_says_it_and_its_row_decides(xero: Organization, says: str) -> None:
    refusal = PROVOKED[says](xero)
    outcome = refusal.outcome()
    assert refusal.row.says == says
    assert (outcome.cause, outcome.remedy) == (refusal.row.cause, refusal.row.remedy)
    assert refusal.said in outcome.message


def test_a_key_of_another_request_leaves_it_in_doubt(xero: Organization) -> None:
    xero.write("Contacts", {"Name": "First"}, key="one key")
    with pytest.raises(OutcomeUnknownError, match="another request"):
        xero.write("Contacts", {"Name": "Second"}, key="one key")


def test_an_unknown_record_refuses_the_request_without_words(xero: Organization) -> None:
    refusal = xero.refused(
        f"Invoices/{UNKNOWN_ID}", {"Reference": "x"}, method="POST", member="Invoices"
    )
    assert refusal.row is STATUSES[404]


@pytest.mark.parametrize("status", [*STATUSES, 400])
def test_a_status_without_words_has_a_row(xero: Organization, status: int) -> None:
    xero.told(status)
    row = STATUSES.get(status, OTHER)
    if row.then is Then.STOP:
        with pytest.raises(ConfigurationError, match=f"HTTP {status}"):
            xero.write("Contacts", {"Name": "Somebody"})
    else:
        refusal = xero.refused("Contacts", {"Name": "Somebody"})
        assert (refusal.row, f"HTTP {status}" in refusal.said) == (row, True)


def test_other_words_are_a_refusal_in_those_words(xero: Organization) -> None:
    refusal = xero.refused("Contacts", {"Name": "Double  space"})
    assert refusal.row is OTHER
    assert "double spaces" in refusal.outcome().message


def test_a_warning_is_no_refusal(xero: Organization) -> None:
    lines = [{"LineAmount": amount, "AccountCode": "476"} for amount in (5, -5)]
    row = xero.write("ManualJournals", {"Narration": "Draft", "JournalLines": lines})
    assert isinstance(row, dict)
    assert "has been removed" in warnings_of(row)[0]


@pytest.mark.parametrize("status", [status for status in ANSWERS if status != TOO_MANY])
@pytest.mark.parametrize("is_write", [False, True])
def test_an_answer_that_says_nothing_of_a_record_is_the_error_in_the_table(
    xero: Organization, status: int, *, is_write: bool
) -> None:
    headers = {"Content-Type": "text/html"}
    page = "<html>Xero is down for maintenance</html>"
    fault = {"kind": "status", "status": status, "headers": headers, "body": page, "count": 3}
    xero.simulator.arm("Contacts", **fault)
    act = xero.write_contact if is_write else xero.read_contacts
    try:
        with pytest.raises(TieoutError) as raised:
            act()
    finally:
        xero.simulator.disarm()
    assert type(raised.value) is error_of(status, is_write=is_write)


@pytest.mark.parametrize("problem", ["minute", "day", "concurrent", "appminute"])
def test_a_limit_is_named_and_says_how_long(xero: Organization, problem: str) -> None:
    headers = {"X-Rate-Limit-Problem": problem, "Retry-After": "90"}
    xero.simulator.arm("Contacts", kind="status", status=TOO_MANY, headers=headers)
    with pytest.raises(RateLimitedError, match=problem) as raised:
        xero.write("Contacts", {"Name": "Somebody"})
    assert raised.value.retry_after_s == 90


def test_the_document_is_the_tables() -> None:
    document = (ROOT / "docs/reference/xero-errors.md").read_text("utf-8")
    for part in (answers_table(), legend(), refusals_table()):
        assert part in document


def test_every_cause_is_among_the_dead_letters() -> None:
    known = (ROOT / "docs/reference/dead-letters.md").read_text("utf-8")
    causes = {row.cause for row in (*TEXTS, *STATUSES.values(), OTHER, UNFIT) if row.cause}
    assert [cause for cause in sorted(causes) if f"| `{cause}` |" not in known] == []
