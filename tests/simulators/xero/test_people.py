"""What people do to contacts and items at their screens: rules, words and what lists show of it."""

from typing import Any

import pytest

from simulators.xero.client import HPS, Json, XeroClient, messages, unique


def people(xero: XeroClient, act: str, **body: Any) -> tuple[int, Json]:
    answer = xero.control("POST", f"people/{HPS}/{act}", body)
    content: Json = answer.json()
    return answer.status_code, content


def read(xero: XeroClient, contact_id: str) -> Json:
    found: Json = xero.get(f"Contacts/{contact_id}").json()["Contacts"][0]
    return found


def test_people_write_by_the_rules_of_the_api_and_are_refused_in_its_words(
    xero: XeroClient,
) -> None:
    taken, own = xero.contact(), xero.contact()
    status, answer = people(
        xero, "change_contact", ContactID=own["ContactID"], Name=taken["Name"].upper()
    )
    assert status == 409
    assert answer["message"] == (
        f"The contact name {taken['Name'].upper()} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )
    assert read(xero, own["ContactID"])["Name"] == own["Name"]
    status, answer = people(xero, "change_contact", ContactID=own["ContactID"], ContactNumber="X")
    assert (status, "read only" in answer["message"]) == (409, True)
    assert (
        people(xero, "change_contact", ContactID=own["ContactID"], EmailAddress="a@b.example")[1][
            "EmailAddress"
        ]
        == "a@b.example"
    )
    assert people(xero, "close_contact", ContactID=own["ContactID"])[0] == 404


def test_an_archived_contact_is_changed_and_invoiced_by_nobody_and_restored_by_people(
    xero: XeroClient,
) -> None:
    contact = xero.contact()
    contact_id = contact["ContactID"]
    assert people(xero, "archive_contact", ContactID=contact_id)[1]["ContactStatus"] == "ARCHIVED"
    for refused in (
        xero.post("Contacts", {"Contacts": [{"ContactID": contact_id, "Name": "Anew"}]}),
        xero.put("Invoices", {"Invoices": [xero.invoice_body(Contact={"ContactID": contact_id})]}),
    ):
        assert refused.status_code == 400
        assert any("matched an archived contact" in text for text in messages(refused))
    namesake = xero.contact(Name=contact["Name"])
    assert people(xero, "restore_contact", ContactID=contact_id)[0] == 409
    people(xero, "change_contact", ContactID=namesake["ContactID"], Name=unique("Other"))
    assert people(xero, "restore_contact", ContactID=contact_id)[1]["ContactStatus"] == "ACTIVE"
    assert read(xero, contact_id)["ContactStatus"] == "ACTIVE"


def test_only_two_active_contacts_are_merged(xero: XeroClient) -> None:
    lost, kept = xero.contact(), xero.contact()
    ids = {"FromContactID": lost["ContactID"], "ToContactID": kept["ContactID"]}
    assert people(xero, "merge_contacts", **{**ids, "ToContactID": lost["ContactID"]})[0] == 409
    assert people(xero, "merge_contacts", **ids)[1]["MergedToContactID"] == kept["ContactID"]
    assert people(xero, "merge_contacts", **ids)[0] == 409


@pytest.mark.parametrize(
    ("flag", "emptied"),
    [
        ("IsSold", ("Description", "SalesDetails")),
        ("IsPurchased", ("PurchaseDescription", "PurchaseDetails")),
    ],
)
def test_an_item_that_is_not_offered_any_more_loses_what_it_said(
    xero: XeroClient, flag: str, emptied: tuple[str, str]
) -> None:
    full = {
        "Code": unique("I"),
        "Name": "Lamp",
        "Description": "Lit",
        "PurchaseDescription": "Oak",
        "SalesDetails": {"UnitPrice": 19.5, "AccountCode": "200"},
        "PurchaseDetails": {"UnitPrice": 9},
    }
    status, item = people(xero, "create_item", **full)
    assert (status, item["SalesDetails"]["UnitPrice"]) == (200, "19.5000")
    people(xero, "change_item", ItemID=item["ItemID"], **{flag: False})
    shown: Json = xero.get(f"Items/{item['ItemID']}").json()["Items"][0]
    text, details = emptied
    assert (shown[flag], shown.get(text), shown[details]) == (False, None, {})
    people(xero, "delete_item", ItemID=item["ItemID"])
    assert xero.get(f"Items/{item['ItemID']}").status_code == 404
