"""xero-python makes, changes, finds, groups and archives contacts."""

from typing import Any

import pytest

from simulators.xero.client import unique
from simulators.xero.sdk.sdk import Sdk


def test_it_creates_and_reads_a_contact(sdk: Sdk, models: Any) -> None:
    phone = models.Phone(phone_type="DEFAULT", phone_number="555-0100")
    contact = sdk.contact(contact_number=unique("SHOP"), phones=[phone])
    by_id = sdk.get_contact(contact.contact_id).contacts[0]
    by_number = sdk.get_contact_by_contact_number(contact.contact_number).contacts[0]
    assert by_id.contact_id == by_number.contact_id == contact.contact_id
    assert (by_id.name, by_id.contact_number) == (contact.name, contact.contact_number)
    assert [p.phone_number for p in by_id.phones if p.phone_type == "DEFAULT"] == ["555-0100"]


def test_it_updates_a_contact_and_archives_it(sdk: Sdk, models: Any) -> None:
    contact = sdk.contact(email_address="then@example.com")
    for values in ({"email_address": "now@example.com"}, {"contact_status": "ARCHIVED"}):
        body = models.Contacts(contacts=[models.Contact(**values)])
        sdk.update_contact(contact.contact_id, body)
    read = sdk.get_contact(contact.contact_id).contacts[0]
    assert (read.name, read.email_address) == (contact.name, "now@example.com")
    assert read.contact_status == "ARCHIVED"


def test_one_write_creates_a_contact_changes_one_and_refuses_one(sdk: Sdk, models: Any) -> None:
    known = sdk.contact(contact_number=unique("SHOP"))
    wanted = [
        models.Contact(name=unique("New")),
        models.Contact(contact_number=known.contact_number, first_name="Ada"),
        models.Contact(first_name="Nobody"),
    ]
    body = models.Contacts(contacts=wanted)
    new, changed, refused = sdk.update_or_create_contacts(body, summarize_errors=False).contacts
    assert (new.status_attribute_string, changed.status_attribute_string) == ("OK", "OK")
    assert (changed.contact_id, changed.first_name) == (known.contact_id, "Ada")
    assert (refused.has_validation_errors, set(refused.contact_id)) == (True, set("0-"))
    assert "to identify the contact" in refused.validation_errors[0].message


def test_it_understands_a_refusal(sdk: Sdk, models: Any) -> None:
    from xero_python.exceptions import AccountingBadRequestException

    twice = models.Contacts(contacts=[models.Contact(name=sdk.contact().name)])
    with pytest.raises(AccountingBadRequestException) as refusal:
        sdk.create_contacts(twice)
    assert refusal.value.error_data["ErrorNumber"] == 10
    assert "is already assigned to another contact" in refusal.value.reason


def test_a_group_gains_and_loses_members(sdk: Sdk, models: Any) -> None:
    contacts = [sdk.of(sdk.contact()) for _ in range(2)]
    groups = models.ContactGroups(contact_groups=[models.ContactGroup(name=unique("Group"))])
    group_id = sdk.create_contact_group(groups).contact_groups[0].contact_group_id
    sdk.create_contact_group_contacts(group_id, models.Contacts(contacts=contacts))
    both = sdk.get_contact_group(group_id).contact_groups[0].contacts
    sdk.delete_contact_group_contact(group_id, contacts[0].contact_id)
    one = sdk.get_contact_group(group_id).contact_groups[0].contacts
    sdk.delete_contact_group_contacts(group_id)
    none = sdk.get_contact_group(group_id).contact_groups[0].contacts
    wanted = {contact.contact_id for contact in contacts}
    assert {contact.contact_id for contact in both} == wanted
    assert [contact.contact_id for contact in one] == [contacts[1].contact_id]
    assert not none


def test_a_group_is_renamed_and_deleted(sdk: Sdk, models: Any) -> None:
    name = unique("Renamed")
    groups = models.ContactGroups(contact_groups=[models.ContactGroup(name=unique("Group"))])
    group_id = sdk.create_contact_group(groups).contact_groups[0].contact_group_id
    for values in ({"name": name}, {"status": "DELETED"}):
        body = models.ContactGroups(contact_groups=[models.ContactGroup(**values)])
        changed = sdk.update_contact_group(group_id, body).contact_groups[0]
        assert (changed.contact_group_id, changed.name) == (group_id, name)
    assert name not in {group.name for group in sdk.get_contact_groups().contact_groups}
