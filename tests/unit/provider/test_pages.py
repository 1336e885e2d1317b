"""Data Docs on Airflow's API server: who gets them, and what a page may do."""

import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

import records
from tieout.ledger.postgres import PostgresLedger
from tieout.provider.links import URL_PREFIX, DataDocsLink
from tieout.provider.operators import GreatExpectationsGateOperator
from tieout.provider.pages import newest_page, pages
from tieout.provider.runtime import DATA_DOCS_VARIABLE, INCLUDE_VARIABLE

# Airflow imports a test client of Starlette's that is older than its warning.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")
INCLUDE = Path(__file__).parents[3] / "include"
PATH = "/data-docs/order_to_cash/shop_order/7"


def got(app: Any, path: str) -> httpx.Response:
    """Ask the application for a path, as the API server passes it on."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of Data Docs with the pages of three batches."""
    monkeypatch.setenv(DATA_DOCS_VARIABLE, str(tmp_path))
    suite = tmp_path / "order_to_cash" / "shop_order"
    suite.mkdir(parents=True)
    for place, name in enumerate(("7", "70", "8-41", "8-42")):
        page = suite / f"{name}.html"
        page.write_text(f"<script>page {name}</script>", "utf-8")
        os.utime(page, (place, place))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_stranger_gets_no_page() -> None:
    assert got(pages(), PATH).status_code == 401


@pytest.mark.usefixtures("folder")
def test_who_may_read_the_log_gets_a_page_that_may_do_nothing() -> None:
    app = pages()
    for asked in app.router.dependencies:
        app.dependency_overrides[asked.dependency] = lambda: None  # type: ignore[index]
    page = got(app, PATH)
    assert (page.status_code, page.text) == (200, "<script>page 7</script>")
    policy = page.headers["Content-Security-Policy"]
    assert policy == "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    missing = got(app, "/data-docs/order_to_cash/shop_order/9")
    assert missing.status_code == 404
    assert "no longer kept" in missing.json()["detail"]


def test_the_last_page_of_a_batch_counts_and_no_path_leads_out(folder: Path) -> None:
    last = newest_page(folder, "order_to_cash", "shop_order", 8)
    assert last is not None
    assert last.name == "8-42.html"
    assert newest_page(folder / "order_to_cash", "..", "order_to_cash", 7) is None
    assert newest_page(folder, "order_to_cash", "..", 7) is None


def test_the_task_links_the_page_of_its_batch() -> None:
    gate = GreatExpectationsGateOperator(task_id="g", entity="shop_order", batch_id=7, pair="p")
    (link,) = gate.operator_extra_links
    ti: Any = SimpleNamespace(dag_id="order_to_cash")
    assert isinstance(link, DataDocsLink)
    assert link.get_link(gate, ti_key=ti).endswith(f"{URL_PREFIX}{PATH}")


def test_a_passport_is_for_whoever_may_read_the_logs_of_its_flow(
    emptied_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(emptied_ledger_url)
    connection = {
        "conn_type": "postgres",
        "host": str(url.query.get("host") or url.host),
        "port": url.port,
        "login": url.username,
        "password": url.password or "",
        "schema": url.database,
    }
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_LEDGER", json.dumps(connection))
    monkeypatch.setenv(INCLUDE_VARIABLE, str(INCLUDE))
    monkeypatch.setenv(DATA_DOCS_VARIABLE, str(tmp_path))
    ledger = PostgresLedger(emptied_ledger_url)
    records.received(ledger, "1042")
    ledger.close()
    app = pages()
    assert got(app, "/passports/order_to_cash/1042").status_code == 401
    for asked in app.router.dependencies:
        app.dependency_overrides[asked.dependency] = lambda: None  # type: ignore[index]
    page = got(app, "/passports/order_to_cash/%231042")
    (one,) = page.json()["passports"]
    assert (one["source_id"], len(one["versions"])) == ("1042", 1)
    assert page.headers["Cache-Control"] == "no-store"
    for flow, name in (("order_to_cash", "nobody"), ("customer_sync", "1042"), ("no_flow", "1042")):
        missing = got(app, f"/passports/{flow}/{name}")
        assert missing.status_code == 404
        assert "known as" in missing.json()["detail"]
