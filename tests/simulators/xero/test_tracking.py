"""Tracking categories, their options, and lines that name them (domain/xero README 1.3, 1.4)."""

from collections.abc import Iterator

import pytest

from simulators.xero.client import Json, XeroClient, line, messages, unique


@pytest.fixture
def region(xero: XeroClient) -> Iterator[Json]:
    """A category with two options; archived afterwards, since a document may use it."""
    created = xero.put("TrackingCategories", {"Name": unique("Region")}).json()
    category = created["TrackingCategories"][0]
    path = f"TrackingCategories/{category['TrackingCategoryID']}"
    for name in ("North", "South"):
        assert xero.put(f"{path}/Options", {"Name": name}).status_code == 200
    yield xero.get(path).json()["TrackingCategories"][0]
    if xero.send("DELETE", path).status_code != 200:
        xero.post(path, {"Status": "ARCHIVED"})


def test_a_line_keeps_the_option_that_it_names(xero: XeroClient, region: Json) -> None:
    asked = [{"Name": region["Name"], "Option": "South"}]
    invoice = xero.invoice(LineItems=[line(Tracking=asked)])
    (tracked,) = invoice["LineItems"][0]["Tracking"]
    assert tracked == {
        "TrackingCategoryID": region["TrackingCategoryID"],
        "TrackingOptionID": region["Options"][1]["TrackingOptionID"],
        "Name": region["Name"],
        "Option": "South",
    }
    read = xero.get(f"Invoices/{invoice['InvoiceID']}").json()["Invoices"][0]
    shown = {name: value for name, value in tracked.items() if name != "TrackingOptionID"}
    assert read["LineItems"][0]["Tracking"] == [{**shown, "Options": []}]


def test_an_unknown_option_is_refused(xero: XeroClient, region: Json) -> None:
    asked = [{"TrackingCategoryID": region["TrackingCategoryID"], "Option": "Moon"}]
    body = xero.invoice_body(LineItems=[line(Tracking=asked)])
    refused = xero.put("Invoices", {"Invoices": [body]})
    assert refused.status_code == 400
    assert "Moon" in messages(refused)[0]


def test_at_most_two_categories_are_active(xero: XeroClient, region: Json) -> None:
    del region
    second = xero.put("TrackingCategories", {"Name": unique("Team")})
    third = xero.put("TrackingCategories", {"Name": unique("Season")})
    assert (second.status_code, third.status_code) == (200, 400)
    category = second.json()["TrackingCategories"][0]["TrackingCategoryID"]
    gone = xero.send("DELETE", f"TrackingCategories/{category}").json()
    assert gone["TrackingCategories"][0]["Status"] == "DELETED"


def test_what_is_archived_is_listed_on_demand(xero: XeroClient, region: Json) -> None:
    path = f"TrackingCategories/{region['TrackingCategoryID']}"
    option = f"{path}/Options/{region['Options'][0]['TrackingOptionID']}"
    archived = xero.post(option, {"Status": "ARCHIVED"}).json()["Options"][0]
    assert (archived["IsArchived"], archived["IsActive"]) == (True, False)

    def options(**query: str) -> list[str]:
        listed = xero.get("TrackingCategories", **query).json()["TrackingCategories"]
        mine = next(c for c in listed if c["Name"] == region["Name"])
        return [one["Name"] for one in mine["Options"]]

    assert options() == ["South"]
    assert options(includeArchived="true") == ["North", "South"]


def test_an_option_in_use_is_not_deleted(xero: XeroClient, region: Json) -> None:
    xero.invoice(LineItems=[line(Tracking=[{"Name": region["Name"], "Option": "North"}])])
    path = f"TrackingCategories/{region['TrackingCategoryID']}/Options"
    north, south = (one["TrackingOptionID"] for one in region["Options"])
    assert xero.send("DELETE", f"{path}/{north}").status_code == 400
    gone = xero.send("DELETE", f"{path}/{south}").json()["Options"][0]
    assert (gone["Status"], gone["IsDeleted"]) == ("DELETED", True)
