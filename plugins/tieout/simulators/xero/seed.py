"""The organisations as they are on the first start: settings, items and contacts, no documents."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

from tieout.simulators.company import COMPANIES, Company, Customer
from tieout.simulators.company import Account as SeedAccount
from tieout.simulators.company import Item as SeedItem
from tieout.simulators.xero.contact_records import Address, Contact, Phone
from tieout.simulators.xero.identity import App, Identity
from tieout.simulators.xero.setting_records import (
    Account,
    Currency,
    Item,
    ItemPrice,
    Organisation,
    TaxComponent,
    TaxRate,
)
from tieout.simulators.xero.store import Books

_TIME_ZONES: Final = {
    "America/New_York": "EASTERNSTANDARDTIME",
    "Asia/Hong_Kong": "CHINASTANDARDTIME",
}
_CURRENCY_NAMES: Final = {"USD": "United States Dollar", "HKD": "Hong Kong Dollar"}
_SALES_ACCOUNT: Final = "200"
_PURCHASES_ACCOUNT: Final = "630"
_GIFT_CARDS_ACCOUNT: Final = "840"
_NAME_LENGTH_MAX: Final = 50
_WEB_APP: Final = "tieout-app"
_REDIRECT: Final = "http://localhost:5410/callback"


def apps() -> dict[str, App]:
    """Return the registered apps: a custom connection per organisation, and one for all."""
    registered = []
    for company in COMPANIES.values():
        pair = company.shop_domain.partition(".")[0].replace("-", "_")
        tenants = {company.xero_tenant_id: company.xero_tenant_name}
        registered.append(App(f"tieout-{pair}", f"xero-secret-{pair}", tenants))
    everything = {c.xero_tenant_id: c.xero_tenant_name for c in COMPANIES.values()}
    registered.append(App(_WEB_APP, "xero-secret-app", everything))
    return {app.client_id: app for app in registered}


def register(identity: Identity) -> None:
    """Register where the answer of a consent to the app of all organisations goes."""
    identity.register(_WEB_APP, _REDIRECT)


def seed(books: Books, company: Company) -> None:
    """Fill the books of an organisation that is new."""
    if books.organisations.all():
        return
    now = books.clock()
    books.organisations.put(
        Organisation(
            organisation_id=company.xero_tenant_id,
            name=company.xero_tenant_name,
            legal_name=company.name,
            version="US" if company.country_code == "US" else "GLOBAL",
            base_currency=company.currency,
            country_code=company.country_code,
            timezone=_TIME_ZONES[company.time_zone],
            branding_theme_id=_id(books, "theme", "standard"),
            created=now,
        )
    )
    name = _CURRENCY_NAMES[company.currency]
    books.currencies.put(Currency(code=company.currency, description=name))
    components = {
        tax.sage_code: TaxComponent(name=tax.title, rate=tax.rate * Decimal(100))
        for tax in company.taxes
    }
    for tax in company.taxes:
        kind = "NONE" if tax.rate == 0 else "OUTPUT"
        _put_rate(books, tax.title, tax.xero_tax_type, kind, (components[tax.sage_code],))
    for group in company.tax_groups:
        parts = tuple(components[code] for code in group.sage_codes)
        _put_rate(books, group.title, group.xero_tax_type, "OUTPUT", parts)
    for account in company.accounts:
        if account.xero_code:
            books.accounts.put(_account(books, account, company.currency))
    for item in company.items:
        books.items.put(_item(books, item, now))
    for customer in company.customers:
        books.contacts.put(_contact(books, customer, now))


def _put_rate(
    books: Books, name: str, tax_type: str, report_tax_type: str, parts: tuple[TaxComponent, ...]
) -> None:
    books.tax_rates.put(
        TaxRate(
            name=name,
            tax_type=tax_type,
            report_tax_type=report_tax_type,
            status="ACTIVE",
            tax_components=parts,
        )
    )


def _id(books: Books, kind: str, key: str) -> str:
    return str(uuid5(UUID(books.tenant_id), f"{kind}/{key}"))


def _account(books: Books, account: SeedAccount, currency: str) -> Account:
    code = account.xero_code
    is_bank = account.xero_type == "BANK"
    return Account(
        account_id=_id(books, "account", code),
        code=code,
        name=account.name,
        status="ACTIVE",
        type=account.xero_type,
        tax_type="NONE",
        system_account=account.xero_system_account or None,
        enable_payments_to_account=code == _GIFT_CARDS_ACCOUNT,
        show_in_expense_claims=False,
        bank_account_number=f"00{code}0000000" if is_bank else None,
        bank_account_type="BANK" if is_bank else None,
        currency_code=currency,
        add_to_watchlist=False,
        updated=books.clock(),
    )


def _item(books: Books, item: SeedItem, now: datetime) -> Item:
    return Item(
        item_id=_id(books, "item", item.code),
        code=item.code,
        name=item.description[:_NAME_LENGTH_MAX],
        description=item.description,
        sales_details=ItemPrice(unit_price=item.list_price, account_code=_SALES_ACCOUNT),
        purchase_details=ItemPrice(unit_price=item.unit_cost, account_code=_PURCHASES_ACCOUNT),
        is_tracked_as_inventory=False,
        is_sold=True,
        is_purchased=True,
        updated=now,
    )


def _contact(books: Books, customer: Customer, now: datetime) -> Contact:
    taken = books.contacts.find("name", customer.name)
    address = Address(
        address_type="STREET",
        address_line1=customer.address1 or None,
        address_line2=customer.address2 or None,
        city=customer.city or None,
        region=customer.province_code or None,
        postal_code=customer.zip or None,
        country=customer.country_code or None,
    )
    return Contact(
        contact_id=_id(books, "contact", customer.xero_contact_number),
        contact_number=customer.xero_contact_number,
        contact_status="ACTIVE",
        name=f"{customer.name} ({customer.sage_no})" if taken else customer.name,
        first_name=customer.first_name or None,
        last_name=customer.last_name or None,
        email_address=customer.email or None,
        bank_account_details="",
        addresses=(address, Address(address_type="POBOX")),
        phones=(
            Phone(phone_type="DEFAULT", phone_number=customer.phone or None),
            *(Phone(phone_type=kind) for kind in ("DDI", "FAX", "MOBILE")),
        ),
        is_customer=False,
        is_supplier=False,
        updated=now,
    )
