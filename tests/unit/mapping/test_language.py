"""What mapping files may say beyond copying: forms, defaults, lists, days, crosswalks."""

from datetime import date
from decimal import Decimal

import pytest

from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.engine import compile_spec
from tieout.mapping.spec import load_spec
from tieout.mapping.tables import load_tables

PHONES = [
    {"PhoneType": "DEFAULT", "PhoneNumber": "1"},
    {"PhoneType": "MOBILE", "PhoneNumber": "2"},
]


@pytest.fixture
def mapped(tmp_path):
    def made(fields, record, *, top="", **tables):
        path = tmp_path / "to_there/made.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"target: a thing\n{top}fields:\n{fields}\n", "utf-8")
        (tmp_path / "tables").mkdir(exist_ok=True)
        for name, rows in tables.items():
            (tmp_path / f"tables/{name}.csv").write_text(rows, "utf-8")
        return compile_spec(load_spec(path), load_tables(tmp_path))(record).payload

    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("node.Phones[0].PhoneNumber", "1"),
        ("node.Phones[PhoneType=MOBILE].PhoneNumber", "2"),
        ("node.Phones[*].PhoneNumber", ["1", "2"]),
        ("node.Tags[1]", "b"),
        ("node.Name", "Ada"),
    ],
)
def test_a_source_path_chooses_elements_of_lists(mapped, path, value):
    record = {"node": {"Phones": PHONES, "Tags": ["a", "b"], "Name": "Ada"}}

    assert mapped(f"  A: {path}", record) == {"A": value}


@pytest.mark.parametrize(
    "path", ["node.Fax", "node.Phones[7].PhoneNumber", "node.Phones[PhoneType=FAX].PhoneNumber"]
)
def test_what_a_system_did_not_send_is_empty(mapped, path):
    record = {"node": {"Phones": PHONES}}

    assert mapped(f"  A: {{when_present: '{path}'}}", record) == {}
    assert mapped(f"  A: {{from: '{path}', default: none}}", record) == {"A": "none"}
    with pytest.raises(RejectedError, match="a thing, A: the record has no value") as caught:
        mapped(f"  A: {path}", record)
    assert (caught.value.cause, caught.value.field) == ("field_missing", "A")


def test_what_the_system_sent_in_lists_is_empty_where_it_lacks_something(mapped):
    fields = "  L: {each: node.lines, as: line, fields: {Sku: {when_present: line.sku}}}"

    assert mapped(fields, {"node": {"lines": [{"sku": "A"}, {}]}}) == {"L": [{"Sku": "A"}, {}]}


def test_a_name_that_our_own_record_lacks_is_an_error_of_the_file(mapped):
    with pytest.raises(
        ConfigurationError, match=r"made\.yaml, line 3, A: the record has no 'b\.c'"
    ):
        mapped("  A: {from: b.c, default: x}", {"b": {}})


def test_a_function_is_not_called_without_its_value(mapped):
    fields = "  A: {function: sage100_text, from: node.City, length: 30, default: Unknown}"

    assert mapped(fields, {"node": {}}) == {"A": "Unknown"}


def test_a_target_path_chooses_an_element_and_makes_it_where_it_is_not(mapped):
    fields = (
        "  Phones: {list: [{fields: {PhoneType: {constant: DEFAULT}, PhoneNumber: phone}}]}\n"
        "  Phones[PhoneType=DEFAULT].PhoneCountryCode: country\n"
        "  Phones[PhoneType=MOBILE].PhoneNumber: mobile"
    )

    assert mapped(fields, {"phone": "1", "mobile": "2", "country": "43"}) == {
        "Phones": [
            {"PhoneType": "DEFAULT", "PhoneNumber": "1", "PhoneCountryCode": "43"},
            {"PhoneType": "MOBILE", "PhoneNumber": "2"},
        ]
    }


@pytest.mark.parametrize(("note", "made"), [("hi", "hi"), ("", "none"), (None, "none")])
def test_a_default_stands_in_for_what_is_empty(mapped, note, made):
    assert mapped("  A: {from: note, default: none}", {"note": note}) == {"A": made}


def test_a_default_may_be_zero_or_false(mapped):
    fields = "  A: {from: x, default: 0}\n  B: {from: x, default: false}"

    assert mapped(fields, {"x": None}) == {"A": 0, "B": False}


@pytest.mark.parametrize("rule", ["{from: x, required: true}", "{list: [a], required: true}"])
def test_a_required_value_that_is_empty_sets_the_record_aside(mapped, rule):
    rule = rule.replace("[a]", "[{when_present: x}]")

    with pytest.raises(RejectedError) as caught:
        mapped(f"  A: {{fields: {{B: {rule}}}}}", {"x": ""})

    assert (caught.value.cause, caught.value.field) == ("field_missing", "A.B")


@pytest.mark.parametrize(
    ("form", "value", "made"),
    [
        ("text", 7, "7"),
        ("integer", "7", 7),
        ("integer", Decimal("7.0"), 7),
        ("number", "1E+2", "100"),
        ("number", 7, "7"),
        ("boolean", "Y", True),
        ("boolean", False, False),
        ("date", date(2026, 11, 29), "2026-11-29"),
        ("date", "2026-11-29T00:00:00", "2026-11-29"),
        ("number, length: 5, decimals: 2", Decimal("-123.45"), "-123.45"),
        ("number, length: 2", "0.25", "0.25"),
        ("text, length: 3", "abc", "abc"),
        ("number", "", ""),
    ],
)
def test_a_value_is_written_in_its_type(mapped, form, value, made):
    payload = mapped(f"  A: {{from: x, type: {form}}}", {"x": value})

    assert payload == {"A": made}
    assert type(payload["A"]) is type(made)


@pytest.mark.parametrize(
    ("form", "value", "cause", "problem"),
    [
        ("type: text", True, "not_of_type", "True is not a text"),
        ("type: integer", "7.5", "not_of_type", "'7.5' is not a whole number"),
        ("type: number", "seven", "not_of_type", "'seven' is not a number"),
        ("type: number", "NaN", "not_of_type", "is not a number"),
        ("type: number", "1_000", "not_of_type", "is not a number"),
        ("type: number", "\u0661\u0662", "not_of_type", "is not a number"),
        ("type: boolean", "maybe", "not_of_type", "is neither true nor false"),
        ("type: date", "2026-11-29T10:00:00", "not_of_type", "is not a day"),
        ("type: number, length: 4", "-123.45", "too_long", "has 5 digits, and 4 fit"),
        ("decimals: 2", "1.005", "price_not_representable", "has more than 2 decimals"),
        ("length: 3", "abcd", "too_long", "'abcd' has 4 characters, and 3 fit"),
    ],
)
def test_what_does_not_fit_sets_the_record_aside(mapped, form, value, cause, problem):
    with pytest.raises(RejectedError) as caught:
        mapped(f"  A: {{from: x, {form}}}", {"x": value})

    assert (caught.value.cause, caught.value.field) == (cause, "A")
    assert problem in caught.value.message


def test_a_rule_tells_its_function_the_length(mapped):
    with pytest.raises(RejectedError, match="Sage 100 takes 3 characters here"):
        mapped("  A: {function: sage100_text, from: x, length: 3}", {"x": "abcd"})


DATED = (
    "  A:\n"
    "    - {constant: old, valid_until: 2026-11-30}\n"
    "    - {constant: new, valid_from: 2026-12-01}"
)


@pytest.mark.parametrize(
    ("day", "made"),
    [(date(2026, 11, 30), "old"), (date(2026, 12, 1), "new"), ("2026-12-01", "new")],
)
def test_a_rule_holds_from_its_first_day_through_its_last(mapped, day, made):
    payload = mapped(DATED, {"order": {"day": day}}, top="dated_by: order.day\n")

    assert payload == {"A": made}


def test_a_field_whose_only_rule_is_over_is_left_out(mapped):
    fields = "  A: {from: x, valid_until: 2026-01-01}"

    assert mapped(fields, {"x": "y", "day": date(2026, 1, 2)}, top="dated_by: day\n") == {}


def test_dated_rules_need_the_path_of_the_day(mapped):
    with pytest.raises(ConfigurationError, match="line 4, fields > A > 0: the file does not say"):
        mapped(DATED, {})


def test_the_day_must_be_there(mapped):
    with pytest.raises(ConfigurationError, match="dated_by: the record has no day at 'x'"):
        mapped(DATED, {"x": "soon"}, top="dated_by: x\n")


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        ("valid_from: 2026-02-30", "line 4, fields > A: '2026-02-30'"),
        ("valid_from: 2026-02-02, valid_until: 2026-02-01", "is before valid_from"),
    ],
)
def test_days_that_make_no_sense_are_refused(mapped, days, problem):
    with pytest.raises(ConfigurationError, match=problem):
        mapped(f"  A: {{from: x, {days}}}", {}, top="dated_by: day\n")


TAXES = (
    "from,to,valid_from,valid_until,note\n"
    "VAT,TAX19,,2026-12-31,\n"
    "VAT,TAX21,2027-01-01,,raised\n"
    "NONE,FREE,,,\n"
)


@pytest.mark.parametrize(("day", "made"), [("2026-12-31", "TAX19"), ("2027-01-01", "TAX21")])
def test_a_row_of_a_table_holds_for_its_days(mapped, day, made):
    record = {"x": "VAT", "day": date.fromisoformat(day)}

    payload = mapped("  A: {table: taxes, from: x}", record, top="dated_by: day\n", taxes=TAXES)

    assert payload == {"A": made}


def test_a_dated_table_needs_the_path_of_the_day(mapped):
    with pytest.raises(ConfigurationError, match=r"rows of taxes\.csv are valid for a time"):
        mapped("  A: {table: taxes, from: x}", {"x": "NONE"}, taxes=TAXES)


def test_a_value_of_which_no_row_holds_that_day_names_the_day(mapped):
    rows = "from,to,valid_from,valid_until,note\nVAT,TAX21,2027-01-01,,\n"

    with pytest.raises(RejectedError, match="nothing stands for 'VAT' on 2026-12-31"):
        mapped(
            "  A: {table: taxes, from: x}",
            {"x": "VAT", "day": date(2026, 12, 31)},
            top="dated_by: day\n",
            taxes=rows,
        )


def test_rows_of_one_value_on_one_day_are_refused(mapped):
    rows = "from,to,valid_from,valid_until,note\nVAT,A,,2026-12-31,\nVAT,B,2026-12-31,,\n"

    with pytest.raises(ConfigurationError, match=r"taxes\.csv, line 3: 'VAT'"):
        mapped("  A: x", {"x": "y"}, taxes=rows)


def test_a_table_is_read_the_other_way(mapped):
    rows = "from,to,note\nUS,USA,\n"

    assert mapped("  A: {table: c, from: x, reverse: true}", {"x": "USA"}, c=rows) == {"A": "US"}


def test_a_table_that_gives_one_value_twice_has_no_reverse(mapped):
    rows = "from,to,note\nUS,USA,\nUM,USA,islands\n"

    with pytest.raises(ConfigurationError, match=r"c\.csv, line 3 gives 'USA' a second time"):
        mapped("  A: {table: c, from: x, reverse: true}", {"x": "USA"}, c=rows)


def test_an_empty_value_is_not_looked_up_where_there_is_a_default(mapped):
    fields = "  A: {table: c, from: x, default: USA}"

    assert mapped(fields, {"x": ""}, c="from,to,note\nUS,USA,\n") == {"A": "USA"}


def test_both_conditions_must_hold(mapped):
    fields = "  A: {when_present: x, when_equal: {kind: a}}"

    assert mapped(fields, {"x": "1", "kind": "a"}) == {"A": "1"}
    assert mapped(fields, {"x": "1", "kind": "b"}) == {}
    assert mapped(fields, {"x": "", "kind": "a"}) == {}


@pytest.mark.parametrize(
    ("fields", "problem", "fix"),
    [
        ("  A: {form: x}", "line 3, fields > A > form: there is no key 'form'", "mean 'from'?"),
        ("  A:\n    from: x\n    size: 3", "line 5, fields > A > size: there is no key", "Use one"),
        ("  A: {function: monney, from: x}", "there is no function 'monney'", "mean 'money'?"),
        ("  A: {constant: 1, table: t, from: x}", "in several ways at once: table, constant", ""),
        ("  A: {default: 1}", "line 3, fields > A: it does not say what makes the value", "from"),
        ("  A: x\n  B: x..y", "line 4, fields > B: 'x..y' is no path", "names joined by dots"),
        ("  A: {from: x, type: money}", "line 3, fields > A > type", "What the value must be"),
        ("  A: {from: x, length: 0}", "line 3, fields > A > length", "How many characters"),
        ("  A: x\n  B[*].C: x", "line 4, fields > B[*].C: 'B[*].C' is no path", "Target path"),
    ],
)
def test_an_error_names_file_line_path_and_what_would_fix_it(mapped, fields, problem, fix):
    with pytest.raises(ConfigurationError) as caught:
        mapped(fields, {})

    assert problem in caught.value.message
    assert "made.yaml, line " in caught.value.message
    assert fix in caught.value.remedy


@pytest.mark.parametrize(
    ("fields", "node", "place"),
    [
        ("  A: {from: node.Name, required: true}", {}, "contact.Name"),
        ("  A: {from: node.Name, length: 2}", {"Name": "Ada"}, "contact.Name"),
        ("  A: {function: exact_amount, from: [x, node.Due]}", {"Due": []}, "contact.Due"),
        ("  A: {table: c, from: node.Land}", {"Land": "XX"}, "contact.Land"),
        (
            (
                "  A:\n    each: node.Phones\n    as: phone\n    fields:\n"
                "      B: {from: phone.Kind.Code, required: true}"
            ),
            {"Phones": [{"Kind": {"Code": "1"}}, {}]},
            "contact.Phones[1].Kind.Code",
        ),
        ("  A: {from: x, length: 1}", {}, "A"),
    ],
)
def test_a_bad_value_is_told_by_its_place_in_what_a_system_sent(mapped, fields, node, place):
    record = {"node": node, "x": "5.00"}
    with pytest.raises(RejectedError) as caught:
        mapped(fields, record, top="source: contact\n", c="from,to,note\nUS,USA,\n")

    assert caught.value.field == place
    assert place in caught.value.message
