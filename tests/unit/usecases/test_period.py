"""A49: what is dated in a closed period parks with its choices, and is never redated silently."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from fake_desk import FakeDesk
from fakes import FakeClock, FakeXero
from tieout.domain.base import System
from tieout.domain.closing import Closing, closing_of
from tieout.domain.desk import Correction
from tieout.domain.ledger import LANDED, Delivery
from tieout.errors import RejectedError
from tieout.usecases.catalog import INVOICE, WRITE_KINDS, Posting
from tieout.usecases.close import open_day, post_on
from tieout.usecases.flow import Flow
from tieout.usecases.period import DATED, XERO_DOCUMENT, PeriodGuard, moved
from tieout.usecases.steps import ORDER_STEPS, run_step
from unit.usecases.test_steps import PAIR, SHOP, causes, claimed, make_flow, worked

OWN, LOCK = date(2026, 11, 29), date(2026, 11, 30)
RUNS = count(1)
LATE = datetime(2026, 12, 4, 12, tzinfo=UTC)
TAKING_BACK = {(System.XERO, "invoice_void"), (System.XERO, "payment_deletion")}
"""What has no day of its own: it undoes a document on that one's."""


def desk_flow(*nodes: dict[str, Any], **closed: date) -> tuple[Flow, FakeDesk]:
    """Return a flow at a day after the close, whose ledger has a desk."""
    clock = FakeClock(LATE)
    desk = FakeDesk(clock)
    pair = PAIR.model_copy(update=closed)
    return replace(make_flow(*nodes), pair=pair, ledger=desk, clock=clock), desk


def lock(flow: Flow, day: date | None) -> None:
    """Let Xero be locked through a day, as a process that starts now reads it."""
    assert isinstance(flow.xero, FakeXero)
    flow.xero.held_reference = flow.xero.held_reference.model_copy(update={"lock_date": day})


def run(flow: Flow) -> None:
    batch = claimed(flow, f"run {next(RUNS)}")
    for step in ORDER_STEPS:
        run_step(flow, step, batch)


def written(flow: Flow, entity: str) -> list[Delivery]:
    (document,) = {one.document_id for one in flow.ledger.deliveries(range(1, 99))}
    found = flow.ledger.deliveries({document}, entity=entity)
    return [one for one in found if one.state in LANDED]


def chosen(flow: Flow, desk: FakeDesk, *, on: date | None = None) -> Correction:
    (letter,) = desk.dead_letters()
    day = open_day(closing_of(flow.pair, flow.xero.lock_date()), on)
    words = {"by": "carla", "reason": "it came late"}
    return post_on(desk, flow.mapper, letter.dead_letter_id, day, **words)


@pytest.mark.parametrize(
    "closed", [{}, {"sage100_closed_through": LOCK}, {"closed_through": LOCK}], ids=str
)
def test_a_closed_day_parks_before_anything_is_sent_whoever_closed_it(
    closed: dict[str, date],
) -> None:
    flow, _desk = desk_flow(worked(), **closed)
    if not closed:
        lock(flow, LOCK)
    run(flow)
    assert causes(flow) == ["period_locked"]
    (letter,) = flow.ledger.dead_letters()
    assert (letter.step, letter.value) == ("invoice", OWN.isoformat())
    assert f"closed through {LOCK}" in letter.message
    for choice in ("tieout close post", "opens the period again", "dismiss"):
        assert choice in letter.remedy
    assert written(flow, "invoice") == []


def test_the_choice_posts_once_on_the_first_open_day_with_its_own_day_in_the_reference() -> None:
    flow, desk = desk_flow(worked())
    lock(flow, LOCK)
    run(flow)
    made = chosen(flow, desk)
    assert (made.corrected_by, made.after) == ("carla", {"/post_on": "2026-12-01"})
    run(flow)
    assert causes(flow) == []
    (invoice,) = written(flow, "invoice")
    order_id = str(worked()["legacyResourceId"])
    assert invoice.payload["Date"] == "2026-12-01"
    assert invoice.payload["Reference"] == f"{order_id} (of 2026-11-29) #1042"
    (payment,) = written(flow, "payment")
    assert payment.payload["Date"] == "2026-12-01"
    assert str(payment.payload["Reference"]).startswith("HP-1042 (of 2026-11-29) ")
    (receipt,) = written(flow, "cash_receipt")
    header = receipt.payload["header"]
    assert isinstance(header, dict)
    assert header["DepositDate"] == "2026-12-01"
    (order,) = written(flow, "sales_order")
    header = order.payload["header"]
    assert isinstance(header, dict)
    assert header["OrderDate"] == "2026-11-29"


def test_what_stands_in_the_books_asks_for_no_day_when_the_order_comes_again() -> None:
    flow, desk = desk_flow(worked())
    lock(flow, LOCK)
    run(flow)
    chosen(flow, desk)
    run(flow)
    again = worked(updatedAt="2026-12-03T10:00:00Z", note="please ring twice")
    flow.shops[SHOP].nodes[str(again["legacyResourceId"])] = again  # type: ignore[attr-defined]
    run(flow)
    assert causes(flow) == []
    (invoice,) = written(flow, "invoice")
    assert invoice.payload["Date"] == "2026-12-01"


def test_reopening_and_a_replay_post_it_on_its_own_day() -> None:
    flow, desk = desk_flow(worked())
    lock(flow, LOCK)
    run(flow)
    lock(flow, None)
    (letter,) = desk.dead_letters()
    desk.put_back(letter.dead_letter_id, by="carla")
    run(flow)
    (invoice,) = written(flow, "invoice")
    assert invoice.payload["Date"] == OWN.isoformat()


def test_the_day_chosen_must_be_open_and_the_letter_one_of_a_closed_day() -> None:
    flow, desk = desk_flow(worked())
    lock(flow, LOCK)
    run(flow)
    with pytest.raises(RejectedError, match="closed as well"):
        chosen(flow, desk, on=LOCK)
    lock(flow, None)
    with pytest.raises(RejectedError, match="Nothing is closed any more"):
        chosen(flow, desk)
    assert causes(flow) == ["period_locked"]


@pytest.mark.parametrize(("day", "calls"), [("2026-12-03", 1), ("2026-12-04", 0)])
def test_xero_is_asked_once_a_step_and_not_of_a_day_that_is_not_over(day: str, calls: int) -> None:
    flow, desk = desk_flow(worked())
    (document,) = desk.documents(claimed(flow))
    guard = PeriodGuard(flow, INVOICE)
    for key in ("one", "other"):
        assert guard.dated(document, key, {"Date": day}) == {"Date": day}
    assert flow.xero.calls_made == calls


def test_the_latest_closing_counts_and_says_who_closed() -> None:
    pair = PAIR.model_copy(update={"closed_through": OWN, "sage100_closed_through": LOCK})
    by_sage = Closing(through=LOCK, by="the periods closed in Sage 100")
    assert closing_of(pair, OWN) == by_sage
    assert by_sage.first_open_day == date(2026, 12, 1)
    assert closing_of(PAIR, None) is None


def test_whatever_posts_has_a_day_that_the_guard_looks_at() -> None:
    posting = {
        (kind.target, kind.entity)
        for kind in WRITE_KINDS
        if kind.posting not in {Posting.NEVER, Posting.BY_INVOICE}
    }
    assert posting - TAKING_BACK == set(DATED)


def test_a_reference_that_says_nothing_gets_the_day_alone() -> None:
    assert moved(XERO_DOCUMENT, {"Date": "2026-11-29"}, LOCK) == {
        "Date": "2026-11-30",
        "Reference": "(of 2026-11-29)",
    }
