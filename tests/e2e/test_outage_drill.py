"""The outage drill, as a person would do it, on real Airflow with a real browser.

Sage 100's agent is away while orders of six hours come in, half of their webhooks lost. Then it is
back, `tieout gaps` says what is missing, and the backfill is created on Airflow's own pages while
new orders keep coming. The Xero simulator's limits a minute and a day are lifted, and the shop's
query budget with them: with the real ones the drill would take days (docs/howto/outage.md).
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from browser import browsing
from e2e.outage import OUTAGE, PAIR, SEEN_BY_SWEEPS, SWEEP_CRON, AirflowPages, Outage, now
from figures.report import record
from installation import Installation, own_folder, wait_for
from tieout.wiring.installation import Tieout
from tieout_oracle.reading import judge_installation

pytestmark = [pytest.mark.e2e, pytest.mark.tier2, pytest.mark.drill]

ORDERS = int(os.environ.get("TIEOUT_DRILL_ORDERS", "5000"))
LIVE_ORDERS = 3
LIVE_EVERY_S = 5
ROOT = Path(__file__).parents[2]
SETTINGS = {
    "TIEOUT_SWEEP_CRON": SWEEP_CRON,
    "TIEOUT_SIMULATOR_XERO": "--minute-limit 1000000 --day-limit 100000000",
}
MET_WITHIN_S = 300
LIVE_WITHIN_S = 900
"""The four minutes of Sage 100's ramp included."""
SECONDS_PER_ORDER = 3
SLACK_S = 1500
"""What the last interval, leases of runs that failed and a busy machine add to it."""

SAGE_TASKS_FAILED = """
    SELECT count(*) FROM task_instance
    WHERE task_id IN ('pair.write_customers', 'pair.write_sales_orders')
    AND (state IN ('up_for_retry', 'failed') OR try_number > 1)
"""
SAGE_ATTEMPTS = """
    SELECT count(*), coalesce(sum(attempts), 0), coalesce(max(attempts), 0)
    FROM tieout.deliveries WHERE target = 'sage100'
"""
BACKFILLS_UNDER_WAY = "SELECT count(*) FROM backfill WHERE completed_at IS NULL"
BACKFILL_RUNS = """
    SELECT dag_run.state, count(*) FROM dag_run JOIN backfill ON backfill.id = dag_run.backfill_id
    GROUP BY dag_run.state
"""
HISTORY_LEFT = """
    SELECT count(*) FROM tieout.documents
    WHERE is_history AND state IN ('received', 'validated', 'ready')
"""


@dataclass
class Drill:
    """What was seen on the way through the drill, for the tests to judge."""

    failed_tasks: int = 0
    sage_in_outage: tuple[Any, ...] = ()
    found: dict[str, Any] = field(default_factory=dict)
    found_code: int = -1
    promised_runs: int = 0
    live_seconds: list[float] = field(default_factory=list)
    untold_left_after_live: int = 0
    seconds: float = 0
    xero_calls: int = 0


@pytest.fixture(scope="module")
def outage() -> Iterator[Outage]:
    with own_folder() as folder:
        yield from _outage(Installation(folder, SETTINGS))


def _outage(made: Installation) -> Iterator[Outage]:
    try:
        started = made.run("stack", "start")
        assert started.returncode == 0, started.stdout + started.stderr
        made.open().subscribe_shops(f"http://127.0.0.1:{made.ports['receiver']}/webhooks/shopify")
        outage = Outage(made)
        outage.lift_shop_budget()
        _put_off_the_night(outage)
        yield outage
    finally:
        made.run("stack", "stop")


def _put_off_the_night(outage: Outage) -> None:
    """Let no night's compare come in between.

    It would bring in what is missing, and this is about the backfill that people create.
    """
    paused = outage.installation.airflow("dags", "pause", "nightly")
    assert paused.returncode == 0, paused.stderr


@pytest.fixture(scope="module")
def tieout(outage: Outage) -> Iterator[Tieout]:
    opened = outage.installation.open()
    yield opened
    opened.ledger.close()


@pytest.fixture(scope="module")
def drill(outage: Outage, tieout: Tieout, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """Go through the drill once."""
    seen = Drill()
    since = now() - OUTAGE - SEEN_BY_SWEEPS
    _go_through_outage(outage, seen, since)
    seen.found_code, seen.found = outage.gaps(since)
    began, calls_before = time.monotonic(), outage.xero_calls()
    _backfill_in_the_pages(outage, seen, pictures=tmp_path_factory.mktemp("pictures"))
    _place_live_orders(outage, tieout, seen)
    wait_for(
        lambda: outage.ask_airflow(BACKFILLS_UNDER_WAY) == [(0,)] and tieout.status().is_settled,
        limit_s=SLACK_S + SECONDS_PER_ORDER * ORDERS,
        what="the backfill to end and everything to be posted",
    )
    seen.seconds = time.monotonic() - began
    seen.xero_calls = outage.xero_calls() - calls_before
    return seen


def _go_through_outage(outage: Outage, seen: Drill, since: datetime) -> None:
    """Stop the agent, let orders come in, see runs fail on it, start it again."""
    stopped = outage.installation.run("stack", "stop", "--only", "agent")
    assert stopped.returncode == 0, stopped.stderr
    outage.place_during(since, since + OUTAGE, ORDERS)
    wait_for(
        lambda: outage.ask_airflow(SAGE_TASKS_FAILED) != [(0,)],
        limit_s=MET_WITHIN_S,
        what="a run to meet the outage",
    )
    ((seen.failed_tasks,),) = outage.ask_airflow(SAGE_TASKS_FAILED)
    (seen.sage_in_outage,) = outage.ask_ledger(SAGE_ATTEMPTS)
    started = outage.installation.run("stack", "start", "--only", "agent")
    assert started.returncode == 0, started.stderr


def _backfill_in_the_pages(outage: Outage, seen: Drill, *, pictures: Path) -> None:
    """Create the backfill that the plan names by filling in Airflow's form."""
    planned = seen.found["plan"]["backfill"]
    with browsing() as browser:
        pages = AirflowPages(outage.installation, browser)
        pages.log_in()
        seen.promised_runs = pages.create_backfill(
            datetime.fromisoformat(planned["from_date"]),
            datetime.fromisoformat(planned["to_date"]),
            picture=pictures / "backfill_form.png",
        )
        pages.watch_backfill(pictures / "backfill_running.png")


def _place_live_orders(outage: Outage, tieout: Tieout, seen: Drill) -> None:
    """Place orders while the backfill runs, and see each posted in both books."""
    xero, sage100 = tieout.xero(PAIR), tieout.sage100(PAIR)

    def is_posted(number: str) -> bool:
        # Sage 100 comes last, and asking it costs Xero no call.
        return bool(sage100.order_numbers([number]) and xero.invoices_numbered([number]))

    for _ in range(LIVE_ORDERS):
        placed = time.monotonic()
        number = outage.place_live()
        wait_for(
            lambda number=number: is_posted(number),
            limit_s=LIVE_WITHIN_S,
            what=f"the live order {number} to be posted",
        )
        seen.live_seconds.append(round(time.monotonic() - placed, 1))
        time.sleep(LIVE_EVERY_S)
    seen.untold_left_after_live = len(outage.untold) - len(sage100.order_numbers(outage.untold))
    sage100.close()


def test_the_outage_was_met(drill: Drill) -> None:
    assert drill.failed_tasks > 0, "not injected"


def test_the_outage_used_up_no_attempt(drill: Drill) -> None:
    intended, in_all, most = drill.sage_in_outage
    assert intended > 0
    assert (in_all, most) == (0, 0)


def test_the_gaps_name_every_order_whose_webhook_was_lost(outage: Outage, drill: Drill) -> None:
    assert drill.found_code == 1
    gaps = drill.found["pairs"][0]["gaps"]
    missing = {gap["number"] for gap in gaps if gap["kind"] == "missing"}
    assert missing == set(outage.untold)
    others = {gap["number"] for gap in gaps if gap["kind"] != "missing"}
    assert others <= set(outage.told)


def test_the_plan_and_airflow_count_the_same_runs(outage: Outage, drill: Drill) -> None:
    planned = drill.found["plan"]["backfill"]["runs"]
    assert drill.promised_runs == planned
    assert outage.ask_airflow(BACKFILL_RUNS) == [("success", planned)]


def test_live_orders_were_posted_before_the_history_ended(drill: Drill) -> None:
    assert len(drill.live_seconds) == LIVE_ORDERS
    assert drill.untold_left_after_live > 0


def test_nothing_differs_afterwards(outage: Outage, drill: Drill) -> None:
    code, report = outage.gaps(now() - 2 * OUTAGE)
    assert (code, report["is_clean"], report["counts"]) == (0, True, {})
    assert report["pairs"][0]["orders"] == ORDERS + len(drill.live_seconds)
    assert outage.ask_ledger(HISTORY_LEFT) == [(0,)]


def test_every_write_to_sage_was_sent_once(outage: Outage, drill: Drill) -> None:
    assert drill.seconds > 0
    ((written, in_all, most),) = outage.ask_ledger(SAGE_ATTEMPTS)
    assert most == 1
    assert in_all == written


def test_messages_are_conserved_and_the_books_tie_out(tieout: Tieout, drill: Drill) -> None:
    assert drill.seconds > 0
    assert tieout.status().is_conserved
    assert tieout.tie_out(PAIR).unknown == 0


def test_the_oracle_finds_nothing_and_the_figures_are_recorded(
    outage: Outage, drill: Drill
) -> None:
    verdict = judge_installation(
        outage.installation.connections, ROOT / "include" / "pairs.yaml", pair=PAIR
    )[PAIR]
    assert verdict.is_clean, verdict.text()
    planned = drill.found["plan"]
    record(
        "outage drill",
        documents=ORDERS + len(drill.live_seconds),
        counts_found=drill.found["counts"],
        failed_tasks=drill.failed_tasks,
        attempts_used=drill.sage_in_outage[1],
        backfill_runs=drill.promised_runs,
        live_seconds=drill.live_seconds,
        history_left_after_live=drill.untold_left_after_live,
        seconds=round(drill.seconds),
        xero_calls=drill.xero_calls,
        xero_calls_planned=next(
            load["amount"] for load in planned["loads"] if load["system"] == "xero"
        ),
        lost=len(verdict.lost),
        doubled=len(verdict.doubled),
        phantom=len(verdict.phantom),
    )
