"""What a customer of either ledger is in our form, as files to read.

``pytest tests/unit/mapping --golden-update`` rewrites them; the diff is the review.
"""

import json

import pytest

from tieout.domain.base import System
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.mapper import YamlMapper
from unit.mapping.cases import CUSTOMERS
from unit.mapping.conftest import ROOT

FOLDER = ROOT / "tests" / "golden" / "customer"
CASES = ["bare", "business"]


def kept(case, system):
    return json.loads((FOLDER / f"{case}.{system}.json").read_text("utf-8"))


@pytest.mark.parametrize("system", CUSTOMERS)
@pytest.mark.parametrize("case", CASES)
def test_a_ledgers_customer_becomes_what_its_golden_file_says(
    case, system, mapper, is_golden_update
):
    read = mapper.customer_from(system, kept(case, system)).model_dump(mode="json")
    golden = FOLDER / f"{case}.{system}.canonical.json"
    if is_golden_update:
        golden.write_text(f"{json.dumps(read, ensure_ascii=False, indent=2)}\n", "utf-8")

    assert read == json.loads(golden.read_text("utf-8"))


def test_the_golden_cases_are_there():
    names = {path.name.split(".")[0] for path in FOLDER.glob("*.canonical.json")}

    assert names == set(CASES)


@pytest.mark.parametrize(
    ("system", "member", "place"),
    [
        (System.XERO, "ContactID", "contact.ContactID"),
        (System.XERO, "Name", "contact.Name"),
        (System.SAGE100, "CustomerName", "AR_Customer.CustomerName"),
    ],
)
def test_what_makes_no_customer_is_rejected_by_its_place(mapper, system, member, place):
    node = {**kept("business", system), member: ""}

    with pytest.raises(RejectedError) as caught:
        mapper.customer_from(system, node)

    assert caught.value.field == place


def test_a_country_that_sage_100_does_not_know_is_refused(mapper):
    node = {**kept("business", System.SAGE100), "CountryCode": "XXX"}

    with pytest.raises(RejectedError, match=r"AR_Customer\.CountryCode: nothing stands for 'XXX'"):
        mapper.customer_from(System.SAGE100, node)


def test_a_mapping_to_a_field_that_no_customer_has_is_named(pairs, tmp_path):
    own = tmp_path / "mappings"
    (own / "from_xero").mkdir(parents=True)
    text = (ROOT / "include/mappings/from_xero/contact.yaml").read_text("utf-8")
    (own / "from_xero/contact.yaml").write_text(f"{text}  nickname: node.Name\n", "utf-8")
    mapper = YamlMapper(tmp_path, pairs["harbor_and_pine"])

    with pytest.raises(
        ConfigurationError, match=r"from_xero/contact\.yaml, nickname: Extra inputs"
    ):
        mapper.customer_from(System.XERO, kept("business", System.XERO))
