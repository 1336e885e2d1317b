"""The gate's tasks on a real Airflow: the page of Data Docs that one links, and what they took."""

from typing import NamedTuple
from urllib.parse import quote

import psycopg
import requests

from installation import Installation
from tieout.stack.environment import UI_USER, airflow_settings
from tieout.stack.secrets import load_or_create

TIMEOUT_S = 60
DAG, TASK = "order_to_cash", "pair.gate_orders"
PLACE = """
    SELECT map_index FROM task_instance
    WHERE dag_id = %s AND task_id = %s AND run_id = %s AND rendered_map_index = %s
"""
TOOK = """
    SELECT extract(epoch FROM gate.end_date - gate.start_date)::float,
        extract(epoch FROM min(after.start_date) - gate.start_date)::float
    FROM task_instance AS gate JOIN task_instance AS after USING (dag_id, run_id, map_index)
    WHERE dag_id = %s AND gate.task_id = %s AND gate.state = 'success'
        AND after.task_id IN ('pair.write_contacts', 'pair.write_customers')
        AND after.start_date IS NOT NULL
    GROUP BY gate.id ORDER BY gate.end_date
"""


class Took(NamedTuple):
    """One gate's task: how long it took, and how much later than it the next task began."""

    task_s: float
    added_s: float


class DataDocs(NamedTuple):
    """What the link of a gate's task opens, for a person who is logged in and for anybody else."""

    path: str
    page: requests.Response
    for_strangers: requests.Response


def took(installation: Installation) -> list[Took]:
    """Return what every gate took that let something through, in the order of their ends."""
    with _airflow(installation) as database:
        found = database.execute(TOOK, [DAG, TASK]).fetchall()
    return [Took(*row) for row in found]


def data_docs(installation: Installation, claimed_by: str) -> DataDocs:
    """Follow the link on the page of the gate's task of the run that claimed a batch."""
    run_id, _, pair = claimed_by.rpartition("/")
    with _airflow(installation) as database:
        ((place,),) = database.execute(PLACE, [DAG, TASK, run_id, pair]).fetchall()
    url = installation.configuration.url("airflow")
    body = {"username": UI_USER, "password": load_or_create(installation.home).ui_password}
    token = requests.post(f"{url}/auth/token", json=body, timeout=TIMEOUT_S).json()["access_token"]
    offered = requests.get(
        f"{url}/api/v2/dags/{DAG}/dagRuns/{quote(run_id, safe='')}/taskInstances/{TASK}/links",
        params={"map_index": place},
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_S,
    )
    path = str(offered.json()["extra_links"]["Data Docs"])
    page = requests.get(f"{url}{path}", cookies={"_token": token}, timeout=TIMEOUT_S)
    return DataDocs(path, page, requests.get(f"{url}{path}", timeout=TIMEOUT_S))


def _airflow(installation: Installation) -> psycopg.Connection:
    settings = airflow_settings(installation.configuration, load_or_create(installation.home))
    return psycopg.connect(settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", ""))
