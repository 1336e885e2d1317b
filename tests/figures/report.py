"""The figures of long runs: one JSON line per scenario, from which pages of the docs are made.

``record`` appends to the file that TIEOUT_REPORT names; without it, it only prints. What a scenario
must show belongs to its test.
"""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPORT = "TIEOUT_REPORT"


def commit() -> str:
    """Return the commit that is checked out, with a plus when files differ from it."""
    asked = ["git", "-C", str(HERE), "describe", "--always", "--exclude=*", "--dirty=+"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - when it really was


def record(name: str, **figures: Any) -> None:
    """Append one scenario's figures (strikes, documents, lost, doubled, seconds, ...)."""
    told = {"scenario": name, "commit": commit(), "at": _now(), **figures}
    line = json.dumps(told, sort_keys=True, default=str) + "\n"
    print(line, end="")  # noqa: T201 - shown by pytest -s and in a failing test's report
    path = os.environ.get(REPORT)
    if path:
        # One write in append mode: processes side by side never mix their lines.
        with Path(path).open("a", encoding="utf-8") as report:
            report.write(line)
