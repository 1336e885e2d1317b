"""Credit notes: their lines, what allocations and refunds do, what is refused (README 1.3, 2.8)."""

from typing import Any

from simulators.xero.client import Json, XeroClient, line, messages, unique


def credit(xero: XeroClient, contact: Json, amount: int = 100, **values: Any) -> Json:
    note = {
        "Type": "ACCRECCREDIT",
        "CreditNoteNumber": unique("CR"),
        "Contact": {"ContactID": contact["ContactID"]},
        "Date": "2026-11-20",
        "Status": "AUTHORISED",
        "LineItems": [line(UnitAmount=amount)],
        **values,
    }
    answer = xero.put("CreditNotes", {"CreditNotes": [note]})
    assert answer.status_code == 200, answer.text
    created: Json = answer.json()["CreditNotes"][0]
    return created


def allocate(xero: XeroClient, note: Json, invoice: Json, amount: float) -> Any:
    body = {
        "Invoice": {"InvoiceID": invoice["InvoiceID"]},
        "Amount": amount,
        "Date": "2026-11-21",
    }
    return xero.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", {"Allocations": [body]})


def read(xero: XeroClient, note: Json) -> Json:
    found: Json = xero.get(f"CreditNotes/{note['CreditNoteID']}").json()["CreditNotes"][0]
    return found


def invoice_of(xero: XeroClient, contact: Json, **values: Any) -> Json:
    return xero.invoice(Contact={"ContactID": contact["ContactID"]}, **values)


def test_an_allocation_lowers_what_is_due_and_what_remains(xero: XeroClient) -> None:
    contact = xero.contact()
    invoice, note = invoice_of(xero, contact), credit(xero, contact, 60)
    assert (note["RemainingCredit"], note["Status"]) == (60, "AUTHORISED")
    allocated = allocate(xero, note, invoice, 60).json()["Allocations"][0]
    due = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    assert (due["AmountDue"], due["AmountCredited"], due["AmountPaid"]) == (40, 60, 0)
    assert due["CreditNotes"][0]["AppliedAmount"] == 60
    after = read(xero, note)
    assert (after["RemainingCredit"], after["Status"]) == (0, "PAID")
    assert after["Allocations"][0]["AllocationID"] == allocated["AllocationID"]


def test_an_allocation_of_the_whole_pays_the_invoice(xero: XeroClient) -> None:
    contact = xero.contact()
    invoice, note = invoice_of(xero, contact), credit(xero, contact)
    allocate(xero, note, invoice, 100)
    paid = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    assert (paid["Status"], paid["FullyPaidOnDate"][:6]) == ("PAID", "/Date(")


def test_a_deleted_allocation_gives_both_back(xero: XeroClient) -> None:
    contact = xero.contact()
    invoice, note = invoice_of(xero, contact), credit(xero, contact)
    allocation = allocate(xero, note, invoice, 100).json()["Allocations"][0]["AllocationID"]
    path = f"CreditNotes/{note['CreditNoteID']}/Allocations/{allocation}"
    assert xero.send("DELETE", path).json()["IsDeleted"] is True
    again = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    assert (again["AmountDue"], again["Status"]) == (100, "AUTHORISED")
    assert read(xero, note)["RemainingCredit"] == 100


def test_more_than_remains_or_is_due_is_refused_as_a_whole(xero: XeroClient) -> None:
    contact = xero.contact()
    note = credit(xero, contact, 50)
    large, small = (
        invoice_of(xero, contact),
        invoice_of(xero, contact, LineItems=[line(UnitAmount=20)]),
    )
    assert "remaining credit" in messages(allocate(xero, note, large, 51))[0]
    assert "outstanding" in messages(allocate(xero, note, small, 21))[0]
    both = {
        "Allocations": [
            {"Invoice": {"InvoiceID": one["InvoiceID"]}, "Amount": amount}
            for one, amount in ((small, 20), (large, 40))
        ]
    }
    refused = xero.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", both)
    assert refused.status_code == 400
    assert read(xero, note)["RemainingCredit"] == 50


def test_another_contacts_invoice_takes_no_allocation(xero: XeroClient) -> None:
    note = credit(xero, xero.contact())
    answer = allocate(xero, note, invoice_of(xero, xero.contact()), 10)
    assert "its own contact" in messages(answer)[0]


def test_a_refund_is_a_payment_on_the_credit_note(xero: XeroClient) -> None:
    note = credit(xero, xero.contact())
    body = {
        "CreditNote": {"CreditNoteID": note["CreditNoteID"]},
        "Account": {"Code": "091"},
        "Date": "2026-11-22",
        "Amount": 100,
    }
    payment = xero.put("Payments", {"Payments": [body]}).json()["Payments"][0]
    assert payment["PaymentType"] == "ARCREDITPAYMENT"
    assert (read(xero, note)["RemainingCredit"], read(xero, note)["Status"]) == (0, "PAID")
    assert xero.put("Payments", {"Payments": [body]}).status_code == 400
    xero.post(f"Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    assert read(xero, note)["RemainingCredit"] == 100


def test_a_number_names_one_credit_note(xero: XeroClient) -> None:
    contact = xero.contact()
    note = credit(xero, contact)
    twice = {
        "Type": "ACCRECCREDIT",
        "CreditNoteNumber": note["CreditNoteNumber"],
        "Contact": {"ContactID": contact["ContactID"]},
        "LineItems": [line()],
    }
    assert xero.put("CreditNotes", {"CreditNotes": [twice]}).status_code == 400
    assert xero.get(f"CreditNotes/{note['CreditNoteNumber']}").status_code == 200


def test_what_is_allocated_can_be_neither_voided_nor_edited(xero: XeroClient) -> None:
    contact = xero.contact()
    note = credit(xero, contact)
    path = f"CreditNotes/{note['CreditNoteID']}"
    allocate(xero, note, invoice_of(xero, contact), 10)
    refused = xero.post(path, {"Status": "VOIDED"})
    assert refused.status_code == 400
    assert "allocated to it" in messages(refused)[0]
    free = credit(xero, contact)
    voided = xero.post(f"CreditNotes/{free['CreditNoteID']}", {"Status": "VOIDED"}).json()
    assert (voided["CreditNotes"][0]["Status"], voided["CreditNotes"][0]["RemainingCredit"]) == (
        "VOIDED",
        0,
    )


def test_an_id_that_there_is_not_is_refused_in_the_vendors_words(xero: XeroClient) -> None:
    body = {"CreditNoteID": "00000000-0000-0000-0000-00000000dead", "Reference": "lost"}
    answer = xero.post("CreditNotes", {"CreditNotes": [body]})
    text = "An existing Credit Note with the specified CreditNoteID could not be found"
    assert (answer.status_code, messages(answer)) == (400, [text])
