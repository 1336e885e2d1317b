"""Records kept in step on real Airflow: by the sweep, by an event, and never written twice."""

import time
from collections.abc import Callable

import psycopg
import pytest
import requests

from e2e.running.demo import DemoRun
from e2e.running.sweeps import ask_airflow
from installation import Installation, wait_for
from tieout.domain.pair import FlowName
from tieout.stack import witness
from tieout.stack.demo_records import COMPANY, PAIR, TENANT, start_sweeps
from tieout.wiring.connections import connections_in, ledger_url
from tieout.wiring.installation import Tieout

pytestmark = pytest.mark.e2e

MADE_IN_SAGE100, MADE_IN_XERO = "Aberdeen Chandlery", "Celadon Studio"
ARRIVED_WITHIN_S = 120
"""Far more than it takes: a machine may be busy with other things."""
WRITES = "SELECT count(*), coalesce(sum(attempts), 0) FROM tieout.deliveries WHERE pair = %s"
RUN_STATE = "SELECT state FROM dag_run WHERE run_id = '{run}' AND state IN ('success', 'failed')"


def test_the_demo_says_what_is_in_step(first: DemoRun) -> None:
    assert f"In step: 2 customers, 2 items, 2 vendors of {PAIR}" in first.stdout


def in_xero(installation: Installation, name: str) -> witness.Record:
    lookup = connections_in(installation.connections)
    contacts = witness.xero_records(lookup(f"xero_{PAIR}"))["contact"]
    (found,) = witness.named(contacts, witness.Record(name=name))
    return found


def in_sage100(installation: Installation, name: str) -> witness.Record:
    lookup = connections_in(installation.connections)
    customers = witness.sage_records(lookup(f"sage100_{PAIR}"))["customer"]
    (found,) = witness.named(customers, witness.Record(name=name))
    return found


def people(installation: Installation, simulator: str, who: str, act: str, body: object) -> None:
    url = f"{installation.configuration.url(simulator)}/_people/{who}/{act}"
    requests.post(url, json=body, timeout=60).raise_for_status()


def writes(installation: Installation) -> tuple[int, int]:
    """Return how many writes were ever meant for the pair, and how often they were sent."""
    url = ledger_url(connections_in(installation.connections)("tieout_ledger"))
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        row = database.execute(WRITES, [PAIR]).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


@pytest.mark.usefixtures("tieout")
def test_what_changes_in_xero_arrives_in_sage_100_by_the_event(
    installation: Installation, record_property: Callable[[str, object], None]
) -> None:
    contact = in_xero(installation, MADE_IN_XERO)
    email = "kiln@celadonstudio.example"
    began = time.monotonic()
    change = {"ContactID": contact.record_id, "EmailAddress": email}
    people(installation, "xero", TENANT, "change_contact", change)
    wait_for(
        lambda: in_sage100(installation, MADE_IN_XERO).email == email,
        limit_s=ARRIVED_WITHIN_S,
        what="the event to bring it",
    )
    record_property("arrived_after_s", f"{time.monotonic() - began:.1f}")


def test_what_changes_in_sage_100_arrives_in_xero_by_the_sweep_and_a_second_writes_nothing(
    installation: Installation, tieout: Tieout
) -> None:
    key = {"ARDivisionNo": "00", "CustomerNo": "0000601"}
    change = {"table": "AR_Customer", "key": key, "values": {"TelephoneNo": "852 5550 1499"}}
    people(installation, "sage100", COMPANY, "change_record", change)
    swept(installation)
    assert in_xero(installation, MADE_IN_SAGE100).phone == "852 5550 1499"
    before = writes(installation)
    swept(installation)
    assert writes(installation) == before
    assert tieout.status().is_conserved


def swept(installation: Installation) -> None:
    """Start a sweep by hand instead of waiting for the next one, and see it end well."""
    (run,) = start_sweeps(installation.configuration, [FlowName.CUSTOMER_SYNC]).values()
    states = wait_for(
        lambda: ask_airflow(installation, RUN_STATE.format(run=run)),
        limit_s=ARRIVED_WITHIN_S,
        what="the sweep",
    )
    assert states == ["success"]
