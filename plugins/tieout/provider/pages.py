"""The pages that Tieout adds to Airflow's API server: Data Docs of batches, passports as JSON.

Airflow mounts a plugin's application without authentication, so the whole of this one asks for a
person who may read the logs of the DAG that its path names; pages show what logs do. A page quotes
what strangers wrote into their orders, and Great Expectations does not escape all of it: it may run
no script, nor act in the person's name.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from tieout.errors import ConfigurationError, RejectedError
from tieout.provider.runtime import DATA_DOCS_VARIABLE, folder_of, open_runtime

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
    from fastapi.responses import HTMLResponse, JSONResponse

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

    @app.get("/passports/{dag_id}/{reference:path}")
    def passport(dag_id: str, reference: str) -> JSONResponse:
        from tieout.ledger.passports import passports  # noqa: PLC0415 - adapters load when asked

        document_types = flow_types(dag_id)
        ledger = open_runtime().ledger
        try:
            found = passports(ledger.database, reference)
        except RejectedError as error:
            raise HTTPException(404, str(error)) from error
        finally:
            ledger.close()
        ours = [one for one in found if one.document_type in document_types]
        if not ours:
            raise HTTPException(404, f"No document of {dag_id} is known as {reference!r}.")
        shown = {"passports": [one.model_dump(mode="json") for one in ours]}
        return JSONResponse(shown, headers=HEADERS)

    return app


def flow_types(dag_id: str) -> tuple[str, ...]:
    """Return which documents the flow of a DAG carries: who may read its logs may see those."""
    from tieout.usecases.desk import records_of  # noqa: PLC0415 - not for DAG files

    try:
        return records_of(dag_id).document_types
    except ConfigurationError:
        return ()


def newest_page(folder: Path, dag_id: str, suite: str, batch_id: int) -> Path | None:
    """Return the batch's page in a folder of Data Docs; the last one where records went singly."""
    of_suite = (folder / dag_id / suite).resolve()
    if of_suite.parent.parent != folder.resolve():
        return None
    found = [*of_suite.glob(f"{batch_id}.html"), *of_suite.glob(f"{batch_id}-*.html")]
    return max(found, key=lambda page: page.stat().st_mtime_ns, default=None)
