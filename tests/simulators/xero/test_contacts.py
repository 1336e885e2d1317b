"""Contacts and items: domain/xero README 1.1, 1.4, 2.5, 2.8; recordings of Contacts."""

import pytest

from simulators.xero.client import Json, XeroClient, messages, unique

ZERO = "00000000-0000-0000-0000-000000000000"
ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)


def test_a_new_contact_has_two_address_and_four_phone_slots(xero: XeroClient) -> None:
    contact = xero.contact(Addresses=[{"AddressType": "POBOX", "City": "Portland"}])
    assert [(a["AddressType"], a["City"]) for a in contact["Addresses"]] == [
        ("STREET", ""),
        ("POBOX", "Portland"),
    ]
    assert [p["PhoneType"] for p in contact["Phones"]] == ["DEFAULT", "DDI", "FAX", "MOBILE"]


def test_request_keys_are_matched_without_regard_to_case(xero: XeroClient) -> None:
    name = unique("Case")
    answer = xero.put("contacts", {"contacts": [{"NAME": name, "contactnumber": name}]})
    assert answer.json()["Contacts"][0]["ContactNumber"] == name


def test_a_name_in_use_is_refused_in_the_vendors_words(xero: XeroClient) -> None:
    name = xero.contact()["Name"]
    answer = xero.put("Contacts", {"Contacts": [{"Name": name.upper()}]})
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 10)
    assert answer.json()["Elements"][0]["ContactID"] == ZERO
    assert messages(answer) == [
        (
            f"The contact name {name.upper()} is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
    ]


def test_one_bad_element_fails_the_whole_request_by_default(xero: XeroClient) -> None:
    good, taken = unique("Good"), xero.contact()["Name"]
    answer = xero.put("Contacts", {"Contacts": [{"Name": good}, {"Name": taken}]})
    found = xero.get("Contacts", where=f'Name=="{good}"').json()["Contacts"]
    assert (answer.status_code, found) == (400, [])


def test_with_summarize_errors_false_each_element_has_its_status(xero: XeroClient) -> None:
    good, taken = unique("Good"), xero.contact()["Name"]
    body = {"Contacts": [{"Name": good}, {"Name": taken}]}
    answer = xero.put("Contacts", body, summarizeErrors="false")
    first, second = answer.json()["Contacts"]
    assert answer.status_code == 200
    assert (first["StatusAttributeString"], second["StatusAttributeString"]) == ("OK", "ERROR")
    assert (first["HasValidationErrors"], second["HasValidationErrors"]) == (False, True)
    assert (first["ContactID"] != ZERO, second["ContactID"]) == (True, ZERO)


def test_posting_updates_the_contact_with_the_same_number(xero: XeroClient) -> None:
    number = unique("SHOP")
    first = xero.contact(ContactNumber=number)
    answer = xero.post("Contacts", {"ContactNumber": number, "EmailAddress": "a@b.example"})
    changed = answer.json()["Contacts"][0]
    assert (changed["ContactID"], changed["Name"]) == (first["ContactID"], first["Name"])
    assert changed["EmailAddress"] == "a@b.example"


def test_posting_fills_the_slots_it_names_and_leaves_the_others(xero: XeroClient) -> None:
    phone = {"PhoneType": "DEFAULT", "PhoneNumber": "1"}
    contact = xero.contact(Phones=[phone, {"PhoneType": "FAX", "PhoneNumber": "2"}])
    body = {"Phones": [{"PhoneType": "FAX", "PhoneNumber": "3"}]}
    changed = xero.post(f"Contacts/{contact['ContactID']}", body).json()["Contacts"][0]
    assert [p["PhoneNumber"] for p in changed["Phones"]] == ["1", "", "3", ""]


def test_an_unknown_id_fails_the_whole_write_with_an_empty_404(xero: XeroClient) -> None:
    name = unique("Good")
    body = {"Contacts": [{"Name": name}, {"ContactID": ZERO, "Name": "x"}]}
    answer = xero.post("Contacts", body, summarizeErrors="false")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["content-type"].startswith("text/html")
    assert xero.get("Contacts", where=f'Name=="{name}"').json()["Contacts"] == []


def test_an_archived_contact_cannot_be_edited_not_even_archived_again(xero: XeroClient) -> None:
    contact = xero.contact()
    archive = {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"}
    first = xero.post("Contacts", archive, summarizeErrors="false")
    second = xero.post("Contacts", archive, summarizeErrors="false")
    element = second.json()["Contacts"][0]
    assert first.json()["Contacts"][0]["ContactStatus"] == "ARCHIVED"
    assert (second.status_code, messages(second)) == (200, [ARCHIVED])
    assert element["ContactID"] == contact["ContactID"]
    assert element["ContactStatus"] == "ARCHIVED"


def test_an_archived_name_is_free_again(xero: XeroClient) -> None:
    contact = xero.contact()
    xero.post("Contacts", {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"})
    assert xero.put("Contacts", {"Name": contact["Name"]}).status_code == 200


@pytest.mark.parametrize(
    "values",
    [
        {"Name": "n" * 256},
        {"Name": "a  b"},
        {"Name": "a<b>"},
        {"Name": "ok name", "ContactNumber": "c" * 51},
        {"Name": "ok name", "EmailAddress": "nobody"},
        {"Name": "ok name", "Addresses": [{"AddressType": "STREET", "Country": "U5"}]},
        {"Name": "ok name", "Phones": [{"PhoneType": "FAX", "PhoneAreaCode": "1" * 11}]},
        {"Name": "ok name", "ContactPersons": [{"FirstName": "P"}] * 6},
        {"FirstName": "No", "LastName": "Name"},
    ],
)
def test_members_outside_the_specification_are_refused(xero: XeroClient, values: Json) -> None:
    assert xero.put("Contacts", {"Contacts": [values]}).status_code == 400


def test_an_unknown_enumeration_value_is_malformed(xero: XeroClient) -> None:
    answer = xero.put("Contacts", {"Name": unique("E"), "ContactStatus": "ASLEEP"})
    body = answer.json()
    assert (answer.status_code, body["ErrorNumber"]) == (400, 14)
    assert body["Type"] == "PostDataInvalidException"


def test_a_contact_is_found_by_its_number(xero: XeroClient) -> None:
    answer = xero.get("Contacts/WEB-GUEST")
    assert answer.json()["Contacts"][0]["Name"] == "Web Guest"


def test_archived_contacts_are_listed_on_request_only(xero: XeroClient) -> None:
    contact = xero.contact()
    xero.post("Contacts", {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"})
    ids = contact["ContactID"]
    without = xero.get("Contacts", IDs=ids).json()["Contacts"]
    with_them = xero.get("Contacts", IDs=ids, includeArchived="true").json()["Contacts"]
    assert (len(without), len(with_them)) == (0, 1)


def test_notes_are_added_and_read_back(xero: XeroClient) -> None:
    contact = xero.contact()
    path = f"Contacts/{contact['ContactID']}/History"
    added = xero.put(path, {"HistoryRecords": [{"Details": "Grüße"}]}).json()["HistoryRecords"]
    listed = xero.get(path).json()["HistoryRecords"]
    assert set(added[0]) == {"DateUTCString", "DateUTC", "Details", "ValidationErrors"}
    assert (listed[0]["Changes"], listed[0]["Details"]) == ("Note", "Grüße")
    assert listed[0]["User"] == "System Generated"


def test_a_note_of_more_than_2500_characters_is_refused(xero: XeroClient) -> None:
    path = f"Contacts/{xero.contact()['ContactID']}/History"
    assert xero.put(path, {"HistoryRecords": [{"Details": "x" * 2501}]}).status_code == 400


def test_an_item_code_in_use_is_refused_in_the_vendors_words(xero: XeroClient) -> None:
    answer = xero.put("Items", {"Items": [{"Code": "lamp-01"}]})
    assert messages(answer) == ["Price List Item with Code 'lamp-01' already exists"]


def test_unit_prices_have_four_places_with_unitdp_4(xero: XeroClient) -> None:
    code = unique("ITEM")
    body = {"Code": code, "SalesDetails": {"UnitPrice": 1.23456, "AccountCode": "200"}}
    xero.put("Items", body, unitdp=4)
    four = xero.get(f"Items/{code}", unitdp=4).json()["Items"][0]["SalesDetails"]
    two = xero.get(f"Items/{code}").json()["Items"][0]["SalesDetails"]
    assert (four["UnitPrice"], two["UnitPrice"]) == (1.2346, 1.23)


def test_an_item_is_deleted_with_204(xero: XeroClient) -> None:
    code = unique("ITEM")
    xero.put("Items", {"Code": code})
    assert xero.send("DELETE", f"Items/{code}").status_code == 204
    assert xero.get(f"Items/{code}").status_code == 404


def test_a_control_makes_an_item_tracked(xero: XeroClient) -> None:
    code = unique("ITEM")
    xero.put("Items", {"Code": code})
    path = f"organisations/{xero.tenant_id}/Items"
    xero.control("POST", path, {"Code": code, "IsTrackedAsInventory": True})
    item = xero.get(f"Items/{code}").json()["Items"][0]
    assert (item["IsTrackedAsInventory"], item["QuantityOnHand"]) == (True, 0)


def test_what_is_wrong_with_an_address_or_phone_is_said_there_too(xero: XeroClient) -> None:
    body = {
        "Name": unique("Slots"),
        "Addresses": [{"AddressType": "STREET"}, {"AddressType": "POBOX", "Country": "Area 51"}],
        "Phones": [{"PhoneType": "FAX", "PhoneAreaCode": "1" * 11}],
    }
    answer = xero.put("Contacts", {"Contacts": [body]})
    (element,) = answer.json()["Elements"]
    said = [
        [error["Message"] for error in slot["ValidationErrors"]]
        for slot in (*element["Addresses"], *element["Phones"])
    ]
    assert [len(texts) for texts in said] == [0, 1, 1]
    assert messages(answer) == [text for texts in said for text in texts]


def test_a_first_invoice_makes_a_customer_without_changing_the_contact_for_a_delta(
    travelling: str,
) -> None:
    xero = XeroClient(travelling)
    contact = xero.contact()
    xero.control("POST", "clock", {"advance_seconds": 60})
    xero.invoice(Contact={"ContactID": contact["ContactID"]})
    after = xero.get(f"Contacts/{contact['ContactID']}").json()["Contacts"][0]
    assert (contact["IsCustomer"], after["IsCustomer"]) == (False, True)
    assert after["UpdatedDateUTC"] == contact["UpdatedDateUTC"]


@pytest.mark.parametrize(
    ("member", "length"),
    [("Code", 30), ("Name", 50), ("Description", 4000), ("PurchaseDescription", 4000)],
)
def test_an_item_keeps_to_its_lengths(xero: XeroClient, member: str, length: int) -> None:
    item = {"Code": unique("L"), member: "x" * (length + 1)}
    shorter = {**item, member: unique("x").ljust(length, "x")}
    assert len(messages(xero.put("Items", {"Items": [item]}))) == 1
    assert xero.put("Items", {"Items": [shorter]}).status_code == 200
