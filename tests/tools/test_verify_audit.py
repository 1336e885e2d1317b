"""The stranger's verifier: one file, nothing of ours, tried on files changed by hand."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audits import VERIFIER, Sealed, run_verifier, sealed_ledger, some_orders
from tieout.ledger.audit import export

Lines = list[dict[str, dict[str, object]]]


@pytest.fixture
def sealed(emptied_ledger_url: str, tmp_path: Path) -> Iterator[Sealed]:
    with sealed_ledger(emptied_ledger_url, tmp_path, some_orders) as sealed:
        export(sealed.database, sealed.export)
        yield sealed


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    imported = {
        name.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


def test_an_untouched_export_passes(sealed: Sealed) -> None:
    assert run_verifier(sealed.export, sealed.anchors) == []


def a_row_changed(lines: Lines) -> Lines:
    lines[5]["row"]["actor"] = "somebody"
    return lines


def a_row_deleted(lines: Lines) -> Lines:
    return lines[:5] + lines[6:]


def a_row_inserted(lines: Lines) -> Lines:
    return [*lines[:5], {"row": {**lines[5]["row"], "audit_id": "0"}}, *lines[5:]]


def two_rows_swapped(lines: Lines) -> Lines:
    lines[5], lines[6] = lines[6], lines[5]
    return lines


def two_numbers_swapped(lines: Lines) -> Lines:
    one, other = lines[5]["row"], lines[6]["row"]
    one["audit_id"], other["audit_id"] = other["audit_id"], one["audit_id"]
    return lines


def the_tail_cut(lines: Lines) -> Lines:
    seals = [number for number, line in enumerate(lines) if "seal" in line]
    return lines[: seals[-2] + 1]


def bytes_moved_between_fields(lines: Lines) -> Lines:
    row = lines[5]["row"]
    row["pair"], row["actor"] = str(row["pair"])[:-1], str(row["pair"])[-1] + str(row["actor"])
    return lines


def a_seal_moved_up(lines: Lines) -> Lines:
    at = next(number for number, line in enumerate(lines) if "seal" in line)
    lines[at - 1], lines[at] = lines[at], lines[at - 1]
    return lines


@pytest.mark.parametrize(
    "tampering",
    [
        a_row_changed,
        a_row_deleted,
        a_row_inserted,
        two_rows_swapped,
        two_numbers_swapped,
        the_tail_cut,
        bytes_moved_between_fields,
        a_seal_moved_up,
    ],
)
def test_a_changed_export_is_found(sealed: Sealed, tampering: Callable[[Lines], Lines]) -> None:
    lines = [json.loads(line) for line in sealed.export.read_text("utf-8").splitlines()]
    changed = tampering(lines)
    sealed.export.write_text("".join(f"{json.dumps(line)}\n" for line in changed), "utf-8")
    assert run_verifier(sealed.export, sealed.anchors)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_how_to_use_it() -> None:
    ended = run("only one file")
    assert ended.returncode == 2
    assert "usage" in ended.stderr


@pytest.mark.parametrize(
    "content",
    ["", "rubbish\n", '{"row": {}}\n', '{"export": {"form": "tieout-audit-1"}}\n{"row": {}}\n'],
)
def test_a_file_that_is_no_export_is_neither_good_nor_tampered(
    sealed: Sealed, content: str
) -> None:
    sealed.export.write_text(content, "utf-8")
    assert run(str(sealed.export), str(sealed.anchors)).returncode == 2


def test_files_that_are_not_there_are_neither_good_nor_tampered(tmp_path: Path) -> None:
    assert run(str(tmp_path / "a"), str(tmp_path / "b")).returncode == 2
