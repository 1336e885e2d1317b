"""What the check at connect says of sites that are other than we think."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.dialect import PROBES
from tieout.connectors.sage100.needs import NEEDS
from tieout.connectors.sage100.routes import Inspection, LiveColumn
from tieout.connectors.sage100.site import SiteReport, Writing, report
from tieout.connectors.sage100.unconfirmed import QUESTIONS, reference

ROOT = Path(__file__).parents[3]
DICTIONARY = ROOT.parent / "shared/domain/sage100"
WHOLE = [
    LiveColumn(table.name, column.name, "VARCHAR", column.length)
    for table in TABLES.values()
    for column in table.columns.values()
]


def checked(
    columns: list[LiveColumn], *, dbms: str = "ProvideX", refused: Any = (), **changes: Any
) -> SiteReport:
    inspected = Inspection(dbms, columns, dict.fromkeys(refused, "syntax error"))
    return report(inspected, **{"has_our_field": True, **changes})


def without(*names: str) -> list[LiveColumn]:
    return [
        column
        for column in WHOLE
        if column.table not in names and f"{column.table}.{column.name}" not in names
    ]


def test_a_site_that_has_everything_is_ready_and_confirms_every_name() -> None:
    found = checked(WHOLE)
    assert found.is_good
    assert (found.tables, found.tables_known, found.lengths) == (62, 62, {})
    assert found.unconfirmed == ()
    assert {"SY_Country", "AR_CashReceiptsHeader.PostingAmt"} < set(found.confirmed)
    assert "ready" in found.described()


@pytest.mark.parametrize("table", NEEDS)
def test_every_table_that_flows_read_is_missed(table: str) -> None:
    found = checked(without(table))
    assert not found.is_good
    (problem,) = found.problems
    assert problem.startswith(f"{table} is missing")


@pytest.mark.parametrize(
    "place",
    [f"{table}.{name}" for table, names in NEEDS.items() for name in (*names, *TABLES[table].key)],
)
def test_every_column_that_flows_read_is_missed(place: str) -> None:
    (problem,) = checked(without(place)).problems
    table, _, name = place.partition(".")
    assert problem == f"{table} lacks {name}, which our flows read."


def test_our_own_field_is_missed_only_where_the_site_added_it() -> None:
    columns = without("AR_Customer.UDF_TIEOUT_ID", "SO_SalesOrderHeader.UDF_TIEOUT_ID")
    assert len(checked(columns).problems) == 2
    assert checked(columns, has_our_field=False).is_good


def test_what_no_flow_reads_is_noted_and_stops_nothing() -> None:
    found = checked(without("IM_PriceCode", "AP_Vendor.VendorName", "AR_Division.CashAcctKey"))
    assert found.is_good
    assert any("IM_PriceCode is missing" in note for note in found.notes)
    assert any("AP_Vendor lacks VendorName" in note for note in found.notes)
    assert found.unconfirmed == ("AR_Division.CashAcctKey",)


def test_names_are_found_in_any_case() -> None:
    folded = [replace(column, name=column.name.lower()) for column in WHOLE]
    assert checked(folded).is_good
    assert checked(folded).unconfirmed == ()


def test_lengths_of_an_older_version_are_the_sites() -> None:
    older = [
        replace(column, size=30) if column.name == "CustomerName" else column for column in WHOLE
    ]
    found = checked(older)
    assert found.lengths["AR_Customer.CustomerName"] == 30
    assert any("CustomerName 30" in note for note in found.notes)


def test_premium_has_system_tables_elsewhere_and_other_words() -> None:
    columns = without("SY_User", "SY_Company", "SY_Country")
    premium = checked(columns, dbms="Microsoft SQL Server", refused=["LIMIT before ORDER BY"])
    assert premium.edition == "Premium"
    assert any("SY_User is not of the company" in note for note in premium.notes)
    assert not [name for name in premium.unconfirmed if name.startswith("SY_")]
    assert not any("LIMIT" in note for note in premium.notes)
    other = checked(columns, refused=["LIMIT before ORDER BY"])
    assert other.edition == "Standard or Advanced"
    assert any("SY_User is missing" in note for note in other.notes)
    assert any("LIMIT before ORDER BY" in note for note in other.notes)


def test_a_small_dialect_is_noted_and_one_without_our_form_stops() -> None:
    small = [name for name in PROBES if name not in ("date literal", "our form")]
    assert checked(WHOLE, refused=small).is_good
    for name in ("date literal", "our form"):
        (problem,) = checked(WHOLE, refused=[name]).problems
        assert problem == f"The driver refuses our {name}: syntax error."


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ([], "not known"),
        (["", "13.5", "10.00000"], "not known"),
        (["8.49238", "15.5"], "0 padded with a zero, 1 not"),
        (["08.49238", "00.00001", "23.9"], "2 padded with a zero, 0 not"),
        (["08.1", "9.2", "nonsense", "0.5"], "1 padded with a zero, 2 not"),
    ],
)
def test_padding_of_hours_is_counted_as_it_is_seen(hours: list[str], said: str) -> None:
    assert any(said in note for note in checked(WHOLE, hours=hours).notes)


def test_the_document_has_the_tables_of_what_is_not_confirmed() -> None:
    page = (ROOT / "docs/reference/sage100-unconfirmed.md").read_text("utf-8")
    assert reference() in page


def test_every_name_that_nobody_confirmed_is_in_the_document() -> None:
    page = reference()
    for table in TABLES.values():
        for name in table.unconfirmed:
            (line,) = [line for line in page.splitlines() if line.startswith(f"| {table.name} |")]
            assert name in line or "every column" in line


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs the Sage 100 domain notes")
def test_every_item_of_the_domains_list_is_asked() -> None:
    classes = json.loads((DICTIONARY / "boi.json").read_text("utf-8"))["objects"]
    text = " ".join(f"{one.what} {one.how}" for one in QUESTIONS)
    for one in classes:
        assert one["class_confirmed"] or one["class"] in text
    notes = (DICTIONARY / "README.md").read_text("utf-8").partition("## 10.")[2]
    for word in (
        *("AR_CashReceipts_bus", "AP_InvoiceDetail", "PO_ReceiptHeader", "IM_Warehouse"),
        *("SY_Country", "AP_CheckHistory", "nGetNextVendorNo", "TimeUpdated", "padded"),
        *("DateUpdated", "UNION", "CacheSize", "pywin32", "_upd", "Change Tracking"),
    ):
        assert word in notes
        assert word in text


def test_an_agent_that_writes_less_than_we_send_is_a_problem() -> None:
    offered = {"customer.create": "", "cash_receipt.create": "its classes"}
    enough = checked(WHOLE, writing=Writing(wanted=["customer.create"], offered=offered))
    assert enough.is_good
    assert "1 of 2 kinds are written by what no public source" in enough.described()
    assert "rehearse them: cash_receipt.create\n" in enough.described()
    older = checked(WHOLE, writing=Writing(wanted=["vendor.save"], offered=offered))
    (problem,) = older.problems
    assert problem.startswith("The agent does not write vendor.save")
    (away,) = checked(WHOLE, writing=Writing(problem="it is away")).problems
    assert away == "Nothing can be written: it is away"
