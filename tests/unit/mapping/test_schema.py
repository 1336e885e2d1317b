"""The published JSON Schema: files are checked by it, and all of ours keep it."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from unit.mapping.conftest import ROOT

PUBLISHED = ROOT / "docs/reference/mapping.schema.json"
SCHEMA = json.loads(PUBLISHED.read_text("utf-8"))
FILES = [
    path
    for path in sorted((ROOT / "include/mappings").rglob("*.yaml"))
    if path.parent.name.startswith(("to_", "from_"))
]


def test_the_published_schema_is_the_one_that_files_are_checked_by():
    ours = ROOT / "plugins/tieout/mapping/mapping.schema.json"

    assert PUBLISHED.read_bytes() == ours.read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_editor_that_knows_the_schema_finds_no_fault_in_our_files(path):
    content = yaml.safe_load(path.read_text("utf-8"))
    text = json.dumps(content, default=str)  # a day is a text to the YAML of editors

    assert [
        error.message for error in Draft202012Validator(SCHEMA).iter_errors(json.loads(text))
    ] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_of_ours_leads_its_editor_to_the_schema(path):
    first = path.read_text("utf-8").partition("\n")[0]
    schema = first.removeprefix("# yaml-language-server: $schema=")

    assert (path.parent / schema).resolve() == ROOT / "plugins/tieout/mapping/mapping.schema.json"


def test_every_key_says_what_it_is():
    keys = SCHEMA["properties"] | SCHEMA["$defs"]["described"]["properties"]
    told = {
        key: rule.get("description")
        or SCHEMA["$defs"][rule["$ref"].rpartition("/")[2]]["description"]
        for key, rule in keys.items()
    }

    assert [key for key, description in told.items() if not description] == []
