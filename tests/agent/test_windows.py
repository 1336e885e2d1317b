"""What runs on Windows alone stands in one short module, which no other needs on Linux."""

import ast
from collections.abc import Iterator
from pathlib import Path

AGENT = Path(__file__).parents[2] / "sage100_agent/src/sage100_agent"
WINDOWS = AGENT / "windows.py"
LINES_MAX = 120
PYWIN32 = ("_win32", "pythoncom", "pythonwin", "pywin", "servicemanager", "win32", "winerror")
STANDARD_LIBRARY = ("_winapi", "msvcrt", "winreg", "winsound")
SYSTEM_QUESTIONS = {("os", "name"), ("sys", "platform"), ("sys", "getwindowsversion")}
NEEDED = {
    "pythoncom": {"CoInitialize", "CoUninitialize", "VT_BSTR", "VT_BYREF", "VT_R8"},
    "win32com.client": {"VARIANT", "dynamic"},
    "win32service": {"SERVICE_STOP_PENDING"},
    "win32serviceutil": {"HandleCommandLine", "ServiceFramework"},
}
"""Every name of pywin32 that the agent uses."""


def modules() -> list[Path]:
    return sorted(AGENT.rglob("*.py"))


def is_windows_only(name: str) -> bool:
    return name.startswith((*PYWIN32, *STANDARD_LIBRARY)) and name != "pywin32"


def windows_names(path: Path) -> Iterator[str]:
    """Every import, and every text that could name one, of what only Windows has."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value] if node.value.replace(".", "").isidentifier() else []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            asked = (node.value.id, node.attr)
            names = ["win32 or not"] if asked in SYSTEM_QUESTIONS else []
        yield from filter(is_windows_only, names)


def test_one_module_alone_knows_windows() -> None:
    knowing = [path for path in modules() if list(windows_names(path))]
    assert knowing == [WINDOWS]


def test_the_scan_finds_what_it_looks_for(tmp_path: Path) -> None:
    planted = {
        "import win32com.client": ["win32com.client"],
        "from pythoncom import CoInitialize": ["pythoncom"],
        "import_module('win32serviceutil')": ["win32serviceutil"],
        "import sys\nif sys.platform == 'win32': pass": ["win32 or not", "win32"],
        "load_com('pywin32', '')": [],
    }
    path = tmp_path / "planted.py"
    for source, names in planted.items():
        path.write_text(source)
        assert sorted(windows_names(path)) == sorted(names)


def test_the_module_is_short() -> None:
    assert len(WINDOWS.read_text().splitlines()) <= LINES_MAX


def test_what_it_uses_of_pywin32_is_listed() -> None:
    tree = ast.parse(WINDOWS.read_text())
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and is_windows_only(node.module or ""):
            used[str(node.module)] = {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            used |= {a.name: set() for a in node.names if is_windows_only(a.name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.get(node.value.id, set()).add(node.attr)
    assert used == NEEDED


def test_nothing_else_imports_the_module() -> None:
    importing = [
        path.name
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import)
        and "sage100_agent.windows" in ast.unparse(node)
    ]
    assert importing == []
