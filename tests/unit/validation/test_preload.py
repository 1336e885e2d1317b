"""Great Expectations is imported once, where Airflow's workers are forked from; not in a task."""

import subprocess
import sys
from pathlib import Path

import pytest

from tieout.stack.environment import PRELOAD_FOLDER

ROOT = Path(__file__).parents[3]
CODE = """
import os, sys
sys.argv = ["airflow", "scheduler"]
import airflow_local_settings
from pathlib import Path
from tieout.validation.gate import GreatExpectationsGate
row = {"row_key": "1", "name": "x", "amount": 1}
before = set(sys.modules)
if os.fork() == 0:
    result = GreatExpectationsGate(Path("."), Path("docs")).validate("things", [row], page="1")
    loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(len(result.findings), sorted(loaded & {"great_expectations", "pandas"}))
    sys.stdout.flush()
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
SUITE = """
expectations:
  - rule: too_small
    type: expect_column_values_to_be_between
    kwargs: {column: amount, min_value: 2}
    severity: park
    owner: accounting
    message: "{name} has {value}."
    remedy: Enter more.
"""


@pytest.mark.tier2
def test_a_task_forked_from_the_scheduler_imports_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "things.yaml").write_text(SUITE, "utf-8")
    path = ":".join([str(ROOT / PRELOAD_FOLDER), str(ROOT / "plugins")])
    printed = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=tmp_path,
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (printed.stdout, printed.returncode) == ("1 []\n", 0), printed.stderr
