"""The seed companies: complete, unique, and the same on every run."""

from decimal import Decimal

import pytest

from tieout.simulators.company import COMPANIES, Company

HPS = COMPANIES["HPS"]
LLT = COMPANIES["LLT"]


def test_harbor_and_pine_has_the_agreed_size() -> None:
    sizes = (len(HPS.customers), len(HPS.items), len(HPS.warehouses))
    assert sizes == (200, 300, 3)


def test_lotus_lane_has_the_agreed_size() -> None:
    sizes = (len(LLT.customers), len(LLT.items), len(LLT.warehouses))
    assert sizes == (10, 12, 1)


def test_the_first_items_are_those_of_the_worked_order() -> None:
    first, second = HPS.items[:2]
    assert (first.code, first.list_price, first.unit_cost) == (
        "LAMP-01",
        Decimal("19.99"),
        Decimal("7.40"),
    )
    assert (second.code, second.list_price, second.unit_cost) == (
        "SHADE-02",
        Decimal("45.50"),
        Decimal("18.25"),
    )


@pytest.mark.parametrize("company", COMPANIES.values(), ids=COMPANIES)
@pytest.mark.parametrize("field", ["name", "sage_no", "xero_contact_number"])
def test_no_two_customers_share(company: Company, field: str) -> None:
    values = {str(getattr(customer, field)).lower() for customer in company.customers}
    assert len(values) == len(company.customers)


@pytest.mark.parametrize("company", COMPANIES.values(), ids=COMPANIES)
def test_names_fit_the_narrowest_ledger(company: Company) -> None:
    too_long = [customer.name for customer in company.customers if len(customer.name) > 50]
    too_long += [item.description for item in company.items if len(item.description) > 30]
    too_long += [customer.address1 for customer in company.customers if len(customer.address1) > 40]
    assert too_long == []


@pytest.mark.parametrize("company", COMPANIES.values(), ids=COMPANIES)
def test_variants_and_accounts_are_unique(company: Company) -> None:
    assert len({item.variant_id for item in company.items}) == len(company.items)
    keys = [account.sage_key for account in company.accounts if account.sage_key]
    assert len(set(keys)) == len(keys)


def test_web_guest_exists_in_both_companies() -> None:
    assert "WEBGUEST" in {customer.sage_no for customer in HPS.customers}
    assert "WEBGUEST" in {customer.sage_no for customer in LLT.customers}
