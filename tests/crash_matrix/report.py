"""The figures of the crash matrix: one JSON line per scenario, from which the docs are made.

``record`` appends to the file that TIEOUT_MATRIX_REPORT names; without it, it only prints. What a
scenario must show belongs to its test.
"""

import json
import os
from pathlib import Path
from typing import Any

REPORT = "TIEOUT_MATRIX_REPORT"


def record(name: str, **figures: Any) -> None:
    """Append one scenario's figures (strikes, documents, lost, doubled, seconds, ...)."""
    line = json.dumps({"scenario": name, **figures}, sort_keys=True, default=str) + "\n"
    print(line, end="")  # noqa: T201 - shown by pytest -s and in a failing test's report
    path = os.environ.get(REPORT)
    if path:
        # One write in append mode: processes side by side never mix their lines.
        with Path(path).open("a", encoding="utf-8") as report:
            report.write(line)
