"""Which tables are read how: whatever is named by table is in the catalog."""

import pytest

from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.details import DETAILS
from tieout.connectors.sage100.passes import BY_VALUE, CLOSINGS, NAMES
from tieout.connectors.sage100.reader import VALUES_PER_QUERY_MAX
from tieout.connectors.sage100.records import among, columns_of, record_id, table_of


@pytest.mark.parametrize("header", DETAILS)
def test_a_document_is_made_of_columns_that_there_are(header: str) -> None:
    detail = DETAILS[header]
    lines = TABLES[detail.table]
    assert lines.key[: len(TABLES[header].key)] == TABLES[header].key
    assert detail.amount in lines.readable
    assert set(detail.total_columns) <= set(TABLES[header].readable)
    assert set(detail.total_columns) <= set(columns_of(TABLES[header], detail.total_columns))
    assert TABLES[header].updated


def test_what_is_named_by_table_is_there() -> None:
    assert set(BY_VALUE) <= TABLES.keys()
    for table, name in NAMES.items():
        assert name in columns_of(TABLES[table])
    for table, closing in CLOSINGS.items():
        history = TABLES[closing.table]
        assert history.key == TABLES[table].key
        assert closing.status in columns_of(history)
        assert set(history.updated) <= set(columns_of(history))


def test_tables_of_all_companies_are_no_lists() -> None:
    assert table_of("SY_User") is None
    assert table_of("No_Such_Table") is None
    assert table_of("AR_Customer") is TABLES["AR_Customer"]


def test_an_id_tells_keys_apart_whatever_is_in_them() -> None:
    keys = [("A/B", "C"), ("A", "B/C"), ("A~1B", "C"), ("A", "B", "C"), ("A~B", "C")]
    assert len({record_id(key) for key in keys}) == len(keys)
    assert record_id(("00", "0001001 ")) == "00/0001001"


def test_few_are_asked_for_by_all_that_tells_them() -> None:
    table = TABLES["AP_InvoiceHeader"]
    one = among(table, [("00", "0000100", "B-1")])
    assert one == {"APDivisionNo": ["00"], "VendorNo": ["0000100"], "InvoiceNo": ["B-1"]}
    many = [
        ("00", f"{number % 2:07d}", f"B-{number}") for number in range(VALUES_PER_QUERY_MAX * 2)
    ]
    asked = among(table, many)
    assert (asked["APDivisionNo"], asked["VendorNo"]) == (["00"], ["0000000", "0000001"])
    assert len(asked["InvoiceNo"]) == len(many)
    apart = [("00", f"{number:07d}", f"B-{number}") for number in range(VALUES_PER_QUERY_MAX * 2)]
    assert among(table, apart).keys() == {"APDivisionNo", "VendorNo"}
    assert among(table, []) == {name: [] for name in table.key}
