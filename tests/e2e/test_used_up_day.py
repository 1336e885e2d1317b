"""Xero's day is used up in the middle of a run: on real Airflow its tasks wait without a worker."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import psycopg
import pytest
import requests

from installation import Installation, own_folder, wait_for
from simulators.xero.client import XeroClient
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import build, sale
from tieout.simulators.shopify.demo_maker import Maker
from tieout.stack.environment import airflow_settings
from tieout.stack.secrets import load_or_create

pytestmark = [pytest.mark.e2e, pytest.mark.tier2]

PAIR = "harbor_and_pine"
SHOP = "harbor-and-pine.myshopify.com"
TENANT = COMPANIES["HPS"].xero_tenant_id
NUMBERS = count(7501)
DAY_S = 86_400
DAY_CALLS = 100
LEFT = 8
"""Calls of the day that are left when the order comes; it takes more."""
DAY_LEFT_S = 240
"""How long the day still lasts then: longer than a worker waits."""
WAIT_S = 420
LIMITS = {"TIEOUT_SIMULATOR_XERO": f"--minute-limit 6000 --day-limit {DAY_CALLS}"}
DEFERRED = "SELECT task_id FROM task_instance WHERE dag_id = 'order_to_cash' AND state = 'deferred'"
TRIES = """
    SELECT max(try_number), count(*) FILTER (WHERE state = 'failed')
    FROM task_instance WHERE dag_id = 'order_to_cash'
"""


@pytest.fixture
def installation() -> Iterator[Installation]:
    with own_folder() as folder:
        made = Installation(folder, LIMITS)
        try:
            started = made.run("stack", "start")
            assert started.returncode == 0, started.stdout + started.stderr
            receiver = f"http://127.0.0.1:{made.ports['receiver']}/webhooks/shopify"
            made.open().subscribe_shops(receiver)
            yield made
        finally:
            made.run("stack", "stop")


def ask_airflow(made: Installation, question: str) -> list[tuple[Any, ...]]:
    settings = airflow_settings(made.configuration, load_or_create(made.home))
    url = settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "")
    with psycopg.connect(url) as database:
        return database.execute(question.encode()).fetchall()


def let_the_day_end_soon(xero: XeroClient) -> None:
    """Set the simulator's clock to shortly before the organization's day ends."""
    shift = sum(TENANT.encode()) * 7
    now_s = int(datetime.now(UTC).timestamp())  # noqa: TID251 - the simulator's own clock
    left_s = DAY_S - (now_s + shift) % DAY_S
    xero.control("POST", "clock", {"advance_seconds": (left_s - DAY_LEFT_S) % DAY_S})


def use_up(xero: XeroClient) -> None:
    """Use the day, as somebody does who shares the app, until few calls are left."""
    left = DAY_CALLS
    while left > LEFT:
        answer = xero.get("Currencies")
        assert answer.status_code == 200
        left = int(answer.headers["X-DayLimit-Remaining"])


def place_order(made: Installation) -> None:
    placed_at = datetime.now(UTC)  # noqa: TID251 - the shop's own clock
    make = Maker(COMPANIES["HPS"], placed_at.date())
    draft = make.draft(next(NUMBERS), make.known[3], make.line("LAMP-01"), at=placed_at)
    order = {**build(draft), "transactions": [sale(build(draft))]}
    url = f"http://127.0.0.1:{made.ports['shopify']}/_shops/{SHOP}/orders"
    told = {"deliver": "orders/create"}  # else only the next sweep sees it
    requests.post(url, json=order, params=told, timeout=60).raise_for_status()


def test_tasks_of_a_used_up_day_wait_without_a_worker_and_use_no_retry(
    installation: Installation,
) -> None:
    xero = XeroClient(f"http://127.0.0.1:{installation.ports['xero']}")
    tieout = installation.open()
    let_the_day_end_soon(xero)
    xero.headers.update(xero.authorized())
    use_up(xero)
    place_order(installation)
    wait_for(
        lambda: not tieout.status().is_settled and ask_airflow(installation, DEFERRED),
        limit_s=WAIT_S,
        what="a task put off while the order waits",
    )
    wait_for(lambda: tieout.status().is_settled, limit_s=WAIT_S, what="the next day's calls")
    (ours,) = (pair for pair in tieout.status().pairs if pair.pair == PAIR)
    assert (ours.done, ours.dead_letter) == (1, 0)
    assert ask_airflow(installation, TRIES) == [(1, 0)]
    (calls,) = [
        one for tenant, one in xero.control("GET", "calls").json().items() if tenant == TENANT
    ]
    assert calls["refused"] <= 2
    tieout.ledger.close()
