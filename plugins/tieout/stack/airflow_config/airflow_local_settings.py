"""Airflow reads this module at the start of each of its processes; ours makes tasks start fast.

The scheduler's workers and their tasks are forked from the scheduler, so what it has imported costs
a task nothing: Great Expectations alone takes five seconds in a task that must import it. No other
process pays for it. No configuration belongs here: that is tieout.stack.environment.
"""

import importlib
import sys

PRELOADED = (
    "pandas",
    "great_expectations",
    "great_expectations.render.renderer.page_renderer",
    "great_expectations.render.view.view",
    "pyodbc",
    "psycopg",
    "requests",
    "xero_python.accounting",
    "tieout.wiring.installation",
)


def preload(arguments: list[str]) -> None:
    """Import what tasks need, if this process is the scheduler."""
    if "scheduler" in arguments:
        for module in PRELOADED:
            importlib.import_module(module)


preload(sys.argv)
