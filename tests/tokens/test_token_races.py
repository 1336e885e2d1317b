"""T-25 and T-26: one refresh for all workers at once, and a kill between answer and commit."""

from datetime import timedelta
from pathlib import Path

import pytest

from tokens.races import expire, racing, strict_rotation

ROUNDS = 20
ROUNDS_BY_NIGHT = 200
KILLS = 1
KILLS_BY_NIGHT = 100


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(ROUNDS_BY_NIGHT, marks=pytest.mark.tier2)])
def test_sixteen_workers_of_two_processes_refresh_once(
    tmp_path: Path, emptied_ledger_url: str, rounds: int
) -> None:
    with strict_rotation(), racing(tmp_path, emptied_ledger_url, "good") as (racers, service, _):
        raced = [racers.run() for _round in range(rounds)]
    assert [one for one in raced if not one.is_clean] == []
    assert {len(one.answers) for one in raced} == {16}
    assert service.counts == {"refreshes": rounds}


def test_of_eight_processes_with_one_expired_token_one_refreshes(
    tmp_path: Path, emptied_ledger_url: str
) -> None:
    alone = {"processes": 8, "workers": 1}
    with (
        strict_rotation(),
        racing(tmp_path, emptied_ledger_url, "good", **alone) as (racers, service, _),
    ):
        raced = racers.run()
    assert raced.is_clean
    assert (len(raced.answers), service.counts) == (8, {"refreshes": 1})


@pytest.mark.parametrize("kills", [KILLS, pytest.param(KILLS_BY_NIGHT, marks=pytest.mark.tier2)])
def test_after_a_kill_before_the_commit_the_old_refresh_token_still_works(
    tmp_path: Path, emptied_ledger_url: str, kills: int
) -> None:
    alone = {"processes": 1, "workers": 1}
    with racing(tmp_path, emptied_ledger_url, "good", **alone) as (racers, service, _):
        assert racers.run().is_clean
        for _kill in range(kills):
            racers.stop()
            racers.start("dying", **alone)
            died = racers.run()
            assert (died.refreshes, died.answers) == (1, ())
            racers.stop()
            racers.start("good", **alone)
            assert racers.run().is_clean
        assert service.counts == {"refreshes": 1 + 2 * kills}


def test_past_the_grace_consent_is_lost_and_nobody_asks_for_ever(
    tmp_path: Path, emptied_ledger_url: str
) -> None:
    alone = {"processes": 1, "workers": 1}
    with racing(tmp_path, emptied_ledger_url, "dying", **alone) as (racers, service, clock):
        assert racers.run().answers == ()
        racers.stop()
        clock.ahead = timedelta(minutes=31)
        expire(emptied_ledger_url)
        racers.start("good", **alone)
        lost = racers.run()
        assert lost.answers == ("ConsentError",)
        assert lost.refusals == 1
        assert service.counts == {"refreshes": 1, "refusals": 1}
