"""The one file that Airflow scans as a plugin. It stays thin: anything else belongs to tieout.

Every process of Airflow executes it, so it imports nothing heavy. Operators, hooks and connection
types need no plugin; what hangs here are pages.
"""

from typing import Any

from airflow.plugins_manager import AirflowPlugin
from typing_extensions import override

from tieout.provider.links import URL_PREFIX
from tieout.provider.portless import PortlessTests


class TieoutPlugin(AirflowPlugin):
    """Tieout, as Airflow lists it."""

    name = "tieout"
    fastapi_root_middlewares = [  # noqa: RUF012 - as Airflow declares it
        {"name": "Tieout: tests of connections without a port", "middleware": PortlessTests}
    ]

    @property
    @override
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Return our pages; only the API server asks, and only then are they made."""
        from tieout.provider.pages import pages  # noqa: PLC0415 - loads FastAPI

        return [{"name": "Tieout", "url_prefix": URL_PREFIX, "app": pages()}]
