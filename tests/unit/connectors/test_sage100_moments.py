"""Decimal hours of a site's wall clock, as moments."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.connectors.sage100.moments import DAY, Written, day_at, written

PORTLAND = ZoneInfo("America/New_York")
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
REPEATABLE = settings(derandomize=True, deadline=None, max_examples=100, database=None)
WINTER = date(2026, 11, 30)
SPRING_FORWARD, FALL_BACK = date(2026, 3, 8), date(2026, 11, 1)
TICK = timedelta(hours=1) / 100_000
"""What the last of five decimals stands for: 0.036 s."""


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day and so on


def test_the_readmes_example() -> None:
    moment = utc(2026, 11, 30, 18, 31, 28, 776000)
    assert written(WINTER, "13.52466", PORTLAND) == Written(moment, moment)


@pytest.mark.parametrize("hours", ["8.49238", "08.49238", " 8.49238 "])
def test_hours_under_ten_come_in_two_forms(hours: str) -> None:
    assert written(WINTER, hours, PORTLAND).earliest == utc(2026, 11, 30, 13, 29, 32, 568000)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("0.00000", utc(2026, 11, 29, 16)),
        (".5", utc(2026, 11, 29, 16, 30)),
        ("15.5", utc(2026, 11, 30, 7, 30)),
        ("24.00000", utc(2026, 11, 30, 16)),
    ],
)
def test_the_edges_of_a_day(hours: str, expected: datetime) -> None:
    assert written(WINTER, hours, HONG_KONG) == Written(expected, expected)


@pytest.mark.parametrize("hours", ["", "   ", "noon", "24.1", "-1.0", "99.99999", "1:30", "1e1"])
def test_without_usable_hours_it_is_the_whole_day(hours: str) -> None:
    day = Written(utc(2026, 11, 30, 5), utc(2026, 12, 1, 5))
    assert written(WINTER, hours, PORTLAND) == day


def test_the_hour_that_autumn_repeats_is_either_of_two() -> None:
    assert written(FALL_BACK, "1.50000", PORTLAND) == Written(
        utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30)
    )


def test_the_hour_that_spring_leaves_out_is_either_of_two() -> None:
    assert written(SPRING_FORWARD, "2.50000", PORTLAND) == Written(
        utc(2026, 3, 8, 6, 30), utc(2026, 3, 8, 7, 30)
    )


def test_a_day_without_hours_is_as_long_as_its_clock_says() -> None:
    for day, hours in ((SPRING_FORWARD, 23), (FALL_BACK, 25), (WINTER, 24)):
        whole = written(day, "", PORTLAND)
        assert whole.latest - whole.earliest == timedelta(hours=hours)


@given(
    seconds=st.integers(0, 400 * 86_400),
    zone=st.sampled_from([PORTLAND, HONG_KONG, ZoneInfo("Australia/Lord_Howe")]),
    form=st.sampled_from(["08.5f", ".5f"]),
)
@REPEATABLE
def test_whatever_a_clock_wrote_is_within_what_is_read(
    seconds: int, zone: ZoneInfo, form: str
) -> None:
    moment = utc(2026, 1, 1) + timedelta(seconds=seconds, milliseconds=seconds % 1000)
    wall = moment.astimezone(zone)
    since_midnight = wall.replace(tzinfo=None) - datetime.combine(wall.date(), datetime.min.time())
    hours = since_midnight / timedelta(hours=1)
    read = written(wall.date(), f"{hours:{form}}", zone)
    assert read.earliest - TICK <= moment <= read.latest + TICK
    assert day_at(moment, zone) == wall.date()
    assert read.latest - read.earliest < DAY
