"""What every mapping makes of every case, as files to read; and that no rule can change unseen.

``pytest tests/unit/mapping --golden-update`` rewrites them; the diff is the review.
"""

import json
from functools import cache

import pytest

from tieout.connectors.sage100.schema import Sage100Schemas
from tieout.connectors.xero.schema import XeroSchemas
from tieout.domain.base import System
from tieout.errors import RejectedError
from tieout.mapping.engine import compile_spec
from tieout.mapping.mapper import load_specs
from tieout.mapping.spec import load_spec
from tieout.mapping.tables import load_tables
from tieout.ports.schemas import Schemas
from tieout.usecases.mapping_check import check
from unit.mapping.cases import FOLDER, applications
from unit.mapping.conftest import ROOT
from unit.mapping.mutants import mutants_of

MAPPINGS = ROOT / "include" / "mappings"
SPECS = load_specs(MAPPINGS)
TABLES = load_tables(MAPPINGS, "")


class Asked(Schemas):
    """Schemas that are made once."""

    def __init__(self, schemas):
        self.fields = cache(schemas.fields)


SCHEMAS = {System.XERO: Asked(XeroSchemas()), System.SAGE100: Asked(Sage100Schemas())}


@pytest.fixture(scope="module")
def applied():
    return applications()


@pytest.mark.parametrize("name", SPECS)
def test_a_mapping_makes_of_each_case_what_its_golden_file_says(name, applied, is_golden_update):
    made = {
        case: [one.payload if one.payload is not None else {"refused": one.refused} for one in some]
        for case, some in applied[name].items()
    }
    path = FOLDER / f"{name}.json"
    if is_golden_update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{json.dumps(made, ensure_ascii=False, indent=1)}\n", encoding="utf-8")

    assert made == json.loads(path.read_text("utf-8"))


def test_every_mapping_has_cases_and_no_golden_file_is_left_over(applied):
    assert sorted(applied) == sorted(SPECS)
    files = {path.relative_to(FOLDER).with_suffix("") for path in FOLDER.glob("*_*/*.json")}
    assert {path.as_posix() for path in files} == set(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_no_rule_of_a_mapping_can_change_without_a_golden_file_or_a_schema_telling(name, applied):
    records = [one.record for some in applied[name].values() for one in some]

    assert list(survivors(name, SPECS[name], records)) == []


def survivors(name, spec, records):
    """Yield the changes of rules that alter nothing: each rule is tried alone, over all cases."""
    before = {}
    for mutant in mutants_of(spec):
        if mutant.field not in before:
            rules = spec.fields[mutant.field]
            alone = type(mutant)(mutant.what, mutant.field, rules).spec(spec)
            before[mutant.field] = list(outcomes(alone, records))
        changed = mutant.spec(spec)
        is_seen = any(
            now != was
            for now, was in zip(outcomes(changed, records), before[mutant.field], strict=True)
        )
        if not is_seen and not check({name: changed}, SCHEMAS):
            yield mutant.what


def outcomes(spec, records):
    """Yield what a mapping makes of each record, or how it fails."""
    try:
        apply = compile_spec(spec, TABLES)
    except Exception as error:  # noqa: BLE001 - a changed rule may fail in any way
        yield from [repr(error)] * len(records)
        return
    for record in records:
        try:
            yield apply(record).payload
        except RejectedError as error:
            yield f"refused {error.message}"
        except Exception as error:  # noqa: BLE001 - as above
            yield repr(error)


def test_a_change_that_no_case_shows_is_named_with_file_and_line(tmp_path):
    path = tmp_path / "to_xero" / "thing.yaml"
    path.parent.mkdir()
    path.write_text("target: thing\nfields:\n  A: {from: a, default: none}\n  B: b\n", "utf-8")
    spec = load_spec(path, tmp_path)
    place = "to_xero/thing.yaml, line 3"

    assert list(survivors("to_xero/thing", spec, [{"a": "1", "b": "2"}])) == [
        f"{place}: default changed",
        f"{place}: default dropped",
    ]
    assert list(survivors("to_xero/thing", spec, [{"a": "1", "b": "2"}, {"a": "", "b": ""}])) == []
