"""The page about the mapping language: every key is in it, and what it works out is so."""

import json
import re

import pytest

from tieout.mapping.engine import compile_spec
from tieout.mapping.spec import load_spec
from tieout.mapping.tables import load_tables
from unit.mapping.conftest import ROOT

PAGE = (ROOT / "docs/reference/mappings.md").read_text("utf-8")
SCHEMA = json.loads((ROOT / "docs/reference/mapping.schema.json").read_text("utf-8"))
RULE = SCHEMA["$defs"]["described"]["properties"]
LINES_MAX = 130
"""Two printed pages."""


def shown(name):
    return re.search(rf"<!-- {name}: begin -->\n```\w+\n(.*?)```", PAGE, re.DOTALL).group(1)


def test_the_worked_entity_comes_out_as_it_is_shown(tmp_path):
    path = tmp_path / "worked.yaml"
    path.write_text(shown("worked"), "utf-8")
    tables = load_tables(ROOT / "include/mappings")

    mapped = compile_spec(load_spec(path), tables)(json.loads(shown("record")))

    assert mapped.payload == json.loads(shown("payload"))
    assert [alteration.field for alteration in mapped.alterations] == ["header.CustomerName"]


@pytest.mark.parametrize("key", sorted({*SCHEMA["properties"], *RULE, *RULE["type"]["enum"]}))
def test_every_key_is_in_the_page(key):
    assert f"`{key}" in PAGE


def test_the_page_stays_short():
    assert len(PAGE.splitlines()) < LINES_MAX
