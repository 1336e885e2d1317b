"""Groups of contacts, and contacts merged into others (domain/xero README, 1.3; specification)."""

from simulators.xero.client import HPS, Json, XeroClient, messages, moment, unique


def group(xero: XeroClient) -> Json:
    body = {"ContactGroups": [{"Name": unique("VIPs")}]}
    made: Json = xero.put("ContactGroups", body).json()["ContactGroups"][0]
    return made


def member_ids(xero: XeroClient, path: str) -> list[str]:
    read = xero.get(path).json()["ContactGroups"][0]
    return [contact["ContactID"] for contact in read["Contacts"]]


def test_contacts_enter_and_leave_a_group(xero: XeroClient) -> None:
    made, first, second = group(xero), xero.contact(), xero.contact()
    path = f"ContactGroups/{made['ContactGroupID']}"
    ids = [contact["ContactID"] for contact in (first, second)]
    body = {"Contacts": [{"ContactID": contact_id} for contact_id in ids]}
    xero.put(f"{path}/Contacts", body).raise_for_status()
    assert member_ids(xero, path) == ids
    shown = xero.get(f"Contacts/{ids[0]}").json()["Contacts"][0]
    assert [one["ContactGroupID"] for one in shown["ContactGroups"]] == [made["ContactGroupID"]]
    assert xero.send("DELETE", f"{path}/Contacts/{ids[0]}").status_code == 204
    assert member_ids(xero, path) == [ids[1]]
    assert xero.send("DELETE", f"{path}/Contacts/{ids[0]}").status_code == 404
    assert xero.send("DELETE", f"{path}/Contacts").status_code == 204
    assert member_ids(xero, path) == []


def test_a_deleted_group_is_not_listed(xero: XeroClient) -> None:
    made = group(xero)
    path = f"ContactGroups/{made['ContactGroupID']}"
    assert made["Name"] in xero.get("ContactGroups").text
    xero.post(path, {"Status": "DELETED"}).raise_for_status()
    assert made["Name"] not in xero.get("ContactGroups").text
    assert xero.post(path, {"Name": "again"}).status_code == 400


def test_a_group_needs_a_name_of_its_own_and_known_members(xero: XeroClient) -> None:
    made = group(xero)
    assert xero.put("ContactGroups", {"Name": made["Name"].upper()}).status_code == 400
    assert xero.put("ContactGroups", {"ContactGroups": [{"Status": "ACTIVE"}]}).status_code == 400
    stranger = {"Contacts": [{"ContactID": "00000000-0000-0000-0000-000000000009"}]}
    refused = xero.put(f"ContactGroups/{made['ContactGroupID']}/Contacts", stranger)
    assert messages(refused) == ["The Contact could not be found"]


def test_a_merged_contact_is_archived_and_names_the_other(xero: XeroClient) -> None:
    lost, kept = xero.contact(), xero.contact()
    invoice = xero.invoice(Contact={"ContactID": lost["ContactID"]})
    ids = {"FromContactID": lost["ContactID"], "ToContactID": kept["ContactID"]}
    xero.control("POST", f"people/{HPS}/merge_contacts", ids).raise_for_status()
    read = xero.get(f"Contacts/{lost['ContactID']}").json()["Contacts"][0]
    assert read["ContactStatus"] == "ARCHIVED"
    assert read["MergedToContactID"] == kept["ContactID"]
    assert moment(read) >= moment(lost)
    path = f"Invoices/{invoice['InvoiceID']}"
    assert xero.get(path).json()["Invoices"][0]["Contact"]["ContactID"] == kept["ContactID"]
    names = {"IDs": lost["ContactID"], "includeArchived": "true"}
    unpaged = xero.get("Contacts", **names).json()["Contacts"][0]
    paged = xero.get("Contacts", page=1, **names).json()["Contacts"][0]
    assert ("MergedToContactID" in unpaged, "MergedToContactID" in paged) == (False, True)


def test_the_api_cannot_merge(xero: XeroClient) -> None:
    contact = xero.contact(MergedToContactID="00000000-0000-0000-0000-000000000009")
    read = xero.get(f"Contacts/{contact['ContactID']}").json()["Contacts"][0]
    assert "MergedToContactID" not in read
