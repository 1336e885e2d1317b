"""The commands on webhooks: what is missed is said, and ends with 1 until somebody acts."""

import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

import records
from receivers import plain
from stack.test_cli import connections
from tieout.cli.main import main
from tieout.domain.webhooks import GAP_IS_LATE_AFTER, NO_PAIR, HeardEvents
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.webhooks import PostgresWebhooks

__all__ = ["connections"]

LATE = GAP_IS_LATE_AFTER + timedelta(minutes=1)


@pytest.fixture
def webhooks(ledger_url: str) -> Iterator[PostgresWebhooks]:
    ledger = PostgresLedger(ledger_url)
    yield PostgresWebhooks(ledger.database)
    ledger.close()


def hear(webhooks: PostgresWebhooks, *ranges: tuple[int, int]) -> None:
    for first, last in ranges:
        webhooks.land([], HeardEvents(app="books", first_no=first, last_no=last))


def age(ledger_url: str) -> None:
    """Let what was heard so far be heard long ago."""
    with psycopg.connect(plain(ledger_url)) as admin:
        admin.execute("UPDATE tieout.webhook_ranges SET heard_at = heard_at - %s", [LATE])


def test_nothing_heard_and_nothing_missed_is_good(
    webhooks: PostgresWebhooks, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["webhooks", *connections]) == 0
    assert "No app of Xero has sent anything." in capsys.readouterr().out
    hear(webhooks, (1, 9))
    assert main(["webhooks", *connections]) == 0
    assert "books: heard up to event 9" in capsys.readouterr().out


def test_a_gap_is_an_alarm_when_it_is_late_until_it_is_given_up(
    webhooks: PostgresWebhooks,
    ledger_url: str,
    connections: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hear(webhooks, (1, 3), (7, 7))
    assert main(["webhooks", *connections]) == 0
    assert "events 4 to 6 were never heard" in capsys.readouterr().out
    age(ledger_url)
    assert main(["webhooks", "--json", *connections]) == 1
    (missed,) = json.loads(capsys.readouterr().out)["missed"]
    assert (missed["first_no"], missed["last_no"], missed["is_late"]) == (4, 6, True)
    assert main(["status", "--json", *connections]) == 1
    (alarm,) = json.loads(capsys.readouterr().out)["webhook_alarms"]
    assert "events 4 to 6" in alarm
    gap = ["books", "4", "6", "--reason", "it was disabled", "--by", "ada"]
    assert main(["webhooks", "give-up", *gap, *connections]) == 0
    assert main(["webhooks", *connections]) == 0
    assert main(["status", *connections]) == 0
    assert main(["webhooks", "give-up", *gap, *connections]) == 2
    assert "are not missed" in capsys.readouterr().err


def test_events_of_no_pair_are_an_alarm_until_they_are_dismissed(
    webhooks: PostgresWebhooks, connections: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    webhooks.land([records.entry("1", pair=NO_PAIR)], None)
    assert main(["webhooks", *connections]) == 1
    assert f"organization {records.SHOP}, which no pair names" in capsys.readouterr().out
    assert main(["webhooks", "dismiss", records.SHOP, "--by", "ada", *connections]) == 0
    assert "1 events are skipped" in capsys.readouterr().out
    assert main(["webhooks", *connections]) == 0
