"""What ends an installation: its figures spoiled behind our back, and its being stopped.

The last of the files that share one, as files run in the order of their names.
"""

import json
from pathlib import Path

import pytest
import requests

from e2e.running.demo import PAIR, run_demo
from installation import Installation
from tieout.stack import witness
from tieout.wiring.connections import connections_in

pytestmark = pytest.mark.e2e


@pytest.mark.tier2
@pytest.mark.usefixtures("second")
def test_a_figure_changed_in_xero_behind_our_back_fails_the_demo(
    installation: Installation,
) -> None:
    connection = connections_in(installation.connections)(f"xero_{PAIR}")
    (invoice,) = (
        booking
        for bookings in witness.xero_bookings(connection).values()
        for booking in bookings
        if booking.number == "HP-1042"
    )
    base, tenant = connection.text("base_url"), connection.text("tenant_id")
    requests.put(
        f"{base}/_documents/{tenant}/Invoices/{invoice.invoice_id}",
        json={"Total": "110.14"},
        timeout=30,
    ).raise_for_status()

    spoiled = run_demo(installation)

    assert spoiled.returncode == 1
    assert "#1042: Xero's total is 110.14, the shop's is 110.13" in spoiled.stdout
    assert "Everything ties out." not in spoiled.stdout


@pytest.mark.usefixtures("second")
def test_stopping_ends_every_process_that_was_started(installation: Installation) -> None:
    pids = [
        one["pid"]
        for one in json.loads(installation.run("stack", "status", "--json").stdout)["processes"]
    ]

    stopped = installation.run("stack", "stop")

    assert stopped.returncode == 0
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
