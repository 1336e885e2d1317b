"""The moves between statuses: the simulator makes those that our table has, and no other.

Each document of a pair of statuses is brought to the first and asked for the second, all pairs of
one kind in a few requests. A refusal has the words that Xero has for it (domain/xero README, 2.5).
"""

from itertools import permutations
from typing import Any

import pytest

from simulators.xero.client import Json, XeroClient, line, unique
from tieout.domain.statuses.machine import By, Statuses
from tieout.domain.statuses.xero import (
    BILL,
    CREDIT_NOTE,
    INVOICE,
    MANUAL_JOURNAL,
    PURCHASE_ORDER,
)

DATED: Json = {"Contact": {"ContactNumber": "WEB-GUEST"}, "Date": "2026-11-20"}
KINDS: dict[str, tuple[Statuses, str, Json, str]] = {
    "invoice": (INVOICE, "Invoice", {**DATED, "Type": "ACCREC"}, "not of valid status for"),
    "bill": (BILL, "Invoice", {**DATED, "Type": "ACCPAY"}, "not of valid status for"),
    "credit_note": (
        CREDIT_NOTE,
        "CreditNote",
        {**DATED, "Type": "ACCRECCREDIT"},
        "not of valid status for",
    ),
    "purchase_order": (
        PURCHASE_ORDER,
        "PurchaseOrder",
        {**DATED, "DeliveryDate": "2026-12-01"},
        "PurchaseOrder status change is invalid",
    ),
    "manual_journal": (
        MANUAL_JOURNAL,
        "ManualJournal",
        {
            "Narration": "moves",
            "JournalLines": [
                {"LineAmount": 5, "AccountCode": "840"},
                {"LineAmount": -5, "AccountCode": "400"},
            ],
        },
        "not of valid status for",
    ),
}


def body_of(member: str, body: Json, status: str) -> Json:
    """Return a new document, numbered and with a line where its kind has them."""
    numbered = {} if member == "ManualJournal" else {f"{member}Number": unique("ST")}
    lines = {} if member == "ManualJournal" else {"LineItems": [line()]}
    return {**body, **numbered, **lines, "Status": status}


def way_to(statuses: Statuses, wanted: str) -> list[str]:
    """Return the statuses to ask for in turn, the first of them in creating."""
    if wanted in statuses.first:
        return [wanted]
    return next(
        [move.before, wanted]
        for move in statuses.moves
        if move.after == wanted and move.before in statuses.first
    )


def asked(xero: XeroClient, method: str, member: str, bodies: list[Json]) -> list[Json]:
    """Send all elements at once, each to be judged alone."""
    answer = xero.send(
        method, f"{member}s", json={f"{member}s": bodies}, params={"summarizeErrors": "false"}
    )
    elements: list[Json] = answer.json()[f"{member}s"]
    return elements


def settle(xero: XeroClient, member: str, documents: list[Json]) -> None:
    """Pay invoices, or refund credit notes, in full."""
    payments = [
        {
            member: {f"{member}ID": one[f"{member}ID"]},
            "Account": {"Code": "091"},
            "Date": "2026-11-21",
            "Amount": one["Total"],
        }
        for one in documents
    ]
    xero.put("Payments", {"Payments": payments}).raise_for_status()


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_moves_as_our_table_says_and_no_other_way(xero: XeroClient, kind: str) -> None:
    statuses, member, body, words = KINDS[kind]
    pairs = list(permutations(statuses.words(), 2))
    ways = [way_to(statuses, before) for before, _after in pairs]
    documents = asked(xero, "PUT", member, [body_of(member, body, way[0]) for way in ways])
    ids = [one[f"{member}ID"] for one in documents]
    by_system = {move.after for move in statuses.moves if move.by is By.SYSTEM}
    further = [(one, way[1]) for one, way in zip(documents, ways, strict=True) if way[1:]]
    settle_first = [one for one, status in further if status in by_system]
    if settle_first:
        settle(xero, member, settle_first)
    moved: list[Json] = [
        {f"{member}ID": one[f"{member}ID"], "Status": status}
        for one, status in further
        if status not in by_system
    ]
    assert not any(map(said, asked(xero, "POST", member, moved)))
    wanted: list[Json] = [
        {f"{member}ID": one, "Status": after}
        for one, (_before, after) in zip(ids, pairs, strict=True)
    ]
    for pair, answer in zip(pairs, asked(xero, "POST", member, wanted), strict=True):
        if statuses.why_not(*pair):
            assert words in said(answer) or "has payments or credit notes" in said(answer), pair
        else:
            assert (said(answer), answer["Status"]) == ("", pair[1]), pair


def said(element: Json) -> str:
    """Return the messages of an element that was refused."""
    errors: list[Any] = element.get("ValidationErrors") or []
    return "; ".join(error["Message"] for error in errors)
