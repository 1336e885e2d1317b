from datetime import date
from decimal import Decimal

import pytest

from tieout.domain.order import Address, LineKind
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.engine import compile_spec
from tieout.mapping.making import Alteration
from tieout.mapping.spec import load_spec
from tieout.mapping.tables import load_tables


@pytest.fixture
def map_fields(tmp_path):
    def mapped(fields, record, tables=None, top=""):
        path = tmp_path / "to_there/made.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"target: a thing\n{top}fields:\n{fields}\n", "utf-8")
        (tmp_path / "tables").mkdir(exist_ok=True)
        for name, rows in (tables or {}).items():
            (tmp_path / f"tables/{name}.csv").write_text(rows, "utf-8")
        return compile_spec(load_spec(path), load_tables(tmp_path))(record)

    return mapped


def test_values_become_json(map_fields):
    record = {
        "text": "x",
        "ok": True,
        "count": 3,
        "amount": Decimal("7.10"),
        "day": date(2026, 11, 29),
        "kind": LineKind.TIP,
        "codes": ["a"],
        "address": Address(city="Columbus"),
    }

    mapped = map_fields(
        "  text: text\n  ok: ok\n  count: count\n  amount: amount\n  day: day\n  kind: kind\n"
        "  codes: codes\n  city: address.city",
        record,
    )

    assert mapped.payload == {
        "text": "x",
        "ok": True,
        "count": 3,
        "amount": "7.10",
        "day": "2026-11-29",
        "kind": "tip",
        "codes": ["a"],
        "city": "Columbus",
    }


def test_dots_in_a_target_lead_into_objects(map_fields):
    mapped = map_fields("  a.b.c: x\n  a.d: x", {"x": "1"})

    assert mapped.payload == {"a": {"b": {"c": "1"}, "d": "1"}}


@pytest.mark.parametrize(("note", "payload"), [("hi", {"Note": "hi"}), ("", {}), (None, {})])
def test_what_is_not_present_is_left_out(map_fields, note, payload):
    assert map_fields("  Note: {when_present: note}", {"note": note}).payload == payload


@pytest.mark.parametrize(("included", "kind"), [(True, "Inclusive"), (False, "Exclusive")])
def test_the_first_rule_that_holds_is_used(map_fields, included, kind):
    fields = "  Kind: [{constant: Inclusive, when_equal: {tax: true}}, {constant: Exclusive}]"

    assert map_fields(fields, {"tax": included}).payload == {"Kind": kind}


def test_each_element_becomes_an_object(map_fields):
    fields = "  Lines:\n    each: lines\n    as: line\n    fields: {Code: line.code, Order: name}"
    record = {"name": "#1", "lines": [{"code": "A"}, {"code": "B"}]}

    assert map_fields(fields, record).payload == {
        "Lines": [{"Code": "A", "Order": "#1"}, {"Code": "B", "Order": "#1"}]
    }


def test_a_list_has_the_elements_that_hold(map_fields):
    fields = "  Tags: {list: [{constant: posted}, {when_present: a}, {fields: {B: b}}]}"

    assert map_fields(fields, {"a": "", "b": "x"}).payload == {"Tags": ["posted", {"B": "x"}]}


def test_a_table_gives_the_other_sides_value(map_fields):
    fields = "  Country: {table: countries, from: code}"

    mapped = map_fields(fields, {"code": "US"}, {"countries": "from,to,note\nUS,USA,\n"})

    assert mapped.payload == {"Country": "USA"}


def test_a_value_that_no_table_has_is_refused_with_the_files_name(map_fields):
    fields = "  Country: {table: countries, from: code}"

    with pytest.raises(RejectedError) as caught:
        map_fields(fields, {"code": "XK"}, {"countries": "from,to,note\n"})

    assert (caught.value.field, caught.value.value) == ("Country", "XK")
    assert caught.value.cause == "value_unmapped"
    assert "include/mappings/tables/countries.csv" in caught.value.remedy


def test_a_refused_value_names_its_target_field(map_fields):
    rule = "{Price: {function: money, from: line}}"
    fields = f"  Lines:\n    each: lines\n    as: line\n    fields: {rule}"

    with pytest.raises(RejectedError) as caught:
        map_fields(fields, {"lines": [Decimal(1), Decimal("0.005")]})

    assert caught.value.field == "Lines[1].Price"
    assert caught.value.message.startswith("a thing, Lines[1].Price: The amount 0.005")


def test_every_altered_text_is_reported(map_fields):
    fields = "  City: {function: sage100_text, from: city, with: {length: 30}}"

    mapped = map_fields(fields, {"city": "Łódź"})

    assert mapped.payload == {"City": "Lódz"}
    assert mapped.alterations == (Alteration(field="City", original="Łódź", text="Lódz"),)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("  A: nobody.home", "A: the record has no 'nobody.home'"),
        ("  A: address.planet", "A: the record has no 'address.planet'"),
        ("  A: nothing", "A: NoneType cannot be sent as it is"),
        ("  A: address", "A: Address cannot be sent as it is"),
        ("  A: {table: planets, from: text}", "A: there is no table 'planets'"),
        ("  A: {each: text, as: x, fields: {B: x}}", "A: text is not a list"),
        ("  A: text\n  A.B: text", "A.B is inside of a plain value"),
    ],
)
def test_a_rule_that_does_not_fit_the_record_names_its_field(map_fields, fields, message):
    record = {"address": Address(), "nothing": None, "text": "x"}

    with pytest.raises(ConfigurationError, match=message.replace(".", r"\.")):
        map_fields(fields, record)
