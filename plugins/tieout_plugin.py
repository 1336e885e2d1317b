"""The one file that Airflow scans as a plugin. It stays thin: anything else belongs to tieout.

Every process of Airflow executes it, so it imports nothing heavy. Operators, hooks and connection
types need no plugin; what will hang here are the console's pages.
"""

from airflow.plugins_manager import AirflowPlugin

from tieout.provider.portless import PortlessTests


class TieoutPlugin(AirflowPlugin):
    """Tieout, as Airflow lists it."""

    name = "tieout"
    fastapi_root_middlewares = [  # noqa: RUF012 - as Airflow declares it
        {"name": "Tieout: tests of connections without a port", "middleware": PortlessTests}
    ]
