"""What a ledger holds of a customer, read and sent again, is what it holds: nothing drifts."""

import pytest

from tieout.domain.base import System
from tieout.domain.order import Buyer
from unit.mapping.cases import applications


@pytest.fixture(scope="module")
def applied():
    return applications()


def sent(applied, mapping):
    """Return every payload of a mapping, with the record that it was made of."""
    found = [
        (one.record, one.payload)
        for some in applied[mapping].values()
        for one in some
        if one.payload is not None
    ]
    assert len(found) > 20
    return found


def buyer_of(customer):
    return Buyer(
        source_id="1",
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        address=customer.address,
    )


def test_a_contact_that_is_read_and_sent_again_is_the_same(applied, mapper):
    for record, payload in sent(applied, "to_xero/contact"):
        customer = mapper.customer_from(System.XERO, {"ContactID": "c-1", **payload})
        again = mapper.payload(
            "to_xero/contact",
            {**record, "buyer": buyer_of(customer), "name": customer.name},
        )
        kept = ("Name", "EmailAddress", "Phones", "Addresses")
        assert {name: again.get(name) for name in kept} == {
            name: payload.get(name) for name in kept
        }


def test_a_customer_of_sage_100_that_is_read_and_sent_again_is_the_same(applied, mapper):
    for record, payload in sent(applied, "to_sage100/customer"):
        row = {"CustomerNo": "0000042", "CustomerStatus": "A", **payload["header"]}
        customer = mapper.customer_from(System.SAGE100, row)
        again = mapper.payload("to_sage100/customer", {**record, "buyer": buyer_of(customer)})
        assert again["header"] == payload["header"]


@pytest.mark.parametrize("mapping", ["to_xero/contact_update", "to_xero/vendor"])
def test_a_contact_that_is_read_and_stated_again_is_the_same(applied, mapper, mapping):
    for some in applied[mapping].values():
        for one in some:
            node = {"ContactID": "c-1", "ContactStatus": "ACTIVE", **one.payload}
            party = mapper.vendor_from(System.XERO, node)
            again = mapper.payload(mapping, {**one.record, "party": party})
            assert again == {
                **one.payload,
                **({"AccountNumber": party.number} if party.number else {}),
            }


@pytest.mark.parametrize("mapping", ["to_sage100/customer_update", "to_sage100/vendor_update"])
def test_a_party_of_sage_100_that_is_read_and_stated_again_is_the_same(applied, mapper, mapping):
    read = mapper.customer_from if "customer" in mapping else mapper.vendor_from
    for some in applied[mapping].values():
        for one in some:
            party = read(System.SAGE100, one.payload["header"])
            again = mapper.payload(mapping, {**one.record, "party": party})
            assert again == one.payload
