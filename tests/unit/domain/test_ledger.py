import pytest

from tieout.domain.ledger import Conservation


def conservation(**counts):
    plain = {
        "pair": "lotus_lane",
        "received": 10,
        "pending": 1,
        "done": 5,
        "dead_letter": 2,
        "skipped": {"duplicate": 1, "test_order": 1},
        "in_doubt": 0,
    }
    return Conservation(**{**plain, **counts})


def test_every_entry_in_one_state_is_conservation():
    assert conservation().is_conserved


@pytest.mark.parametrize(
    "counts", [{"received": 11}, {"done": 6}, {"pending": 0}, {"skipped": {}}, {"dead_letter": 3}]
)
def test_an_entry_lost_or_doubled_is_none(counts):
    assert not conservation(**counts).is_conserved
