"""The schedule of flows: by the clock in UTC, whatever people's clocks do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import DataInterval, TimeRestriction
from pendulum import instance

from tieout.provider.pipelines import inbox_or_time

SWEEP_EVERY = timedelta(minutes=15)
AROUND = timedelta(hours=3)
ZONES = ("America/New_York", "Europe/London", "Pacific/Auckland")


def clock_changes(zone: str, first: datetime, *, count: int) -> list[datetime]:
    """Return the next hours at which people's clocks in a zone are put forward or back."""
    hours = (first + timedelta(hours=n) for n in range(count * 366 * 24))
    put = (
        later
        for earlier, later in pairwise(hours)
        if earlier.astimezone(ZoneInfo(zone)).utcoffset()
        != later.astimezone(ZoneInfo(zone)).utcoffset()
    )
    return [next(put) for _ in range(count)]


def intervals(since: datetime, until: datetime) -> list[DataInterval]:
    """Return the intervals that the scheduler sweeps in a time, as it would ask for them."""
    timetable = coerce_to_core_timetable(inbox_or_time())
    restriction = TimeRestriction(earliest=instance(since), latest=None, catchup=True)
    found: list[DataInterval] = []
    while not found or found[-1].end < until:
        last = found[-1] if found else None
        info = timetable.next_dagrun_info(
            last_automated_data_interval=last, restriction=restriction
        )
        assert info is not None
        found.append(info.data_interval)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_no_sweep_is_skipped_or_doubled_when_clocks_are_put_forward_or_back(zone: str) -> None:
    changes = clock_changes(zone, datetime(2026, 1, 1, tzinfo=UTC), count=4)
    assert len({change.astimezone(ZoneInfo(zone)).utcoffset() for change in changes}) == 2
    for change in changes:
        swept = intervals(change - AROUND, change + AROUND)
        assert all(one.end == following.start for one, following in pairwise(swept))
        assert {(one.end - one.start).total_seconds() for one in swept} == {
            SWEEP_EVERY.total_seconds()
        }
        assert len(swept) == 2 * AROUND / SWEEP_EVERY
