import pytest

from tieout.errors import ConfigurationError
from tieout.mapping.spec import Call, Condition, Constant, Copy, load_spec


def spec_of(tmp_path, fields):
    path = tmp_path / "made.yaml"
    path.write_text(f"target: something\nfields:\n{fields}\n", "utf-8")
    return load_spec(path)


def test_a_plain_text_is_a_source_path(tmp_path):
    assert spec_of(tmp_path, "  Name: buyer.name").fields["Name"][0].make == Copy("buyer.name")


def test_a_constant_may_be_false(tmp_path):
    assert spec_of(tmp_path, "  Sent: {constant: false}").fields["Sent"][0].make == Constant(
        value=False
    )


def test_a_function_takes_one_path_several_or_named_ones(tmp_path):
    spec = spec_of(
        tmp_path,
        "  A: {function: money, from: amount}\n"
        "  B: {function: join, from: [x, y], with: {separator: '-'}}\n"
        "  C: {function: fill, from: {n: name}, with: {template: '{n}'}}\n"
        "  D: {function: first_of}",
    )

    assert [spec.fields[name][0].make for name in "ABCD"] == [
        Call("money", ("amount",), {}, {}),
        Call("join", ("x", "y"), {}, {"separator": "-"}),
        Call("fill", (), {"n": "name"}, {"template": "{n}"}),
        Call("first_of", (), {}, {}),
    ]


def test_conditions_are_present_or_equal(tmp_path):
    spec = spec_of(
        tmp_path,
        "  A: {when_present: note}\n  B: {constant: x, when_equal: {order.test: true}}",
    )

    assert (spec.fields["A"][0].make, spec.fields["A"][0].when) == (
        Copy("note"),
        (Condition("note"),),
    )
    assert spec.fields["B"][0].when == (Condition("order.test", value=True),)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("  A: {function: magic, from: b}", "fields > A: there is no function 'magic'"),
        ("  A: {function: money, from: [a, b]}", "A: money does not take these arguments"),
        ("  A: {function: money, from: a, with: {size: 1}}", "unexpected keyword argument 'size'"),
        (
            "  A:\n    each: lines\n    as: line\n    fields:\n      B: {function: magic, from: x}",
            "line 7, fields > A > fields > B: there is no function",
        ),
        (
            "  A: {list: [x, {function: magic}]}",
            "fields > A > list > 1: there is no function 'magic'",
        ),
        (
            "  A: {fields: {B: {function: magic}}}",
            "fields > A > fields > B: there is no function 'magic'",
        ),
        ("  A: [b, {function: magic}]", "fields > A > 1: there is no function 'magic'"),
        ("  A: {if: x}", "fields > A"),
        ("  A: Upper Case", "fields > A"),
        ("  A: [b]", "fields > A"),
        ("  A: {constant: x, function: money}", "fields > A"),
        ("  A: {each: lines}", "fields > A"),
        ("  A: {with: {x: 1}, from: b}", "fields > A"),
        ("  A: {from: b, when_equal: {a: 1, b: 2}}", "fields > A"),
        ("  A..B: c", "fields"),
        ("  A: null", "fields > A"),
    ],
)
def test_a_wrong_rule_names_the_file_and_the_path(tmp_path, fields, message):
    with pytest.raises(ConfigurationError) as caught:
        spec_of(tmp_path, fields)

    assert str(tmp_path / "made.yaml") in caught.value.message
    assert message in caught.value.message


def test_a_file_without_fields_is_wrong_as_a_whole(tmp_path):
    path = tmp_path / "made.yaml"
    path.write_text("target: something", "utf-8")

    with pytest.raises(
        ConfigurationError, match="line 1, the file as a whole: 'fields' is a required"
    ):
        load_spec(path)
