"""A process that extracts lists of a Xero simulator into a ledger, and says what it took.

``python extracting.py XERO_URL LEDGER_URL LIST...`` does it as a worker does, but that it keeps no
limit of calls: nothing is measured but the work. It prints one JSON object.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from tieout.connectors.turns import MemoryCallBudget
from tieout.connectors.xero.config import XeroConfig
from tieout.connectors.xero.connector import XeroConnector
from tieout.connectors.xero.shared import Shared
from tieout.domain.budget import Allowed
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry
from tieout.domain.reading import Page, PageLanded, Position, Reading
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.usecases.extract import extract
from tieout.wiring.clock import SystemClock

PAIR = "harbor_and_pine"
TENANT = "4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01"
UNLIMITED = Allowed(concurrent=100, per_minute=10**9, per_day=(10**9,), app_per_minute=10**9)


class WatchedLanding(PostgresLanding):
    """The real inbox, which notes how much memory the process holds after every page."""

    def __init__(self, ledger: PostgresLedger) -> None:
        super().__init__(ledger.database)
        self.held_bytes: list[int] = []

    @override
    def land(
        self,
        reading: Reading,
        page: Page,
        *,
        before: Position,
        set_aside: Sequence[tuple[NewInboxEntry, NewDeadLetter]] = (),
    ) -> PageLanded:
        landed = super().land(reading, page, before=before, set_aside=set_aside)
        self.held_bytes.append(memory("VmRSS"))
        return landed


def memory(name: str) -> int:
    """Return a figure of this process's memory, in bytes (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (one for one in lines if one.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def main(xero_url: str, ledger_url: str, *resources: str) -> None:
    """Extract the lists one after the other."""
    config = XeroConfig.model_validate(
        {
            "client_id": "tieout-harbor_and_pine",
            "client_secret": "xero-secret-harbor_and_pine",
            "tenant_id": TENANT,
            "base_url": xero_url,
            "identity_url": xero_url,
        }
    )
    clock = SystemClock()
    budget = MemoryCallBudget(UNLIMITED, clock=clock)
    xero = XeroConnector(config, clock=clock, sleep=time.sleep, shared=Shared(budget=budget))
    ledger = PostgresLedger(ledger_url)
    landing = WatchedLanding(ledger)
    started_s = time.perf_counter()
    done = [extract(xero.lists, landing, PAIR, resource) for resource in resources]
    told = {
        "records": sum(one.landed for one in done),
        "seconds": time.perf_counter() - started_s,
        "rss_bytes_max": memory("VmHWM"),
        "held_bytes": landing.held_bytes,
    }
    ledger.close()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
