"""One answer of Xero taken apart: bodies as they came, odd records alone, unknown values kept."""

import json
from datetime import UTC, datetime

import pytest

from tieout.connectors.http import Answer, Request
from tieout.connectors.xero.records import RecordReader, Records
from tieout.connectors.xero.resources import RESOURCES, resource_of
from tieout.domain.reading import Tombstone
from tieout.errors import ConfigurationError, UnavailableError

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp()) * 1000


def contact(number: int, **members: object) -> dict[str, object]:
    return {"ContactID": f"c{number}", "UpdatedDateUTC": f"/Date({NOON_MS}+0000)/", **members}


def read(body: bytes, path: str = "Contacts") -> Records:
    answer = Answer("Xero", Request("GET", path, is_write=False), 200, {}, body)
    return RecordReader(resource_of(path)).read(answer)


def page(*rows: str) -> bytes:
    opening = f'"DateTimeUTC": "\\/Date({NOON_MS})\\/", "pagination": {{"pageCount": 3}}'
    listed = ",\r\n  ".join(rows)
    return f'{{"Id": "x", {opening}, "Contacts": [\r\n  {listed} ]}}'.encode()


def test_a_body_is_kept_byte_for_byte() -> None:
    said = '{ "ContactID" : "c1",\r\n "UpdatedDateUTC":"\\/Date(%d+0000)\\/", "Rate": 1.10e2 }'
    found = read(page(said % NOON_MS))
    assert [one.body.decode() for one in found.records] == [said % NOON_MS]
    assert (found.times, found.page_count, found.answered_at) == ([NOON], 3, NOON)


def test_values_and_members_that_nobody_knows_are_kept_in_the_middle_of_a_page() -> None:
    rows = [contact(number, ContactStatus="ACTIVE") for number in range(5)]
    rows[2] |= {"ContactStatus": "HIBERNATING", "Planet": {"Name": "Mars", "Moons": [1, None]}}
    found = read(page(*map(json.dumps, rows)))
    assert [json.loads(one.body) for one in found.records] == rows
    assert {one.tombstone for one in found.records} == {None}
    assert found.odd == []


@pytest.mark.parametrize(
    ("row", "member"),
    [
        ({"UpdatedDateUTC": f"/Date({NOON_MS})/"}, "ContactID"),
        (contact(1, ContactID=None), "ContactID"),
        (contact(1, ContactID=17), "ContactID"),
        (contact(1, ContactID=""), "ContactID"),
        (contact(1, ContactID="a\x00b"), "ContactID"),
        ({"ContactID": "c1"}, "UpdatedDateUTC"),
        (contact(1, UpdatedDateUTC="2026-11-29"), "UpdatedDateUTC"),
        (contact(1, UpdatedDateUTC="/Date(-1)/"), "UpdatedDateUTC"),
        (contact(1, UpdatedDateUTC=NOON_MS), "UpdatedDateUTC"),
        (None, "JSON"),
        ("c1", "JSON"),
    ],
)
def test_an_odd_record_is_odd_alone(row: object, member: str) -> None:
    found = read(page(json.dumps(contact(0)), json.dumps(row), json.dumps(contact(2))))
    assert [one.record_id for one in found.records] == ["c0", "c2"]
    assert len(found.times) == 2
    assert [(one.member, json.loads(one.body)) for one in found.odd] == [(member, row)]


@pytest.mark.parametrize(
    "poison",
    ['{"ContactID": "c1", "Balance": NaN}', '{"ContactID": "c1", "Name": "half \\ud83d"}'],
    ids=["no number", "half a character"],
)
def test_a_record_that_is_no_json_is_odd_alone(poison: str) -> None:
    found = read(page(json.dumps(contact(0)), poison, json.dumps(contact(2))))
    assert [one.record_id for one in found.records] == ["c0", "c2"]
    assert [(one.member, one.body.decode()) for one in found.odd] == [("JSON", poison)]
    assert found.page_count == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"[]",
        b'{"Invoices": []}',
        b'{"Contacts": null}',
        b'{"Contacts": [{"ContactID": "c1"}, {"Con',
        b'{"Contacts": [{"ContactID": "c1"} {}]}',
        b'{"Contacts": [{"x": NaN}]',
        b'{"Contacts": [], "pagination": {"pageCount": "many"}}',
        b"\xef\xbb\xbf" + page(),
        b'{"Contacts": [{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
    ],
)
def test_an_answer_without_a_whole_list_is_untrusted(body: bytes) -> None:
    with pytest.raises(UnavailableError, match="no list 'Contacts'"):
        read(body)


def test_tombstones_have_their_cause() -> None:
    found = read(
        page(
            json.dumps(contact(1, ContactStatus="ARCHIVED")),
            json.dumps(contact(2, ContactStatus="ARCHIVED", MergedToContactID="c1")),
            json.dumps(contact(3, ContactStatus="GDPRREQUEST")),
        )
    )
    assert [(one.tombstone, one.merged_to) for one in found.records] == [
        (Tombstone.ARCHIVED, ""),
        (Tombstone.MERGED, "c1"),
        (None, ""),
    ]


def test_a_list_that_is_read_whole_needs_no_times() -> None:
    rates = {"TaxRates": [{"TaxType": "TAX001", "Status": "DELETED"}, {"TaxType": "NONE"}]}
    found = read(json.dumps(rates).encode(), "TaxRates")
    assert [(one.record_id, one.tombstone) for one in found.records] == [
        ("TAX001", Tombstone.DELETED),
        ("NONE", None),
    ]
    assert found.times == []


def test_an_unknown_list_names_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="Contacts, Suppliers"):
        resource_of("Receipts")


def test_every_list_is_there_once() -> None:
    assert len({one.name for one in RESOURCES}) == len(RESOURCES) == 21
