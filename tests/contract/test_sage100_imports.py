"""Documents that go by import files: handed over once, imported by the site's job, followed on."""

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deliveries import make_delivery
from sage100_payables import bill, check, owed, posted
from sage100_places import SimulatedPlace, twin
from sage100_simulator import Sage, sage100, today
from simulators.sage100.boi_client import Boi, enter_receipt, set_all
from simulators.sage100.payables import bills, checks, keyed, line
from tieout.connectors.sage100.connector import Sage100Connector
from tieout.connectors.sage100.import_files import LAYOUTS
from tieout.domain.base import Json, System
from tieout.domain.books import SageState, Standing
from tieout.domain.ledger import Delivery, Landed, Refused


@pytest.fixture(scope="module")
def sage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sage]:
    with sage100(tmp_path_factory.mktemp("imports")) as running:
        yield running


@pytest.fixture(scope="module")
def place(sage: Sage) -> SimulatedPlace:
    return SimulatedPlace(sage)


@pytest.fixture
def connector(sage: Sage, tmp_path: Path) -> Iterator[Sage100Connector]:
    """A connection whose site imports all that can be imported."""
    made = sage.connector(import_folder=str(tmp_path), import_kinds=frozenset(LAYOUTS))
    yield made
    made.close()


def receipt(place: SimulatedPlace) -> Delivery:
    mark = f"T{place.number()}"
    header: Json = {
        "BankCode": "S",
        "DepositDate": "2026-11-29",
        "ARDivisionNo": "00",
        "CustomerNo": "0001001",
        "CheckNo": mark,
        "PostingAmt": "110.13",
    }
    payload: Json = {
        "header": header,
        "lines": [{"Account": "230-00", "AmountPosted": "110.13"}],
    }
    expected = {"amount": "110.13"}
    return make_delivery(
        "cash_receipt", payload, key=mark, expected=expected, target=System.SAGE100
    )


def run_job(sage: Sage, folder: Path) -> int:
    """Import what waits, as the site's job does: by Sage itself; take the files away."""
    count, header = 0, dict[str, str]()
    for file in sorted((folder / "outgoing").glob("*.csv")):
        entity = file.name.rpartition("-")[0]
        layout = LAYOUTS[entity]
        with file.open(newline="", encoding="cp1252") as stream:
            for kind, *cells in csv.reader(stream):
                names = layout.header if kind == "H" else layout.line
                values = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
                if kind == "H":
                    header = values
                else:
                    imported(sage, entity, header, values)
                    count += 1
        file.rename(folder / file.name)
    return count


def imported(sage: Sage, entity: str, header: dict[str, str], first: dict[str, str]) -> None:
    """Enter one document of one line."""
    boi = Boi(sage.home)
    if entity == "cash_receipt":
        amount, check_no = float(header["PostingAmt"]), header["CheckNo"]
        enter_receipt(boi, amount=amount, check_no=check_no, account_key=first["AccountKey"])
        return
    bus = bills(boi) if entity == "ap_invoice" else checks(boi)
    key = {name: header.pop(name) for name in bus_key(entity)}
    assert keyed(bus, **key) == 2, bus.sLastErrorMsg
    values = {n: float(v) if n.endswith("Amt") else v for n, v in header.items()}
    set_all(bus, **dict(sorted(values.items(), key=lambda one: one[0] != "CheckType")))
    line(bus, **{n: float(v) if n.endswith("Amt") else v for n, v in first.items()})
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    bus.DropObject()


def bus_key(entity: str) -> tuple[str, ...]:
    return (
        ("APDivisionNo", "VendorNo", "InvoiceNo")
        if entity == "ap_invoice"
        else (
            "BankCode",
            "CheckNo",
        )
    )


def sent(connector: Sage100Connector, *deliveries: Delivery) -> list[Landed | Refused]:
    outcomes = connector.target(deliveries[0].entity).send(deliveries)
    return [outcomes[one.delivery_id] for one in deliveries]


def found(connector: Sage100Connector, one: Delivery) -> Landed:
    return connector.target(one.entity).find([one])[one.delivery_id]


def test_a_batch_is_handed_over_in_one_file_and_what_is_wrong_is_refused_alone(
    place: SimulatedPlace, connector: Sage100Connector, tmp_path: Path
) -> None:
    good, wrong, other = bill(place), bill(place, amount="110.01"), bill(place)
    first, refused, second = sent(connector, good, wrong, other)
    assert isinstance(first, Landed)
    assert isinstance(second, Landed)
    assert isinstance(refused, Refused)
    assert (refused.cause, first.figures) == ("bad_payload", {"amount": "110.00"})
    assert "waiting for the import job" in first.note
    assert len(list((tmp_path / "outgoing").iterdir())) == 1
    assert sent(connector, twin(good), other) == [first, second]
    assert len(list((tmp_path / "outgoing").iterdir())) == 1
    assert connector.target("ap_invoice").find([wrong]) == {}


@pytest.mark.parametrize("entity", LAYOUTS)
def test_a_document_in_a_file_is_entered_until_the_tables_show_how_far_people_brought_it(
    place: SimulatedPlace, connector: Sage100Connector, tmp_path: Path, entity: str
) -> None:
    one = {"cash_receipt": receipt, "ap_invoice": bill, "manual_check": check}[entity](place)
    (handed,) = sent(connector, one)
    assert isinstance(handed, Landed)
    name, day = handed.external_id, today()

    def standing() -> Standing:
        return connector.standings(entity, [name])[name]

    seen = [standing().state]
    assert run_job(place.sage, tmp_path) == 1
    seen.append(standing().state)
    registers = ("post_cash_receipts", "post_ap_invoices", "post_manual_checks")
    posted(place, *registers)
    assert name in connector.posted_since([entity], day)[entity]
    seen.append(standing().state)
    posted(place, "post_daily_transaction_register")
    assert [*seen, standing().state] == [
        *(SageState.ENTERED, SageState.ENTERED, SageState.UPDATED, SageState.IN_GL)
    ]
    in_tables = found(connector, one)
    assert (in_tables.figures, in_tables.note) == (one.expected, "")
    assert run_job(place.sage, tmp_path) == 0


def test_what_was_picked_up_is_not_handed_over_again(
    place: SimulatedPlace, connector: Sage100Connector, tmp_path: Path
) -> None:
    one = bill(place)
    sent(connector, one)
    for file in (tmp_path / "outgoing").iterdir():
        file.unlink()  # and its import failed
    assert "picked up" in found(connector, one).note
    (again,) = sent(connector, one)
    assert isinstance(again, Landed)
    assert list((tmp_path / "outgoing").iterdir()) == []


def test_the_other_kinds_still_go_through_the_agent(
    sage: Sage, place: SimulatedPlace, tmp_path: Path
) -> None:
    mixed = sage.connector(import_folder=str(tmp_path), import_kinds=frozenset({"ap_invoice"}))
    one = check(place, (owed(place), "110.00"))
    with closing(mixed):
        (landed,) = sent(mixed, one)
    assert isinstance(landed, Landed)
    assert not list(tmp_path.iterdir())
