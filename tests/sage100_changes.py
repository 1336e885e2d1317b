"""A Sage 100 site in memory that changes while it is read, as ProvideX would let it.

Two workstations stamp rows with their own clocks, in decimal hours with and without a zero before
them; a write may show minutes later than its stamp; of a document the lines come before the header,
and a reader can meet the half. Between any two statements something may happen.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sage100_sites import FakeRoute, row_of
from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.dialect import Key, Select
from tieout.connectors.sage100.routes import Inspection, Page

ZONE = ZoneInfo("America/New_York")
CUSTOMERS, ORDERS = "AR_Customer", "SO_SalesOrderHeader"
LINES, HISTORY = "SO_SalesOrderDetail", "SO_SalesOrderHistoryHeader"
SKEWS_S = (-180, 180)
"""How far the clocks of the two workstations are off."""
LATE_MAX_S = 180
"""How much later than its stamp a write shows: less than the overlap, clocks considered."""
WAITS_S = (0, 1, 40, 300, 1900, 7000, 26_000)
BUSY_WAITS = 4
"""How many of these are short enough to pass while something is under way."""
FORMS = (".5f", "08.5f")
ANCHOR = ("00", "0000000")
"""A customer that nobody deletes: a table that comes back empty makes nothing gone."""
PRICE = Decimal("2.50")

Act = tuple[str, int]
Cells = dict[str, Any]
Step = Callable[[], None]


@dataclass
class Site:
    """The tables, a clock, and what is under way."""

    now: datetime
    during: Iterator[Act] = field(default_factory=lambda: iter(()))
    """What happens while it is read: one act before each statement."""
    tables: dict[str, dict[Key, Cells]] = field(
        default_factory=lambda: {name: {} for name in (CUSTOMERS, ORDERS, LINES, HISTORY)}
    )
    whole: set[tuple[str, str]] = field(default_factory=set)
    """Every version of every order that was whole at some time, by number and version."""
    undated: set[Key] = field(default_factory=set)
    """Customers whose last write left no date: only a reading of all finds it."""
    steps: list[Step] = field(default_factory=list)
    """The rest of the documents that are under way."""
    late: list[tuple[datetime, Key, Cells]] = field(default_factory=list)
    versions: Counter[str] = field(default_factory=Counter)
    statements_made: int = 0

    def __post_init__(self) -> None:
        for number in range(6):
            self.write(("00", f"{number:07d}"), number)

    def fetch(self, select: Select, rows_max: int) -> Page:
        """Answer a statement as the driver would."""
        self.statements_made += 1
        self.happen(*next(self.during, ("wait", 0)))
        table, rows = TABLES[select.table], self.tables[select.table].values()
        whole = [dict(zip(table.columns, row_of(table, row), strict=True)) for row in rows]
        return FakeRoute({select.table: whole}).fetch(select, rows_max)

    def inspect(self, tables: Collection[str]) -> Inspection:
        """Say nothing of the site."""
        return Inspection("in memory", [], dict.fromkeys(tables, ""))

    def close(self) -> None:
        """Nothing is open."""

    def happen(self, what: str, number: int) -> None:
        """Let one thing happen, and whatever is under way go on by one step."""
        match what:
            case "wait":
                is_busy = bool(self.steps or self.late)
                waits = WAITS_S[:BUSY_WAITS] if is_busy else WAITS_S
                self.now += timedelta(seconds=waits[number % len(waits)])
            case "new":
                self.write(("00", f"{100 + self.versions.total():07d}"), number)
            case "edit" | "blank" | "undated" | "late":
                self.write(self._customer(number), number, what)
            case "register":
                self.register(number)
            case "delete" if self._customer(number) != ANCHOR:
                key = self._customer(number)
                self.tables[CUSTOMERS].pop(key)
                self.undated.discard(key)
                self.late = [one for one in self.late if one[1] != key]
            case "order":
                self.order(number)
            case "end":
                self.end(number)
        self.go_on()

    def go_on(self) -> None:
        """Take one step of what is under way, and show what is late no longer."""
        if self.steps:
            self.steps.pop(0)()
        due = [one for one in self.late if one[0] <= self.now]
        self.late = [one for one in self.late if one[0] > self.now]
        for _when, key, cells in due:
            self.tables[CUSTOMERS][key] = cells

    def settle(self) -> None:
        """Let all that is under way come to its end."""
        self.now += timedelta(seconds=LATE_MAX_S)
        while self.steps or self.late:
            self.go_on()

    def write(self, key: Key, number: int, way: str = "edit") -> None:
        """Create a customer or change it."""
        self.late = [one for one in self.late if one[1] != key]
        cells = {**self._key(CUSTOMERS, key), **self.stamp(number)}
        cells["CustomerName"] = f"{key[1]}, version {self._version(str(key[1]))}"
        self.undated.discard(key)
        match way:
            case "blank":
                cells["TimeUpdated"] = ""
            case "undated":
                cells.update(DateUpdated="", TimeUpdated="")
                self.undated.add(key)
            case "late" if key in self.tables[CUSTOMERS]:
                shown = self.now + timedelta(seconds=number * 37 % LATE_MAX_S)
                self.late.append((shown, key, cells))
                return
        self.tables[CUSTOMERS][key] = cells

    def register(self, number: int) -> None:
        """Update a register: many customers have one stamp."""
        stamp = self.stamp(number)
        for key, cells in self.tables[CUSTOMERS].items():
            self.tables[CUSTOMERS][key] = {**cells, **stamp, "CurrentBalance": Decimal(number)}
            self.undated.discard(key)
        self.late = []

    def order(self, number: int) -> None:
        """Enter an order or change its lines: the lines come first, then header and history."""
        order = f"{number % 3:07d}"
        version = self._version(f"order {order}")
        count = 1 + number % 3

        def lines() -> None:
            for key in [key for key in self.tables[LINES] if key[0] == order]:
                del self.tables[LINES][key]
            for place in range(count):
                key = (order, f"{place:06d}")
                amount = PRICE * (version + place)
                self.tables[LINES][key] = {**self._key(LINES, key), "ExtensionAmt": amount}

        def header() -> None:
            total = sum((PRICE * (version + place) for place in range(count)), Decimal(0))
            cells = {"SalesOrderNo": order, "Comment": f"{version}", **self.stamp(number)}
            self.tables[ORDERS][order,] = {**cells, "TaxableAmt": total}
            self.tables[HISTORY][order,] = {**cells, "OrderStatus": "A"}
            self.whole.add((order, f"{version}"))

        self.steps += [lines, header]

    def end(self, number: int) -> None:
        """Complete an order or delete it; its history says which, a moment before it is gone."""
        order = f"{number % 3:07d}"

        def history() -> None:
            if (order,) in self.tables[ORDERS]:
                status = "CX"[number % 2]
                kept = self.tables[HISTORY][order,]
                self.tables[HISTORY][order,] = {**kept, **self.stamp(number), "OrderStatus": status}

        def gone() -> None:
            self.tables[ORDERS].pop((order,), None)
            for key in [key for key in self.tables[LINES] if key[0] == order]:
                del self.tables[LINES][key]

        self.steps += [history, gone]

    def stamp(self, number: int) -> Cells:
        """Return the columns of a write now, by the clock of one of the workstations."""
        wall = (self.now + timedelta(seconds=SKEWS_S[number % 2])).astimezone(ZONE)
        since_midnight = datetime.combine(wall.date(), wall.time()) - datetime.combine(
            wall.date(), time()
        )
        hours = since_midnight / timedelta(hours=1)
        return {
            "DateUpdated": wall.date(),
            "TimeUpdated": f"{hours:{FORMS[number // 2 % 2]}}",
            "UserUpdatedKey": f"{number % 2}",
        }

    def _customer(self, number: int) -> Key:
        keys = sorted(self.tables[CUSTOMERS])
        return keys[number % len(keys)]

    def _version(self, name: str) -> int:
        self.versions[name] += 1
        return self.versions[name]

    def _key(self, table: str, key: Key) -> Cells:
        return dict(zip(TABLES[table].key, key, strict=True))
