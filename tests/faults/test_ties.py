"""T-40: rows of one second are all read, whatever the page size and wherever two sweeps meet.

A shop that pages by its sort key and id is played in memory; its search knows whole seconds.
"""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tieout.connectors.shopify.orders import OrderReader

HISTORIES = 1_000
SEED = 40
START = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
_BOUNDS = re.compile(r"updated_at:>='([^']+)' AND updated_at:<'([^']+)'")


class Paging:
    """A shop's answers to a search for changed orders, ``size`` to a page."""

    def __init__(self, stamps: dict[int, datetime], size: int) -> None:
        self.stamps = stamps
        self.size = size
        self.pages = 0

    def query(self, _text: str, variables: dict[str, Any]) -> dict[str, Any]:
        bounds = _BOUNDS.fullmatch(variables["query"])
        assert bounds is not None
        since, until = (datetime.fromisoformat(bound) for bound in bounds.groups())
        found = sorted(
            (stamp, number)
            for number, stamp in self.stamps.items()
            if since <= stamp.replace(microsecond=0) < until
        )
        after = variables["after"]
        if after is not None:
            key = next(key for key in sorted(self.all_keys()) if _cursor(key) == after)
            found = [one for one in found if one > key]
        self.pages += 1
        page, rest = found[: self.size], found[self.size :]
        info = {"hasNextPage": bool(rest), "endCursor": _cursor(page[-1]) if page else None}
        nodes = [{"legacyResourceId": str(number)} for _stamp, number in page]
        return {"orders": {"nodes": nodes, "pageInfo": info}}

    def all_keys(self) -> list[tuple[datetime, int]]:
        return [(stamp, number) for number, stamp in self.stamps.items()]


def _cursor(key: tuple[datetime, int]) -> str:
    return f"{key[0].isoformat()} {key[1]}"


def history(chance: random.Random) -> dict[int, datetime]:
    """Return orders by number, crowded into a few seconds."""
    seconds = [chance.randrange(0, 5) for _ in range(chance.randint(1, 40))]
    return {
        number: START + timedelta(seconds=second, microseconds=chance.choice([0, 0, 999_999]))
        for number, second in enumerate(seconds, start=1)
    }


@pytest.mark.parametrize("size", [1, 2, 7])
def test_rows_of_one_second_are_read_once_across_pages_and_sweeps(size: int) -> None:
    chance = random.Random(SEED + size)  # noqa: S311 - repeatable histories
    pages = ties = 0
    for _ in range(HISTORIES // 3 + 1):
        stamps = history(chance)
        shop = Paging(stamps, size)
        reader = OrderReader(cast("Any", shop))
        border = START + timedelta(
            seconds=chance.randrange(0, 6), microseconds=chance.choice([0, 5])
        )
        first = reader.changed_ids(START, border)
        second = reader.changed_ids(border, START + timedelta(seconds=10))
        assert len(first) == len(set(first))
        assert {int(one) for one in [*first, *second]} == set(stamps)
        pages += shop.pages
        ties += len(stamps) - len(set(stamps.values()))
    assert pages > HISTORIES, "not injected"
    assert ties > HISTORIES, "not injected"
