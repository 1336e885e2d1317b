"""T-45, T-46, T-50: calendars with gaps, and an API that moved on.

A date is the day of the company's books in all three systems. A member that is missing, renamed or
of another type pauses the stream or sets the order aside; it never changes money unseen.
"""

import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest
from dateutil import tz

from figures.report import record
from tieout.connectors.shopify.orders import OrderReader
from tieout.connectors.xero.answers import SaidInvoice
from tieout.domain.order import Order
from tieout.errors import RejectedError, UnavailableError
from tieout.mapping.mapper import YamlMapper
from tieout.settings import load_pairs
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    invoice_record,
    sales_order_record,
)
from unit.usecases.test_steps import node as golden

PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
MAPPER = YamlMapper(ROOT / "include", PAIR)
SEED = 60
ZONES = ("America/New_York", "Europe/London", "Pacific/Auckland", "Pacific/Apia", "Asia/Hong_Kong")

# When clocks change, from the zones' published rules: the instant, and the offset before and after.
TRANSITIONS = [
    ("America/New_York", "2026-03-08T07:00Z", -5, -4),
    ("America/New_York", "2026-11-01T06:00Z", -4, -5),
    ("America/New_York", "2027-03-14T07:00Z", -5, -4),
    ("America/New_York", "2027-11-07T06:00Z", -4, -5),
    ("Europe/London", "2026-03-29T01:00Z", 0, 1),
    ("Europe/London", "2026-10-25T01:00Z", 1, 0),
    ("Europe/London", "2027-03-28T01:00Z", 0, 1),
    ("Europe/London", "2027-10-31T01:00Z", 1, 0),
    ("Pacific/Auckland", "2026-04-04T14:00Z", 13, 12),
    ("Pacific/Auckland", "2026-09-26T14:00Z", 12, 13),
    ("Pacific/Auckland", "2027-04-03T14:00Z", 13, 12),
    ("Pacific/Auckland", "2027-09-25T14:00Z", 12, 13),
]


def mapper_in(zone: str) -> YamlMapper:
    return YamlMapper(ROOT / "include", PAIR.model_copy(update={"time_zone": zone}))


def dates_of(mapper: YamlMapper, moment: datetime) -> set[str]:
    """Return every date that an order placed at a moment has: canonical, Xero's and Sage's."""
    order = mapper.order_from_shop(golden("order_1042", processedAt=moment.isoformat()))
    invoice = mapper.payload("to_xero/invoice", invoice_record(order))
    sales_order = mapper.payload("to_sage100/sales_order", sales_order_record(order))
    header = cast("dict[str, str]", sales_order["header"])
    sage = datetime.strptime(header["OrderDate"], "%Y-%m-%d").date()  # noqa: DTZ007 - a date
    return {order.book_date.isoformat(), str(invoice["Date"]), sage.isoformat()}


@pytest.mark.parametrize(("zone", "at", "before", "after"), TRANSITIONS)
def test_dates_are_right_around_a_change_of_clocks(
    zone: str, at: str, before: int, after: int
) -> None:
    change = datetime.fromisoformat(at)
    mapper = mapper_in(zone)
    for minutes in (*range(-36 * 60, 36 * 60, 97), -61, -60, -59, -1, 0, 1, 59, 60, 61):
        moment = change + timedelta(minutes=minutes)
        offset = timezone(timedelta(hours=before if moment < change else after))
        assert dates_of(mapper, moment) == {moment.astimezone(offset).date().isoformat()}


@pytest.mark.parametrize("zone", ZONES)
def test_dates_are_right_at_midnight_month_end_and_leap_day(zone: str) -> None:
    mapper, other = mapper_in(zone), tz.gettz(zone)
    chance = random.Random(SEED)  # noqa: S311 - repeatable dates
    days = [datetime(2024, 2, 29, tzinfo=other), datetime(2028, 2, 29, tzinfo=other)]
    days += [datetime(2026, month, 1, tzinfo=other) for month in range(1, 13)]
    days += [
        datetime(2024, 1, 1, tzinfo=other) + timedelta(days=chance.randrange(2000))
        for _ in range(30)
    ]
    for midnight in days:
        start = midnight.astimezone(UTC)
        for seconds in (-1, 0, 1):
            moment = start + timedelta(seconds=seconds)
            assert dates_of(mapper, moment) == {moment.astimezone(other).date().isoformat()}


def test_five_thousand_dates_come_back_from_xero_as_they_went() -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    for day in range(0, 5000 * 7, 7):
        moment = start + timedelta(days=day)
        wire = f"/Date({int(moment.timestamp()) * 1000}+0000)/"
        assert SaidInvoice.of({"InvoiceID": "1", "Date": wire}).date == moment.date()


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-29"])
def test_a_time_at_the_end_of_the_calendar_or_without_a_zone_is_refused(stamp: str) -> None:
    with pytest.raises(RejectedError) as raised:
        mapper_in("Pacific/Apia").order_from_shop(golden("order_1042", processedAt=stamp))
    assert raised.value.field == "order.processedAt"


CASES = ("order_1042", "company", "edited", "guest", "inclusive", "unicode")
DRIFTS = 2_000
OTHER_VALUES: tuple[Any, ...] = (None, True, 7, "SOMETHING_NEW", "", [], {}, [None], {"x": 1}, 1.5)


class Answering:
    """A client whose one answer is the node."""

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node

    def query(self, _text: str, _variables: object) -> dict[str, Any]:
        return {"nodes": [self.node], "order": self.node}


def read(node: dict[str, Any]) -> Order:
    """Read an order as the shop's connector and the mapping do."""
    reader = OrderReader(cast("Any", Answering(node)))
    (whole,) = reader.by_id(["1"]).values()
    return MAPPER.order_from_shop(whole)


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items if isinstance(value, dict | list) else ():
        yield (*here, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*here, key))


def drift(chance: random.Random, node: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Change one member of a node as an API that moved on would, and return how and where."""
    path = chance.choice([one for one in paths(node) if isinstance(one[-1], str)])
    parent = node
    for key in path[:-1]:
        parent = parent[key]
    kind = chance.choice(["missing", "renamed", "new", "other type"])
    match kind:
        case "missing":
            del parent[path[-1]]
        case "renamed":
            parent[f"{path[-1]}V2"] = parent.pop(path[-1])
        case "new":
            parent["newMember"] = chance.choice(OTHER_VALUES)
        case _:
            is_flag = isinstance(parent[path[-1]], bool)
            others = [one for one in OTHER_VALUES if not (is_flag and isinstance(one, bool))]
            parent[path[-1]] = chance.choice(others)
    return kind, path


def money(order: Order) -> tuple[Any, ...]:
    paid = sum((payment.amount for payment in order.payments), Decimal(0))
    flags = (order.is_test, order.is_cancelled, order.is_refunded, order.currency)
    return (order.total, order.tax, order.lines_total, order.lines_tax, paid, *flags)


def is_caught_by_the_gate(order: Order) -> bool:
    does_not_add_up = (order.lines_total, order.lines_tax) != (order.total, order.tax)
    is_foreign = order.currency != PAIR.currency
    paid = sum((payment.amount for payment in order.payments), Decimal(0))
    return does_not_add_up or is_foreign or paid > order.total


def test_two_thousand_drifts_of_the_schema_are_refused_or_change_no_money() -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable drifts
    nodes = {case: golden(case) for case in CASES}
    sound = {case: read(node) for case, node in nodes.items()}
    outcomes: Counter[str] = Counter()
    leaks = []
    for _ in range(DRIFTS):
        case = chance.choice(CASES)
        node = deepcopy(nodes[case])
        kind, path = drift(chance, node)
        try:
            order = read(node)
        except UnavailableError:
            outcomes["stream paused"] += 1
        except RejectedError:
            outcomes["order refused"] += 1
        else:
            if kind == "new":
                assert order == sound[case]
            outcomes["same money"] += money(order) == money(sound[case])
            if money(order) != money(sound[case]):
                outcomes["parked by the gate"] += is_caught_by_the_gate(order)
                if not is_caught_by_the_gate(order):
                    leaks.append((case, kind, path))
    record("schema drift", seed=SEED, drifts=DRIFTS, outcomes=dict(outcomes), leaks=len(leaks))
    assert min(outcomes.values()) > 0, "not injected"
    assert leaks == []
