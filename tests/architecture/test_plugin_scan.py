"""Airflow executes one file of ours as a plugin, and finds our connection types."""

from typing import Any

import pytest

from architecture.probing import probe


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = probe("plugin_scan", home=tmp_path_factory.mktemp("airflow"))
    return found


def test_the_scan_finds_our_one_plugin_and_no_error(scan: dict[str, Any]) -> None:
    ours = [found for found in scan["plugins"] if "$PLUGINS_FOLDER" in found["source"]]

    assert ours == [{"name": "tieout", "source": "$PLUGINS_FOLDER/tieout_plugin.py"}]
    assert scan["import_errors"] == {}


def test_the_scan_executes_no_module_of_the_package_under_its_bare_name(
    scan: dict[str, Any],
) -> None:
    assert scan["strays"] == []


def test_the_three_connection_types_are_registered(scan: dict[str, Any]) -> None:
    assert scan["hooks"] == {
        "sage100": "tieout.provider.sage100_hook.Sage100Hook",
        "shopify": "tieout.provider.hooks.ShopifyHook",
        "xero": "tieout.provider.hooks.XeroHook",
    }
