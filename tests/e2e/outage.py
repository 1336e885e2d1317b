"""The outage as people meet it: orders go on while the agent is away, then a backfill in the UI.

Drives an installation, the shop and a browser; what must hold is test_outage_drill's.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import requests

from browser import Browser
from installation import Installation, wait_for
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import build, sale
from tieout.simulators.shopify.demo_maker import Maker
from tieout.simulators.shopify.demo_people import address, person
from tieout.stack.environment import UI_USER, airflow_settings
from tieout.stack.secrets import load_or_create
from tieout.wiring.connections import connections_in, ledger_url

PAIR = "harbor_and_pine"
COMPANY = COMPANIES["HPS"]
OUTAGE = timedelta(hours=6)
SWEEP_CRON = "7,37 * * * *"
"""Another schedule than the default: the plan must take its intervals from it."""
SEEN_BY_SWEEPS = timedelta(minutes=75)
"""What changed later than this ago, the sweeps of an installation just started would see: up to an
interval that is over, the one before it, and the overlap.
"""
FIRST_NUMBER = 20_001
NEW_BUYER_EVERY = 4
"""Every so manieth order is a new buyer's; the others are bought by customers of old."""
CALL_TIMEOUT_S = 60
SHOPIFY_BUDGET = {"maximum": 1e9, "available": 1e9, "restore_per_s": 1e9}

SELECT_ALL, UNSELECT, ESCAPE = "\ue009a", "\ue000", "\ue00c"
"""Keys in the words of the WebDriver protocol."""
FORM = "//*[@role='dialog' and contains(., 'Run Backfill')]"
PROMISE = re.compile(r"(\d+) runs? will be triggered")
PICKER = "//*[@data-scope='popover' and @data-part='content' and @data-state='open']"


@dataclass
class Outage:
    """One installation, its shop, and the orders placed in it, by invoice number."""

    installation: Installation
    numbers: Iterator[int] = field(default_factory=lambda: count(FIRST_NUMBER))
    told: list[str] = field(default_factory=list)
    """Orders of which the shop told us by webhook."""
    untold: list[str] = field(default_factory=list)
    """Orders whose webhook was lost."""
    live: list[str] = field(default_factory=list)

    def lift_shop_budget(self) -> None:
        """Let the shop answer any number of queries: its budget has tests of its own."""
        self._shop("throttle", SHOPIFY_BUDGET)

    def place_during(self, since: datetime, until: datetime, orders: int) -> None:
        """Place orders evenly over [since, until); half of their webhooks are lost."""
        for position in range(orders):
            at = since + (until - since) * position / orders
            is_told = position % 4 in {0, 3}
            number = self._place(at, deliver="orders/create" if is_told else "")
            (self.told if is_told else self.untold).append(number)

    def place_live(self) -> str:
        """Place an order now; return its invoice number."""
        self.live.append(self._place(now(), deliver="orders/create"))
        return self.live[-1]

    def _place(self, at: datetime, *, deliver: str) -> str:
        make = Maker(COMPANY, at.date())
        number = next(self.numbers)
        buyer = make.known[number % len(make.known)]
        if number % NEW_BUYER_EVERY == 0:
            home = address(
                "Ada", f"Buyer {number}", street="1 Way", city="Troy", zip_code="1", region="NY"
            )
            buyer = person(number, "Ada", f"Buyer {number}", f"ada{number}@example.com", home)
        draft = make.draft(number, buyer, make.line("LAMP-01"), at=at)
        order = {**build(draft), "updated_at": at.isoformat()}
        query = {"deliver": deliver} if deliver else {}
        self._shop("orders", {**order, "transactions": [sale(order)]}, **query)
        return f"HP-{number}"

    def _shop(self, act: str, body: Any, **query: str) -> None:
        url = f"http://127.0.0.1:{self.installation.ports['shopify']}/_shops/{COMPANY.shop_domain}"
        answer = requests.post(f"{url}/{act}", json=body, params=query, timeout=CALL_TIMEOUT_S)
        answer.raise_for_status()

    def xero_calls(self) -> int:
        """Return how many calls the organization has answered."""
        url = f"http://127.0.0.1:{self.installation.ports['xero']}/_calls"
        counted = requests.get(url, timeout=CALL_TIMEOUT_S).json()
        return int(counted.get(str(COMPANY.xero_tenant_id), {}).get("count", 0))

    def ask(self, *command: str) -> tuple[int, Any]:
        """Run a command that reports; return its exit code and its JSON."""
        ended = self.installation.ask(*command)
        assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
        return ended.returncode, json.loads(ended.stdout)

    def gaps(self, since: datetime) -> tuple[int, Any]:
        """Return what `tieout gaps` says of the time from ``since`` to now."""
        until = now() + timedelta(minutes=1)
        ends = ("--from", since.isoformat(), "--to", until.isoformat())
        return self.ask("gaps", *ends, "--pair", PAIR)

    def ask_ledger(self, question: str) -> list[tuple[Any, ...]]:
        """Return what the ledger's database answers."""
        connection = connections_in(self.installation.connections)("tieout_ledger")
        with psycopg.connect(ledger_url(connection).replace("+psycopg", "")) as database:
            return database.execute(question.encode()).fetchall()

    def ask_airflow(self, question: str) -> list[tuple[Any, ...]]:
        """Return what Airflow's database answers."""
        made = self.installation
        settings = airflow_settings(made.configuration, load_or_create(made.home))
        url = settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "")
        with psycopg.connect(url) as database:
            return database.execute(question.encode()).fetchall()


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the schedule's own clock


class AirflowPages:
    """Airflow's own pages in a browser, as a data engineer uses them."""

    def __init__(self, installation: Installation, browser: Browser) -> None:
        self._installation = installation
        self._base = installation.configuration.url("airflow")
        self._browser = browser

    def log_in(self) -> None:
        """Log in as the demo's user."""
        self._open_dag()
        self._browser.type("//input[@name='username']", UI_USER)
        password = load_or_create(self._installation.home).ui_password
        self._browser.type("//input[@name='password']", password)
        self._browser.click("//button[@type='submit']")
        self._browser.wait_for("//button[@aria-label='Trigger Dag']")

    def create_backfill(self, since: datetime, until: datetime, *, picture: Path) -> int:
        """Fill in the form and send it; return how many runs it said it would trigger."""
        self._open_dag()
        self._browser.click("//button[@aria-label='Trigger Dag']")
        self._browser.click("//*[@role='dialog']//label[contains(., 'Backfill')]")
        self._browser.click(f"{FORM}//label[contains(., 'All Runs')]")
        for position, moment in enumerate((since, until), start=1):
            self._pick(position, moment)
        promised = wait_for(self._promised, limit_s=30, what="the form to count the runs")
        self._browser.screenshot(picture)
        self._browser.click(f"{FORM}//button[normalize-space()='Run Backfill']")
        return promised

    def watch_backfill(self, picture: Path) -> str:
        """Save a picture of the DAG's page while the backfill runs; return what it says."""
        self._open_dag()
        self._browser.wait_for("//*[contains(., 'Backfill in progress')]")
        self._browser.wait_for("//*[@data-testid='grid-view-dag-run-bar' or contains(@id, 'grid')]")
        self._browser.screenshot(picture)
        return self._browser.text()

    def _open_dag(self) -> None:
        self._browser.open(f"{self._base}/dags/order_to_cash")

    def _pick(self, position: int, moment: datetime) -> None:
        """Type a date and a time into the picker that opens at one end of the range."""
        self._browser.click(f"({FORM}//*[@data-testid='datetime-input'])[{position}]")
        for field_name, text in (
            ("YYYY/MM/DD", f"{moment:%Y/%m/%d}"),
            ("HH:mm", f"{moment:%H:%M}"),
        ):
            keys = f"{SELECT_ALL}{UNSELECT}{text}"
            self._browser.type(f"{PICKER}//input[@placeholder='{field_name}']", keys)
        self._browser.type(f"{PICKER}//input[@placeholder='HH:mm']", ESCAPE)

    def _promised(self) -> int:
        said = PROMISE.search(self._browser.text(FORM))
        return int(said.group(1)) if said else 0
