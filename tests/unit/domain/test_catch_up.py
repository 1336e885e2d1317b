"""When what waits will be done, at the pace of the last minutes."""

from datetime import UTC, datetime, timedelta

from tieout.domain.catch_up import catch_up

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_what_waits_is_done_at_the_pace_of_the_last_half_hour() -> None:
    estimate = catch_up("harbor_and_pine", waiting=600, done=100, now=NOW)
    assert (estimate.per_minute, estimate.done_at) == (3.3, NOW + timedelta(hours=3))


def test_without_a_pace_there_is_no_estimate() -> None:
    assert catch_up("harbor_and_pine", waiting=600, done=0, now=NOW).done_at is None


def test_where_nothing_waits_it_is_done() -> None:
    assert catch_up("harbor_and_pine", waiting=0, done=0, now=NOW).done_at == NOW
