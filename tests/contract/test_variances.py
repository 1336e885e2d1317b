"""The queue of variances on PostgreSQL: what runs open and close, and what people say of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from receivers import plain
from records import PAIR
from tieout.domain.entries import ProposedEntry
from tieout.domain.reconciliation.queue import KeptCounts, KeptVariance, VarianceState
from tieout.domain.reconciliation.records import OWNERS, Side, Variance, VarianceClass
from tieout.errors import RejectedError
from tieout.ledger.session import Database
from tieout.ledger.variances import PostgresVariances

TODAY = date(2026, 11, 30)
SINCE = TODAY - timedelta(days=35)
EVERY = tuple(VarianceState)


def variance(
    document_id: str = "Xero payment 1", amount: str = "20.00", **more: object
) -> Variance:
    found = VarianceClass.MISSING
    given: dict[str, object] = {
        "side": Side.MONEY,
        "document_id": document_id,
        "party": "",
        "currency": "USD",
        "amount": Decimal(amount),
        "age_days": 3,
        "variance_class": found,
        "owner": OWNERS[found],
        "evidence": (document_id, "another"),
        "proposal": "Find what it pays.",
    }
    return Variance.model_validate({**given, **more})


def entry(amount: str) -> ProposedEntry:
    value = Decimal(amount)
    amounts = {"clearing": value, "customer_deposits": -value}
    return ProposedEntry(what="cash receipt", day=TODAY, currency="USD", amounts=amounts)


class Queue:
    """The queue, and what the audit has of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.databases = {
            name: Database(url, pool_size=1, application_name="test", actor=name)
            for name in ("", "Ann", "Ben")
        }
        self.kept = self.of("")

    def of(self, actor: str) -> PostgresVariances:
        return PostgresVariances(self.databases[actor])

    def run(self, *seen: Variance, today: date = TODAY) -> KeptCounts:
        return self.kept.keep(PAIR, seen, today=today, payouts_since=SINCE)

    def only(self) -> KeptVariance:
        [one] = self.kept.variances(PAIR, states=EVERY)
        return one

    def audited(self) -> list[tuple[str, str]]:
        with psycopg.connect(plain(self.url)) as connection:
            return connection.execute(
                "SELECT action, CASE WHEN actor = session_user THEN '' ELSE actor END"
                " FROM tieout.audit WHERE subject LIKE 'variance/%' ORDER BY audit_id"
            ).fetchall()


@pytest.fixture
def queue(emptied_ledger_url: str) -> Iterator[Queue]:
    made = Queue(emptied_ledger_url)
    yield made
    for database in made.databases.values():
        database.close()


def test_a_variance_seen_again_is_the_same_one_and_one_that_is_gone_is_closed(
    queue: Queue,
) -> None:
    assert queue.run(variance(entry=entry("20.00"))) == KeptCounts(opened=1)
    first = queue.only()
    assert (first.day, first.age_days) == (TODAY - timedelta(days=3), 3)
    assert first.entry == entry("20.00")
    assert first.evidence == ("Xero payment 1", "another")
    later = TODAY + timedelta(days=1)
    assert queue.run(variance(amount="15.00", age_days=4), today=later) == KeptCounts(unchanged=1)
    second = queue.only()
    assert (second.variance_id, second.opened_at) == (first.variance_id, first.opened_at)
    assert (second.amount, second.age_days, second.entry) == (Decimal("15.00"), 4, None)
    assert queue.run() == KeptCounts(gone=1)
    assert queue.kept.variances(PAIR) == []
    assert queue.only().state is VarianceState.GONE
    assert queue.run(variance()) == KeptCounts(reopened=1)
    assert queue.only().variance_id == first.variance_id
    assert [action for action, _ in queue.audited()] == [
        "variance.open",
        "variance.gone",
        "variance.open",
    ]


def test_whoever_accepts_is_named_and_it_stands_as_what_it_was_through_its_day(
    queue: Queue,
) -> None:
    queue.run(variance())
    number = queue.only().variance_id
    queue.of("Ben").assign(number, "Ann")
    until = TODAY + timedelta(days=2)
    accepted = queue.of("Ann").accept(number, why="The bank looks into it", until=until)
    assert (accepted.state, accepted.said_by) == (VarianceState.ACCEPTED, "Ann")
    assert (accepted.said_why, accepted.assigned_to) == ("The bank looks into it", "Ann")
    assert queue.run(variance(), today=until) == KeptCounts(accepted=1)
    assert queue.only().said_by == "Ann"
    assert queue.run(variance(), today=until + timedelta(days=1)) == KeptCounts(reopened=1)
    again = queue.only()
    assert (again.state, again.said_by, again.accepted_until) == (VarianceState.OPEN, "", None)
    assert again.assigned_to == "Ann"
    assert queue.audited() == [
        ("variance.open", ""),
        ("variance.open", "Ben"),
        ("variance.accepted", "Ann"),
        ("variance.open", ""),
    ]


def test_another_amount_is_not_what_was_accepted(queue: Queue) -> None:
    queue.run(variance())
    queue.of("Ann").accept(queue.only().variance_id, why="A cent", until=TODAY)
    assert queue.run(variance(amount="20.01")) == KeptCounts(reopened=1)
    assert queue.only().state is VarianceState.OPEN


def test_what_is_resolved_and_seen_again_opens_again(queue: Queue) -> None:
    queue.run(variance())
    number = queue.only().variance_id
    resolved = queue.of("Ann").resolve(number, why="Entered the receipt")
    assert (resolved.state, resolved.said_by) == (VarianceState.RESOLVED, "Ann")
    assert resolved.closed_at is not None
    with pytest.raises(RejectedError, match="it is resolved"):
        queue.of("Ben").accept(number, why="Late", until=TODAY)
    assert queue.run() == KeptCounts()
    assert queue.only().state is VarianceState.RESOLVED
    assert queue.run(variance()) == KeptCounts(reopened=1)
    with pytest.raises(RejectedError, match="none of that number"):
        queue.kept.variance(number + 1)


def test_a_payout_that_is_read_no_more_is_not_gone(queue: Queue) -> None:
    old = variance("Payout 1 row 2", side=Side.GATEWAY, age_days=40)
    young = variance("Payout 3 row 4", side=Side.GATEWAY, age_days=30)
    queue.run(old, young, variance(age_days=40))
    assert queue.run() == KeptCounts(gone=2)
    [left] = queue.kept.variances(PAIR)
    assert left.document_id == "Payout 1 row 2"
    assert queue.kept.variances("another pair") == []
