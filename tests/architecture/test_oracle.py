"""The oracle shares no code with what it judges."""

import ast
from pathlib import Path

ORACLE = Path(__file__).parents[2] / "oracle/src/tieout_oracle"
JUDGED = ("tieout", "sage100_agent")


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_the_oracle_imports_nothing_of_the_product() -> None:
    modules = {name.partition(".")[0] for path in ORACLE.glob("*.py") for name in imported(path)}
    assert "psycopg" in modules
    assert modules.isdisjoint(JUDGED)
