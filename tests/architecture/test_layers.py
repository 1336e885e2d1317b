"""The layers of STYLE.md hold: import-linter over the whole package."""

import subprocess
import sys

from architecture.probing import ROOT


def test_every_contract_of_the_layers_is_kept() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout
    assert "0 broken" in ended.stdout
