"""Fields that a pair adds to its customers by one line of shared/customer.yaml."""

import json
import shutil

import pytest

from tieout.domain.base import System
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.mapper import YamlMapper
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    contact_record,
    customer_record,
    make_customer,
    make_line,
    make_node,
)

SHARED = "mappings/shared/customer.yaml"
LINE = "{shopify: customer.note, xero: AccountNumber, sage100: Comment, length: 30}"
GOLDEN = ROOT / "tests" / "golden" / "customer" / "own_field.json"


@pytest.fixture
def mapper_of(pairs, tmp_path):
    """Make the mapper of an installation whose shared file has these lines instead of none."""

    def make(lines, *, shared=SHARED):
        include = shutil.copytree(ROOT / "include", tmp_path / "include")
        path = include / shared
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"fields:\n{lines}\n", "utf-8")
        return YamlMapper(include, pairs["harbor_and_pine"])

    return make


def order_of(mapper, **customer):
    node = make_node([make_line(1, "10.00")], total="10.00", customer=make_customer(**customer))
    return mapper.order_from_shop(node)


def test_one_line_brings_a_field_from_the_shop_into_both_ledgers_and_back(
    mapper, mapper_of, is_golden_update
):
    own = mapper_of(f"  account_no: {LINE}")
    order, before = (order_of(one, note=" K-114 ") for one in (own, mapper))
    contact = own.payload("to_xero/contact", contact_record(order))
    customer = own.payload("to_sage100/customer", customer_record(order))
    made = {
        "canonical": order.buyer.custom,
        "xero": without(contact, mapper.payload("to_xero/contact", contact_record(before))),
        "sage100": without(
            customer["header"],
            mapper.payload("to_sage100/customer", customer_record(before))["header"],
        ),
    }
    if is_golden_update:
        GOLDEN.write_text(f"{json.dumps(made, indent=2)}\n", "utf-8")

    assert made == json.loads(GOLDEN.read_text("utf-8"))
    for system, node in ((System.XERO, "business.xero"), (System.SAGE100, "business.sage100")):
        kept = json.loads((GOLDEN.parent / f"{node}.json").read_text("utf-8"))
        assert own.customer_from(system, kept).custom == order.buyer.custom


def without(made, before):
    """Return what one record has more than the other, after proving that the rest is equal."""
    assert {name: made[name] for name in before} == before
    return {name: value for name, value in made.items() if name not in before}


def test_a_customer_without_the_field_is_written_as_before(mapper, mapper_of):
    own = mapper_of(f"  account_no: {LINE}")
    order = order_of(own, note=None)

    assert order.buyer.custom == {}
    assert own.payload("to_xero/contact", contact_record(order)) == mapper.payload(
        "to_xero/contact", contact_record(order)
    )


def test_an_order_that_was_read_before_the_line_came_is_written_without_it(mapper, mapper_of):
    order = order_of(mapper, note="K-114")

    contact = mapper_of(f"  account_no: {LINE}").payload("to_xero/contact", contact_record(order))

    assert "AccountNumber" not in contact


def test_what_is_too_long_for_a_system_is_set_aside_by_its_place_in_the_shop(mapper_of):
    own = mapper_of(f"  account_no: {LINE}")

    with pytest.raises(RejectedError, match="31 characters, and 30 fit") as caught:
        order_of(own, note="x" * 31)

    assert caught.value.field == "order.customer.note"


def test_signs_that_sage_100_lacks_are_written_letter_by_letter(mapper_of):
    own = mapper_of(f"  account_no: {LINE}")

    customer = own.payload("to_sage100/customer", customer_record(order_of(own, note="Łódź")))

    assert customer["header"]["Comment"] == "Lódz"


def test_a_list_of_the_shop_is_one_text(mapper_of):
    own = mapper_of("  tags: {shopify: customer.tags, xero: AccountNumber, length: 50}")

    assert order_of(own, tags=["vip", "trade"]).buyer.custom == {"tags": "vip, trade"}


def test_a_pairs_own_file_is_used_in_place_of_the_shared_one(mapper_of):
    own = mapper_of(f"  account_no: {LINE}", shared=f"mappings/pairs/harbor_and_pine/{SHARED[9:]}")

    assert order_of(own, note="K-114").buyer.custom == {"account_no": "K-114"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{xero: Name, sage100: Comment, length: 30}", "fields > a > xero: .* fills 'Name'"),
        ("{xero: AccountNumber, length: 30}", "fields > a: "),
        (
            "{shopify: note, xero: AccountNumber, sage100: Comment}",
            "fields > a: 'length' is a required",
        ),
        ("{xerox: A, sage100: B, length: 3}", "fields > a > xerox: there is no key"),
    ],
)
def test_a_wrong_line_is_named_with_file_and_line(mapper_of, line, problem):
    with pytest.raises(ConfigurationError, match=rf"shared/customer\.yaml, line 2, {problem}"):
        mapper_of(f"  a: {line}")
