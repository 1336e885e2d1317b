"""Seeded bug: a refresh without the lock. The race of T-25 must show it."""

from pathlib import Path

from tokens.races import racing, strict_rotation

ROUNDS = 3


def test_a_refresh_without_the_lock_is_caught(tmp_path: Path, emptied_ledger_url: str) -> None:
    with strict_rotation(), racing(tmp_path, emptied_ledger_url, "unlocked") as (racers, _, _clock):
        raced = [racers.run() for _round in range(ROUNDS)]
    assert [one for one in raced if one.refreshes > 1 or one.refusals], "the bug did not show"
