"""xero-python reads and keeps the settings of an organisation."""

from typing import Any

import pytest

from simulators.xero.client import HPS, unique
from simulators.xero.sdk.records import account, item
from simulators.xero.sdk.sdk import Sdk


def test_it_reads_the_organisation_and_what_it_may_do(sdk: Sdk) -> None:
    organisation = sdk.get_organisations().organisations[0]
    actions = sdk.get_organisation_actions().actions
    assert (organisation.organisation_id, organisation.base_currency.value) == (HPS, "USD")
    assert "CreateApprovedInvoice" in {one.name for one in actions if one.status == "ALLOWED"}


def test_it_finds_the_bank_accounts(sdk: Sdk) -> None:
    banks = sdk.get_accounts(where='Type=="BANK"').accounts
    assert {"091", "092", "093"} <= {bank.code for bank in banks}
    assert {bank.type.value for bank in banks} == {"BANK"}


def test_an_account_is_made_changed_archived_and_deleted(sdk: Sdk, models: Any) -> None:
    made, spare = account(sdk), account(sdk)
    for values in ({"description": "Paper"}, {"status": "ARCHIVED"}):
        body = models.Accounts(accounts=[models.Account(**values)])
        sdk.update_account(made.account_id, body)
    read = sdk.get_account(made.account_id).accounts[0]
    gone = sdk.delete_account(spare.account_id).accounts[0]
    assert (read.code, read.description, read.status) == (made.code, "Paper", "ARCHIVED")
    assert (gone.account_id, gone.status) == (spare.account_id, "DELETED")
    assert spare.account_id not in {one.account_id for one in sdk.get_accounts().accounts}


def test_an_item_is_made_changed_and_deleted(sdk: Sdk, models: Any) -> None:
    from xero_python.exceptions import NotFoundException

    made = item(sdk)
    price = models.Purchase(unit_price=12.3456, account_code="200")
    new = models.Item(code=made.code, sales_details=price)
    sdk.update_item(made.item_id, models.Items(items=[new]), unitdp=4)
    named = models.Item(code=made.code, name="Lantern")
    other = models.Item(code=unique("PY"), name="Lamp")
    both = sdk.update_or_create_items(models.Items(items=[named, other])).items
    read = sdk.get_item(made.code, unitdp=4).items[0]
    sdk.delete_item(made.item_id)
    assert [one.name for one in both] == ["Lantern", "Lamp"]
    assert (read.name, str(read.sales_details.unit_price)) == ("Lantern", "12.3456")
    with pytest.raises(NotFoundException):
        sdk.get_item(made.item_id)


def test_a_tax_rate_is_made_and_changed(sdk: Sdk, models: Any) -> None:
    part = models.TaxComponent(name="State", rate=6.25)
    wanted = models.TaxRate(name=unique("Tax"), tax_components=[part])
    made = sdk.create_tax_rates(models.TaxRates(tax_rates=[wanted])).tax_rates[0]
    new = models.TaxRate(name=made.name, tax_type=made.tax_type, status="DELETED")
    sdk.update_tax_rate(models.TaxRates(tax_rates=[new]))
    by_type = sdk.get_tax_rate_by_tax_type(made.tax_type).tax_rates[0]
    rates = {rate.tax_type: rate.effective_rate for rate in sdk.get_tax_rates().tax_rates}
    assert rates["TAX001"] == 7
    assert (by_type.effective_rate, by_type.status) == (6.25, "DELETED")


def test_a_currency_is_added(sdk: Sdk, models: Any) -> None:
    sdk.create_currency(models.Currency(code=models.CurrencyCode.NZD))
    codes = {currency.code.value for currency in sdk.get_currencies().currencies}
    assert {"USD", "NZD"} <= codes


def test_a_tracking_category_and_its_options_come_and_go(sdk: Sdk, models: Any) -> None:
    name = unique("Region")
    made = sdk.create_tracking_category(models.TrackingCategory(name=name)).tracking_categories[0]
    category = made.tracking_category_id
    north, south = (
        sdk.create_tracking_options(category, models.TrackingOption(name=option)).options[0]
        for option in ("North", "South")
    )
    east = models.TrackingOption(name="East")
    sdk.update_tracking_options(category, north.tracking_option_id, east)
    sdk.delete_tracking_options(category, south.tracking_option_id)
    sdk.update_tracking_category(category, models.TrackingCategory(name=f"{name} now"))
    read = sdk.get_tracking_category(category).tracking_categories[0]
    listed = {one.name for one in sdk.get_tracking_categories().tracking_categories}
    gone = sdk.delete_tracking_category(category).tracking_categories[0]
    after = {one.name for one in sdk.get_tracking_categories().tracking_categories}
    assert (read.name, [option.name for option in read.options]) == (f"{name} now", ["East"])
    assert read.name in listed
    assert (gone.status, read.name in after) == ("DELETED", False)
