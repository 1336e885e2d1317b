"""The budget of calls that a system allows an app of one organization, as all workers share it.

Plain values. Who may call when is decided by domain.admission; where it is kept is the CallBudget
port's. Numbers of a vendor belong to its connector.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from tieout.domain.base import Frozen

MINUTE_S = 60.0
DAY_S = 86_400.0


class Lane(StrEnum):
    """For what a call is made; when calls are few, the first lane goes first."""

    EVENT = "event"
    """Something happened in a shop or a ledger, and it was told us."""
    POLL = "poll"
    """A sweep, a nightly comparison, a command: it can wait a minute."""
    BACKFILL = "backfill"
    """The past is read again: it can wait for days."""


class Limit(StrEnum):
    """What a system limits."""

    CONCURRENT = "concurrent"
    MINUTE = "minute"
    DAY = "day"
    APP_MINUTE = "app minute"


class Caller(Frozen):
    """On whose account calls are made: a flow such as ``order_to_cash``, and its lane."""

    flow: str
    lane: Lane


class Allowed(Frozen):
    """What a system allows one app, of each organization and in a minute of all together."""

    concurrent: int
    per_minute: int
    per_day: tuple[int, ...]
    """Limits of a day in ascending order; which of them holds is learnt from answers."""
    app_per_minute: int


class Permit(Frozen):
    """The right to make one call now."""

    number: int


class Wait(Frozen):
    """No call now.

    ``since`` is when the caller first asked: given back, it keeps the place in the line.
    """

    limit: Limit
    retry_in_s: float
    """When to ask again."""
    opens_in_s: float
    """When a call is to be expected, as far as is known."""
    since: AwareDatetime


class Answered(Frozen):
    """What the answer to a call says of the limits; nothing where no answer came."""

    limited_by: Limit | None = None
    """What it was refused for, if it was (HTTP 429)."""
    retry_after_s: float | None = None
    minute_left: int | None = None
    day_left: int | None = None
    app_minute_left: int | None = None
    received_bytes: int = 0
    """Of the body, as it came over the wire."""
    unpacked_bytes: int = 0


class Usage(Frozen):
    """What one flow used of one organization's budget on one day (UTC) in one lane."""

    organization: str
    day: date
    flow: str
    lane: Lane
    calls: int
    limited: int
    """How many of them were refused for a limit."""
    received_bytes: int
    unpacked_bytes: int


class Standing(Frozen):
    """How a budget stands: what is used, what is left, and what is closed until when."""

    organization: str
    at: AwareDatetime
    running: int
    concurrent: int
    minute_used: int
    per_minute: int
    day_left: int | None = None
    """None before the first answer."""
    per_day: int | None = None
    day_ends_at: AwareDatetime | None = None
    """When the day's calls come back, if that was seen or said."""
    closed_by: Limit | None = None
    closed_until: AwareDatetime | None = None


class Tariff(Frozen):
    """What an app's plan costs a month and includes; None where the vendor names no limit."""

    name: str
    currency: str
    price: Decimal
    egress_bytes: int | None = None
    """How much a month may be received at that price."""
    overage_per_gb: Decimal = Decimal(0)
