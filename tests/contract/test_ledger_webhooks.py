"""What was heard of numbered events: gaps open, close when late events come, or by a person."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from receivers import plain
from records import entry
from tieout.domain.webhooks import GAP_IS_LATE_AFTER, NO_PAIR, HeardEvents, MissedEvents
from tieout.errors import RejectedError
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.webhooks import PostgresWebhooks

APP = "books"


@pytest.fixture
def webhooks(emptied_ledger_url: str) -> Iterator[PostgresWebhooks]:
    ledger = PostgresLedger(emptied_ledger_url)
    yield PostgresWebhooks(ledger.database)
    ledger.close()


@pytest.fixture
def admin(emptied_ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(emptied_ledger_url), autocommit=True) as connection:
        yield connection


def hear(webhooks: PostgresWebhooks, *ranges: tuple[int, int], app: str = APP) -> None:
    for first, last in ranges:
        webhooks.land([], HeardEvents(app=app, first_no=first, last_no=last))


def missed(webhooks: PostgresWebhooks) -> list[tuple[str, int, int]]:
    return [(one.app, one.first_no, one.last_no) for one in webhooks.missed()]


def test_nothing_is_missed_before_the_first_and_while_events_follow_each_other(
    webhooks: PostgresWebhooks,
) -> None:
    assert webhooks.missed() == []
    hear(webhooks, (75, 80), (81, 81), (82, 90))
    assert webhooks.missed() == []
    (app,) = webhooks.apps()
    assert (app.app, app.last_no) == (APP, 90)


def test_what_lies_between_is_missed_until_it_comes(webhooks: PostgresWebhooks) -> None:
    hear(webhooks, (1, 3), (7, 7), (10, 12))
    assert missed(webhooks) == [(APP, 4, 6), (APP, 8, 9)]
    hear(webhooks, (4, 5))
    assert missed(webhooks) == [(APP, 6, 6), (APP, 8, 9)]
    hear(webhooks, (6, 9))
    assert missed(webhooks) == []


def test_a_gap_is_as_old_as_the_first_event_behind_it(webhooks: PostgresWebhooks) -> None:
    hear(webhooks, (1, 1), (5, 5))
    (before,) = webhooks.missed()
    hear(webhooks, (4, 4), (3, 3), (9, 9))
    assert [one.since == before.since for one in webhooks.missed()] == [True, False]


def test_copies_repeats_and_overlaps_open_no_gap(webhooks: PostgresWebhooks) -> None:
    hear(webhooks, (1, 10), (1, 10), (5, 12), (2, 3), (13, 13))
    assert missed(webhooks) == []


def test_a_webhook_that_counts_anew_opens_no_gap(webhooks: PostgresWebhooks) -> None:
    hear(webhooks, (1, 50), (1, 7), (8, 20))
    assert missed(webhooks) == []


def test_each_app_counts_for_itself(webhooks: PostgresWebhooks) -> None:
    hear(webhooks, (1, 2), (9, 9))
    hear(webhooks, (3, 8), app="other")
    assert missed(webhooks) == [(APP, 3, 8)]


def test_a_gap_is_late_when_xero_has_tried_often_enough() -> None:
    since = datetime(2026, 11, 24, 4, tzinfo=UTC)
    gap = MissedEvents(app=APP, first_no=4, last_no=6, since=since)
    assert not gap.is_late(since + GAP_IS_LATE_AFTER - timedelta(seconds=1))
    assert gap.is_late(since + GAP_IS_LATE_AFTER)
    assert gap.text() == "books: events 4 to 6 were never heard, since 2026-11-24 04:00Z"


def test_a_person_gives_up_what_was_missed_by_name_and_with_a_reason(
    webhooks: PostgresWebhooks, admin: psycopg.Connection
) -> None:
    hear(webhooks, (1, 3), (7, 7))
    given_up = HeardEvents(app=APP, first_no=4, last_no=6)
    webhooks.give_up(given_up, by="ada", reason="the webhook was disabled")
    assert webhooks.missed() == []
    assert webhooks.apps()[0].last_no == 7
    rows = admin.execute(
        "SELECT actor, action, subject, detail->>'reason' FROM tieout.audit"
    ).fetchall()
    assert rows == [("ada", "webhook_events.given_up", "webhook/books", "the webhook was disabled")]


@pytest.mark.parametrize(("first", "last"), [(1, 3), (3, 5), (4, 7), (8, 9)])
def test_only_what_was_missed_can_be_given_up(
    webhooks: PostgresWebhooks, first: int, last: int
) -> None:
    hear(webhooks, (1, 3), (7, 7))
    with pytest.raises(RejectedError) as rejected:
        webhooks.give_up(HeardEvents(app=APP, first_no=first, last_no=last), by="ada", reason="x")
    assert rejected.value.cause == "not_missed"
    assert missed(webhooks) == [(APP, 4, 6)]


def test_strays_are_counted_by_organization_until_a_person_dismisses_them(
    webhooks: PostgresWebhooks, admin: psycopg.Connection
) -> None:
    strays = [entry(str(number), pair=NO_PAIR) for number in range(3)]
    webhooks.land([*strays, entry("9")], None)
    (found,) = webhooks.strays()
    assert (found.account, found.count) == (strays[0].account, 3)
    assert "3 webhook events of organization" in found.text()
    assert webhooks.dismiss(found.account, by="ada") == 3
    assert webhooks.strays() == []
    rows = admin.execute(
        "SELECT DISTINCT i.pair, i.state, i.rule, a.actor FROM tieout.inbox AS i "
        "JOIN tieout.audit AS a ON a.subject = 'inbox/' || i.inbox_id AND a.action = "
        "'inbox.' || i.state WHERE i.state = 'skipped'"
    ).fetchall()
    assert rows == [(NO_PAIR, "skipped", "dismissed", "ada")]
    with pytest.raises(RejectedError) as rejected:
        webhooks.dismiss(found.account, by="ada")
    assert rejected.value.cause == "no_strays"
