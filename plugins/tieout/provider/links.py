"""Links on a task's page in Airflow; what they open is in tieout.provider.pages.

Airflow asks for a link in the worker when the task ends, however it ends, and keeps it.
"""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf
from typing_extensions import override

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

URL_PREFIX = "/tieout"
"""Where our pages are on Airflow's API server."""


class DataDocsLink(BaseOperatorLink):
    """The Data Docs of a gate's batch."""

    name = "Data Docs"

    @override
    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        """Return the page's path: whatever name the person's browser knows the server by."""
        base = urlsplit(str(conf.get("api", "base_url", fallback=""))).path.rstrip("/")
        entity, batch_id = (getattr(operator, name) for name in ("entity", "batch_id"))
        return f"{base}{URL_PREFIX}/data-docs/{quote(ti_key.dag_id)}/{entity}/{batch_id}"
