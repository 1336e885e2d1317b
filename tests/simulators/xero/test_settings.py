"""Accounts, tax rates and currencies: domain/xero README 1.1, 1.2 and 1.4."""

import pytest

from simulators.xero.client import Json, XeroClient, messages, unique


def account(xero: XeroClient, **values: str) -> Json:
    wanted = {"Code": unique("7"), "Name": unique("Account"), "Type": "EXPENSE", **values}
    answer = xero.put("Accounts", wanted)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()["Accounts"][0]
    return made


def test_an_account_comes_bare_and_gets_the_class_of_its_type(xero: XeroClient) -> None:
    made = account(xero, Type="CURRLIAB")
    read = xero.get(f"Accounts/{made['AccountID']}").json()["Accounts"][0]
    assert (read["Class"], read["Status"], read["ReportingCode"]) == ("LIABILITY", "ACTIVE", "LIA")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"Name": "Sales"}, "Please enter a unique Name."),
        ({"Code": "200"}, "Please enter a unique Code."),
        ({"Code": "c" * 11}, "Code must not be longer than 10 characters"),
        ({"Name": "n" * 151}, "Name must not be longer than 150 characters"),
        ({"Name": ""}, "Name must be specified"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(
    xero: XeroClient, values: Json, text: str
) -> None:
    wanted = {"Code": unique("7"), "Name": unique("Account"), "Type": "EXPENSE", **values}
    answer = xero.put("Accounts", wanted)
    assert (answer.status_code, messages(answer)) == (400, [text])


@pytest.mark.parametrize("resource", ["Accounts", "TaxRates"])
def test_a_request_takes_one_account_or_tax_rate(xero: XeroClient, resource: str) -> None:
    wanted = [{"Name": unique("Two"), "Type": "EXPENSE"} for _twice in range(2)]
    answer = xero.put(resource, {resource: wanted})
    assert (answer.status_code, "at most 1" in answer.json()["Message"]) == (400, True)


def test_an_account_is_changed_archived_and_deleted(xero: XeroClient) -> None:
    made = account(xero)
    path = f"Accounts/{made['AccountID']}"
    changed = xero.post(path, {"Description": "seldom used"}).json()["Accounts"][0]
    archived = xero.post(path, {"Status": "ARCHIVED"}).json()["Accounts"][0]
    deleted = xero.send("DELETE", path).json()["Accounts"][0]
    assert changed["Description"] == "seldom used"
    assert (archived["Status"], deleted["Status"]) == ("ARCHIVED", "DELETED")
    assert xero.get(path).status_code == 404


def test_a_system_account_is_neither_archived_nor_deleted(xero: XeroClient) -> None:
    where = 'SystemAccount=="DEBTORS"'
    debtors = xero.get("Accounts", where=where).json()["Accounts"][0]["AccountID"]
    archived = xero.post(f"Accounts/{debtors}", {"Status": "ARCHIVED"})
    deleted = xero.send("DELETE", f"Accounts/{debtors}")
    assert messages(archived) == ["You cannot archive a system account."]
    assert messages(deleted) == ["You cannot delete a system account."]


def test_a_tax_rate_adds_up_its_parts_and_is_listed_when_deleted_too(xero: XeroClient) -> None:
    parts = [{"Name": "State", "Rate": 6.25}, {"Name": "City", "Rate": 2, "IsCompound": True}]
    made = xero.put("TaxRates", {"Name": unique("Tax"), "TaxComponents": parts}).json()
    rate = made["TaxRates"][0]
    xero.post("TaxRates", {"TaxType": rate["TaxType"], "Status": "DELETED"}).raise_for_status()
    listed = {r["TaxType"]: r for r in xero.get("TaxRates").json()["TaxRates"]}
    assert rate["EffectiveRate"] == pytest.approx(8.375)
    assert listed[rate["TaxType"]]["Status"] == "DELETED"


def test_a_currency_that_there_is_not_is_malformed(xero: XeroClient) -> None:
    answer = xero.put("Currencies", {"Code": "XXX"})
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 14)


def test_a_request_takes_at_most_500_items(xero: XeroClient) -> None:
    items = [{"Code": f"MANY-{number}"} for number in range(501)]
    answer = xero.put("Items", {"Items": items})
    assert (answer.status_code, "at most 500" in answer.json()["Message"]) == (400, True)
