"""Which tax schedule a customer gets in Sage 100 who comes from Xero."""

from dataclasses import replace

import pytest

from tieout.domain.customer import Customer
from tieout.domain.order import Address
from tieout.domain.pair import NewInSage100
from tieout.errors import RejectedError
from tieout.usecases.in_step.tax_schedule import new_customers_tax_schedule
from two_ledgers import PAIR, TwoLedgers

SCHEDULES = {"US-NY": "STATE", "CA": "GST", "CA-QC": "QST"}


def schedule(country: str, region: str = "", *, others: str = "") -> str:
    decided = NewInSage100(tax_schedules=SCHEDULES, tax_schedule=others)
    address = Address(line1="1 Main St", region_code=region, country_code=country)
    customer = Customer(external_id="1", name="Acme", address=address, is_active=True)
    return new_customers_tax_schedule(PAIR.model_copy(update={"new_in_sage100": decided}), customer)


@pytest.mark.parametrize(
    ("country", "region", "expected"),
    [
        ("US", "NY", "STATE"),
        ("US", "New York", "STATE"),
        ("us", "ny", "STATE"),
        ("CA", "Quebec", "QST"),
        ("CA", "ON", "GST"),
        ("CA", "", "GST"),
    ],
)
def test_the_region_decides_then_the_country(country: str, region: str, expected: str) -> None:
    assert schedule(country, region, others="EXEMPT") == expected


def test_others_get_what_the_pair_says_for_them() -> None:
    assert schedule("US", "OR", others="NONTAX") == "NONTAX"
    assert schedule("", others="NONTAX") == "NONTAX"


@pytest.mark.parametrize(("country", "region", "place"), [("US", "OR", "US-OR"), ("", "", "")])
def test_nobody_is_exempt_because_nothing_was_said(country: str, region: str, place: str) -> None:
    with pytest.raises(RejectedError) as caught:
        schedule(country, region)
    assert (caught.value.cause, caught.value.value) == ("tax_schedule_undecided", place)


def test_a_contact_whose_taxing_nobody_decided_waits_and_goes_on_once_it_is() -> None:
    town = TwoLedgers()
    whole = town.flow
    undecided = whole.pair.new_in_sage100.model_copy(update={"tax_schedule": ""})
    pair = whole.pair.model_copy(update={"new_in_sage100": undecided})
    town.flow = replace(whole, pair=pair)
    town.add_contact("Acme", EmailAddress="a@acme.com")
    town.settle()
    (letter,) = town.ledger.dead_letters(PAIR.pair)
    assert (letter.cause, town.sage100.nodes) == ("tax_schedule_undecided", {})
    town.flow = whole
    town.ledger.replay(letter.dead_letter_id)
    town.settle()
    assert len(town.sage100.nodes) == 1
