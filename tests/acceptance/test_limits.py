"""Xero refuses a call for every limit that it has, at every write: late, but one document each."""

from dataclasses import dataclass

import pytest

from acceptance.orders import paid
from acceptance.test_faults import (
    ONE_OF_EACH,
    XERO,
    XERO_WRITES,
    assert_conserved,
    causes_of,
    copies_of,
    draft_of,
    is_unfinished,
    new_buyer,
)
from tieout.domain.budget import Limit
from tieout.errors import RateLimitedError
from world import HARBOR, World

DAY = "day"


@dataclass(frozen=True)
class Refusal:
    """One refusal as Xero says it, ahead of the write of a step."""

    step: str
    problem: str
    retry_after: str = ""

    def arm(self, world: World) -> None:
        headers = {"X-Rate-Limit-Problem": self.problem}
        if self.retry_after:
            headers["Retry-After"] = self.retry_after
        fault = {"kind": "status", "status": 429, "method": "PUT", "headers": headers}
        path = f"/api.xro/2.0/{XERO_WRITES[self.step]}"
        world.call(f"{world.configuration.url(XERO)}/_faults", {**fault, "path": path})


REFUSALS = [
    *(Refusal(step, DAY, "7200") for step in XERO_WRITES),
    Refusal("invoice", "minute", "1"),
    Refusal("payment", "concurrent"),
    Refusal("invoice_note", "appminute", "1"),
]


def used(world: World) -> tuple[int, int]:
    """Return how many calls were metered, and how many of them were refused."""
    usage = world.tieout.xero_budget(HARBOR).report(HARBOR).usage
    return sum(one.calls for one in usage), sum(one.limited for one in usage)


def let_the_day_end(world: World) -> None:
    """Check that the budget is closed for the day, and let what it knows be over."""
    standing = world.tieout.xero_budget(HARBOR).calls.standing()
    assert standing.closed_by is Limit.DAY
    with world.tieout.ledger.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE tieout.budgets SET state = '{}'")


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: f"{one.step} {one.problem}")
def test_a_refusal_for_a_limit_leaves_one_document_each(world: World, refusal: Refusal) -> None:
    draft = draft_of(new_buyer())
    world.place(paid(draft))
    _calls, limited = used(world)
    troubles = world.run_retrying(
        {refusal.step: lambda: refusal.arm(world)}, between=lambda: let_the_day_end(world)
    )
    waits = [type(one) for one in troubles]
    assert waits == ([RateLimitedError] if refusal.problem == DAY else [])
    assert used(world)[1] == limited + 1
    assert copies_of(world, draft) == ONE_OF_EACH
    assert causes_of(world, draft) == []
    assert_conserved(world)


def test_while_a_day_is_used_up_nothing_is_sent_and_nothing_is_set_aside(world: World) -> None:
    draft = draft_of(new_buyer())
    world.place(paid(draft))
    refusal = Refusal("contact", DAY, "7200")
    calls: list[int] = []
    troubles = world.run_retrying(
        {"contact": lambda: refusal.arm(world)}, between=lambda: calls.append(used(world)[0])
    )
    assert {type(one) for one in troubles} == {RateLimitedError}
    assert len(calls) == 3
    assert len(set(calls)) == 1
    assert causes_of(world, draft) == []
    assert is_unfinished(world, draft)
    let_the_day_end(world)
