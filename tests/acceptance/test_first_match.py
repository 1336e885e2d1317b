"""The first match by the commands that people type: proposed, edited in a spreadsheet, accepted."""

import csv
import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tieout.cli.main import main
from tieout.domain.base import System
from tieout.simulators.sage100.store import CompanyFile
from world import COMPANIES, HARBOR, INCLUDE, World
from xero_simulator import TENANT

pytestmark = pytest.mark.tier2
ALONE, SISTER, TRADING = "Quarry Lane Interiors", "Pell Roasting", "Old Mill Trading"
CONTACTS = {
    "Bay Street Bakery LLC": ("617 555 0141", ""),
    ALONE: ("", ""),
    SISTER: ("617 555 0142", "pell@desk.example"),
    TRADING: ("617 555 0143", ""),
}
CUSTOMERS = {
    "BAY STREET BAKERY": ("(617) 555-0141", ""),
    ALONE.upper(): ("", ""),
    "Zwart Bicycles": ("(617) 555-0142", "pell@desk.example"),
    "J Hartwell": ("", ""),
}
Cells = dict[str, str]


def fill(world: World) -> tuple[dict[str, str], dict[str, str]]:
    """Enter the same customers in both ledgers as two people did; return their ids by name."""
    url = f"{world.configuration.url('xero')}/_organisations/{TENANT}/contacts"
    contacts, customers = {}, {}
    for number, (name, (phone, email)) in enumerate(CONTACTS.items()):
        contacts[name] = f"{number:08d}-0000-4000-8000-00000000f1e1"
        phones = [{"PhoneType": "DEFAULT", "PhoneNumber": phone}]
        body = {"ContactID": contacts[name], "Name": name, "ContactStatus": "ACTIVE"}
        world.call(url, {**body, "Phones": phones, "EmailAddress": email})
    file = CompanyFile(world.configuration.simulators / "sage100", COMPANIES[HARBOR])
    with file.transaction():
        for number, (name, (phone, email)) in enumerate(CUSTOMERS.items()):
            customers[name] = f"00-FM{number:05d}"
            row = {"ARDivisionNo": "00", "CustomerNo": f"FM{number:05d}", "CustomerName": name}
            row |= {"TelephoneNo": phone, "EmailAddress": email, "CustomerStatus": "A"}
            file.insert("AR_Customer", row)
    file.close()
    return contacts, customers


def ledgers(world: World) -> tuple[Any, str]:
    """Return what Xero was sent to write, and a hash of all that Sage 100 holds."""
    calls = world.call(f"{world.configuration.url('xero')}/_calls", method="GET")
    by_path = calls.get(TENANT, {}).get("by_path", {})
    path = world.configuration.simulators / "sage100" / f"MAS_{COMPANIES[HARBOR]}.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        held = hashlib.sha256("\n".join(file.iterdump()).encode()).hexdigest()
    return {one: times for one, times in by_path.items() if not one.startswith("GET")}, held


def opened(path: Path) -> list[Cells]:
    """Read a file as a spreadsheet does."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def saved(path: Path, rows: list[Cells]) -> None:
    """Write it as one does, which shows numbers in its own way."""
    for row in rows:
        row["confidence"] = row["confidence"] and f"{float(row['confidence']):g}"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def of_name(rows: list[Cells], name: str) -> Cells:
    (found,) = (row for row in rows if name in (row["xero_name"], row["sage100_name"]))
    return found


def bound(world: World, contacts: Mapping[str, str]) -> dict[str, str]:
    """Return to which Sage 100 customer each contact is bound, by their ids."""
    ledger = world.tieout.ledger
    keys = ledger.bindings_to(HARBOR, "customer", list(contacts.values()), System.XERO)
    wanted = [one.key for one in keys.values()]
    sage = ledger.bindings(HARBOR, "customer", wanted, System.SAGE100)
    return {contact: sage[one.key].external_id for contact, one in keys.items() if one.key in sage}


def test_lists_are_proposed_edited_and_accepted_and_taken_up_again(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contacts, customers = fill(world)
    options = ["--connections", str(world.configuration.connections), "--include", str(INCLUDE)]
    first, second, third = (tmp_path / f"{name}.csv" for name in ("first", "second", "third"))
    propose = ["match", "customers", "--pair", HARBOR, *options, "--out"]
    accept = ["match", "accept", "--by", "Ada", *options]
    before = ledgers(world)

    assert main([*propose, str(first)]) == 0
    assert "Nothing is kept before that." in capsys.readouterr().out
    assert bound(world, contacts) == {}
    rows = opened(first)
    bakery = of_name(rows, "BAY STREET BAKERY")
    assert (bakery["class"], bakery["decision"]) == ("certain", "same")
    assert (of_name(rows, ALONE)["class"], of_name(rows, ALONE)["decision"]) == ("likely", "")
    assert of_name(rows, TRADING)["class"] == of_name(rows, "J Hartwell")["class"] == "new"

    hartwell = of_name(rows, "J Hartwell")
    of_name(rows, TRADING).update(decision="Same", sage100_id=hartwell["sage100_id"])
    sister = of_name(rows, SISTER)
    assert (sister["class"], sister["sage100_name"]) == ("likely", "Zwart Bicycles")
    sister["decision"] = "other"
    saved(first, rows)
    assert main([*accept, str(first)]) == 1
    assert "still open" in capsys.readouterr().out
    expected = {
        contacts["Bay Street Bakery LLC"]: customers["BAY STREET BAKERY"],
        contacts[TRADING]: customers["J Hartwell"],
    }
    assert bound(world, contacts) == expected

    assert main([*propose, str(second)]) == 0
    left = opened(second)
    shown = {row["xero_id"] for row in left} | {row["sage100_id"] for row in left}
    assert shown.isdisjoint({*expected, *expected.values()})
    assert of_name(left, SISTER)["sage100_id"] == ""
    for row in left:
        row["decision"] = row["decision"] or "ignore"
    of_name(left, ALONE)["decision"] = "same"
    saved(second, left)
    assert main([*accept, str(second)]) == 0
    expected[contacts[ALONE]] = customers[ALONE.upper()]
    assert bound(world, contacts) == expected

    capsys.readouterr()
    assert main([*accept, str(second)]) == 0
    assert capsys.readouterr().out.startswith("0 bound, 1 bound before")
    assert main([*accept, str(first)]) == 1
    assert capsys.readouterr().out.startswith("0 bound, ")
    assert main([*propose, str(third)]) == 0
    assert expected.keys().isdisjoint(row["xero_id"] for row in opened(third))
    assert bound(world, contacts) == expected
    assert ledgers(world) == before
