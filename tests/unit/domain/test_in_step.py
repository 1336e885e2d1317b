"""The three-way merge: what is written where, what waits for a person, and what is no change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.base import System
from tieout.domain.in_step.likeness import alike, blended, unchanged
from tieout.domain.in_step.merge import Answer, Reason, Side, Values, merge
from tieout.domain.in_step.policy import Direction, Fate, FieldPolicy, Likeness, Owner, Policy

X, S = System.XERO, System.SAGE100
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
WAS = {"name": Values(xero="Old", sage100="OLD"), "is_active": Values(xero=True, sage100=True)}


def policy(owner=Owner.NEWEST, *, direction=Direction.BOTH, **fates):
    fates = {"archived": Fate.FOLLOW, **fates}
    return Policy(
        entity="customer", direction=direction, fields={"name": FieldPolicy(owner=owner)}, **fates
    )


def side(name, at=NOON, *, is_active=True):
    return Side(values={"name": name, "is_active": is_active}, changed_at=at)


@pytest.mark.parametrize(
    ("xero", "sage100", "written"),
    [
        ("Old", "OLD", {}),
        ("New", "OLD", {S: {"name": "New"}}),
        ("Old", "New", {X: {"name": "New"}}),
        ("New", "new ", {}),
    ],
    ids=["neither changed", "Xero changed", "Sage changed", "both said the same"],
)
@pytest.mark.parametrize("owner", [Owner.NEWEST, Owner.ASK])
def test_what_one_ledger_changed_goes_to_the_other(owner, xero, sage100, written):
    merged = merge(policy(owner), WAS, side(xero), side(sage100))

    assert merged.writes == written
    assert not merged.conflicts


def test_an_owner_takes_its_field_back_and_the_loss_is_on_record():
    merged = merge(policy(Owner.SAGE100), WAS, side("Typed in Xero"), side("OLD"))

    assert merged.writes == {X: {"name": "OLD"}}
    (conflict,) = merged.conflicts
    assert (conflict.values.xero, conflict.reason, conflict.winner) == (
        "Typed in Xero",
        Reason.OWNER,
        S,
    )


@pytest.mark.parametrize(
    ("owner", "times", "winner", "reason"),
    [
        (Owner.XERO, (NOON, LATER), X, Reason.OWNER),
        (Owner.NEWEST, (NOON, LATER), S, Reason.NEWEST),
        (Owner.NEWEST, (LATER, NOON), X, Reason.NEWEST),
        (Owner.NEWEST, (NOON, NOON), None, Reason.BOTH_CHANGED),
        (Owner.NEWEST, (NOON, None), None, Reason.BOTH_CHANGED),
        (Owner.ASK, (NOON, LATER), None, Reason.BOTH_CHANGED),
    ],
)
def test_when_both_changed_the_policy_decides_or_nobody_is_overwritten(
    owner, times, winner, reason
):
    merged = merge(policy(owner), WAS, side("Xero's", times[0]), side("Sage's", times[1]))

    (conflict,) = merged.conflicts
    assert (conflict.winner, conflict.reason) == (winner, reason)
    names = {None: {}, X: {S: {"name": "Xero's"}}, S: {X: {"name": "Sage's"}}}
    assert merged.writes == names[winner]
    assert merged.agreed["name"] == WAS["name"]  # until what is to be written has landed


def test_an_answer_counts_for_the_values_it_was_given_for_and_a_standing_one_for_all():
    xero, sage100 = side("One"), side("Two")
    said = Values(xero="One", sage100="Two")

    once = merge(policy(Owner.ASK), WAS, xero, sage100, {"name": Answer(winner=S, values=said)})
    stale = merge(
        policy(Owner.ASK), WAS, side("Three"), sage100, {"name": Answer(winner=S, values=said)}
    )
    always = merge(policy(Owner.ASK), WAS, side("Three"), sage100, {"name": Answer(winner=S)})

    assert once.writes == always.writes == {X: {"name": "Two"}}
    assert once.conflicts[0].reason is Reason.ANSWERED
    assert not stale.writes
    assert stale.conflicts[0].winner is None


def test_at_first_sight_what_is_empty_is_filled_and_what_differs_is_decided():
    filled = merge(policy(Owner.SAGE100), {}, side("Only Xero's"), side(""))
    asked = merge(policy(Owner.ASK), {}, side("One"), side("Two"))
    same = merge(policy(Owner.ASK), {}, side("Acme, Inc."), side("ACME INC"))

    assert filled.writes == {S: {"name": "Only Xero's"}}
    assert asked.conflicts[0].reason is Reason.DIFFER_AT_FIRST
    assert same.is_still
    assert same.agreed["name"] == Values(xero="Acme, Inc.", sage100="ACME INC")


def test_a_direction_leaves_the_other_ledger_alone():
    one_way = policy(Owner.XERO, direction=Direction.TO_XERO)

    merged = merge(one_way, WAS, side("New"), side("OLD"))

    assert merged.is_still
    assert merged.agreed["name"] == WAS["name"]  # it stays a difference


@pytest.mark.parametrize(
    ("archived", "writes", "asked"),
    [(Fate.FOLLOW, {S: {"is_active": False}}, 0), (Fate.ASK, {}, 1), (Fate.LEAVE, {}, 0)],
)
def test_the_end_of_a_record_follows_policy_and_nothing_else_is_written_to_it(
    archived, writes, asked
):
    xero = side("New", is_active=False)

    merged = merge(policy(archived=archived), WAS, xero, side("OLD"))

    assert merged.writes == writes
    assert len(merged.conflicts) == asked


def test_the_inactive_stay_so_until_a_person_says_otherwise():
    ended = {**WAS, "is_active": Values(xero=False, sage100=False)}
    back = side("Old")

    asked = merge(policy(), ended, back, side("OLD", is_active=False))
    answered = merge(
        policy(), ended, back, side("OLD", is_active=False), {"is_active": Answer(winner=X)}
    )

    assert asked.is_still
    assert asked.conflicts[0].reason is Reason.RESTORED
    assert answered.writes == {S: {"is_active": True}}


def test_what_was_left_different_is_no_news():
    left = {**WAS, "is_active": Values(xero=False, sage100=True)}

    merged = merge(policy(), left, side("Old", is_active=False), side("OLD"))

    assert merged.is_still
    assert not merged.conflicts


def test_what_the_other_ledger_made_of_a_value_is_no_change():
    short = {"name": Values(xero="12 Long Street", sage100="12 LNG ST")}

    merged = merge(policy(Owner.ASK), short, side("12 Long Street"), side("12 Lng St"))

    assert merged.is_still
    assert not merged.conflicts


ADDRESS = {"line1": "1 Main Street", "line2": "Suite 4", "city": "Portland", "region_code": "OR"}


@pytest.mark.parametrize(
    ("compare", "one", "other", "expected"),
    [
        (Likeness.WORDS, "Société  d'Or", "SOCIETE DOR", True),
        (Likeness.WORDS, "Acme 1", "Acme 2", False),
        (Likeness.CASELESS, "A.B@x.com", " a.b@X.com", True),
        (Likeness.CASELESS, "a.b@x.com", "a-b@x.com", False),
        (Likeness.DIGITS, "+1 (503) 555-0100", "503.555.0100", True),
        (Likeness.DIGITS, "+44 20 7946 0958", "020 7946 0958", True),
        (Likeness.DIGITS, "503 555 0100", "555 0100", False),
        (Likeness.DIGITS, "", "503 555 0100", False),
        (Likeness.DIGITS, "503 555 0100", "503 555 0101", False),
        (Likeness.EXACT, "a", "A", False),
        (
            Likeness.ADDRESS,
            ADDRESS,
            {**ADDRESS, "line1": "1 Main Street, Suite 4", "line2": ""},
            True,
        ),
        (Likeness.ADDRESS, ADDRESS, {**ADDRESS, "name": "Mr. Pine"}, True),
        (Likeness.ADDRESS, ADDRESS, {**ADDRESS, "city": "Salem"}, False),
    ],
)
def test_values_are_alike_by_what_they_say(compare, one, other, expected):
    rule = FieldPolicy(owner=Owner.ASK, compare=compare)

    assert alike(rule, one, other) is alike(rule, other, one) is expected
    assert unchanged(rule, one, other) is expected


def test_what_a_ledger_cuts_off_is_no_difference():
    rule = FieldPolicy(owner=Owner.ASK, lengths={S: 10})

    assert alike(rule, "Harbor and Pine", "Harbor and")
    assert not alike(rule, "Harbor and Pine", "Harbor an")
    assert not alike(rule, "Harbor and", "Harbor and Pine")


def test_an_address_keeps_what_else_the_ledger_has_of_it():
    over = {"name": "Accounts payable", "line1": "old", "line3": "old"}

    assert blended(ADDRESS, over)["name"] == "Accounts payable"
    assert blended(ADDRESS, over)["line3"] == ""


names = st.sampled_from(["", "Ann", "ANN", "Bob", "Cleo"])
owners = st.sampled_from(list(Owner))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(owner=owners, was=names, xero=names, sage100=names, at=st.sampled_from([NOON, LATER]))
def test_one_merge_is_enough(owner, was, xero, sage100, at):
    """What has landed needs no second write, whatever the policy; and a conflict is on record."""
    rules = policy(owner)
    before = {**WAS, "name": Values(xero=was, sage100=was)}

    first = merge(rules, before, side(xero, at), side(sage100))
    names_now = {
        X: first.writes.get(X, {}).get("name", xero),
        S: first.writes.get(S, {}).get("name", sage100),
    }
    after = {**first.agreed}
    if first.writes:
        after["name"] = Values(xero=names_now[X], sage100=names_now[S])
    second = merge(rules, after, side(names_now[X], at), side(names_now[S]))

    assert second.is_still
    agree = alike(rules.fields["name"], names_now[X], names_now[S])
    assert agree or second.conflicts
