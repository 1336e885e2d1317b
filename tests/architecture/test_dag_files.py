"""DAG files load without connections, cheaply, and every DAG says what it is."""

from typing import Any

import pytest

from architecture.probing import ROOT, probe

HEAVY = {
    "alembic",
    "fastapi",
    "great_expectations",
    "pandas",
    "psycopg",
    "pyodbc",
    "requests",
    "tieout.wiring",
    "xero_python",
}
SLOWER_THAN_THE_SDK_ALONE_MAX = 1.5
TAGS = {
    "entity:bill",
    "entity:customer",
    "entity:item",
    "entity:order",
    "entity:vendor",
    "entity:purchase_order",
    "system:sage100",
    "system:shopify",
    "system:xero",
    "tier:critical",
    "tier:standard",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    folders = (str(ROOT / "dags"), str(ROOT / "plugins"))
    found: dict[str, Any] = probe("dag_files", *folders, home=home)
    return found


def test_dag_files_load_although_no_connection_is_defined(loaded: dict[str, Any]) -> None:
    assert loaded["import_errors"] == {}
    assert loaded["dags"]


def test_importing_a_dag_file_costs_little_more_than_the_sdk_alone(loaded: dict[str, Any]) -> None:
    slowest = max(loaded["import_s"].values())

    assert loaded["sdk_s"] + slowest < SLOWER_THAN_THE_SDK_ALONE_MAX * loaded["sdk_s"]


def test_importing_dag_files_loads_no_heavy_module(loaded: dict[str, Any]) -> None:
    assert HEAVY.isdisjoint(loaded["loaded"])


def test_every_file_holds_one_dag_named_like_the_file(loaded: dict[str, Any]) -> None:
    assert sorted(f"{dag['dag_id']}.py" for dag in loaded["dags"]) == sorted(
        path.name for path in (ROOT / "dags").glob("*.py")
    )


def test_every_dag_has_docs_and_does_not_catch_up(loaded: dict[str, Any]) -> None:
    assert [dag["dag_id"] for dag in loaded["dags"] if not dag["doc_md"].strip()] == []
    assert [dag["dag_id"] for dag in loaded["dags"] if dag["catchup"]] == []


def test_every_dag_carries_tags_of_the_closed_list_only(loaded: dict[str, Any]) -> None:
    assert [dag["dag_id"] for dag in loaded["dags"] if not dag["tags"]] == []
    assert {tag for dag in loaded["dags"] for tag in dag["tags"]} <= TAGS


def test_every_task_is_retried(loaded: dict[str, Any]) -> None:
    assert [
        task for dag in loaded["dags"] for task, retries in dag["retries"].items() if not retries
    ] == []
