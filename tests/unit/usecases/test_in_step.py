"""Customers of two ledgers kept in step: what is written where, what is not, and what waits."""

import pytest

from tieout.domain.in_step.merge import Reason
from tieout.domain.in_step.policy import Direction, Fate, Owner, Policy
from tieout.domain.in_step.records import ConflictState
from tieout.domain.ledger import NewBinding
from tieout.domain.plan import Action
from tieout.usecases.in_step.answers import answer
from tieout.usecases.planning.plan import make_plan
from two_ledgers import PAIR, SAGE100, XERO, Crash, TwoLedgers

EVERY = tuple(ConflictState)


def policy(**changes) -> Policy:
    return PAIR.in_step["customer"].model_copy(update=changes)


@pytest.fixture
def town() -> TwoLedgers:
    return TwoLedgers()


@pytest.fixture
def bound(town):
    """Acme in both ledgers, in step."""
    contact = town.add_contact("Acme", EmailAddress="a@acme.com")
    town.settle()
    (customer,) = town.sage100.nodes
    town.xero.writes.clear()
    town.sage100.writes.clear()
    town.contact, town.customer = contact, customer
    return town


def causes(town) -> list[str]:
    return [letter.cause for letter in town.ledger.dead_letters(PAIR.pair)]


def conflicts(town):
    return town.ledger.conflicts(PAIR.pair, states=EVERY)


def test_a_contact_becomes_a_customer_and_its_echo_is_none(town):
    town.add_contact("Acme", EmailAddress="a@acme.com")

    assert town.sync() == 1
    (node,) = town.sage100.nodes.values()
    assert (node["CustomerName"], node["EmailAddress"]) == ("Acme", "a@acme.com")
    assert town.sync() == 0
    assert town.ledger.conservation(PAIR.pair).skipped == {"as_agreed": 1}


def test_a_customer_becomes_a_contact(town):
    town.add_customer("Acme", TelephoneNo="503 555 0100", City="Salem", CountryCode="USA")

    town.settle()

    (node,) = town.xero.nodes.values()
    assert node["Name"] == "Acme"
    assert node["Phones"][0]["PhoneNumber"] == "503 555 0100"
    assert len(town.sage100.nodes) == 1


def test_what_a_new_record_is_made_without_is_filled_in_next(town):
    town.add_customer("Acme", AddressLine1="1 Main Street", City="Salem")

    town.settle()

    (node,) = town.xero.nodes.values()
    assert node["Addresses"][0]["AddressLine1"] == "1 Main Street"
    assert not town.ledger.conflicts(PAIR.pair)


@pytest.mark.parametrize("system", [XERO, SAGE100])
def test_a_change_goes_to_the_other_ledger_once(bound, system):
    of = {XERO: bound.contact, SAGE100: bound.customer}[system]

    bound.edit(system, of, EmailAddress="new@acme.com")

    assert bound.sync() == 1
    assert bound.xero.nodes[bound.contact]["EmailAddress"] == "new@acme.com"
    assert bound.sage100.nodes[bound.customer]["EmailAddress"] == "new@acme.com"
    assert bound.sync() == 0
    assert conflicts(bound) == []


def test_what_a_ledger_makes_of_a_value_does_not_come_back(bound):
    address = {"AddressType": "POBOX", "AddressLine1": "1 Main Street", "City": "Saint Paul"}
    address |= {"Region": "MN", "PostalCode": "55101", "Country": "US", "AttentionTo": "Jo"}
    bound.edit(XERO, bound.contact, Addresses=[address])

    bound.settle()

    assert bound.sage100.nodes[bound.customer]["City"] == "St Paul"
    assert bound.xero.nodes[bound.contact]["Addresses"] == [address]


def test_a_cleared_value_is_cleared_in_the_other_ledger(bound):
    bound.edit(SAGE100, bound.customer, EmailAddress="")

    bound.settle()

    assert bound.xero.nodes[bound.contact]["EmailAddress"] == ""


def test_a_conflict_waits_for_a_person_and_the_rest_goes_on(bound):
    bound.edit(XERO, bound.contact, Name="Acme One", EmailAddress="x@acme.com")
    bound.edit(SAGE100, bound.customer, CustomerName="Acme Two")

    bound.settle()

    (waiting,) = bound.ledger.conflicts(PAIR.pair)
    assert waiting.values.model_dump(mode="json") == {"xero": "Acme One", "sage100": "Acme Two"}
    assert waiting.xero_by == "Ann"
    assert bound.sage100.nodes[bound.customer]["CustomerName"] == "Acme Two"
    assert bound.sage100.nodes[bound.customer]["EmailAddress"] == "x@acme.com"


@pytest.mark.parametrize("is_standing", [False, True])
def test_an_answer_is_written_by_the_next_run_and_may_stand(bound, is_standing):
    def differ(one: str, other: str) -> None:
        bound.edit(XERO, bound.contact, Name=one)
        bound.edit(SAGE100, bound.customer, CustomerName=other)
        bound.settle()

    differ("Acme One", "Acme Two")
    (waiting,) = bound.ledger.conflicts(PAIR.pair)

    answer(bound.ledger, waiting.conflict_id, SAGE100, why="the deed", is_standing=is_standing)
    bound.settle()

    assert bound.xero.nodes[bound.contact]["Name"] == "Acme Two"
    differ("Acme Three", "Acme Four")
    assert len(bound.ledger.conflicts(PAIR.pair)) == (not is_standing)
    assert (bound.xero.nodes[bound.contact]["Name"] == "Acme Four") is is_standing


def test_people_who_agree_by_themselves_end_a_conflict(bound):
    bound.edit(XERO, bound.contact, Name="Acme One")
    bound.edit(SAGE100, bound.customer, CustomerName="Acme Two")
    bound.settle()

    bound.edit(SAGE100, bound.customer, CustomerName="ACME ONE")
    bound.settle()

    assert [one.state for one in conflicts(bound)] == [ConflictState.GONE]


def test_the_newest_counts_and_what_was_lost_is_on_record(bound):
    bound.edit(XERO, bound.contact, EmailAddress="first@acme.com")
    bound.edit(SAGE100, bound.customer, EmailAddress="second@acme.com")

    bound.settle()

    assert bound.xero.nodes[bound.contact]["EmailAddress"] == "second@acme.com"
    (settled,) = conflicts(bound)
    assert (settled.reason, settled.winner) == (Reason.NEWEST, SAGE100)
    assert settled.values.xero == "first@acme.com"


def test_an_owned_field_is_taken_back():
    rules = policy()
    owned = {
        **rules.fields,
        "email": rules.fields["email"].model_copy(update={"owner": Owner.XERO}),
    }
    town = TwoLedgers(policy(fields=owned))
    contact = town.add_contact("Acme", EmailAddress="a@acme.com")
    town.settle()
    (customer,) = town.sage100.nodes

    town.edit(SAGE100, customer, EmailAddress="typed@acme.com")
    town.settle()

    assert town.sage100.nodes[customer]["EmailAddress"] == "a@acme.com"
    assert town.xero.nodes[contact]["EmailAddress"] == "a@acme.com"
    assert conflicts(town)[0].values.sage100 == "typed@acme.com"


def test_an_archived_contact_makes_its_customer_inactive_and_that_stays_so(bound):
    bound.edit(XERO, bound.contact, ContactStatus="ARCHIVED")
    bound.settle()
    assert bound.sage100.nodes[bound.customer]["CustomerStatus"] == "I"

    bound.edit(XERO, bound.contact, ContactStatus="ACTIVE")
    bound.settle()

    assert bound.sage100.nodes[bound.customer]["CustomerStatus"] == "I"
    assert [one.reason for one in bound.ledger.conflicts(PAIR.pair)] == [Reason.RESTORED]


def test_an_inactive_customer_archives_its_contact(bound):
    bound.edit(SAGE100, bound.customer, CustomerStatus="I", CustomerName="Gone Ltd")

    bound.settle()

    node = bound.xero.nodes[bound.contact]
    assert (node["ContactStatus"], node["Name"]) == ("ARCHIVED", "Acme")


@pytest.mark.parametrize(("fate", "status"), [(Fate.ASK, "ACTIVE"), (Fate.FOLLOW, "ARCHIVED")])
def test_a_deleted_customer_is_followed_by_policy(fate, status):
    town = TwoLedgers(policy(deleted=fate))
    contact = town.add_contact("Acme")
    town.settle()
    (customer,) = town.sage100.nodes
    del town.sage100.nodes[customer]

    town.edit(XERO, contact, EmailAddress="x@acme.com")
    town.settle()

    assert town.xero.nodes[contact]["ContactStatus"] == status
    assert len(town.ledger.conflicts(PAIR.pair)) == (fate is Fate.ASK)


def test_several_of_one_name_are_never_taken_for_each_other(town):
    first = town.add_contact("David Smith", EmailAddress="one@smith.com")
    town.settle()
    (customer,) = town.sage100.nodes

    other = town.add_customer("David Smith", EmailAddress="two@smith.com")
    town.settle()

    assert causes(town) == ["possible_duplicate"]
    assert list(town.xero.nodes) == [first]
    assert set(town.sage100.nodes) == {customer, other}
    town.edit(SAGE100, other, EmailAddress="three@smith.com")
    town.settle()
    assert town.xero.nodes[first]["EmailAddress"] == "one@smith.com"


def test_a_policy_that_creates_nothing_creates_nothing():
    town = TwoLedgers(policy(creates=False))
    town.add_contact("Acme")

    assert town.sync() == 0
    assert town.ledger.conservation(PAIR.pair).skipped == {"not_created": 1}


def test_a_direction_is_kept():
    town = TwoLedgers(policy(direction=Direction.TO_SAGE100))
    contact = town.add_contact("Acme")
    town.settle()
    (customer,) = town.sage100.nodes

    town.edit(SAGE100, customer, EmailAddress="typed@acme.com")
    town.add_customer("Other")
    town.settle()

    assert list(town.xero.nodes) == [contact]
    assert not town.xero.writes


def test_a_person_who_was_faster_is_read_again(bound):
    """What changed between our reading and our write is refused there, and merged anew."""
    bound.edit(XERO, bound.contact, EmailAddress="x@acme.com")
    bound.tell()
    for step, run in bound.steps():
        if step == "customer_to_sage100":
            bound.edit(SAGE100, bound.customer, EmailAddress="bob@acme.com")
        run()
    assert bound.sage100.nodes[bound.customer]["EmailAddress"] == "bob@acme.com"

    bound.settle()

    assert bound.xero.nodes[bound.contact]["EmailAddress"] == "bob@acme.com"
    assert causes(bound) == []
    assert [one.state for one in conflicts(bound)] == [ConflictState.SETTLED]


@pytest.mark.parametrize("writes", [0, 1])
def test_a_run_that_dies_is_carried_on(bound, writes):
    bound.edit(XERO, bound.contact, EmailAddress="x@acme.com")
    bound.add_contact("Other")
    bound.sage100.crash_in = writes
    with pytest.raises(Crash):
        bound.sync()

    bound.settle()

    assert [kind for kind, _ in bound.sage100.writes] == ["customer", "customer_update"]
    assert bound.sage100.nodes[bound.customer]["EmailAddress"] == "x@acme.com"
    assert len(bound.sage100.nodes) == 2


def test_a_plan_says_what_would_be_written_over_what_and_writes_nothing(bound):
    bound.edit(XERO, bound.contact, EmailAddress="x@acme.com")
    bound.add_contact("Other")
    bound.tell()

    plan = make_plan(bound.flow, "customer_sync")

    writes = [write for document in plan.documents for write in document.writes]
    assert [(one.entity, one.action) for one in writes] == [
        ("customer_update", Action.UPDATE),
        ("customer", Action.CREATE),
    ]
    (change,) = writes[0].changes
    assert (change.field, change.before, change.after) == (
        "EmailAddress",
        "a@acme.com",
        "x@acme.com",
    )
    assert not bound.sage100.writes
    assert bound.sync() == 2


def test_a_fight_is_stopped_and_told(bound):
    """Another program that undoes every write of ours is no reason to go on for ever."""
    for number in range(12):
        bound.edit(XERO, bound.contact, EmailAddress=f"{number}@acme.com")
        bound.clock.advance(60)
        bound.sync()

    assert "keeps_changing" in causes(bound)
    assert len(bound.sage100.writes) <= 10


def test_the_house_account_is_left_to_people(bound):
    house = bound.add_customer("House account")
    bound.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="customer",
            key="GUEST",
            system=SAGE100,
            external_id=house,
            external_no=house,
            provenance="test",
        )
    )

    assert bound.sync() == 0
    assert "kept_by_people" in bound.ledger.conservation(PAIR.pair).skipped


def test_calls_grow_with_what_changed_and_not_with_what_is_bound():
    def calls(count: int) -> tuple[int, int]:
        town = TwoLedgers()
        ids = [town.add_contact(f"Customer {number}") for number in range(count)]
        town.settle()
        before = (town.flow.xero.reads, town.flow.sage100.reads)
        for one in ids[:5]:
            town.edit(XERO, one, EmailAddress="x@y.com")
        assert town.sync() == 5
        return (town.flow.xero.reads - before[0], town.flow.sage100.reads - before[1])

    assert calls(5) == calls(40) == (1, 1)
