"""Purchase orders, the trap of their numbers included (recordings, domain/xero README 2.8)."""

from decimal import Decimal
from typing import Any

import pytest

from simulators.xero.client import Json, Start, XeroClient, line, messages, moment, unique


def order_body(**values: Any) -> Json:
    return {
        "PurchaseOrderNumber": unique("PO"),
        "Contact": {"ContactNumber": "WEB-GUEST"},
        "Date": "2026-11-20",
        "DeliveryDate": "2026-12-01",
        "Status": "SUBMITTED",
        "LineItems": [line(AccountCode="453")],
        **values,
    }


def order(xero: XeroClient, **values: Any) -> Json:
    answer = xero.put("PurchaseOrders", {"PurchaseOrders": [order_body(**values)]})
    assert answer.status_code == 200, answer.text
    created: Json = answer.json()["PurchaseOrders"][0]
    return created


def test_a_create_with_a_live_orders_number_silently_changes_that_order(xero: XeroClient) -> None:
    first = order(xero)
    second = order(
        xero,
        PurchaseOrderNumber=first["PurchaseOrderNumber"],
        LineItems=[line(AccountCode="453", UnitAmount=7)],
    )
    assert second["PurchaseOrderID"] == first["PurchaseOrderID"]
    assert (first["Total"], second["Total"]) == (100, 7)


def test_a_deleted_orders_number_is_refused_with_the_zero_id(xero: XeroClient) -> None:
    first = order(xero)
    xero.post(f"PurchaseOrders/{first['PurchaseOrderID']}", {"Status": "DELETED"})
    body = {
        "PurchaseOrders": [
            order_body(),
            order_body(PurchaseOrderNumber=first["PurchaseOrderNumber"]),
        ]
    }
    good, bad = xero.post("PurchaseOrders", body, summarizeErrors="false").json()["PurchaseOrders"]
    assert (good["StatusAttributeString"], bad["StatusAttributeString"]) == ("OK", "ERROR")
    assert bad["PurchaseOrderID"] == "00000000-0000-0000-0000-000000000000"
    assert [error["Message"] for error in bad["ValidationErrors"]] == [
        "PurchaseOrder status change is invalid",
        "Deleted PurchaseOrders cannot be updated",
    ]


def test_unit_amounts_have_four_places_without_asking(xero: XeroClient) -> None:
    made = order(xero, LineItems=[line(AccountCode="453", UnitAmount=1.23456, Quantity=10)])
    assert (made["LineItems"][0]["UnitAmount"], made["Total"]) == (1.2346, 12.35)


def test_the_contact_must_exist(xero: XeroClient) -> None:
    body = order_body(Contact={"Name": unique("Nobody yet")})
    refused = xero.put("PurchaseOrders", {"PurchaseOrders": [body]})
    assert "must exist" in messages(refused)[0]
    assert xero.get("Contacts", searchTerm=body["Contact"]["Name"]).json()["Contacts"] == []


def test_lists_are_paged_and_filtered_by_status_and_day_never_by_where(xero: XeroClient) -> None:
    old = order(xero, Date="2025-01-02", Status="DRAFT")
    order(xero)
    listed = xero.get("PurchaseOrders", Status="DRAFT", DateTo="2025-01-31").json()
    assert [one["PurchaseOrderID"] for one in listed["PurchaseOrders"]] == [old["PurchaseOrderID"]]
    assert listed["pagination"]["pageSize"] == 100
    everything = xero.get("PurchaseOrders", where='Status=="DRAFT"').json()
    assert len(everything["PurchaseOrders"]) > 1


@pytest.mark.parametrize(("before", "after"), [("DRAFT", "BILLED"), ("BILLED", "DELETED")])
def test_a_status_that_does_not_follow_is_refused(
    xero: XeroClient, before: str, after: str
) -> None:
    made = order(xero, Status=before)
    refused = xero.post(f"PurchaseOrders/{made['PurchaseOrderID']}", {"Status": after})
    assert messages(refused) == ["PurchaseOrder status change is invalid"]


def test_an_order_answers_to_its_number_and_keeps_a_history(xero: XeroClient) -> None:
    made = order(xero)
    number = made["PurchaseOrderNumber"]
    read = xero.get(f"PurchaseOrders/{number}").json()["PurchaseOrders"][0]
    assert Decimal(str(read["Total"])) == Decimal(100)
    noted = xero.put(
        f"PurchaseOrders/{made['PurchaseOrderID']}/History",
        {"HistoryRecords": [{"Details": "received in part"}]},
    )
    assert noted.status_code == 200


def test_the_contact_of_an_order_changed_at_the_organisations_time(start: Start) -> None:
    with start("--now", "2026-11-20T08:00:00+00:00") as base:
        xero = XeroClient(base)
        contact = xero.contact()
        seen = order(xero, Contact={"ContactID": contact["ContactID"]})["Contact"]
    # New York is five hours behind; the vendor calls its wall clock UTC (README 1.2).
    assert moment(contact) - moment(seen) == 5 * 3600


def test_delivery_instructions_have_their_length(xero: XeroClient) -> None:
    long, short = order_body(DeliveryInstructions="x" * 501), order_body(DeliveryInstructions="x")
    refused, taken = (xero.put("PurchaseOrders", {"PurchaseOrders": [o]}) for o in (long, short))
    assert (len(messages(refused)), taken.status_code) == (1, 200)
