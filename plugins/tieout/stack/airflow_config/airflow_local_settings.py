"""Airflow reads this module at the start of each of its processes; ours makes tasks start fast.

The scheduler's workers and their tasks are forked from the scheduler, so what it has imported or
read costs a task nothing: Great Expectations alone takes five seconds in a task that must import
it, the mapping files a fifth of one. No other process pays for it. No configuration belongs here:
that is tieout.stack.environment.
"""

import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path

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
    """Import and read what tasks need, if this process is the scheduler."""
    if "scheduler" in arguments:
        for module in PRELOADED:
            importlib.import_module(module)
        if "TIEOUT_INCLUDE" in os.environ:
            read_mappings(Path(os.environ["TIEOUT_INCLUDE"]))


def read_mappings(include: Path) -> None:
    """Read the mapping files; of what is wrong in them, the task that needs them tells."""
    from tieout.errors import ConfigurationError  # noqa: PLC0415 - of the scheduler alone
    from tieout.mapping.mapper import load_specs  # noqa: PLC0415 - of the scheduler alone

    with suppress(ConfigurationError):
        load_specs(include / "mappings")


preload(sys.argv)
