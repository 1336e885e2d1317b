"""The pages that Tieout adds to Airflow's API server: the Data Docs of the gate's batches.

Airflow mounts a plugin's application without authentication, so the whole of this one asks for a
person who may read the logs of the DAG that its path names; pages show what logs do. A page quotes
what strangers wrote into their orders, and Great Expectations does not escape all of it: it may run
no script, nor act in the person's name.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from tieout.provider.runtime import DATA_DOCS_VARIABLE, folder_of

if TYPE_CHECKING:
    from fastapi import FastAPI

HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def pages() -> "FastAPI":
    """Return the application; imports what only the API server has loaded anyway."""
    from airflow.api_fastapi.auth.managers.models.resource_details import (  # noqa: PLC0415
        DagAccessEntity,
    )
    from airflow.api_fastapi.core_api.security import requires_access_dag  # noqa: PLC0415
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import HTMLResponse

    may_read_logs = Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))
    app = FastAPI(
        title="Tieout",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[may_read_logs],
    )

    @app.get("/data-docs/{dag_id}/{suite}/{batch_id}")
    def data_docs(dag_id: str, suite: str, batch_id: int) -> HTMLResponse:
        page = newest_page(folder_of(DATA_DOCS_VARIABLE), dag_id, suite, batch_id)
        if page is None:
            detail = f"There are no Data Docs of batch {batch_id}: nothing was judged, or they are "
            raise HTTPException(404, f"{detail}no longer kept.")
        return HTMLResponse(page.read_text(encoding="utf-8"), headers=HEADERS)

    return app


def newest_page(folder: Path, dag_id: str, suite: str, batch_id: int) -> Path | None:
    """Return the batch's page in a folder of Data Docs; the last one where records went singly."""
    of_suite = (folder / dag_id / suite).resolve()
    if of_suite.parent.parent != folder.resolve():
        return None
    found = [*of_suite.glob(f"{batch_id}.html"), *of_suite.glob(f"{batch_id}-*.html")]
    return max(found, key=lambda page: page.stat().st_mtime_ns, default=None)
