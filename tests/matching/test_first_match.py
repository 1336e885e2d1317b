"""Two full lists that grew apart, from the simulators to bindings: the walk that going live is."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fakes import FakeClock, FakeLedger
from matching.people import Profiles
from matching.town_lists import Lists, Written, lists
from tieout.connectors.sage100.lists import Sage100Lists
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.routes import OdbcRoute
from tieout.domain.base import System
from tieout.domain.matching import CUSTOMER, MatchClass
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import load_pairs
from tieout.simulators.company import COMPANIES
from tieout.simulators.sage100.seed import create_companies
from tieout.simulators.sage100.store import CompanyFile
from tieout.stack import match_files
from tieout.usecases.first_match import Accepted, Decision, FirstMatch, Row
from tieout.usecases.in_step.entities import entity_of
from wire import SetClock
from world import HARBOR, INCLUDE
from xero_simulator import XeroSimulator, xero_simulator

EACH, SAME = 200, 150
TOWNS = (*range(30), *range(100, 130))
LEFT_TO_A_PERSON_MAX = 10
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BOTH = (System.XERO, System.SAGE100)


@dataclass(frozen=True)
class Town:
    """Both ledgers filled, and who is who in them."""

    first: FirstMatch
    who: dict[str, int]
    same: set[int]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("first-match")
    made = lists(2026, each=EACH, same=SAME)
    home = folder / "sage100"
    create_companies(home)
    with xero_simulator(folder / "xero") as xero:
        who = {**_in_xero(xero, made), **_in_sage100(home, made)}
        pair = load_pairs(INCLUDE)[HARBOR]
        reader = Sage100Reader(OdbcRoute(lambda: _connect(home)), page_rows_max=5_000)
        first = FirstMatch(
            pair=pair,
            entity=entity_of(CUSTOMER),
            ledger=FakeLedger(FakeClock(NOW)),
            lists={
                System.XERO: xero.connector(SetClock()).lists,
                System.SAGE100: Sage100Lists(
                    reader, account="HPS", zone=ZoneInfo(pair.time_zone), clock=FakeClock(NOW)
                ),
            },
            mapper=YamlMapper(INCLUDE, pair),
            matcher=ProbabilityMatcher(),
        )
        yield Town(first, who, made.same)
        reader.close()


def _connect(home: Path) -> Any:
    import pyodbc

    database = home / "MAS_HPS.sqlite"
    return pyodbc.connect(f"Driver=SQLite3;StepAPI=1;Database={database};", autocommit=True)


def _in_xero(xero: XeroSimulator, made: Lists) -> dict[str, int]:
    who = {}
    for number, one in enumerate(made.xero):
        contact_id = f"{number:08d}-0000-4000-8000-000000000000"
        address = {
            "AddressType": "POBOX",
            "AddressLine1": one.street,
            "City": one.city,
            "Region": one.state,
            "PostalCode": one.zip_code,
            "Country": "USA" if one.street else "",
        }
        xero.put(
            "contacts",
            ContactID=contact_id,
            Name=one.name,
            EmailAddress=one.email,
            ContactStatus="ACTIVE",
            Addresses=[address],
            Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": one.phone}],
        )
        who[contact_id] = one.who
    return who


def _in_sage100(home: Path, made: Lists) -> dict[str, int]:
    file = CompanyFile(home, "HPS")
    with file.transaction():
        for number, one in enumerate(made.sage100):
            file.insert("AR_Customer", _row(f"C{number:05d}", one))
    file.close()
    return {f"00-C{number:05d}": one.who for number, one in enumerate(made.sage100)}


def _row(number: str, one: Written) -> dict[str, Any]:
    return {
        "ARDivisionNo": "00",
        "CustomerNo": number,
        "CustomerName": one.name[:50],
        "AddressLine1": one.street[:30],
        "City": one.city[:20],
        "State": one.state,
        "ZipCode": one.zip_code[:10],
        "CountryCode": "USA" if one.street else "",
        "TelephoneNo": one.phone[:17],
        "EmailAddress": one.email,
        "CustomerStatus": "A",
    }


def bound(town: Town) -> set[tuple[str, str]]:
    """Return which contact is which customer by the ledger's bindings."""
    ids = {system: {} for system in BOTH}
    for system in BOTH:
        found = town.first.ledger.bindings_to(HARBOR, CUSTOMER, town.who, system)
        ids[system] = {one.key: one.external_id for one in found.values()}
    return {(ids[System.XERO][key], ids[System.SAGE100][key]) for key in ids[System.XERO]}


def test_two_lists_are_matched_decided_and_accepted(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    match_files.write(path, town.first.propose())
    rows = [row for row in match_files.read(path) if _is_of(town, row)]

    likely = [row for row in rows if row.match_class is MatchClass.LIKELY]
    certain = [row for row in rows if row.match_class is MatchClass.CERTAIN]
    assert len(likely) <= LEFT_TO_A_PERSON_MAX
    assert all(_is_right(town, row) for row in certain)
    assert len(certain) + sum(_is_right(town, row) for row in likely) >= SAME - 5
    assert len(rows) + len(certain) + len(likely) == 2 * EACH
    assert all(row.reasons for row in certain + likely)
    assert bound(town) == set()

    first = town.first.accept(rows, by="Ada")
    settled = len(certain) + len(likely)
    assert first == Accepted(
        bound=len(certain), left_alone=len(rows) - settled, left_open=len(likely)
    )
    assert all(town.who[one] == town.who[other] for one, other in bound(town))
    contact = certain[0].xero.external_id
    known = town.first.ledger.bindings_to(HARBOR, CUSTOMER, [contact], System.XERO)
    binding = known[contact]
    assert binding.provenance.startswith("matched (certain: ")
    assert binding.provenance.endswith("accepted by Ada")
    assert binding.confidence == certain[0].confidence

    decided = [_decided(town, row) for row in rows]
    again = town.first.accept(decided, by="Ada")
    assert again.bound_before == first.bound
    assert again.left_open == 0
    assert {town.who[one] for one, _other in bound(town)} <= town.same
    assert town.first.accept(decided, by="Ada").bound == 0

    left = [row for row in town.first.propose() if _is_of(town, row)]
    assert MatchClass.CERTAIN not in {row.match_class for row in left}
    parted = {_pair(row) for row in decided if row.decision is Decision.OTHER}
    assert parted.isdisjoint(map(_pair, left))


def test_at_most_ten_of_any_town_are_left_and_none_is_linked_wrongly() -> None:
    left = {}
    for seed in TOWNS:
        people = Profiles(lists(seed, each=EACH, same=SAME))
        matches = ProbabilityMatcher().best(CUSTOMER, people.left, people.right)
        classes = Counter(match.match_class for match in matches)
        left[seed] = classes[MatchClass.LIKELY]
        assert classes[MatchClass.CERTAIN] >= SAME - 15, seed
        assert all(
            people.is_right(one) for one in matches if one.match_class is MatchClass.CERTAIN
        ), seed

    assert {seed: count for seed, count in left.items() if count > LEFT_TO_A_PERSON_MAX} == {}


def test_who_is_no_customer_of_the_pair_is_left_alone(town: Town) -> None:
    rows = town.first.propose()
    ignored = {row.reasons for row in rows if row.match_class is MatchClass.IGNORE}

    assert "the pair's house account" in ignored


def test_each_wrong_row_is_named_and_nothing_is_kept(town: Town) -> None:
    singles = [row for row in town.first.propose() if row.match_class is MatchClass.NEW]
    xero = next(row for row in singles if row.xero.external_id)
    sage, other = [row for row in singles if row.sage100.external_id][:2]
    before = bound(town)
    two = xero.model_copy(update={"decision": Decision.SAME, "sage100": sage.sage100})
    nobody = sage.sage100.model_copy(update={"external_id": "00-NOBODY"})
    rows = [
        xero.model_copy(update={"decision": Decision.SAME}),
        two.model_copy(update={"sage100": nobody}),
        two,
        two.model_copy(update={"sage100": other.sage100}),
    ]

    with pytest.raises(RejectedError) as refused:
        town.first.accept(rows, by="Ada")

    message = refused.value.message
    assert "row 2" in message
    assert "needs a record of both ledgers" in message
    assert "row 3" in message
    assert "has no customer '00-NOBODY'" in message
    assert "row 5" in message
    assert "in row 4" in message
    assert bound(town) == before


def test_a_cell_that_is_wrong_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "edited.csv"
    row = dict.fromkeys(match_files.COLUMNS, "")
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, match_files.COLUMNS)
        writer.writeheader()
        writer.writerow({**row, "decision": "yes", "class": "new"})
        writer.writerow({**row, "decision": "new", "class": "new", "confidence": "much"})

    with pytest.raises(
        RejectedError, match=r"row 2: decision is 'yes'.*row 3: confidence is 'much'"
    ):
        match_files.read(path)


def test_a_file_that_somebody_may_have_edited_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    match_files.write(path, [])

    with pytest.raises(ConfigurationError, match="already"):
        match_files.write(path, [])


def test_a_name_that_a_spreadsheet_takes_for_a_formula_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    row = Row(pair=HARBOR, entity=CUSTOMER, match_class=MatchClass.NEW, decision=Decision.NEW)
    named = row.model_copy(update={"xero": row.xero.model_copy(update={"name": "=1+1 Ltd"})})
    match_files.write(path, [named])

    assert "'=1+1 Ltd" in path.read_text("utf-8-sig")
    assert match_files.read(path) == [named]


def _is_of(town: Town, row: Row) -> bool:
    """Say whether a row is of those whom we entered, and not of the simulators' own."""
    return row.xero.external_id in town.who or row.sage100.external_id in town.who


def _pair(row: Row) -> tuple[str, str]:
    return row.xero.external_id, row.sage100.external_id


def _is_right(town: Town, row: Row) -> bool:
    return town.who.get(row.xero.external_id) == town.who.get(row.sage100.external_id)


def _decided(town: Town, row: Row) -> Row:
    """Return a row as a person who knows everybody decides it."""
    if row.decision is not Decision.OPEN:
        return row
    decision = Decision.SAME if _is_right(town, row) else Decision.OTHER
    return row.model_copy(update={"decision": decision})


def test_items_are_read_with_the_prices_that_xero_writes(town: Town) -> None:
    silent: Any = SimpleNamespace(pages=lambda _resource, _start: [])
    there = {**town.first.lists, System.SAGE100: silent}
    rows = replace(town.first, entity=entity_of("item"), lists=there).propose()
    assert len(rows) == len(COMPANIES["HPS"].items)
    assert all(row.xero.says for row in rows)
