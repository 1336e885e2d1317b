"""What every process of Airflow imports stays light."""

from pathlib import Path

from architecture.probing import probe


def loaded(tmp_path: Path, *modules: str) -> set[str]:
    return set(probe("imports", *modules, home=tmp_path))


def test_operators_pipelines_and_the_plugin_load_no_heavy_module(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "tieout.provider.operators",
        "tieout.provider.pipelines",
        "tieout.provider.triggers",
        "tieout_plugin",
    )

    heavy = {"fastapi", "great_expectations", "pandas", "psycopg", "pyodbc", "requests", "splink"}
    assert found & {*heavy, "xero_python", "tieout.wiring"} == set()


def test_hooks_load_no_adapter(tmp_path: Path) -> None:
    found = loaded(tmp_path, "tieout.provider.hooks")

    assert found & {"great_expectations", "pandas", "xero_python", "tieout.wiring"} == set()


def test_the_provider_information_loads_nothing_but_itself(tmp_path: Path) -> None:
    found = loaded(tmp_path, "tieout.provider.info")

    assert found & {"airflow", "pydantic", "sqlalchemy"} == set()


def test_the_command_line_starts_without_airflow_or_any_adapter(tmp_path: Path) -> None:
    found = loaded(tmp_path, "tieout.cli.main")

    heavy = {"airflow", "great_expectations", "pandas", "requests", "splink", "sqlalchemy"}
    assert found & heavy == set()
