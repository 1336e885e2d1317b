"""A mapping file that a program changes keeps every byte that the change does not need."""

from datetime import timedelta

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.errors import ConfigurationError
from tieout.mapping.rewriting import rewrite, rewrite_file
from tieout.mapping.source import PlainLoader
from unit.mapping.conftest import ROOT

FILES = sorted((ROOT / "include/mappings").rglob("*.yaml"))
TEXT = """\
# Head.
target: 'a thing'   # quoted

fields:
  # About A.
  A:   x
  B: {function: join, from: [x, y]}  # beside B

  C:
    # inside C
    - {constant: old, valid_until: 2026-11-30}
    - when_present: z
      fields: {D: z}
  E:
    {table: countries,   from: code}
# Tail.
"""


def read(text):
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a SafeLoader


def rewritten(change):
    content = read(TEXT)
    change(content["fields"])
    return rewrite(TEXT, content)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_same_content_changes_no_byte(path):
    text = path.read_bytes().decode("utf-8")

    assert rewrite(text, read(text)) == text


def changed(**values):
    return lambda fields: fields.update(values)


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (changed(A="y"), "  A:   x\n", "  A: y\n"),
        (lambda f: f["B"]["from"].append("z"), "[x, y]", "[x, y, z]"),
        (lambda f: f["B"]["from"].insert(0, "w"), "[x, y]", "[w, x, y]"),
        (lambda f: f["B"]["from"].pop(), "[x, y]", "[x]"),
        (lambda f: f["B"].pop("function"), "{function: join, from", "{from"),
        (lambda f: f["B"].update({"length": 3}), "y]}", "y], length: 3}"),
        (changed(B="x"), "B: {function: join, from: [x, y]}", "B: x"),
        (lambda f: f.pop("A"), "  A:   x\n", ""),
        (lambda f: f["C"][0].update(valid_until="2026-12-31"), "11-30", "12-31"),
        (lambda f: f["C"].pop(0), "    - {constant: old, valid_until: 2026-11-30}\n", ""),
        (lambda f: f["C"][1].pop("when_present"), "when_present: z\n      fields", "fields"),
        (
            lambda f: f["C"].insert(1, {"constant": "new"}),
            "    - when_present",
            "    - {constant: new}\n    - when_present",
        ),
        (lambda f: f["E"].update({"from": "a.b"}), "from: code", "from: a.b"),
        (
            changed(F={"from": "a, b: #c"}),
            "code}\n",
            "code}\n  F: {from: 'a, b: #c'}\n",
        ),
    ],
)
def test_only_what_differs_is_written(change, old, new):
    assert rewritten(change) == TEXT.replace(old, new)


def test_what_is_too_long_for_a_line_becomes_a_block():
    rule = {"function": "fill", "from": {"name": "a" * 50}, "with": {"template": "b" * 60}}

    text = rewritten(changed(A=rule))

    block = (
        f"  A:\n    function: fill\n    from: {{name: {'a' * 50}}}\n"
        f"    with: {{template: {'b' * 60}}}\n"
    )
    assert text == TEXT.replace("  A:   x\n", block)


def test_a_files_line_ends_and_mark_are_kept(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    content = read(TEXT)
    content["fields"]["F"] = "f"

    rewrite_file(path, content)

    expected = TEXT.replace("code}\n", "code}\n  F: f\n").replace("\n", "\r\n")
    assert path.read_bytes() == b"\xef\xbb\xbf" + expected.encode()


def test_a_value_shared_by_an_anchor_is_not_changed_in_both_places():
    with pytest.raises(ConfigurationError, match="shares values by anchors"):
        rewrite("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 2}})


def test_what_is_no_yaml_is_told():
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        rewrite("a: [", {"a": 1})


scalars = st.one_of(
    st.booleans(),
    st.integers(-9, 9),
    st.text("ab:#{}[],-'\" \n", max_size=130),
    st.dates().map(str),
)
names = st.from_regex(r"[a-z_][a-z0-9_.]{0,20}", fullmatch=True)
contents = st.recursive(
    scalars,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(names, below, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=40, deadline=timedelta(seconds=20))
@given(st.dictionaries(names, contents, min_size=1, max_size=4))
def test_any_content_is_read_back_as_it_was_written(content):
    text = rewrite(TEXT, {"target": "a thing", "fields": content})

    assert read(text) == {"target": "a thing", "fields": content}
    assert rewrite(text, read(text)) == text
