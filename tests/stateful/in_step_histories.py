"""Histories of two ledgers' customers: what people do, how runs die, and what must hold after it.

People edit, end, merge and add records in both, and answer conflicts; what is told comes twice,
late, in another order, and says what was true when it was written; people are faster than a write
that is under way; ledgers are away, answers are lost, and workers die between steps, before and
after a write, and before any call of our ledger. When the dust has settled: every record is in both
ledgers, or it is known why not; every pair agrees field by field or has an open conflict; no value
was written over in the ledger that owns it; no value that somebody typed was lost without a
conflict that keeps it; no ledger's own way of writing came back as a change; and whatever is told
anew, another sync sends nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tieout.domain.base import System
from tieout.domain.in_step.likeness import alike, is_empty, unchanged
from tieout.domain.in_step.policy import ACTIVE, Owner, Policy
from tieout.domain.in_step.records import ConflictState
from tieout.errors import OutcomeUnknownError, RetryableError
from tieout.usecases.in_step.answers import answer
from two_ledgers import MAPPER, PAIR, SAGE100, XERO, Crash, TwoLedgers, guid, sages

FIELDS = ("name", "email", "phone", "address")
COLUMNS = {"name": "CustomerName", "email": "EmailAddress", "phone": "TelephoneNo"}
WORDS = ("Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir")
OWNERS = {"name": Owner.ASK, "email": Owner.XERO, "phone": Owner.SAGE100, "address": Owner.NEWEST}
OWNED = ((XERO, "email"), (SAGE100, "phone"))
SYSTEMS = (XERO, SAGE100)
STEPS = 5
"""Steps of a run, and one more: a run of that many dies nowhere."""
TOLD = frozenset({"possible_duplicate"})
"""What stays set aside: a new record that is like another one."""
FAULTS = ("away", "lost", "gone")
RUNS = frozenset({"run", "die between steps", "die after a write", "die at the ledger"})
DEADLY = frozenset(
    {
        *("document", "skip_entry", "claim", "begin_step", "end_step", "agree", "bind"),
        *("mark_validated", "mark_ready", "mark_done", "skip_document", "set_aside", "replay"),
        *("intend", "mark_sent", "mark_in_doubt", "mark_unsent", "confirm", "refuse"),
    }
)
"""The calls of our ledger before which a worker may die: what a run changes it by."""


@dataclass(frozen=True)
class Event:
    """What somebody does, or what becomes of a run."""

    how: str
    system: str
    which: int
    field: str
    word: str
    steps: int


events = st.builds(
    Event,
    how=st.sampled_from(
        ["edit"] * 8
        + ["add", "end", "merge", "answer", "tell", "tell twice", "tell late", "run", "run", "run"]
        + ["die between steps", "die after a write", "die at the ledger", "die at the ledger"]
        + ["edit meanwhile"] * 4
        + ["fault", "read fault"]
    ),
    system=st.sampled_from(SYSTEMS),
    which=st.integers(0, 2),
    field=st.sampled_from(FIELDS),
    word=st.sampled_from(WORDS),
    steps=st.integers(0, 39),
)


def policy() -> Policy:
    """Return the policy for customers with an owner of each kind."""
    rules = PAIR.in_step["customer"]
    fields = {
        name: rule.model_copy(update={"owner": OWNERS[name]}) for name, rule in rules.fields.items()
    }
    return rules.model_copy(update={"fields": fields})


POLICY = policy()


class Mortal:
    """Our ledger, before whose calls a worker may die."""

    def __init__(self, ledger: object) -> None:
        self._ledger = ledger
        self.dies_in: int | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)
        if name not in DEADLY:
            return found

        def call(*args: Any, **given: Any) -> Any:
            if self.dies_in is not None:
                self.dies_in -= 1
                if self.dies_in < 0:
                    self.dies_in = None
                    raise Crash
            return found(*args, **given)

        return call


class History:
    """Both ledgers, and what has happened to them so far."""

    def __init__(self, town: TwoLedgers) -> None:
        self.town = town
        self.mortal = Mortal(town.flow.ledger)
        town.flow = replace(town.flow, ledger=self.mortal)
        self.late: list[Any] = []
        """Entries that are still on their way."""

    def happens(self, event: Event, number: int) -> None:
        """Let one thing happen; most runs read the lists first."""
        town = self.town
        if event.how in RUNS and event.which:
            town.tell()
        match event.how:
            case "edit":
                edit(town, event, number)
            case "edit meanwhile":
                town.book(event.system).meanwhile.append(partial(put, town, event, number))
            case "add":
                name = f"{guid(str(number))[:8]} {event.word}"
                town.add_contact(name) if event.system is XERO else town.add_customer(name)
            case "end":
                end(town, event)
            case "merge":
                merge(town, event)
            case "answer":
                self._answer(event)
            case "tell" | "tell twice":
                town.tell(only=event.system, twice=event.how == "tell twice")
            case "tell late":
                self.late += town.told(event.system)
            case _:
                self._runs(event)

    def _runs(self, event: Event) -> None:
        """Let something become of a run: of the next one, or of this."""
        book = self.town.book(event.system)
        match event.how:
            case "fault":
                book.faults.append(FAULTS[event.steps % len(FAULTS)])
            case "read fault":
                book.is_unreadable = True
            case "die after a write":
                book.crash_in = event.steps % STEPS
                self.run()
            case "die at the ledger":
                self.mortal.dies_in = event.steps
                self.run()
                self.mortal.dies_in = None
            case _:
                self.run(steps=event.steps % STEPS if event.how != "run" else STEPS)

    def run(self, *, steps: int = STEPS) -> None:
        """Run the flow, or only some steps of it; the next run comes when the lease is over."""
        with suppress(Crash, RetryableError, OutcomeUnknownError):
            for count, (_name, step) in enumerate(self.town.steps()):
                if count == steps:
                    break
                step()
        self.town.clock.advance(1000)

    def settle(self) -> None:
        """Let the dust settle: all that is late arrives, the newest first, and nothing fails."""
        for book in (self.town.xero, self.town.sage100):
            book.faults.clear()
            book.meanwhile.clear()
            book.crash_in = None
            book.is_unreadable = False
        self.town.ledger.land(self.late[::-1])
        self.town.settle(runs_max=20)

    def _answer(self, event: Event) -> None:
        waiting = self.town.ledger.conflicts(PAIR.pair)
        if waiting:
            asked = waiting[event.which % len(waiting)]
            answer(self.town.ledger, asked.conflict_id, event.system, why="so it is")


def edit(town: TwoLedgers, event: Event, number: int) -> None:
    ids = sorted(town.book(event.system).nodes)
    if not ids:
        return
    put(town, event, number, ids[event.which % len(ids)])


def put(town: TwoLedgers, event: Event, number: int, record_id: str) -> None:
    """Let somebody write a value into a record."""
    word = f"{event.word} {number}"
    value = {
        "name": word,
        "email": f"{word.replace(' ', '.')}@x.com",
        "phone": f"503 555 {number:04d}",
        "address": word,
    }[event.field]
    node = town.book(event.system).nodes[record_id]
    if "ARCHIVED" in node.values():
        return  # Xero lets nobody change it
    place = {"AddressLine1": value, "City": f"Saint {event.word}"}
    if event.system is SAGE100:
        columns = place if event.field == "address" else {COLUMNS[event.field]: value}
        town.edit(SAGE100, record_id, **columns)
        return
    members: dict[str, dict[str, Any]] = {
        "name": {"Name": value},
        "email": {"EmailAddress": value},
        "phone": {"Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": value}]},
        "address": {"Addresses": [{"AddressType": "POBOX", **place}]},
    }
    town.edit(XERO, record_id, **members[event.field])


def end(town: TwoLedgers, event: Event) -> None:
    ids = sorted(town.book(event.system).nodes)
    if len(ids) > 2:
        status = {"ContactStatus": "ARCHIVED"} if event.system is XERO else {"CustomerStatus": "I"}
        town.edit(event.system, ids[-1], **status)


def merge(town: TwoLedgers, event: Event) -> None:
    """Merge two contacts, as people can whatever they are bound to."""
    active = [one for one, node in town.xero.nodes.items() if node["ContactStatus"] == "ACTIVE"]
    if len(active) > 1:
        lost = sorted(active)[event.which % len(active)]
        kept = next(one for one in sorted(active) if one != lost)
        town.merge_contacts(lost, kept)


def merged_into(town: TwoLedgers, system: System, record_id: str) -> set[str]:
    """Return the record and all that people merged into it, one after another."""
    found = {record_id}
    for _merge in town.book(system).nodes:
        found |= {
            one
            for one, node in town.book(system).nodes.items()
            if node.get("MergedToContactID") in found
        }
    return found


def values(system: str, node: Any) -> dict[str, Any]:
    return POLICY.values(MAPPER.customer_from(system, node).model_dump(mode="json"))


def say_the_same(field: str, xero: Any, sage100: Any) -> bool:
    """Say whether a value of each ledger is one, as Sage 100 keeps it: its towns are shortened."""
    rule = POLICY.fields[field]
    kept = xero
    if field == "address" and isinstance(xero, dict):
        kept = {**xero, "city": sages({"City": xero["city"]})["City"]}
    return any(alike(rule, one, sage100) for one in (xero, kept))


def ids_of(town: TwoLedgers) -> dict[str, dict[str, str]]:
    """Return what each key is bound to among what the ledgers have."""
    bound: dict[str, dict[str, str]] = {}
    for system in SYSTEMS:
        ids = town.book(system).nodes
        found = town.ledger.bindings_to(PAIR.pair, "customer", ids, system)
        for external_id, binding in found.items():
            bound.setdefault(binding.key, {})[system] = external_id
    return bound


def pairs_of(town: TwoLedgers) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what is bound in both ledgers: its key, and its ids."""
    yield from ((key, ids) for key, ids in ids_of(town).items() if len(ids) == len(SYSTEMS))


def judge(town: TwoLedgers) -> None:
    """Hold what both ledgers have come to, and how, against what must be.

    Raises:
        AssertionError: It is otherwise.
    """
    kept = town.ledger.conflicts(PAIR.pair, states=tuple(ConflictState))
    waiting = {(one.key, one.field) for one in kept if one.state is ConflictState.OPEN}
    for key, ids in pairs_of(town):
        now = {system: values(system, town.book(system).nodes[ids[system]]) for system in SYSTEMS}
        if not all(side[ACTIVE] for side in now.values()):
            assert not any(side[ACTIVE] for side in now.values()), f"{key} ended in one only"
            continue
        for field in POLICY.fields:
            x, s = now[XERO][field], now[SAGE100][field]
            assert say_the_same(field, x, s) or (key, field) in waiting, (
                f"{key} {field}: {x!r}, {s!r}"
            )
            for system in SYSTEMS:
                nothing_is_lost(town, kept, (key, field), system, ids)


def everybody_is_there(town: TwoLedgers) -> None:
    """Look for records that count in one ledger and are not in the other, for no reason told."""
    paired = {record_id for _key, ids in pairs_of(town) for record_id in ids.values()}
    letters = town.ledger.dead_letters(PAIR.pair)
    told = {letter.trace_key.rpartition(" ")[2] for letter in letters}
    for system in SYSTEMS:
        for record_id, node in town.book(system).nodes.items():
            if values(system, node)[ACTIVE] and record_id not in told:
                assert record_id in paired, f"{record_id} of {system} is in no other ledger"


def nothing_is_lost(town: TwoLedgers, kept: Any, place: Any, system: str, ids: Any) -> None:
    """Hold every value that a person typed against the other ledger's history, and conflicts."""
    key, field = place
    rule = POLICY.fields[field]
    other = SAGE100 if system is XERO else XERO
    said = [
        (values(system, node)[field], by) for node, by in town.book(system).history[ids[system]]
    ]
    theirs = [
        values(other, node)[field]
        for one in merged_into(town, other, ids[other])
        for node, _ in town.book(other).history[one]
    ]
    conflicts = [one.values.of(system) for one in kept if (one.key, one.field) == (key, field)]
    for number, (value, by) in enumerate(said):
        was = said[number - 1][0] if number else None
        following = said[number + 1 :]
        if by == "us" or is_empty(value) or (number and unchanged(rule, was, value)):
            continue
        overwritten = next(
            (who for later, who in following if not unchanged(rule, value, later)), ""
        )
        if overwritten not in {"", "us"}:
            continue  # a person changed it again in the same ledger
        is_known = any(
            say_the_same(field, *((value, one) if system is XERO else (one, value)))
            for one in theirs
        )
        assert is_known or any(unchanged(rule, value, one) for one in conflicts), (
            f"{key} {field}: {value!r} of {system} is lost"
        )


def owned_fields_were_left_alone(town: TwoLedgers) -> None:
    for system, field in OWNED:
        for said in town.book(system).history.values():
            for (before, _), (after, by) in pairwise(said):
                if by == "us":
                    one, other = (values(system, node)[field] for node in (before, after))
                    # What the survivor of a merge says nothing of is filled in: nothing is lost.
                    is_kept = one == other or is_empty(one)
                    assert is_kept, f"{system} owns {field}, and {one!r} became {other!r}"


def nothing_came_back(town: TwoLedgers) -> None:
    """Look for values that we wrote over what says the same, as a ledger's own form would be.

    But for what was in doubt, and may be a person's: that goes to the other ledger as it stands. So
    does what a customer that we made is shown with.
    """
    for _key, ids in pairs_of(town):
        customer = ids[SAGE100]
        _node, maker = town.sage100.history[customer][0]
        is_sure = customer not in town.sage100.uncertain and maker != "us"
        for system in SYSTEMS if is_sure else ():
            for (before, _), (after, by) in pairwise(town.book(system).history[ids[system]]):
                one, other = values(system, before), values(system, after)
                for field in POLICY.fields if by == "us" else ():
                    is_needless = one[field] != other[field] and say_the_same(
                        field, one[field], other[field]
                    )
                    assert not is_needless, f"{system} {field}: {other[field]!r} came back"


def check(
    happened: list[Event], make: Callable[[], TwoLedgers] = lambda: TwoLedgers(POLICY)
) -> None:
    """Let it all happen, let the dust settle, and judge.

    Raises:
        AssertionError: Something is not as it must be.
    """
    town = make()
    history = History(town)
    town.add_contact("Acme", EmailAddress="a@x.com")
    town.add_customer("Beech", TelephoneNo="503 555 9999")
    town.settle()
    for number, event in enumerate(happened):
        history.happens(event, number)
    history.settle()

    judge(town)
    owned_fields_were_left_alone(town)
    if not any("MergedToContactID" in node for node in town.xero.nodes.values()):
        # Where contacts are merged a customer may lose its contact, and get another's words.
        everybody_is_there(town)
        nothing_came_back(town)
    assert {letter.cause for letter in town.ledger.dead_letters(PAIR.pair)} <= TOLD
    assert town.ledger.conservation(PAIR.pair).is_conserved
    sends = town.sends
    assert town.sync() == 0
    town.tell_anew()
    assert town.sync() == 0
    assert town.sends == sends, "a sync with nothing new sent something"
