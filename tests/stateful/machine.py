"""The state machine of replays: anything may happen in any order, and nothing is doubled or lost.

Its teardown is the promise: once everything that can go on has gone on, replaying any letters in
any order, by two people at once, landing everything again and repeating whole runs leave the hash
over all targets as it was.
"""

import threading
from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typing_extensions import override

from fakes import FakeTarget, Fault
from stateful.books import KilledError
from stateful.town import BUYERS, SHARES, Town
from tieout.domain.base import DeadLetterId
from tieout.domain.ledger import Origin
from tieout.usecases.catalog import ORDER_TO_CASH

ORDERS_MAX = 4
CALLS_MAX = 120
"""At how many of its words to the ledger a worker may die, counted from the run's beginning."""
SENDS_MAX = len(ORDER_TO_CASH)
"""In which of a run's sends something may happen; a paid order makes nearly so many."""

numbers = st.integers(0, 50)
sends = st.integers(1, SENDS_MAX)
origins = st.sampled_from([Origin.SWEEP, Origin.BACKFILL])
turns = st.lists(st.tuples(st.booleans(), numbers), min_size=1, max_size=10)
"""Whose turn it is at the desk, Ann's or not, and which letter is meant."""
returns = st.lists(st.tuples(numbers, st.sampled_from(["", "event", "body"])), max_size=3)


class Replays(RuleBasedStateMachine):
    """The machine; a subclass says over which ledger."""

    @override
    def __init__(self) -> None:
        super().__init__()
        self.town = self.make_town()
        self.replayed = 0
        self.refused_to_replay = 0

    def make_town(self) -> Town:
        """Return an empty town."""
        raise NotImplementedError

    # The shop.

    @initialize(paid=st.integers(0, len(SHARES)), is_broken=st.booleans())
    def open_shop(self, paid: int, *, is_broken: bool) -> None:
        self.town.announce(self.town.place(1, buyer=0, paid=paid, is_broken=is_broken))

    @precondition(lambda self: len(self.town.shop.nodes) < ORDERS_MAX)
    @rule(
        buyer=st.integers(0, len(BUYERS) - 1),
        paid=st.integers(0, len(SHARES)),
        is_broken=st.booleans(),
        is_announced=st.booleans(),
    )
    def place(self, buyer: int, paid: int, *, is_broken: bool, is_announced: bool) -> None:
        town = self.town
        source_id = town.place(
            len(town.shop.nodes) + 1, buyer=buyer, paid=paid, is_broken=is_broken
        )
        if is_announced:
            town.announce(source_id)

    @rule(which=numbers, how=st.sampled_from(["edit", "pay", "pay", "correct", "cancel"]))
    def change(self, which: int, how: str) -> None:
        changes: dict[str, Callable[[str], None]] = {
            "edit": self.town.edit,
            "pay": self.town.pay,
            "correct": self.town.correct,
            "cancel": self.town.cancel,
        }
        changes[how](self._order(which))

    def _order(self, which: int) -> str:
        known = sorted(self.town.shop.nodes)
        return known[which % len(known)]

    @rule(pace_s=st.integers(0, 1))
    def set_pace(self, pace_s: int) -> None:
        self.town.pace_s = pace_s

    # What comes in.

    @rule(which=numbers)
    def announce(self, which: int) -> None:
        self.town.announce(self._order(which))

    @rule(which=numbers)
    def announce_nothing(self, which: int) -> None:
        self.town.announce(f"{9000 + which % 2}")

    @rule(which=numbers, changed=st.sampled_from(["", "event", "body"]))
    def land_again(self, which: int, changed: str) -> None:
        self.town.land_again(which, changed=changed)

    @rule(which=numbers)
    def land_late(self, which: int) -> None:
        self.town.land_late(which)

    @rule(origin=origins, back_s=st.sampled_from([1.0, 5.0, 3600.0]))
    def sweep(self, origin: Origin, back_s: float) -> None:
        self.town.sweep(origin, back_s=back_s)

    # The workers.

    @rule(is_backfill=st.booleans(), reads=st.booleans())
    def run(self, *, is_backfill: bool, reads: bool) -> None:
        self.town.run(is_backfill=is_backfill, reads=reads)

    @rule(calls=st.integers(1, CALLS_MAX))
    def run_and_die(self, calls: int) -> None:
        self.town.fuse.left = calls
        self.town.run()

    @rule(nth=sends, is_written=st.booleans())
    def run_and_die_sending(self, nth: int, *, is_written: bool) -> None:
        def die(_target: FakeTarget) -> None:
            raise KilledError

        self.run_interrupted(die, nth, is_written=is_written)

    @rule(nth=sends, fault=st.sampled_from(["refuse", "drop_after_write", "unavailable"]))
    def run_into_trouble(self, nth: int, fault: Fault) -> None:
        self.run_interrupted(lambda target: target.faults.append(fault), nth)

    @rule(
        nth=sends,
        which=numbers,
        what=st.sampled_from(["replay", "edit", "pay", "cancel"]),
    )
    def run_overtaken(self, nth: int, which: int, what: str) -> None:
        """While a worker is about to send, a person does something."""
        town = self.town

        def act(_target: FakeTarget) -> None:
            if what == "replay":
                self.replay_at_once([(True, which), (False, which)])
            else:
                changes = {"edit": town.edit, "pay": town.pay, "cancel": town.cancel}
                changes[what](self._order(which))
                town.announce(self._order(which))

        self.run_interrupted(act, nth)

    def run_interrupted(
        self, act: Callable[[FakeTarget], None], nth: int, *, is_written: bool = False
    ) -> None:
        """Run, and let something happen once in the middle of the run's n-th send."""
        self.town.books.interruption.arm(act, nth=nth, is_written=is_written)
        self.town.run(reads=True)
        self.town.books.interruption.disarm()

    # What threads make of a rule is not the same each time, so no later rule depends on it.

    @rule(which=numbers)
    def retry(self, which: int) -> None:
        if unfinished := self.town.unfinished:
            self.town.run(unfinished[which % len(unfinished)])

    @rule()
    def wait(self) -> None:
        self.town.end_leases()

    # The desk.

    @rule(turns=turns)
    def replay_letters(self, turns: Sequence[tuple[bool, int]]) -> None:
        before = self.town.books.state_hash()
        self.replay_at_once(turns)
        assert self.town.books.state_hash() == before, "a replay itself wrote to a target"

    def replay_at_once(self, turns: Sequence[tuple[bool, int]]) -> None:
        """Let two people replay in turns: an open letter is put back by one of them, once."""
        letters = sorted(self.town.letters)
        open_now = set(self.town.open_letters())
        for _is_ann, which in turns:
            if not letters:
                return
            letter = letters[which % len(letters)]
            is_replayed = self.town.replay(letter)
            assert is_replayed == (letter in open_now), f"letter {letter} twice"
            self.replayed += is_replayed
            self.refused_to_replay += not is_replayed
            open_now = set(self.town.open_letters())

    # The promises.

    @invariant()
    def nothing_is_lost_doubled_or_taken_back(self) -> None:
        assert not self.town.offences()

    @override
    def teardown(self) -> None:
        if not self.town.shop.nodes:
            return
        self.town.exhaust()
        before = self.town.books.state_hash()
        self.repeat_everything()
        self.town.settle()
        assert not self.town.offences()
        assert self.town.books.state_hash() == before, "a repetition changed a target"

    def repeat_everything(self) -> None:
        """Replay every letter from both ends at once, land everything again, repeat all runs."""
        town = self.town
        town.run(reads=True, is_backfill=True)
        letters = sorted(town.letters)
        self.replay_at_once(
            [turn for at in range(len(letters)) for turn in _both_ends(at, letters)]
        )
        for which in range(len(town.landed)):
            town.land_again(which, changed=("", "event", "body")[which % 3])
        for which in range(len(town.stale)):
            town.land_late(which)
        town.run("run 1")
        self.replay_at_once([(True, at) for at in reversed(range(len(letters)))])
        town.run(reads=True)


def _both_ends(at: int, letters: Sequence[DeadLetterId]) -> list[tuple[bool, int]]:
    return [(True, at), (False, len(letters) - 1 - at)]


def at_once(*acts: Callable[[], object]) -> list[BaseException]:
    """Do everything at once, each in a thread of its own; return what went wrong."""
    gate = threading.Barrier(len(acts))
    troubles: list[BaseException] = []

    def start(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            troubles.append(error)

    threads = [threading.Thread(target=start, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles
