"""Workers that call Xero as often as they may: threads of a process of their own.

``python callers.py ORIGIN XERO_URL LEDGER_URL HOW FROM_S UNTIL_S LANE...``: one thread a lane.
``HOW`` is ``shared``, or ``apart`` for a budget of this process alone. Events do not come without a
pause; the other lanes call again at once. What the turns took comes as JSON, by lane.
"""

import json
import sys
import threading
from collections import defaultdict
from datetime import datetime

from budget.fast import FastClock
from tieout.connectors.turns import MemoryCallBudget
from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.config import XeroConfig
from tieout.connectors.xero.tiers import Tier, allowed_by
from tieout.domain.budget import Caller, Lane
from tieout.errors import RateLimitedError
from tieout.ledger.budget import PostgresCallBudget
from tieout.ledger.session import Database
from tieout.ports.budget import CallBudget
from tieout.simulators.company import COMPANIES

ALLOWED = allowed_by(Tier.CUSTOM)
PAIR = "harbor_and_pine"
EVENT_PAUSE_S = 6.0


class Callers:
    """The threads, and what each lane's turns took."""

    def __init__(self, clock: FastClock, config: XeroConfig, budget: CallBudget) -> None:
        self.clock = clock
        self.config = config
        self.budget = budget
        self.waited_s: dict[str, list[float]] = defaultdict(list)

    def work(self, lane: Lane, from_: datetime, until: datetime) -> None:
        """Call until the time is over."""
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            self.clock.sleep(seconds)

        client = XeroClient(
            self.config,
            clock=self.clock,
            sleep=sleep,
            budget=self.budget,
            caller=Caller(flow="rush", lane=lane),
        )
        self.clock.sleep(max((from_ - self.clock.now()).total_seconds(), 0))
        while self.clock.now() < until:
            slept.clear()
            try:
                client.rows("Currencies", "Currencies")
            except RateLimitedError as error:
                self.clock.sleep(min(error.retry_after_s or 0, 5))
            else:
                self.waited_s[lane].append(sum(slept))
            if lane is Lane.EVENT:
                self.clock.sleep(EVENT_PAUSE_S)


def main() -> None:
    origin, xero_url, ledger_url, how, from_s, until_s, *lanes = sys.argv[1:]
    clock = FastClock(datetime.fromisoformat(origin))
    config = XeroConfig.model_validate(
        {
            "client_id": f"tieout-{PAIR}",
            "client_secret": f"xero-secret-{PAIR}",
            "tenant_id": COMPANIES["HPS"].xero_tenant_id,
            "base_url": xero_url,
            "identity_url": xero_url,
        }
    )
    database = Database(ledger_url, pool_size=len(lanes), application_name="callers")
    shared = PostgresCallBudget(
        database, app="app", organization="one", allowed=ALLOWED, present=clock.in_sql()
    )
    budget = shared if how == "shared" else MemoryCallBudget(ALLOWED, clock=clock)
    callers = Callers(clock, config, budget)
    between = (clock.ends_at(float(from_s)), clock.ends_at(float(until_s)))
    threads = [threading.Thread(target=callers.work, args=(Lane(one), *between)) for one in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    sys.stdout.write(json.dumps(callers.waited_s))


if __name__ == "__main__":
    main()
