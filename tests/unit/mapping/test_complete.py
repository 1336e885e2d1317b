"""Every field that a flow moves stands in a mapping file, and every mapping file is used."""

import pytest

from tieout.domain.base import System
from tieout.domain.order import Address, Buyer, CapturedPayment, Order, OrderLine, TaxShare
from tieout.mapping.coverage import sources_read
from tieout.mapping.mapper import DIRECTIONS, READ_BY
from tieout.mapping.master_data import FILES, FORMS
from tieout.mapping.spec import Each, load_spec
from tieout.usecases.catalog import WRITE_KINDS
from tieout.usecases.flow import SHOP_ORDER
from tieout.usecases.steps import ORDER_STEPS, POSTING_STEPS
from unit.mapping.conftest import ROOT

MAPPINGS = ROOT / "include" / "mappings"
ORDER = "from_shopify/order"
OWN = {"custom"}
"""Filled in by the lines of shared/customer.yaml."""


@pytest.mark.parametrize(
    "step", [step for step in (*ORDER_STEPS, *POSTING_STEPS) if step != SHOP_ORDER]
)
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
        *READ_BY.values(),
        *(
            name
            for ledgers in FILES.values()
            for files in ledgers.values()
            for name in files.writes
        ),
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
    # What Sage 100 says of the item is no word of the shop's: the gate adds it; aliases say what
    # the ledgers call it.
    ours = {"category", "item_class", "item_code", "unit"}
    assert set(line) == set(OrderLine.model_fields) - ours
    assert set(below(line, "taxes")) == set(TaxShare.model_fields)
    assert set(below(fields, "payments")) == set(CapturedPayment.model_fields) - {"exchange"}


UNSAID = {
    ("item", System.XERO): {"unit", "cost", "sales"},
    ("item", System.SAGE100): {"cost", "sales", "is_tracked_in_xero"},
    ("vendor", System.XERO): {"terms_code", "form_1099", "has_tax_id"},
    ("vendor", System.SAGE100): {"form_1099", "has_tax_id"},
}
"""What a ledger does not say of a record, or keeps to itself: costs, accounts and tax ids."""


@pytest.mark.parametrize(("entity", "system"), READ_BY)
def test_every_field_of_master_data_is_read_by_its_mapping_file(entity, system):
    spec = load_spec(MAPPINGS / f"{READ_BY[entity, system]}.yaml")
    fields = {target.split(".")[0] for target in spec.fields}

    assert fields == set(FORMS[entity].model_fields) - OWN - UNSAID.get((entity, system), set())


@pytest.mark.parametrize("entity", FILES)
def test_what_both_ledgers_say_is_written_into_both(entity):
    said = {
        target.split(".")[0]
        for system in FILES[entity]
        for target in load_spec(MAPPINGS / f"{READ_BY[entity, system]}.yaml").fields
    } - {"external_id", "source_id", "tieout_id", "currency", "unit", "terms_code"}
    for system, files in FILES[entity].items():
        read = {
            path.partition(".")[2].split(".")[0]
            for name in (files.changes, files.ends)
            if name
            for path in sources_read(load_spec(MAPPINGS / f"{name}.yaml", MAPPINGS))
        } | {"is_active" if files.ends else ""}
        left = {"is_tracked_in_xero", *({"number"} if entity == "vendor" else ())}
        if system is System.SAGE100:
            left |= {"number"}  # it is the record's key there
        assert said - read <= left


def below(fields, name):
    """Return the rules of a list's elements."""
    (rule,) = fields[name]
    assert isinstance(rule.make, Each)
    return rule.make.fields
