"""The simulator itself: a seed replays exactly, kills run no handler, and it hides no wrong."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from simulation.engine import Faults, Simulation
from simulation.installation import Installation
from simulation.judging import judge_installation
from simulation.seeds import run_seed
from simulation.systems import Record, World
from tieout.domain.base import System
from tieout.errors import UnavailableError

TESTS = Path(__file__).parents[1]
REPLAYED = 7
DIGEST = (
    "import hashlib; from simulation.seeds import run_seed; "
    "print(hashlib.sha256('\\n'.join(run_seed({seed}).trace).encode()).hexdigest())"
)


def test_a_seed_replays_exactly_in_another_process_with_other_hashes() -> None:
    trace = "\n".join(run_seed(REPLAYED).trace)
    assert trace
    for hash_seed in ("1", "2"):
        path = os.pathsep.join(sys.path)
        said = subprocess.run(
            [sys.executable, "-c", DIGEST.format(seed=REPLAYED)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.strip() == hashlib.sha256(trace.encode()).hexdigest()


def test_a_killed_actor_runs_no_handler_and_its_locks_are_free() -> None:
    simulation = Simulation(1, Faults({"killed": 1.0}))
    told: list[str] = []

    def work() -> None:
        try:
            with simulation.locks(["one"]):
                simulation.pass_by("in the block")
        except BaseException:
            told.append("except")
            raise
        finally:
            told.append("finally")

    victim = simulation.spawn("victim", work, is_mortal=True)
    heir = simulation.spawn("heir", lambda: _locked(simulation))
    simulation.run(10.0)
    assert (victim.is_dead, told) == (True, [])
    assert heir.result == "locked"
    simulation.close()


def _locked(simulation: Simulation) -> str:
    with simulation.locks(["one"]):
        return "locked"


def test_a_lock_is_waited_for_a_minute_and_no_longer() -> None:
    simulation = Simulation(1)

    def hold() -> None:
        with simulation.locks(["one"]):
            simulation.sleep(100.0)

    simulation.spawn("holder", hold)
    waiter = simulation.spawn("waiter", lambda: _locked(simulation))
    simulation.run(61.0)
    assert isinstance(waiter.error, UnavailableError)
    simulation.close()


def test_one_who_was_cut_off_learns_of_it_when_it_gives_its_locks_back() -> None:
    simulation = Simulation(1)

    def hold() -> None:
        with simulation.locks(["one"]):
            simulation.sleep(10.0)

    holder = simulation.spawn("holder", hold)
    simulation.run(1.0)
    simulation.cut_off(holder)
    other = simulation.spawn("other", lambda: _locked(simulation))
    simulation.run(2.0)
    assert other.result == "locked"
    simulation.run(20.0)
    assert isinstance(holder.error, UnavailableError)
    simulation.close()


@contextmanager
def settled() -> Iterator[Installation]:
    """Give an installation in which three orders were posted, no fault far and wide."""
    installation = Installation(3, {})
    for _order in range(3):
        installation.changed(installation.shop.place(), is_new=True)
    installation.simulation.run(2_600.0)
    try:
        yield installation
    finally:
        installation.simulation.close()


def test_without_faults_all_is_posted_and_clean() -> None:
    with settled() as installation:
        assert installation.is_quiet
        assert installation.ledger.conservation("harbor_and_pine").done == 3
        assert judge_installation(installation).wrongs == ()


def _lose(installation: Installation) -> None:
    installation.ledger.lose("5001")


def _one(world: World, entity: str) -> Record:
    """Return the only or first record of its kind."""
    return world.records.where("entity", entity)[0]


def _double(installation: Installation) -> None:
    sage100 = installation.worlds[System.SAGE100]
    sage100.add(replace(_one(sage100, "cash_receipt"), external_id="copy"))


def _double_a_payment(installation: Installation) -> None:
    xero = installation.worlds[System.XERO]
    xero.add(replace(_one(xero, "payment"), external_id="copy"))


def _steal_a_cent(installation: Installation) -> None:
    invoice = _one(installation.worlds[System.XERO], "invoice")
    invoice.figures["total"] = str(Decimal(invoice.figures["total"]) - Decimal("0.01"))


def _invent(installation: Installation) -> None:
    xero = installation.worlds[System.XERO]
    xero.add(replace(_one(xero, "invoice"), key="9999", external_id="invented"))


def _unwrite(installation: Installation) -> None:
    records = installation.worlds[System.XERO].records
    del records[records.ids("entity", "invoice")[0]]


def _forget_the_letter(installation: Installation) -> None:
    installation.ledger.park_silently(installation.ledger.newest()["5001"].document_id)


PLANTED: dict[str, tuple[Callable[[Installation], None], str]] = {
    "a loss": (_lose, "not in the ledger"),
    "a double": (_double, "sage100 cash_receipt"),
    "a double where nothing refuses one": (_double_a_payment, "xero payment"),
    "a cent": (_steal_a_cent, "USD invoice 0.01"),
    "a phantom": (_invent, "9999"),
    "a landed write that is not there": (_unwrite, "not at the target"),
    "a set-aside without a dead letter": (_forget_the_letter, "without an open dead letter"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_wrong_is_reported(name: str) -> None:
    plant, words = PLANTED[name]
    with settled() as installation:
        plant(installation)
        assert any(words in wrong for wrong in judge_installation(installation).wrongs)


def _newest(world: World) -> Record:
    return world.records[max(world.records)]


def test_a_double_is_excused_only_where_nothing_refuses_it_and_its_sender_was_paused() -> None:
    with settled() as installation:
        _double_a_payment(installation)
        _newest(installation.worlds[System.XERO]).is_stale = True
        judgement = judge_installation(installation)
        assert (judgement.is_clean, judgement.excused) == (True, 1)
        _double(installation)
        _newest(installation.worlds[System.SAGE100]).is_stale = True
        assert not judge_installation(installation).is_clean


def test_a_fault_that_is_off_never_strikes() -> None:
    simulation = Simulation(1, Faults({"killed": 1.0}, is_on=False))
    assert not simulation.strikes("killed")
    assert simulation.hits.total() == 0
