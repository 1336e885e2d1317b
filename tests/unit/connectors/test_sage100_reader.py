"""How rows of any ODBC driver become our values, and its failures ours."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.routes import OdbcRoute
from tieout.connectors.sage100.rows import Row, Shape, Sheet
from tieout.errors import AuthenticationError, ConfigurationError, UnavailableError


class FakeCursor:
    """Answers every statement with the same rows, or with a failure."""

    def __init__(self, driver: "FakeDriver") -> None:
        self.driver = driver

    def execute(self, sql: str, *parameters: Any) -> object:
        self.driver.statements.append((sql, parameters))
        if self.driver.failure is not None:
            raise self.driver.failure
        return self

    def fetchmany(self, size: int, /) -> Sequence[Sequence[Any]]:
        return self.driver.rows[:size]

    def close(self) -> None:
        """Nothing to free."""


class FakeDriver:
    """A driver whose connections count."""

    def __init__(self, *rows: Sequence[Any], failure: Exception | None = None) -> None:
        self.rows = rows
        self.failure = failure
        self.statements: list[tuple[str, Any]] = []
        self.connections = 0

    def connect(self) -> "FakeDriver":
        self.connections += 1
        return self

    def cursor(self) -> FakeCursor:
        return FakeCursor(self)

    def close(self) -> None:
        """Nothing to close."""


def order(**values: object) -> Row:
    return Row.of("SO_SalesOrderHeader", {"SalesOrderNo": "0001234", **values})


def test_text_loses_its_padding() -> None:
    assert order(CustomerPONo="HP-1042   ").text("CustomerPONo") == "HP-1042"


@pytest.mark.parametrize("value", ["7.21", 7.21, Decimal("7.210000")], ids=repr)
def test_an_amount_has_the_decimals_of_the_dictionary_whatever_the_driver_gives(
    value: object,
) -> None:
    assert str(order(SalesTaxAmt=value).amount("SalesTaxAmt")) == "7.21"


@pytest.mark.parametrize("column", ["SalesTaxAmt", "DiscountRate", "NumberOfShippingLabels"])
@given(
    st.lists(
        st.floats(-1e16, 1e16)
        | st.integers(-(10**15), 10**15).map(lambda cents: cents / 100)
        | st.sampled_from([0.0, -0.0, 0.125, 1.005, -0.004, 123456789012345.67]),
        min_size=1,
    )
)
def test_a_page_says_of_floats_what_each_row_says(column: str, values: list[float]) -> None:
    rows = Sheet(Shape("SO_SalesOrderHeader", (column,)), [(value,) for value in values]).rows()
    alone = [order(**{column: value}).texts()[-1] for value in values]
    assert [row.texts()[-1] for row in rows] == alone


def test_a_missing_number_is_zero() -> None:
    assert order(SalesTaxAmt=None).amount("SalesTaxAmt") == 0


@pytest.mark.parametrize(
    "value",
    [date(2026, 11, 29), datetime(2026, 11, 29), "2026-11-29", "20261129"],  # noqa: DTZ001 - Premium gives such
)
def test_a_date_is_read_in_every_form_that_drivers_give(value: object) -> None:
    assert order(OrderDate=value).day("OrderDate") == date(2026, 11, 29)


@pytest.mark.parametrize("value", [None, "", "  ", "0000-00-00", date(1753, 1, 1)])
def test_a_blank_date_is_none(value: object) -> None:
    assert order(OrderDate=value).day("OrderDate") is None


def test_a_corrupt_date_names_its_record() -> None:
    with pytest.raises(ConfigurationError, match=r"OrderDate of 0001234"):
        order(OrderDate="2026-13-45").day("OrderDate")


def test_a_corrupt_number_names_its_record() -> None:
    with pytest.raises(ConfigurationError, match=r"SalesTaxAmt of 0001234"):
        order(SalesTaxAmt="seven").amount("SalesTaxAmt")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (RuntimeError("28000", "login failed"), AuthenticationError),
        (RuntimeError("42S22", "column not found"), ConfigurationError),
        (RuntimeError("HY000", "no such table: GL_Bank"), ConfigurationError),
        (RuntimeError("08S01", "link failure"), UnavailableError),
        (RuntimeError(), UnavailableError),
    ],
)
def test_a_drivers_failure_is_named_by_what_helps(
    failure: Exception, expected: type[Exception]
) -> None:
    driver = FakeDriver(failure=failure)
    reader = Sage100Reader(OdbcRoute(driver.connect), page_rows_max=10)
    with pytest.raises(expected):
        list(reader.rows("GL_Bank", "CashAccountKey"))


def test_after_a_failure_the_next_read_connects_again() -> None:
    driver = FakeDriver(failure=RuntimeError("08S01", "link failure"))
    reader = Sage100Reader(OdbcRoute(driver.connect), page_rows_max=10)
    with pytest.raises(UnavailableError):
        list(reader.rows("GL_Bank", "CashAccountKey"))
    driver.failure = None
    assert list(reader.rows("GL_Bank", "CashAccountKey")) == []
    assert driver.connections == 2


def test_a_long_list_is_asked_in_parts_and_an_empty_one_not_at_all() -> None:
    driver = FakeDriver()
    reader = Sage100Reader(OdbcRoute(driver.connect), page_rows_max=10)
    codes = [f"ITEM-{number:03d}" for number in range(120)]
    assert list(reader.rows("CI_Item", "InactiveItem", among={"ItemCode": codes})) == []
    assert [len(parameters) for _, parameters in driver.statements] == [50, 50, 20]
    assert list(reader.rows("CI_Item", "InactiveItem", among={"ItemCode": []})) == []
    assert len(driver.statements) == 3


def test_a_page_that_repeats_itself_ends_the_reading() -> None:
    driver = FakeDriver(("0000001",), ("0000002",))
    reader = Sage100Reader(OdbcRoute(driver.connect), page_rows_max=2)
    with pytest.raises(UnavailableError, match="repeats a page"):
        list(reader.rows("SO_SalesOrderHeader", ""))
    assert len(driver.statements) == 2
