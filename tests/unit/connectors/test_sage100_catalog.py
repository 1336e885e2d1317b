"""The tables of Sage 100 that we know, against the dictionary, the simulator and our needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tieout.connectors.sage100.catalog import CREATED, DATE, NUMBER, TABLES, TEXT, UPDATED
from tieout.connectors.sage100.needs import NEEDS

ROOT = Path(__file__).parents[3]
DICTIONARY = ROOT.parent / "shared/domain/sage100/dictionary.json"
SIMULATED = ROOT / "plugins/tieout/simulators/sage100/tables.json"


def test_the_catalog_has_the_62_tables_with_their_2222_columns_and_our_field() -> None:
    columns = [column for table in TABLES.values() for column in table.columns.values()]
    ours = [column for column in columns if column.name == "UDF_TIEOUT_ID"]
    assert (len(TABLES), len(columns) - len(ours), len(ours)) == (62, 2222, 3)


def test_every_table_has_a_key_of_columns_that_may_be_read() -> None:
    assert all(table.key for table in TABLES.values())
    assert not [table for table in TABLES.values() if set(table.key) - set(table.readable)]


def test_kinds_lengths_and_decimals_are_told_apart() -> None:
    columns = TABLES["SO_SalesOrderDetail"].columns
    item, price = columns["ItemCode"], columns["UnitPrice"]
    assert (item.kind, item.length, item.scale) == (TEXT, 30, 0)
    assert (price.kind, price.length, price.scale) == (NUMBER, 15, 6)
    assert TABLES["GL_DetailPosting"].columns["SequenceNo"].length is None


def test_a_precision_that_counts_the_sign_is_read_without_it() -> None:
    amount = TABLES["AR_CashReceiptsHeader"].columns["PostingAmt"]
    assert (amount.length, amount.scale) == (12, 2)  # the dictionary's "13.2"


def test_audit_columns_are_all_three_or_none() -> None:
    assert TABLES["AR_Customer"].created == CREATED
    assert TABLES["AR_Customer"].updated == UPDATED
    assert TABLES["IM_ItemTransactionHistory"].created == ()
    assert TABLES["IM_ItemTransactionHistory"].updated == UPDATED
    assert TABLES["GL_DetailPosting"].created == CREATED
    assert TABLES["GL_DetailPosting"].updated == ()
    odd = [
        table.name
        for table in TABLES.values()
        for names in (CREATED, UPDATED)
        if 0 < sum(name in table.columns for name in names) < len(names)
    ]
    assert odd == []


def test_audit_dates_are_dates_and_audit_times_text() -> None:
    columns = TABLES["AR_Customer"].columns
    assert (columns["DateUpdated"].kind, columns["TimeUpdated"].kind) == (DATE, TEXT)


def test_lines_without_audit_columns_are_known_by_their_header() -> None:
    assert TABLES["SO_SalesOrderDetail"].detail_of == "SO_SalesOrderHeader"
    assert TABLES["SO_SalesOrderHeader"].detail_of == ""
    without = {table.name for table in TABLES.values() if table.name.endswith("Detail")}
    assert {name for name in without if not TABLES[name].detail_of} == set()


def test_what_nobody_confirmed_is_marked() -> None:
    assert TABLES["AR_Customer"].unconfirmed == (
        "LastInvoiceDate",
        "LastInvoiceAmt",
        "UDF_TIEOUT_ID",
    )
    assert not TABLES["SY_Country"].is_confirmed
    assert not TABLES["AP_CheckHistoryHeader"].is_key_confirmed
    assert TABLES["SY_User"].is_of_system


def test_secrets_and_numbers_of_persons_are_never_readable() -> None:
    withheld = {
        (table.name, name)
        for table in TABLES.values()
        for name in table.columns
        if name not in table.readable
    }
    assert ("AR_Customer", "EncryptedVals") in withheld
    assert ("SY_User", "SecurityKey") in withheld
    assert not [place for place in withheld if place[1] in NEEDS.get(place[0], ())]


def test_our_needs_are_in_the_catalog() -> None:
    unknown = [
        (table, name)
        for table, columns in NEEDS.items()
        for name in columns
        if name not in TABLES[table].readable
    ]
    assert unknown == []


def test_the_simulator_has_our_needs_and_names_and_keys_of_the_catalog() -> None:
    simulated = json.loads(SIMULATED.read_text())
    missing = [
        f"{table}.{column}"
        for table, columns in NEEDS.items()
        for column in columns
        if column not in simulated[table]["columns"]
    ]
    other = [
        f"{name}.{column}"
        for name, table in simulated.items()
        if name in TABLES
        for column in table["columns"]
        if TABLES[name].column(column) is None
    ]
    other_keys = [
        name
        for name, table in simulated.items()
        if name in TABLES and tuple(table["key"]) != TABLES[name].key
    ]
    assert (missing, other, other_keys) == ([], [], [])


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs the Sage 100 data dictionary")
def test_the_catalog_is_what_the_tool_derives_from_the_dictionary() -> None:
    tool = ROOT / "tools/derive_sage100_catalog.py"
    done = subprocess.run(
        [sys.executable, str(tool), str(DICTIONARY)], capture_output=True, check=True
    )
    checked_in = ROOT / "plugins/tieout/connectors/sage100/catalog.json"
    assert done.stdout == checked_in.read_bytes()
