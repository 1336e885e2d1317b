"""Manual journals: what balances, what follows which status (domain/xero README, 1.2 and 1.4)."""

from typing import Any

import pytest
import requests

from simulators.xero.client import Json, Start, XeroClient, messages


def entry(amount: float, code: str = "200", **values: Any) -> Json:
    return {"LineAmount": amount, "AccountCode": code, "Description": "deferral", **values}


def put(xero: XeroClient, *lines: Json, **values: Any) -> requests.Response:
    body = {"Narration": "Gift cards", "Date": "2026-11-20", "Status": "POSTED", **values}
    return xero.put("ManualJournals", {"ManualJournals": [{**body, "JournalLines": list(lines)}]})


def made(answer: requests.Response) -> Json:
    assert answer.status_code == 200, answer.text
    journal: Json = answer.json()["ManualJournals"][0]
    return journal


def test_a_balanced_journal_is_posted_and_read_back(xero: XeroClient) -> None:
    journal = made(put(xero, entry(100, "840"), entry(-100)))
    read = made(xero.get(f"ManualJournals/{journal['ManualJournalID']}"))
    assert (read["Status"], read["LineAmountTypes"]) == ("POSTED", "NoTax")
    assert [line["LineAmount"] for line in read["JournalLines"]] == [100, -100]
    where = f'ManualJournalID==Guid("{journal["ManualJournalID"]}")'
    unpaged = made(xero.get("ManualJournals", where=where))
    paged = made(xero.get("ManualJournals", where=where, page=1))
    assert (unpaged["JournalLines"], len(paged["JournalLines"])) == ([], 2)


def test_tax_counts_in_the_balance_of_a_journal_without_it(xero: XeroClient) -> None:
    lines = entry(100, "400", TaxType="TAX001"), entry(-107, "840", TaxType="NONE")
    journal = made(put(xero, *lines, LineAmountTypes="Exclusive"))
    assert [line["TaxAmount"] for line in journal["JournalLines"]] == [7, 0]
    assert put(xero, *lines, LineAmountTypes="Inclusive").status_code == 400


@pytest.mark.parametrize(
    ("lines", "values", "words"),
    [
        ([entry(100), entry(-10)], {}, "The total debits (100.00) must equal total credits"),
        ([entry(100), entry(-100, "090")], {}, "Account code '090' is not a valid code"),
        ([entry(100), entry(-100, "610")], {}, "Account code '610' is not a valid code"),
        ([entry(100), entry(-100, "4444")], {}, "Account code '4444' is not a valid code"),
        ([entry(0)], {}, "at least two lines"),
        ([entry(1), entry(-1)], {"Narration": " "}, "Narration must be specified"),
        ([entry(1), entry(-1)], {"Status": "VOIDED"}, "not of valid status for creation"),
    ],
)
def test_what_cannot_be_posted_is_refused(
    xero: XeroClient, lines: list[Json], values: Json, words: str
) -> None:
    refused = put(xero, *lines, **values)
    assert refused.status_code == 400
    assert any(words in message for message in messages(refused))


def test_a_draft_loses_an_unknown_account_with_a_warning(xero: XeroClient) -> None:
    draft = made(put(xero, entry(100, "476"), Status="DRAFT"))
    text = "Account code '476' has been removed as it does not match a recognised account."
    assert draft["Warnings"] == [{"Message": text}]
    assert "AccountCode" not in draft["JournalLines"][0]
    path = f"ManualJournals/{draft['ManualJournalID']}"
    assert xero.post(path, {"Status": "POSTED"}).status_code == 400
    fixed = {"Status": "POSTED", "JournalLines": [entry(100, "840"), entry(-100)]}
    assert made(xero.post(path, fixed))["Status"] == "POSTED"


def test_a_posted_journal_is_voided_and_then_stays(xero: XeroClient) -> None:
    journal = made(put(xero, entry(5, "840"), entry(-5)))
    path = f"ManualJournals/{journal['ManualJournalID']}"
    assert xero.post(path, {"Status": "DELETED"}).status_code == 400
    assert made(xero.post(path, {"Status": "VOIDED"}))["Status"] == "VOIDED"
    assert xero.post(path, {"Narration": "other"}).status_code == 400
    changes = xero.get(f"{path}/History").json()["HistoryRecords"]
    assert [change["Changes"] for change in changes] == ["Voided", "Created"]


def test_a_draft_is_deleted(xero: XeroClient) -> None:
    draft = made(put(xero, entry(5, "840"), Status="DRAFT"))
    path = f"ManualJournals/{draft['ManualJournalID']}"
    assert made(xero.post(path, {"Status": "DELETED"}))["Status"] == "DELETED"


def test_nothing_is_dated_in_a_locked_period(start: Start) -> None:
    with start() as base:
        xero = XeroClient(base)
        early = made(put(xero, entry(5, "840"), entry(-5), Date="2026-10-31"))
        path = f"organisations/{xero.tenant_id}/organisations"
        xero.control("POST", path, {"PeriodLockDate": "2026-10-31"}).raise_for_status()
        refused = put(xero, entry(5, "840"), entry(-5), Date="2026-10-31")
        voided = xero.post(f"ManualJournals/{early['ManualJournalID']}", {"Status": "VOIDED"})
        later = put(xero, entry(5, "840"), entry(-5), Date="2026-11-01")
    assert "period lock date" in messages(refused)[0]
    assert (voided.status_code, later.status_code) == (400, 200)


def test_journals_need_their_own_scope(base: str) -> None:
    without = XeroClient(base, scope="accounting.invoices")
    assert without.get("ManualJournals").status_code == 403
    reader = XeroClient(base, scope="accounting.manualjournals.read")
    assert reader.get("ManualJournals").status_code == 200
    assert put(reader, entry(1, "840"), entry(-1)).status_code == 403
