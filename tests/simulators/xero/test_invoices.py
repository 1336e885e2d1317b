"""Invoices: money rules, numbers, statuses, locks (domain/xero README 2.5, 2.7, 2.8)."""

import pytest

from simulators.xero.client import Json, XeroClient, line, messages, moment, unique

FROZEN = ["Invoice not of valid status for modification"]
PAID = ["This document cannot be edited as it has a payment or credit note allocated to it."]


def totals(invoice: Json) -> tuple[float, float, float]:
    return invoice["SubTotal"], invoice["TotalTax"], invoice["Total"]


def test_tax_is_rounded_half_up_per_line_and_then_summed(xero: XeroClient) -> None:
    lines = [line(UnitAmount=amount, TaxType="TAX001") for amount in (25.06, 25.61, 25.50)]
    invoice = xero.invoice(LineItems=lines)
    assert [item["TaxAmount"] for item in invoice["LineItems"]] == [1.75, 1.79, 1.79]
    assert totals(invoice) == (76.17, 5.33, 81.5)


def test_inclusive_amounts_contain_their_tax(xero: XeroClient) -> None:
    lines = [line(UnitAmount=541.25, TaxType="TAX002")]
    invoice = xero.invoice(LineAmountTypes="Inclusive", LineItems=lines)
    assert totals(invoice) == (451.04, 90.21, 541.25)


def test_no_tax_means_none_whatever_the_lines_say(xero: XeroClient) -> None:
    invoice = xero.invoice(LineAmountTypes="NoTax", LineItems=[line(TaxType="TAX001")])
    assert totals(invoice) == (100.0, 0.0, 100.0)


def test_a_given_tax_amount_is_kept(xero: XeroClient) -> None:
    invoice = xero.invoice(LineItems=[line(TaxType="TAX001", TaxAmount=6.99)])
    assert totals(invoice) == (100.0, 6.99, 106.99)


def test_unit_amounts_have_two_places_unless_four_are_asked_for(xero: XeroClient) -> None:
    body = xero.invoice_body(LineItems=[line(Quantity=3, UnitAmount=17.9949)])
    two = xero.put("Invoices", body).json()["Invoices"][0]
    body = xero.invoice_body(LineItems=[line(Quantity=3, UnitAmount=17.9949)])
    four = xero.put("Invoices", body, unitdp=4).json()["Invoices"][0]
    read = xero.get(f"Invoices/{four['InvoiceID']}").json()["Invoices"][0]
    assert (two["LineItems"][0]["UnitAmount"], two["Total"]) == (17.99, 53.97)
    assert (four["LineItems"][0]["UnitAmount"], four["Total"]) == (17.9949, 53.98)
    assert (read["LineItems"][0]["UnitAmount"], read["Total"]) == (17.99, 53.98)


@pytest.mark.parametrize(
    ("discount", "amount"), [({"DiscountRate": 10}, 27.0), ({"DiscountAmount": 5}, 25.0)]
)
def test_a_discount_lowers_the_line(xero: XeroClient, discount: Json, amount: float) -> None:
    invoice = xero.invoice(LineItems=[line(Quantity=3, UnitAmount=10, **discount)])
    assert (invoice["LineItems"][0]["LineAmount"], invoice["IsDiscounted"]) == (amount, True)


def test_a_line_amount_alone_gives_the_unit_amount(xero: XeroClient) -> None:
    invoice = xero.invoice(LineItems=[line(Quantity=3, UnitAmount=None, LineAmount=10)])
    assert (invoice["LineItems"][0]["UnitAmount"], invoice["Total"]) == (3.33, 10.0)


def test_a_line_amount_that_does_not_follow_is_refused(xero: XeroClient) -> None:
    body = xero.invoice_body(LineItems=[line(Quantity=3, UnitAmount=10, LineAmount=31)])
    answer = xero.put("Invoices", body)
    text = "The line total 31.00 does not match the expected line total 30.00"
    assert messages(answer) == [text]
    assert answer.json()["Elements"][0]["LineItems"][0]["ValidationErrors"] == [{"Message": text}]


def test_an_item_brings_price_account_and_description(xero: XeroClient) -> None:
    invoice = xero.invoice(LineItems=[{"ItemCode": "LAMP-01", "Quantity": 2, "TaxType": "NONE"}])
    item = invoice["LineItems"][0]
    assert (item["Description"], item["AccountCode"]) == ("Aluminium desk lamp", "200")
    assert (item["UnitAmount"], invoice["Total"]) == (19.99, 39.98)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"AccountCode": "999"}, "Account code '999' is not a valid code for this document."),
        ({"AccountCode": "091"}, "Account code '091' is not a valid code for this document."),
        ({"AccountCode": "610"}, "Account code '610' is not a valid code for this document."),
        (
            {"TaxType": "OUTPUT2"},
            (
                "The TaxType code 'OUTPUT2' does not exist or cannot be used for this type of "
                "transaction."
            ),
        ),
        ({"Description": ""}, "The description field is mandatory for each line item."),
        ({"ItemCode": "NOPE"}, "Item code 'NOPE' is not valid"),
        ({"AccountCode": None}, "Account code or ID must be specified"),
    ],
)
def test_a_line_that_cannot_be_posted_is_refused(xero: XeroClient, values: Json, text: str) -> None:
    answer = xero.put("Invoices", xero.invoice_body(LineItems=[line(**values)]))
    assert (answer.status_code, messages(answer)) == (400, [text])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"Total": 99}, "The document total does not equal the sum of the lines."),
        (
            {"InvoiceNumber": "n" * 256},
            "The InvoiceNumber field must be a string with a maximum length of 255.",
        ),
    ],
)
def test_an_invoice_that_cannot_be_posted_is_refused(
    xero: XeroClient, values: Json, text: str
) -> None:
    answer = xero.put("Invoices", xero.invoice_body(**values))
    assert (answer.status_code, messages(answer)) == (400, [text])


def test_a_sales_invoice_number_is_unique_and_free_again_once_its_draft_is_deleted(
    xero: XeroClient,
) -> None:
    number = unique("HP")
    draft = xero.invoice(InvoiceNumber=number, Status="DRAFT")
    taken = xero.put("Invoices", xero.invoice_body(InvoiceNumber=number))
    xero.post(f"Invoices/{draft['InvoiceID']}", {"Status": "DELETED"})
    again = xero.put("Invoices", xero.invoice_body(InvoiceNumber=number))
    assert messages(taken) == ["Invoice # must be unique."]
    assert again.status_code == 200


def test_two_elements_of_one_request_cannot_share_a_number(xero: XeroClient) -> None:
    body = xero.invoice_body()
    answer = xero.put("Invoices", {"Invoices": [body, body]}, summarizeErrors="false")
    statuses = [i["StatusAttributeString"] for i in answer.json()["Invoices"]]
    assert statuses == ["OK", "ERROR"]


def test_bills_may_share_a_number_but_take_no_discount(xero: XeroClient) -> None:
    body = xero.invoice_body(Type="ACCPAY", LineItems=[line(AccountCode="404")])
    first, second = xero.put("Invoices", body), xero.put("Invoices", body)
    discounted = line(AccountCode="404", DiscountRate=10)
    third = xero.put("Invoices", {**body, "LineItems": [discounted]})
    assert (first.status_code, second.status_code) == (200, 200)
    assert messages(third) == ["Discounts may not be applied to ACCPAY invoices."]


def test_posting_a_known_number_updates_that_invoice(xero: XeroClient) -> None:
    invoice = xero.invoice(Status="DRAFT")
    body = xero.invoice_body(InvoiceNumber=invoice["InvoiceNumber"], Reference="changed")
    changed = xero.post("Invoices", body).json()["Invoices"][0]
    assert (changed["InvoiceID"], changed["Reference"]) == (invoice["InvoiceID"], "changed")
    assert changed["Status"] == "AUTHORISED"


def test_a_line_named_by_its_id_is_kept_and_one_without_is_new(xero: XeroClient) -> None:
    invoice = xero.invoice(Status="DRAFT", LineItems=[line(), line(UnitAmount=5)])
    kept = invoice["LineItems"][1]["LineItemID"]
    body = {"LineItems": [{"LineItemID": kept, "Quantity": 3}, line(UnitAmount=1)]}
    changed = xero.post(f"Invoices/{invoice['InvoiceID']}", body).json()["Invoices"][0]
    assert changed["LineItems"][0]["LineItemID"] == kept
    assert changed["LineItems"][1]["LineItemID"] != invoice["LineItems"][0]["LineItemID"]
    assert changed["Total"] == 16.0


def test_voiding_answers_with_what_was_due_and_reads_back_as_nothing(xero: XeroClient) -> None:
    invoice = xero.invoice()
    path = f"Invoices/{invoice['InvoiceID']}"
    voided = xero.post(path, {"Status": "VOIDED"}).json()["Invoices"][0]
    read = xero.get(path).json()["Invoices"][0]
    assert (voided["Status"], voided["AmountDue"]) == ("VOIDED", 100.0)
    assert (read["Status"], read["AmountDue"]) == ("VOIDED", 0.0)
    assert messages(xero.post(path, {"Reference": "late"})) == FROZEN


@pytest.mark.parametrize("status", ["DELETED", "DRAFT", "PAID"])
def test_an_approved_invoice_cannot_go_back(xero: XeroClient, status: str) -> None:
    invoice = xero.invoice()
    answer = xero.post(f"Invoices/{invoice['InvoiceID']}", {"Status": status})
    assert messages(answer) == FROZEN
    assert answer.json()["Elements"][0]["InvoiceID"] == invoice["InvoiceID"]


def test_a_part_paid_invoice_keeps_its_money_but_takes_a_reference(xero: XeroClient) -> None:
    invoice = xero.invoice()
    xero.pay(invoice, 10)
    path = f"Invoices/{invoice['InvoiceID']}"
    lines = xero.post(path, {"LineItems": [line(UnitAmount=1)]})
    void = xero.post(path, {"Status": "VOIDED"})
    reference = xero.post(path, {"Reference": "kept"})
    assert messages(lines) == PAID
    assert messages(void) == [
        (
            "The status VOIDED cannot be applied to the invoice because it has payments or credit "
            "notes allocated to it."
        )
    ]
    assert reference.json()["Invoices"][0]["Reference"] == "kept"


def test_a_part_paid_bill_takes_other_words_on_its_lines_but_no_other_price(
    xero: XeroClient,
) -> None:
    bill = xero.invoice(Type="ACCPAY", LineItems=[line(AccountCode="404")])
    xero.pay(bill, 10)
    path = f"Invoices/{bill['InvoiceID']}"
    named = {"LineItemID": bill["LineItems"][0]["LineItemID"], "Quantity": 1, "UnitAmount": 100}
    relabelled = {**named, "Description": "Lamp", "AccountCode": "453"}
    changed = xero.post(path, {"LineItems": [relabelled]}).json()["Invoices"][0]
    priced = xero.post(path, {"LineItems": [{**named, "UnitAmount": 90}]})
    assert (changed["LineItems"][0]["Description"], changed["Total"]) == ("Lamp", 100.0)
    assert changed["LineItems"][0]["AccountCode"] == "453"
    assert messages(priced) == PAID


@pytest.mark.parametrize(
    ("change", "minutes"),
    [
        ({"DueDate": "2027-01-31"}, 0),
        ({"SentToContact": True}, 0),
        ({"DueDate": "2027-01-31", "Reference": "late"}, 1),
        ({"Reference": "late"}, 1),
    ],
)
def test_a_later_due_date_of_a_part_paid_invoice_is_no_change_to_a_delta(
    travelling: str, change: Json, minutes: int
) -> None:
    xero = XeroClient(travelling)
    invoice = xero.invoice()
    xero.pay(invoice, 10)
    path = f"Invoices/{invoice['InvoiceID']}"
    before = moment(xero.get(path).json()["Invoices"][0])
    xero.control("POST", "clock", {"advance_seconds": 60})
    xero.post(path, change).raise_for_status()
    after = xero.get(path).json()["Invoices"][0]
    assert after["DueDateString"][:10] == change.get("DueDate", "2026-12-20")
    assert (moment(after) - before) // 60 == minutes


def test_a_bare_new_name_creates_the_contact(xero: XeroClient) -> None:
    name = unique("Buyer")
    invoice = xero.invoice(Contact={"Name": name})
    contact = xero.get("Contacts", where=f'Name=="{name}"').json()["Contacts"][0]
    assert (contact["ContactID"], contact["IsCustomer"]) == (invoice["Contact"]["ContactID"], True)


def test_extra_members_update_the_contact_and_drop_its_persons(xero: XeroClient) -> None:
    contact = xero.contact(ContactPersons=[{"FirstName": "Pat"}])
    xero.invoice(Contact={"ContactID": contact["ContactID"], "EmailAddress": "n@e.example"})
    read = xero.get(f"Contacts/{contact['ContactID']}").json()["Contacts"][0]
    assert (read["EmailAddress"], read["ContactPersons"]) == ("n@e.example", [])


def test_a_locked_period_takes_no_invoice_change_or_payment(xero: XeroClient) -> None:
    invoice = xero.invoice(Date="2026-06-30")
    lock = {"PeriodLockDate": "2026-06-30"}
    xero.control("POST", f"organisations/{xero.tenant_id}/Organisations", lock)
    created = xero.put("Invoices", xero.invoice_body(Date="2026-06-30"))
    changed = xero.post(f"Invoices/{invoice['InvoiceID']}", {"Reference": "late"})
    paid = xero.pay(invoice, 10, Date="2026-06-30")
    later = xero.put("Invoices", xero.invoice_body(Date="2026-07-01"))
    organisation = xero.get("Organisation").json()["Organisations"][0]
    text = "The document date cannot be before the period lock date, currently set at 30-Jun-2026"
    assert [messages(answer) for answer in (created, changed, paid)] == [[text]] * 3
    assert later.status_code == 200
    assert organisation["PeriodLockDate"] == "/Date(1782777600000+0000)/"


def test_a_currency_that_is_added_can_be_invoiced(lotus: XeroClient) -> None:
    lotus.put("Currencies", {"Code": "USD"})
    body = lotus.invoice_body(CurrencyCode="USD")
    assert lotus.put("Invoices", body).json()["Invoices"][0]["CurrencyCode"] == "USD"


def test_a_total_overwritten_by_the_control_reads_back_corrupted(xero: XeroClient) -> None:
    invoice = xero.invoice()
    path = f"documents/{xero.tenant_id}/Invoices/{invoice['InvoiceID']}"
    assert xero.control("PUT", path, {"Total": "100.01"}).status_code == 200
    read = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    assert (read["SubTotal"], read["Total"]) == (100.0, 100.01)


@pytest.mark.parametrize("price", ["9999999999999", "1e400", "NaN"])
def test_a_figure_beyond_reason_is_refused(xero: XeroClient, price: str) -> None:
    body = xero.invoice_body(LineItems=[line(UnitAmount=price)])
    assert xero.put("Invoices", body).status_code == 400


def test_approving_a_draft_keeps_its_four_places_and_its_line_amounts(xero: XeroClient) -> None:
    lines = [line(Quantity=3, UnitAmount=17.9949), line(Quantity=3, UnitAmount=None, LineAmount=10)]
    body = xero.invoice_body(Status="DRAFT", LineItems=lines)
    draft = xero.put("Invoices", body, unitdp=4).json()["Invoices"][0]
    path = f"Invoices/{draft['InvoiceID']}"
    approved = xero.post(path, {"Status": "AUTHORISED"}).json()["Invoices"][0]
    assert (approved["Status"], approved["Total"]) == ("AUTHORISED", 63.98)


def test_an_invoice_of_nothing_is_paid_at_once(xero: XeroClient) -> None:
    assert xero.invoice(LineItems=[line(UnitAmount=0)])["Status"] == "PAID"


def test_an_archived_account_takes_no_line(xero: XeroClient) -> None:
    account = {"Code": unique("A"), "Name": unique("Account"), "Type": "REVENUE"}
    made = xero.put("Accounts", account).json()["Accounts"][0]
    xero.post(f"Accounts/{made['AccountID']}", {"Status": "ARCHIVED"})
    code = made["Code"]
    answer = xero.put("Invoices", xero.invoice_body(LineItems=[line(AccountCode=code)]))
    text = (
        f"Account code '{code}' has been archived, or has been deleted. "
        "Each line item must reference a valid account."
    )
    assert messages(answer) == [text]


def test_a_tax_that_does_not_apply_to_the_account_is_refused(xero: XeroClient) -> None:
    rate = {
        "TaxType": "TAX009",
        "Name": unique("Purchases only"),
        "ReportTaxType": "INPUT",
        "Status": "ACTIVE",
        "CanApplyToRevenue": False,
    }
    xero.control("POST", f"organisations/{xero.tenant_id}/TaxRates", rate)
    answer = xero.put("Invoices", xero.invoice_body(LineItems=[line(TaxType="TAX009")]))
    assert messages(answer) == ["The TaxType code 'TAX009' cannot be used with account code '200'"]


def test_an_archived_contact_takes_no_invoice(xero: XeroClient) -> None:
    contact = xero.contact()["ContactID"]
    xero.post("Contacts", {"ContactID": contact, "ContactStatus": "ARCHIVED"})
    answer = xero.put("Invoices", xero.invoice_body(Contact={"ContactID": contact}))
    assert answer.status_code == 400
