"""What people merged in Xero and have twice in Sage 100: the advice, and what a choice does."""

import pytest

from tieout.domain.in_step.merge import Side
from tieout.domain.in_step.policy import Owner
from tieout.domain.in_step.survivorship import Why, survivorship
from tieout.errors import RejectedError
from tieout.usecases.in_step.entities import CUSTOMERS
from tieout.usecases.in_step.merge_advice import (
    MergeChoice,
    advice_text,
    advise,
    decide_merge,
    merges_waiting,
)
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers

CUSTOMER = (PAIR.pair, "customer")


@pytest.fixture
def town() -> TwoLedgers:
    """Acme and Birch, in step, of which people merged Acme's contact into Birch's."""
    town = TwoLedgers()
    town.acme = town.add_contact("Acme", EmailAddress="a@acme.com")
    town.settle()
    (town.acme_customer,) = town.sage100.nodes
    town.birch = town.add_contact("Birch", EmailAddress="b@birch.com")
    town.settle()
    (town.birch_customer,) = set(town.sage100.nodes) - {town.acme_customer}
    town.lost, town.kept = (
        town.ledger.bindings_to(*CUSTOMER, [one], XERO)[one].key for one in (town.acme, town.birch)
    )
    town.merge_contacts(town.acme, town.birch)
    town.settle()
    return town


def number(town, key: str) -> str:
    return town.ledger.bindings(*CUSTOMER, [key], SAGE100)[key].external_id


def decide(town, choice: MergeChoice) -> None:
    decide_merge(town.flow, CUSTOMERS, town.lost, choice, why="the register says so")


def test_the_advice_shows_every_record_and_what_is_left_by_each_choice(town):
    town.edit(SAGE100, town.birch_customer, TelephoneNo="503 555 0100")
    town.settle()

    (waiting,) = merges_waiting(town.flow, CUSTOMERS)
    advice = advise(town.flow, CUSTOMERS, waiting.key)

    assert (advice.key, advice.heir) == (town.lost, town.kept)
    assert [(one.system, one.external_id) for one in advice.records] == [
        (XERO, town.birch),
        (SAGE100, town.birch_customer),
        (SAGE100, town.acme_customer),
    ]
    survivor = advice.survives[MergeChoice.SURVIVOR]
    assert (survivor["name"].value, survivor["name"].why) == ("Birch", Why.SAME)
    other = advice.survives[MergeChoice.OTHER]
    assert (other["name"].value, other["name"].why) == (None, Why.OPEN)
    assert (other["email"].value, other["email"].why) == ("b@birch.com", Why.NEWEST)
    text = advice_text(advice)
    assert f"Both go by {town.acme_customer}" in text
    assert "a person must say which counts" in text


def test_the_survivors_customer_is_left_and_nothing_is_written(town):
    decide(town, MergeChoice.SURVIVOR)

    assert (number(town, town.lost), number(town, town.kept)) == (town.birch_customer,) * 2
    assert merges_waiting(town.flow, CUSTOMERS) == []
    town.edit(SAGE100, town.acme_customer, CustomerName="Somebody edits it")
    town.settle()
    assert len(town.xero.nodes) == 2
    assert town.xero.nodes[town.birch]["Name"] == "Birch"
    assert town.ledger.dead_letters(PAIR.pair) == []
    assert town.sync() == 0


def test_the_other_customer_is_left_as_the_advice_said(town):
    said = advise(town.flow, CUSTOMERS, town.lost).survives[MergeChoice.OTHER]

    decide(town, MergeChoice.OTHER)
    town.edit(SAGE100, town.birch_customer, CustomerName="Somebody edits it")
    town.edit(XERO, town.birch, SkypeUserName="looked at")
    town.settle()

    assert (number(town, town.lost), number(town, town.kept)) == (town.acme_customer,) * 2
    assert town.sage100.nodes[town.acme_customer]["EmailAddress"] == said["email"].value
    assert town.xero.nodes[town.birch]["EmailAddress"] == said["email"].value
    assert [one.field for one in town.ledger.conflicts(PAIR.pair)] == ["name"]
    assert len(town.xero.nodes) == 2
    assert town.sync() == 0


def test_two_that_are_not_the_same_stay_two_and_nobody_is_asked_again(town):
    decide(town, MergeChoice.BOTH)

    assert number(town, town.lost) == town.acme_customer
    assert merges_waiting(town.flow, CUSTOMERS) == []
    town.settle()
    assert town.sync() == 0


def test_what_does_not_wait_is_not_decided(town):
    decide(town, MergeChoice.SURVIVOR)

    with pytest.raises(RejectedError, match="waits"):
        decide(town, MergeChoice.OTHER)


@pytest.mark.parametrize(
    ("owner", "xero", "sage100", "value", "why"),
    [
        (Owner.ASK, "a@x.com", "A@X.com", "a@x.com", Why.SAME),
        (Owner.ASK, "", "s@x.com", "s@x.com", Why.ONLY),
        (Owner.XERO, "a@x.com", "s@x.com", "a@x.com", Why.OWNER),
        (Owner.SAGE100, "a@x.com", "s@x.com", "s@x.com", Why.OWNER),
        (Owner.ASK, "a@x.com", "s@x.com", None, Why.OPEN),
        (Owner.NEWEST, "a@x.com", "s@x.com", None, Why.OPEN),
    ],
)
def test_what_survives_is_what_the_policy_says(owner, xero, sage100, value, why):
    rules = PAIR.in_step["customer"]
    email = rules.fields["email"].model_copy(update={"owner": owner})
    policy = rules.model_copy(update={"fields": {"email": email}})
    sides = {XERO: Side(values={"email": xero}), SAGE100: Side(values={"email": sage100})}

    left = survivorship(policy, sides)["email"]

    assert (left.value, left.why) == (value, why)
    assert survivorship(policy, {XERO: sides[XERO]})["email"].value == xero
