"""A mapping that extends another one, and what one pair has of its own."""

import shutil

import pytest

from tieout.errors import ConfigurationError
from tieout.mapping.mapper import YamlMapper, load_specs
from tieout.mapping.spec import load_spec
from unit.mapping.conftest import ROOT

BASE = """\
target: an order
dated_by: day
fields:
  Header.First: first
  Header.Second: second
  Lines:
    each: lines
    as: line
    fields:
      Code: line.code
      Text: line.text
"""


@pytest.fixture
def mappings(tmp_path):
    folder = tmp_path / "mappings"
    (folder / "to_xero").mkdir(parents=True)
    (folder / "to_xero/order.yaml").write_text(BASE, "utf-8")
    return folder


def extended(mappings, text, name="order"):
    path = mappings / f"pairs/here/to_xero/{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"target: the pair's order\nextends: to_xero/order\n{text}\n", "utf-8")
    return load_spec(path, mappings)


def made(spec):
    """Return each target path with its rule's value, in order."""
    return {target: rules[0].make for target, rules in spec.fields.items()}


def test_rules_are_replaced_in_their_place_and_new_ones_come_last(mappings):
    base = load_spec(mappings / "to_xero/order.yaml")

    spec = extended(mappings, "fields:\n  Extra: extra\n  Header.First: other")

    assert list(spec.fields) == [*base.fields, "Extra"]
    assert spec.fields["Header.Second"] == base.fields["Header.Second"]
    assert spec.fields["Header.First"][0].make.path == "other"
    assert (spec.target, spec.dated_by, spec.extends) == (
        "the pair's order",
        "day",
        "to_xero/order",
    )


def test_every_rule_knows_the_file_that_it_stands_in(mappings):
    spec = extended(mappings, "fields:\n  Header.First: other")

    places = [spec.fields[target][0].place for target in ("Header.First", "Header.Second")]

    assert [(place.file.parts[-3:], place.line) for place in places] == [
        (("here", "to_xero", "order.yaml"), 4),
        (("mappings", "to_xero", "order.yaml"), 5),
    ]


def test_fields_inside_of_a_list_are_changed_one_by_one(mappings):
    spec = extended(mappings, "fields:\n  Lines: {fields: {Text: line.title, Note: line.note}}")

    (rule,) = spec.fields["Lines"]
    assert (rule.make.path, rule.make.name) == ("lines", "line")
    assert {name: rules[0].make.path for name, rules in rule.make.fields.items()} == {
        "Code": "line.code",
        "Text": "line.title",
        "Note": "line.note",
    }


def test_fields_are_left_out(mappings):
    spec = extended(mappings, "without: [Header.Second, Lines]\nfields: {Extra: extra}")

    assert list(made(spec)) == ["Header.First", "Extra"]


def test_a_mapping_that_extends_may_be_extended(mappings):
    (mappings / "to_xero/short.yaml").write_text(
        "target: short\nextends: to_xero/order\nwithout: [Lines]\nfields: {A: a}", "utf-8"
    )
    (mappings / "to_xero/shorter.yaml").write_text(
        "target: shorter\nextends: to_xero/short\nwithout: [Header.First]\nfields: {B: b}", "utf-8"
    )

    spec = load_spec(mappings / "to_xero/shorter.yaml")

    assert list(spec.fields) == ["Header.Second", "A", "B"]


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        ("without: [Header.Frist]\nfields: {A: a}", "line 3, without > 0", "'Header.First'"),
        ("fields: {A: {form: a}}", "line 3, fields > A > form", "'from'"),
    ],
)
def test_what_is_wrong_in_it_is_told_with_its_own_line(mappings, text, problem, fix):
    with pytest.raises(ConfigurationError) as caught:
        extended(mappings, text)

    assert f"pairs/here/to_xero/order.yaml, {problem}" in caught.value.message
    assert fix in caught.value.remedy


@pytest.mark.parametrize("name", ["to_xero/nothing", "to_xero/round"])
def test_what_it_extends_must_be_another_mapping(mappings, name):
    path = mappings / "to_xero/round.yaml"
    path.write_text(f"target: x\nextends: {name}\nfields: {{A: a}}", "utf-8")

    with pytest.raises(ConfigurationError, match=r"round\.yaml, line 2, extends: "):
        load_spec(path)


def test_left_out_is_only_what_is_extended(mappings):
    path = mappings / "to_xero/alone.yaml"
    path.write_text("target: x\nwithout: [A]\nfields: {B: b}", "utf-8")

    with pytest.raises(ConfigurationError, match="'extends' is a dependency of 'without'"):
        load_spec(path)


def test_a_pair_has_its_own_files_and_shares_the_others(mappings):
    extended(mappings, "fields: {Header.First: other}")
    (mappings / "pairs/here/to_xero/own.yaml").write_text("target: x\nfields: {A: a}", "utf-8")

    shared, here = load_specs(mappings), load_specs(mappings, "here")

    assert list(shared) == ["to_xero/order"]
    assert shared["to_xero/order"].target == "an order"
    assert sorted(here) == ["to_xero/order", "to_xero/own"]
    assert here["to_xero/order"].target == "the pair's order"
    assert load_specs(mappings, "there") == shared


def test_a_pairs_own_rows_of_a_table_stand_before_the_shared_ones(pairs, tmp_path):
    include = shutil.copytree(ROOT / "include", tmp_path / "include")
    own = include / "mappings/pairs/lotus_lane"
    (own / "tables").mkdir(parents=True)
    (own / "tables/countries.csv").write_text("from,to,note\nHK,HKG2,ours\n", "utf-8")
    (own / "to_xero").mkdir()
    (own / "to_xero/payment.yaml").write_text(
        "target: x\nextends: to_xero/payment\n"
        "without: [Invoice.InvoiceID, Account.Code, Date, Amount, CurrencyRate, BankAmount, "
        "Reference]\nfields:\n"
        "  A: {table: countries, from: one}\n  B: {table: countries, from: two}\n",
        "utf-8",
    )

    payload = YamlMapper(include, pairs["lotus_lane"]).payload(
        "to_xero/payment", {"one": "HK", "two": "US"}
    )

    assert payload == {"A": "HKG2", "B": "USA"}
    with pytest.raises(ConfigurationError, match="the record has no"):
        YamlMapper(include, pairs["harbor_and_pine"]).payload("to_xero/payment", {})
