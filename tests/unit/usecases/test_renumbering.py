"""What has another number in Sage 100 from now on is the same thing, where that is proven."""

import hashlib

import pytest

from tieout.domain.in_step.policy import Fate
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.domain.reading import Reading, Renumbered, Tombstone
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers, blank_customer

READING = Reading(pair=PAIR.pair, source=SAGE100, account="HPS", resource="AR_Customer")
CUSTOMER = (PAIR.pair, "customer")
NEW = "00-0009999"


def started(fate: Fate = Fate.FOLLOW, **columns: str) -> TwoLedgers:
    """Return a town where Acme, that people entered in Sage 100, is in step."""
    town = TwoLedgers(PAIR.in_step["customer"].model_copy(update={"renumbered": fate}))
    town.customer = town.add_customer("Acme", **columns)
    town.settle()
    (town.contact,) = town.xero.nodes
    return town


def renumber(town: TwoLedgers, old: str, new: str, **changed: str) -> None:
    """Let people give a customer another number, and the landing set both aside."""
    node = town.sage100.nodes.pop(old)
    town.sage100.put(new, {**node, "CustomerNo": new[3:], **changed}, by="Bob")
    town.sage100.news.clear()
    set_aside(town, old, new)


def set_aside(town: TwoLedgers, old: str, new: str, *, said: str = "") -> None:
    told = Renumbered(old_id=old.replace("-", "/"), new_id=new.replace("-", "/"), named="Acme")
    entries = [entry(told.old_id, Tombstone.GONE, said), entry(told.new_id, None, said)]
    town.ledger.land(entries)
    for waiting in town.ledger.pending_entries(PAIR.pair, limit=10):
        letter = told.letter(READING).model_copy(update={"inbox_id": waiting.inbox_id})
        town.ledger.set_aside(letter)


def entry(record_id: str, tombstone: Tombstone | None, said: str) -> NewInboxEntry:
    body = f"{record_id} {tombstone} {said}".encode()
    return NewInboxEntry(
        pair=PAIR.pair,
        source=SAGE100,
        account="HPS",
        topic=READING.topic(tombstone),
        event_id="",
        resource_id=record_id,
        origin=Origin.SWEEP,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )


def bound_to(town: TwoLedgers) -> dict[str, str]:
    return {
        one: binding.key
        for one, binding in town.ledger.bindings_to(
            *CUSTOMER, [town.customer, NEW], SAGE100
        ).items()
    }


def causes(town: TwoLedgers) -> list[str]:
    return [letter.cause for letter in town.ledger.dead_letters(PAIR.pair)]


def test_a_number_is_followed_where_all_that_was_agreed_on_is_said():
    town = started(TelephoneNo="503 555 0100")
    key = bound_to(town)[town.customer]
    renumber(town, town.customer, NEW)

    assert town.sync() == 0

    assert (bound_to(town), causes(town)) == ({NEW: key}, [])
    town.edit(XERO, town.contact, EmailAddress="new@acme.com")
    town.settle()
    assert town.sage100.nodes[NEW]["EmailAddress"] == "new@acme.com"
    assert town.xero.nodes[town.contact]["ContactStatus"] == "ACTIVE"
    assert town.sync() == 0


@pytest.mark.parametrize(
    ("columns", "changed"),
    [
        ({}, {}),
        ({"TelephoneNo": "503 555 0100"}, {"TelephoneNo": "503 555 0199"}),
    ],
    ids=["a name alone", "something else is said"],
)
def test_a_name_alone_proves_nothing(columns, changed):
    town = started(**columns)
    before = bound_to(town)
    renumber(town, town.customer, NEW, **changed)

    town.settle()

    assert bound_to(town) == before
    assert causes(town) == ["record_renumbered", "record_renumbered"]


@pytest.mark.parametrize("is_ours", [True, False])
def test_our_mark_in_the_record_decides(is_ours):
    town = TwoLedgers()
    town.add_contact("Acme")
    town.settle()
    (town.customer,) = town.sage100.nodes
    key = bound_to(town)[town.customer]
    changed = {} if is_ours else {"UDF_TIEOUT_ID": "somebody else's"}
    renumber(town, town.customer, NEW, CustomerName="Acme & Co", **changed)

    town.settle()

    assert bound_to(town) == {NEW if is_ours else town.customer: key}
    (contact,) = town.xero.nodes.values()
    assert contact["Name"] == ("Acme & Co" if is_ours else "Acme")


def test_a_policy_that_asks_leaves_it_to_a_person():
    town = started(Fate.ASK, TelephoneNo="503 555 0100")
    before = bound_to(town)
    renumber(town, town.customer, NEW)

    town.settle()

    assert bound_to(town) == before
    assert len(causes(town)) == 2


def test_of_two_that_came_neither_is_taken():
    town = started(TelephoneNo="503 555 0100")
    before = bound_to(town)
    twin = {**town.sage100.nodes[town.customer], "CustomerNo": "0008888"}
    renumber(town, town.customer, NEW)
    town.sage100.put("00-0008888", {**blank_customer("0008888"), **twin}, by="Bob")
    town.sage100.news.clear()
    set_aside(town, town.customer, "00-0008888")

    town.settle()

    assert bound_to(town) == before


def test_a_run_that_died_before_the_letters_went_on_is_made_up_for():
    town = started(TelephoneNo="503 555 0100")
    key = bound_to(town)[town.customer]
    renumber(town, town.customer, NEW)
    town.sync()
    # It had pointed the binding, and the letters were still there.
    set_aside(town, town.customer, NEW, said="again")

    town.settle()

    assert (bound_to(town), causes(town)) == ({NEW: key}, [])
