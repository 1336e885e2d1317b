"""Stock moves by transactions alone: no form of an item has a quantity, and no write sets one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from architecture.probing import ROOT
from tieout.connectors.sage100.targets.table import TARGETS
from tieout.domain.base import System
from tieout.usecases.catalog import INVENTORY_LEVEL, WRITE_KINDS, kind_of

FORMS = sorted((ROOT / "include/mappings").rglob("*item*.yaml"))
TO_LEDGERS = [path for path in FORMS if path.parent.name in {"to_xero", "to_sage100"}]
QUANTITY = re.compile(r"quantity|qty|on.?hand|available|stock", re.IGNORECASE)
ITEM_KINDS = ("item", "item_update")


def names(rules: object) -> Iterator[str]:
    """Yield the fields that a mapping makes, and those within their lists."""
    if isinstance(rules, dict):
        for name, rule in rules.items():
            yield str(name)
            yield from names(rule.get("fields") if isinstance(rule, dict) else None)


def test_the_forms_of_items_are_looked_at() -> None:
    assert {f"{path.parent.name}/{path.stem}" for path in TO_LEDGERS} == {
        f"to_{system}/{kind}" for system in (System.XERO, System.SAGE100) for kind in ITEM_KINDS
    }


@pytest.mark.parametrize("path", FORMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_form_of_an_item_has_a_quantity(path: Path) -> None:
    form = yaml.safe_load(path.read_text("utf-8"))
    assert [name for name in names(form["fields"]) if QUANTITY.search(name)] == []


def test_what_sets_a_quantity_is_the_shops_level_alone() -> None:
    """Everything else that moves stock is a document, which people post."""
    setting = {(kind.target, kind.entity) for kind in WRITE_KINDS if QUANTITY.search(kind.entity)}
    setting |= {(kind.target, kind.entity) for kind in WRITE_KINDS if "inventory" in kind.entity}
    assert setting == {(System.SHOPIFY, INVENTORY_LEVEL.entity)}
    assert kind_of(System.SHOPIFY, "inventory_level") is INVENTORY_LEVEL


def test_no_target_of_sage_100_writes_a_table_of_quantities() -> None:
    tables = {target.table for target in TARGETS.values() if target.table}
    assert {"CI_Item", "AP_Vendor"} <= tables
    assert [table for table in tables if table.startswith("IM_")] == []
