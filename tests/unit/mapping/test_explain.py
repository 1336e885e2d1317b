"""Where each field of a payload comes from, told with rule, line and values."""

import json
from pathlib import Path

import pytest

from tieout.mapping.coverage import side, sources_read, targets_made
from tieout.mapping.explain import explain
from tieout.mapping.mapper import load_specs
from tieout.mapping.spec import load_spec
from tieout.mapping.tables import load_tables
from unit.mapping.conftest import ROOT
from unit.mapping.factories import contact_record, customer_record, invoice_record

MAPPINGS = ROOT / "include" / "mappings"
ORDER = ROOT / "tests/golden/order/company.shopify.json"


@pytest.fixture
def order(mapper):
    return mapper.order_from_shop(json.loads(ORDER.read_text("utf-8")))


def explained(name, record, pairs):
    record = {"pair": pairs["harbor_and_pine"], **record}
    fields = explain(load_specs(MAPPINGS)[name], record, load_tables(MAPPINGS, ""))
    return {one.field: one for one in fields}


def flat(payload, where=""):
    """Return the plain values of a payload by the paths that explanations use."""
    if isinstance(payload, dict):
        for name, value in payload.items():
            yield from flat(value, f"{where}.{name}" if where else name)
    elif isinstance(payload, list):
        for number, value in enumerate(payload):
            yield from flat(value, f"{where}[{number}]")
    else:
        yield where, payload


@pytest.mark.parametrize(
    ("name", "record_of"),
    [
        ("to_xero/contact", contact_record),
        ("to_sage100/customer", customer_record),
        ("to_xero/invoice", invoice_record),
    ],
)
def test_what_is_explained_is_what_is_sent(name, record_of, order, mapper, pairs):
    record = record_of(order)
    fields = explained(name, record, pairs)
    values = {field: one.value for field, one in fields.items() if one.rule}
    sent = dict(flat(mapper.payload(name, record)))
    assert {field: value for field, value in values.items() if value != {}} == sent


def test_a_field_is_told_with_its_rule_its_line_and_the_values_that_went_in(order, pairs):
    state = explained("to_sage100/customer", customer_record(order), pairs)["header.CountryCode"]
    assert (state.file, state.value) == ("to_sage100/customer.yaml", "USA")
    line = (MAPPINGS / "to_sage100/customer.yaml").read_text("utf-8").splitlines()[state.line - 1]
    assert "countries" in line or "CountryCode" in line
    (source,) = {one.path for one in state.sources}
    assert (source, state.sources[0].value) == ("buyer.address.country_code", "US")
    assert "tables/countries.csv" in state.rule


def written(folder: Path, text: str):
    path = folder / "to_xero" / "thing.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"target: thing\nfields:\n{text}", encoding="utf-8")
    return load_spec(path, folder)


def test_rules_that_do_not_hold_are_passed_over_by_name(tmp_path):
    spec = written(
        tmp_path,
        "  A:\n"
        "    - {constant: one, when_equal: {kind: 1}}\n"
        "    - {constant: two, when_present: more}\n"
        "    - {from: kind, default: none}\n"
        "  B: {when_present: more}\n",
    )
    one, other = explain(spec, {"kind": 7, "more": ""}, {})
    assert (one.value, one.rule) == (7, "kind, else 'none'")
    assert one.passed_over == (
        "line 4: when kind is 1 does not hold",
        "line 5: when more is present does not hold",
    )
    assert (other.field, other.rule, other.value) == ("B", "", None)


def test_a_value_that_cannot_be_made_is_told_as_a_problem(tmp_path):
    spec = written(tmp_path, "  A: {from: name, required: true}\n  B: name\n")
    one, other = explain(spec, {"name": ""}, {})
    assert "no value" in one.problem
    assert (other.problem, other.value) == ("", "")


def test_elements_of_lists_are_explained_one_by_one(tmp_path):
    spec = written(
        tmp_path,
        "  L: {each: lines, as: line, fields: {X: line.x, Y: {constant: y}}}\n"
        "  M: {list: [{when_present: a}, {fields: {Z: b}}]}\n",
    )
    record = {"lines": [{"x": 1}, {"x": 2}], "a": "", "b": 3}
    fields = {one.field: one.value for one in explain(spec, record, {}) if one.rule}
    assert fields == {"L[0].X": 1, "L[0].Y": "y", "L[1].X": 2, "L[1].Y": "y", "M[1].Z": 3}


def test_what_a_mapping_reads_and_makes_is_named_by_whole_paths(tmp_path):
    spec = written(
        tmp_path,
        "  L: {each: lines, as: item, fields: {X: item.line.sku, Y: item.code}}\n"
        "  P: {list: [{fields: {T: {constant: A}, N: buyer.phone}}, "
        "{fields: {N: ship_to.phone}}]}\n"
        "  Q[K=V].R: {from: order.name, when_present: order.note}\n",
    )
    assert sources_read(spec) == {
        *("lines", "order.lines[].sku", "lines[].code"),
        *("order.buyer.phone", "order.ship_to.phone", "order.name", "order.note"),
    }
    assert sorted(targets_made(spec)) == ["L[].X", "L[].Y", "P[].N", "P[].T", "Q[K=V].R"]


def test_a_side_counts_what_is_moved_whole_and_in_parts():
    known = ["a.x", "a.y", "b[].z", "c", "d.e.f"]
    found = side(known, ["a", "b[K=1].z", "d.e.g", "d.e"])
    assert found.moved == ("a.x", "a.y", "b[].z", "d.e.f")
    assert (found.left, found.percent) == (("c",), 80.0)
    assert side(["a.x"], ["a", "b"]).unknown == ("b",)
    assert side([], ["a"]).percent is None
