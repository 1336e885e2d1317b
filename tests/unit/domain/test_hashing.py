import pytest

from tieout.domain.hashing import base36, content_hash


def test_the_order_of_members_does_not_matter():
    assert content_hash({"a": 1, "b": "é"}) == content_hash({"b": "é", "a": 1})


def test_every_member_matters_but_those_left_out():
    assert content_hash({"a": 1, "b": 2}) != content_hash({"a": 1, "b": 3})
    assert content_hash({"a": 1, "b": 2}, without={"b"}) == content_hash({"a": 1})


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (35, "Z"), (36, "10"), (8411223344551, "2ZC297HK7")]
)
def test_numbers_are_written_in_36_digits(number, text):
    assert base36(number) == text
    assert int(text, 36) == number
