"""Fields that a site added to Sage 100: what kind each is, and how the business objects take it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from tieout.connectors.sage100.own_fields import OwnField, as_written, kind_of, own_fields
from tieout.connectors.sage100.routes import LiveColumn
from tieout.connectors.sage100.rows import Row
from tieout.errors import ConfigurationError

if TYPE_CHECKING:
    from tieout.domain.base import Json


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [
        ("CHAR", "text"),
        ("VARCHAR(10)", "text"),
        ("LONGVARCHAR", "text"),
        ("nvarchar", "text"),
        ("DECIMAL(5,2)", "number"),
        ("NUMERIC", "number"),
        ("int", "number"),
        ("DOUBLE", "number"),
        ("DATE", "date"),
        ("datetime", "date"),
    ],
)
def test_a_column_is_of_the_kind_that_its_driver_says(type_name: str, kind: str) -> None:
    assert kind_of(type_name) == kind


def site(_table: str) -> Mapping[str, OwnField]:
    columns = [("UDF_A", "CHAR", 3), ("UDF_N", "NUMERIC", 5), ("UDF_D", "DATE", 10)]
    return own_fields(
        LiveColumn("T", name, kind, size) for name, kind, size in [*columns, ("Name", "CHAR", 9)]
    )


def test_text_and_days_have_a_dollar_sign_and_numbers_have_none() -> None:
    given: Json = {"Name": "Ada", "UDF_A": "abc", "UDF_N": 1, "UDF_D": "2026-11-29"}
    assert as_written(given, "T", site) == {
        "Name": "Ada",
        "UDF_A$": "abc",
        "UDF_N": "1",
        "UDF_D$": "20261129",
    }
    assert as_written({"UDF_A": None, "UDF_N": "", "UDF_D": ""}, "T", site) == {
        "UDF_A$": "",
        "UDF_N": "0",
        "UDF_D$": "",
    }


def test_without_such_fields_nobody_is_asked() -> None:
    def asked(_table: str) -> Mapping[str, OwnField]:
        raise AssertionError

    given: Json = {"Name": "Ada", "UDF_TIEOUT_ID": "SHOP-1"}
    assert as_written(given, "T", asked) == given


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="T of this Sage 100 has no user-defined field"):
        as_written({"UDF_X": "1"}, "T", site)


def test_a_row_tells_a_sites_own_field_by_what_the_driver_gives() -> None:
    row = Row.of("AR_Customer", {"UDF_A": " abc ", "UDF_N": 2.5, "UDF_Z": None})
    assert row.texts() == ("abc", "2.5", "")
    with pytest.raises(KeyError):
        Row.of("AR_Customer", {"Elsewhere": 1}).texts()
