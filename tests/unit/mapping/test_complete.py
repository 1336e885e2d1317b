"""Every field that a flow moves stands in a mapping file, and every mapping file is used."""

import pytest

from tieout.domain.customer import Customer
from tieout.domain.order import Address, Buyer, CapturedPayment, Order, OrderLine, TaxShare
from tieout.mapping.mapper import CUSTOMERS, DIRECTIONS
from tieout.mapping.spec import Each, load_spec
from tieout.usecases.catalog import WRITE_KINDS
from tieout.usecases.flow import SHOP_ORDER
from tieout.usecases.steps import STEPS
from unit.mapping.conftest import ROOT

MAPPINGS = ROOT / "include" / "mappings"
ORDER = "from_shopify/order"
OWN = {"custom"}
"""Filled in by the lines of shared/customer.yaml."""


@pytest.mark.parametrize("step", [step for step in STEPS if step != SHOP_ORDER])
def test_whatever_a_step_writes_is_mapped_by_a_file(step):
    written = [kind for kind in WRITE_KINDS if kind.entity == step]

    assert [(MAPPINGS / f"{kind.mapping}.yaml").is_file() for kind in written] == [True]


def test_no_mapping_file_lies_about_unused():
    files = {
        f"{direction}/{path.stem}"
        for direction in DIRECTIONS
        for path in (MAPPINGS / direction).glob("*.yaml")
    }

    assert files == {kind.mapping for kind in WRITE_KINDS if kind.mapping} | {
        ORDER,
        *CUSTOMERS.values(),
    }


def test_every_field_of_an_order_is_read_by_its_mapping_file():
    fields = load_spec(MAPPINGS / f"{ORDER}.yaml").fields
    line = below(fields, "lines")

    assert set(fields) == {
        # The rate is no word of the shop's: the books add it.
        *(set(Order.model_fields) - {"buyer", "ship_to", "exchange"}),
        *(f"buyer.{name}" for name in set(Buyer.model_fields) - {"address", *OWN}),
        *(f"buyer.address.{name}" for name in Address.model_fields),
        *(f"ship_to.{name}" for name in Address.model_fields),
    }
    # What Sage 100 says of the item is no word of the shop's: the gate adds it.
    assert set(line) == set(OrderLine.model_fields) - {"category", "item_class"}
    assert set(below(line, "taxes")) == set(TaxShare.model_fields)
    assert set(below(fields, "payments")) == set(CapturedPayment.model_fields) - {"exchange"}


@pytest.mark.parametrize("mapping", CUSTOMERS.values())
def test_every_field_of_a_customer_is_read_by_its_mapping_file(mapping):
    fields = {target.split(".")[0] for target in load_spec(MAPPINGS / f"{mapping}.yaml").fields}

    assert fields == set(Customer.model_fields) - OWN


def below(fields, name):
    """Return the rules of a list's elements."""
    (rule,) = fields[name]
    assert isinstance(rule.make, Each)
    return rule.make.fields
