"""When a row of Sage 100 was written, out of a column with a date and one with decimal hours.

``DateUpdated`` is a date, ``TimeUpdated`` text with the hours since midnight: ``13.52466`` is
13:31:28.8, hours under 10 come with and without a zero before them, and it may be blank. Both are
the wall clock of whichever machine wrote, without zone and without a mark of daylight saving time
(domain/sage100 README, 2.1). So a row was written somewhere between two moments, and whoever reads
by time must say which of them it means. How far machines' clocks differ is not known here.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOURS_A_DAY = 24
MICROSECONDS_AN_HOUR = 3_600_000_000
DAY = timedelta(days=1)
_HOURS = re.compile(r"\d{1,2}(\.\d*)?|\.\d+")


class Written(NamedTuple):
    """Between which moments a row was written, both included."""

    earliest: datetime
    latest: datetime


def written(day: date, hours: str, zone: ZoneInfo) -> Written:
    """Return when a row with these columns was written at a site in ``zone``.

    An hour that a change of daylight saving time repeats, or leaves out, is either of two. Hours
    that are blank or no hours of a day leave the whole day.
    """
    found = _HOURS.fullmatch(hours.strip())
    number = Decimal(found[0]) if found else Decimal(-1)
    midnight = datetime.combine(day, time())
    if not 0 <= number <= HOURS_A_DAY:
        return Written(_either(midnight, zone).earliest, _either(midnight + DAY, zone).latest)
    since_midnight = timedelta(microseconds=int(number * MICROSECONDS_AN_HOUR))
    return _either(midnight + since_midnight, zone)


def day_at(moment: datetime, zone: ZoneInfo) -> date:
    """Return the site's date at a moment."""
    return moment.astimezone(zone).date()


def _either(wall: datetime, zone: ZoneInfo) -> Written:
    """Return the two moments at which a clock on the site's wall shows ``wall``, mostly one."""
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return Written(min(both), max(both))
