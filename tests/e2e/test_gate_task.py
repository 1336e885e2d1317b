"""What a gate's task on a hundred orders adds to its flow, on real Airflow."""

from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from e2e.gate_task import Took, took
from e2e.running.test_three_ways import PAIR, control, make_order
from figures.report import record
from installation import Installation, own_folder, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.bench]

ORDERS, RUNS = 100, 3
ADDED_MAX_S = 1.0
POSTED_WAIT_S = 1200
FIRST = datetime(2026, 3, 6, 10, tzinfo=UTC)
HOURLY = {"TIEOUT_SWEEP_CRON": "0 * * * *"}
"""A backfill's runs are of an hour each, one after the other, and hardly a sweep comes between."""


def all_took(installation: Installation) -> list[Took]:
    """Return what the gates took, once each was followed by the next task."""
    found = took(installation)
    return found if len(found) == RUNS else []


def test_a_warm_gate_on_a_hundred_orders_adds_less_than_a_second() -> None:
    hours = [FIRST + timedelta(hours=number) for number in range(RUNS)]
    with own_folder() as folder:
        installation = Installation(folder, HOURLY)
        try:
            started = installation.run("stack", "start")
            assert started.returncode == 0, started.stdout + started.stderr
            for hour in hours:
                for _ in range(ORDERS):
                    control(installation, "orders", make_order(hour + timedelta(minutes=30)))
            created = installation.airflow(
                "backfill",
                "create",
                "--dag-id=order_to_cash",
                f"--from-date={hours[0].isoformat()}",
                f"--to-date={hours[-1].isoformat()}",
                "--max-active-runs=1",
            )
            assert created.returncode == 0, created.stdout + created.stderr
            gates = wait_for(
                lambda: all_took(installation), limit_s=POSTED_WAIT_S, what="the gates"
            )
            tieout = installation.open()
            received = tieout.ledger.conservation(PAIR).received
            tieout.ledger.close()
        finally:
            installation.run("stack", "stop")
    record(
        "a warm gate's task on a hundred orders, on Airflow",
        orders=ORDERS,
        tasks=RUNS,
        task_s=median(one.task_s for one in gates),
        added_s=median(one.added_s for one in gates),
        most_added_s=max(one.added_s for one in gates),
    )
    assert received == RUNS * ORDERS
    assert median(one.added_s for one in gates) < ADDED_MAX_S
