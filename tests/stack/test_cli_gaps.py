"""The command `tieout gaps`: what it refuses, and how its report reads."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tieout.cli.main import main
from tieout.domain.forecast import CallDay
from tieout.domain.gaps import BackfillPlan, Gap, GapKind, PairGaps
from tieout.settings import SWEEP_CRON, sweep_interval
from tieout.stack.gap_reports import GAPS_SHOWN_MAX, gaps_json, gaps_text
from tieout.usecases.backfill import plan_backfill

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
EVENING = NOON + timedelta(hours=6)


@pytest.mark.parametrize(
    ("moment", "words"),
    [("2026-11-29T12:00", "names no time zone"), ("yesterday", "is no ISO 8601 time")],
)
def test_a_time_that_is_not_clear_is_refused(
    moment: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gaps", "--from", moment, "--to", "2026-11-29T13:00Z"])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def missing(count: int) -> list[PairGaps]:
    gaps = tuple(
        Gap(
            pair="harbor_and_pine",
            shop="a shop",
            source_id=str(number),
            number=f"HP-{number}",
            kind=GapKind.MISSING,
            changed_at=NOON + timedelta(minutes=number),
            absent=(f"xero invoice HP-{number}",),
        )
        for number in range(count)
    )
    pair = PairGaps(pair="harbor_and_pine", since=NOON, until=EVENING, orders=count, gaps=gaps)
    return [pair]


def plan_of(found: list[PairGaps], *, free: int = 3750) -> BackfillPlan:
    day = CallDay(
        per_day=5000,
        left=5000,
        forecast=0,
        live_per_day=0,
        free_now=free,
        free_per_day=3750,
        ends_at=EVENING + timedelta(hours=3),
    )
    interval_of = partial(sweep_interval, SWEEP_CRON)
    days = {one.pair: day for one in found}
    return plan_backfill(found, interval_of, now=EVENING, xero_days=days)


def text_of(count: int, *, free: int = 3750) -> str:
    found = missing(count)
    return gaps_text(found, plan_of(found, free=free))


def test_the_text_ends_with_the_command_and_the_estimate() -> None:
    text = text_of(GAPS_SHOWN_MAX + 2)
    assert "42 missing" in text
    assert "... and 2 more" in text
    assert "airflow backfill create --dag-id=order_to_cash --from-date=2026-11-29T12:00" in text
    assert "About" in text


def test_a_backfill_that_is_refused_says_why_and_what_to_do_on_which_day() -> None:
    text = text_of(42, free=100)
    assert "Refused as one backfill" in text
    assert "100 are free today" in text
    assert "from 2026-11-29 18:00 UTC" in text
    assert "from 2026-11-29 21:00 UTC" in text
    assert text.count("airflow backfill create") == 2


def test_no_gaps_are_said_in_one_line() -> None:
    assert text_of(0) == "0 orders changed in the interval: no differences."


def test_the_command_in_json_is_ready_for_a_shell() -> None:
    found = missing(1)
    report = gaps_json(found, plan_of(found))
    assert isinstance(report, dict)
    assert report["is_clean"] is False
    assert report["counts"] == {"missing": 1}
    assert isinstance(report["plan"], dict)
    assert str(report["plan"]["command"]).startswith("airflow backfill create --dag-id=")
