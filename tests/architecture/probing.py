"""Run a probe in a Python of its own, with an Airflow that nothing has configured."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROBES = Path(__file__).with_name("probes")


def probe(name: str, *arguments: str, home: Path) -> Any:
    """Return what the probe's last line says; ``home`` holds the files that Airflow makes."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AIRFLOW", "TIEOUT_")) and key != "PYTHONPATH"
    }
    told = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    }
    ended = subprocess.run(
        [sys.executable, str(PROBES / f"{name}.py"), *arguments],
        env={**kept, **told},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.splitlines()[-1])
