"""What people merged in Xero is one thing from then on, and goes by who survived."""

import pytest

from tieout.domain.in_step.policy import Fate
from tieout.domain.in_step.records import NewHeir
from tieout.domain.ledger import NewBinding
from tieout.usecases.flow import set_aside
from tieout.usecases.successors import is_successor_named
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers, refused

CUSTOMER = (PAIR.pair, "customer")


@pytest.fixture
def town() -> TwoLedgers:
    return TwoLedgers()


@pytest.fixture
def acme(town):
    """Acme in both ledgers, in step, and its ids."""
    contact = town.add_contact("Acme", EmailAddress="a@acme.com", Phones=phones("503 555 0100"))
    town.settle()
    (customer,) = town.sage100.nodes
    town.contact, town.customer = contact, customer
    return town


@pytest.fixture
def two(acme):
    """Acme and Birch, in step."""
    acme.birch = acme.add_contact("Birch", EmailAddress="b@birch.com")
    acme.settle()
    (acme.birch_customer,) = set(acme.sage100.nodes) - {acme.customer}
    return acme


def phones(number: str) -> list[dict[str, str]]:
    return [{"PhoneType": "DEFAULT", "PhoneNumber": number}]


def key_of(town, contact: str) -> str:
    return town.ledger.bindings_to(*CUSTOMER, [contact], XERO)[contact].key


def ids_of(town, key: str) -> dict:
    found = {}
    for system in (XERO, SAGE100):
        bound = town.ledger.bindings(*CUSTOMER, [key], system)
        found[system] = bound[key].external_id if key in bound else None
    return found


def test_a_customer_is_the_survivors_and_gets_what_that_one_says(acme):
    key = key_of(acme, acme.contact)
    heir = acme.add_contact("Acme Corporation", EmailAddress="office@acme.com")
    acme.merge_contacts(acme.contact, heir)

    acme.settle()

    assert ids_of(acme, key) == {XERO: heir, SAGE100: acme.customer}
    (node,) = acme.sage100.nodes.values()
    assert (node["CustomerName"], node["EmailAddress"]) == ("Acme Corporation", "office@acme.com")
    # What the survivor says nothing of was nobody's change: it is filled in, and clears nothing.
    assert node["TelephoneNo"] == "503 555 0100"
    assert acme.xero.nodes[heir]["Phones"][0]["PhoneNumber"] == "503 555 0100"
    assert acme.ledger.dead_letters(PAIR.pair) == []
    acme.tell(twice=True)
    assert acme.sync() == 0


def test_a_survivor_that_is_followed_is_no_new_customer_before_or_after(acme):
    heir = acme.add_contact("Somebody Else")
    acme.merge_contacts(acme.contact, heir)
    acme.settle()
    acme.edit(XERO, heir, EmailAddress="new@acme.com")

    acme.settle()

    assert list(acme.sage100.nodes) == [acme.customer]
    assert acme.sage100.nodes[acme.customer]["EmailAddress"] == "new@acme.com"


def test_who_survives_several_merges_is_followed_at_once(acme):
    key = key_of(acme, acme.contact)
    second, third = acme.add_contact("Second"), acme.add_contact("Third")
    acme.merge_contacts(acme.contact, second)
    acme.merge_contacts(second, third)

    acme.settle()

    assert ids_of(acme, key)[XERO] == third


def test_a_merge_into_each_other_is_no_end_and_waits(acme):
    heir = acme.add_contact("Second")
    acme.merge_contacts(acme.contact, heir)
    acme.merge_contacts(heir, acme.contact)

    acme.settle()

    (letter,) = acme.ledger.dead_letters(PAIR.pair)
    assert letter.cause == "survivor_unknown"


def test_two_customers_of_merged_contacts_stay_two_in_sage_100(two):
    lost, kept = key_of(two, two.contact), key_of(two, two.birch)
    two.merge_contacts(two.contact, two.birch)
    before = dict(two.sage100.nodes)

    two.settle()

    assert ids_of(two, lost) == {XERO: two.birch, SAGE100: two.customer}
    assert ids_of(two, kept) == {XERO: two.birch, SAGE100: two.birch_customer}
    two.edit(SAGE100, two.customer, EmailAddress="other@acme.com")
    two.settle()
    assert two.xero.nodes[two.birch]["EmailAddress"] == "b@birch.com"
    assert two.sage100.nodes[two.birch_customer] == before[two.birch_customer]
    assert two.ledger.conflicts(PAIR.pair) == []
    assert two.sync() == 0


def test_people_who_merge_the_two_in_sage_100_as_well_make_them_one(two):
    lost = key_of(two, two.contact)
    two.merge_contacts(two.contact, two.birch)
    two.settle()
    gone = two.entry(SAGE100, two.customer, two.sage100.nodes.pop(two.customer))
    two.ledger.land([gone.model_copy(update={"topic": "AR_Customer/gone"})])

    two.settle()

    assert ids_of(two, lost) == {XERO: two.birch, SAGE100: two.birch_customer}
    assert two.xero.nodes[two.birch]["ContactStatus"] == "ACTIVE"


@pytest.mark.parametrize("is_told", [True, False])
def test_a_survivor_without_a_customer_gets_the_one_there_is(acme, is_told):
    lost = key_of(acme, acme.contact)
    heir = acme.add_contact("Birch", EmailAddress="b@birch.com")
    bind(acme, "SHOP-7", heir)
    acme.xero.news.clear()
    acme.merge_contacts(acme.contact, heir)
    if is_told:
        acme.edit(XERO, heir, Name="Birch & Co")

    acme.settle()

    assert ids_of(acme, "SHOP-7") == {XERO: heir, SAGE100: acme.customer}
    assert ids_of(acme, lost) == ids_of(acme, "SHOP-7")
    (node,) = acme.sage100.nodes.values()
    assert node["EmailAddress"] == "b@birch.com"
    assert node["TelephoneNo"] == "503 555 0100"
    assert acme.ledger.conflicts(PAIR.pair) == []
    acme.edit(SAGE100, acme.customer, EmailAddress="sage@birch.com")
    acme.settle()
    assert acme.xero.nodes[heir]["EmailAddress"] == "sage@birch.com"
    assert acme.sync() == 0


def bind(town, key: str, contact: str) -> None:
    town.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="customer",
            key=key,
            system=XERO,
            external_id=contact,
            external_no=contact,
            provenance="a test",
        )
    )


@pytest.mark.parametrize("fate", [Fate.ASK, Fate.LEAVE])
def test_a_policy_that_does_not_follow_leaves_the_binding(fate):
    town = TwoLedgers(PAIR.in_step["customer"].model_copy(update={"merged": fate}))
    contact = town.add_contact("Acme")
    town.settle()
    key = key_of(town, contact)
    town.merge_contacts(contact, town.add_contact("Acme Corporation"))

    town.settle()

    assert ids_of(town, key)[XERO] == contact
    assert len(town.ledger.conflicts(PAIR.pair)) == (fate is Fate.ASK)


def test_what_was_on_its_way_to_the_lost_contact_goes_to_the_survivor(acme):
    heir = acme.add_contact("Acme Corporation")
    acme.xero.news.clear()
    acme.edit(SAGE100, acme.customer, EmailAddress="new@acme.com")
    acme.tell()
    merge, *rest = (run for _step, run in acme.steps())
    merge()
    acme.merge_contacts(acme.contact, heir)
    for run in rest:
        run()

    acme.settle()

    assert acme.xero.nodes[heir]["EmailAddress"] == "new@acme.com"
    assert acme.ledger.dead_letters(PAIR.pair) == []


def test_what_xero_refused_of_the_lost_contact_goes_on(acme):
    others = [acme.add_contact(name) for name in ("Birch", "Cedar")]
    acme.tell()
    for _step, run in acme.steps():
        run()
        break
    batch = acme.ledger.claimed(PAIR.pair, "customer", f"run {acme.runs}")
    told = refused("contact_archived", "an archived contact")
    named = (acme.contact, "somebody else's")
    for document, contact in zip(acme.ledger.documents(batch), named, strict=True):
        mapped = {"Contact": {"ContactID": contact}}
        set_aside(acme.flow, document, told, step="invoice", mapped=mapped)
    acme.merge_contacts(acme.contact, others[0])

    acme.settle()

    waiting = acme.ledger.dead_letters(PAIR.pair)
    assert [one.mapped["Contact"]["ContactID"] for one in waiting] == ["somebody else's"]


@pytest.mark.parametrize(
    ("system", "held", "wanted", "is_so"),
    [
        (XERO, {"Date": 1}, {"Date": 1}, True),
        (XERO, {"Date": 1}, {"Date": 2}, False),
        (SAGE100, {"header": {"Comment": "a"}}, {"header": {"Comment": "a"}}, True),
        (SAGE100, {"header": {"Comment": "a"}}, {"header": {"Comment": "b"}}, False),
    ],
)
def test_a_document_of_the_lost_customer_has_not_changed(two, system, held, wanted, is_so):
    lost = key_of(two, two.contact)
    before, after = ids_of(two, lost)[system], {XERO: two.birch, SAGE100: two.birch_customer}
    heir = key_of(two, two.birch)
    said = NewHeir(
        pair=PAIR.pair, entity="customer", key=lost, system=system, heir=heir, why="merged"
    )

    def same() -> bool:
        return is_successor_named(two.flow, system, of(before, held), of(after[system], wanted))

    def of(party: str, payload: dict) -> dict:
        if system is XERO:
            return {**payload, "Contact": {"ContactID": party}}
        division, _, number = party.partition("-")
        key = {"ARDivisionNo": division, "CustomerNo": number}
        return {"header": {**key, **payload["header"]}}

    assert not same()
    two.ledger.hand_over([said])
    assert same() is is_so
