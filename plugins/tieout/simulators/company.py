"""The companies that every simulator starts with: facts alone, the same on every run.

Harbor & Pine Supply (``HPS``, USD) and Lotus Lane Trading (``LLT``, HKD): accounts, taxes,
warehouses, items and customers, with their numbers in each system. Built on first use from fixed
lists, so importing is cheap; no input or output, no clock, no randomness. What a simulator
does with them does not belong here, nor do documents: the books open empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from typing_extensions import override

from tieout.simulators.company_lists import (
    ACCOUNTS,
    FINISHES,
    FIRST_NAMES,
    ITEM_FAMILIES,
    LAST_NAMES,
    LLT_CUSTOMERS,
    LLT_ITEMS,
    STREETS,
    TOWNS,
    TRADES,
)

_INVENTORY_ITEM_OFFSET = 500_000_000
_HPS_FIRST_VARIANT_ID = 71_100_000_000_001
_HPS_FIRST_SHOP_CUSTOMER_ID = 6_100_000_000_001
_LLT_FIRST_SHOP_CUSTOMER_ID = 6_200_000_000_001
_HPS_CUSTOMER_COUNT = 200
_HPS_ITEM_COUNT = 300
_GUEST_NO = "WEBGUEST"
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Warehouse:
    """A warehouse and the shop location that ships from it."""

    code: str
    name: str
    shop_location_id: str


@dataclass(frozen=True)
class Account:
    """An account; the codes of a ledger that lacks it are ''. ``sage_key`` is the AccountKey."""

    xero_code: str
    xero_type: str
    xero_system_account: str
    sage_account: str
    sage_key: str
    name: str


@dataclass(frozen=True)
class Tax:
    """A tax: ``rate`` is a fraction; schedule and code are Sage 100's, type and name Xero's."""

    sage_schedule: str
    sage_code: str
    title: str
    rate: Decimal
    xero_tax_type: str


@dataclass(frozen=True)
class TaxGroup:
    """Taxes charged together, by their Sage 100 codes; they have a schedule and a Xero type."""

    sage_schedule: str
    sage_codes: tuple[str, ...]
    title: str
    xero_tax_type: str


@dataclass(frozen=True)
class BankCode:
    """A Sage 100 bank code; a gateway's clearing account stands behind it."""

    code: str
    name: str
    sage_account: str


@dataclass(frozen=True)
class Item:
    """An item and the shop's variant of it; prices in the company's currency, per piece."""

    code: str
    description: str
    list_price: Decimal
    unit_cost: Decimal
    product_line: str
    quantity_by_warehouse: Mapping[str, int]
    variant_id: int
    sku: str

    @property
    def inventory_item_id(self) -> int:
        """Return the shop's id of the stock-keeping side of the variant."""
        return self.variant_id + _INVENTORY_ITEM_OFFSET


@dataclass(frozen=True)
class Customer:
    """A customer with its numbers; ``shop_customer_id`` is None when it never bought on the web."""

    name: str
    first_name: str
    last_name: str
    company: str
    email: str
    phone: str
    address1: str
    address2: str
    city: str
    province_code: str
    zip: str
    country_code: str
    country_code3: str
    sage_no: str
    xero_contact_number: str
    shop_customer_id: int | None


@dataclass(frozen=True)
class Company:
    """One legal entity as its ledgers and its shop know it."""

    code: str
    name: str
    currency: str
    time_zone: str
    country_code: str
    address: str
    city: str
    xero_tenant_id: str
    xero_tenant_name: str
    shop_domain: str
    invoice_prefix: str
    warehouses: tuple[Warehouse, ...]
    accounts: tuple[Account, ...]
    taxes: tuple[Tax, ...]
    banks: tuple[BankCode, ...]
    items: tuple[Item, ...]
    customers: tuple[Customer, ...]
    tax_groups: tuple[TaxGroup, ...] = ()


class _Companies(Mapping[str, Company]):
    """The companies by Sage 100 company code, built when first looked at."""

    @override
    def __getitem__(self, code: str) -> Company:
        return companies()[code]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(companies())

    @override
    def __len__(self) -> int:
        return len(companies())


COMPANIES: Final[Mapping[str, Company]] = _Companies()


@cache
def companies() -> dict[str, Company]:
    """Return the companies by Sage 100 company code."""
    return {company.code: company for company in (_harbor_and_pine(), _lotus_lane())}


def _harbor_and_pine() -> Company:
    warehouses = (
        Warehouse("000", "Portland main", "71001"),
        Warehouse("001", "Newark cross-dock", "71002"),
        Warehouse("002", "Reno west", "71003"),
    )
    return Company(
        code="HPS",
        name="Harbor & Pine Supply, Inc.",
        currency="USD",
        time_zone="America/New_York",
        country_code="US",
        address="48 Commercial Street",
        city="Portland",
        xero_tenant_id="4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01",
        xero_tenant_name="Harbor & Pine Supply",
        shop_domain="harbor-and-pine.myshopify.com",
        invoice_prefix="HP-",
        warehouses=warehouses,
        accounts=_accounts(without=frozenset()),
        taxes=(
            Tax("STATE", "STATE", "State Tax", Decimal("0.07"), "TAX001"),
            Tax("VAT", "VAT", "VAT", Decimal("0.2"), "TAX002"),
            Tax("EXEMPT", "EXEMPT", "Tax Exempt", Decimal(0), "NONE"),
            Tax("COUNTY", "COUNTY", "County Tax", Decimal("0.01"), "TAX003"),
        ),
        tax_groups=(TaxGroup("STCOUNTY", ("STATE", "COUNTY"), "State and County Tax", "TAX004"),),
        banks=(
            BankCode("A", "Coastal Bank checking", "100-00"),
            BankCode("S", "Shopify Payments clearing", "106-00"),
            BankCode("P", "PayPal clearing", "107-00"),
            BankCode("M", "Manual payments clearing", "108-00"),
        ),
        items=_hps_items(warehouses),
        customers=_hps_customers(),
    )


def _lotus_lane() -> Company:
    return Company(
        code="LLT",
        name="Lotus Lane Trading Limited",
        currency="HKD",
        time_zone="Asia/Hong_Kong",
        country_code="HK",
        address="Unit 7, 15/F, Wing Lok Street",
        city="Sheung Wan",
        xero_tenant_id="b83d2c17-60f4-4e9a-a5d2-7c9e0b1f3a02",
        xero_tenant_name="Lotus Lane Trading",
        shop_domain="lotus-lane.myshopify.com",
        invoice_prefix="LL-",
        warehouses=(Warehouse("000", "Kwun Tong", "72001"),),
        accounts=_accounts(without=frozenset({"107-00"})),
        taxes=(Tax("EXEMPT", "EXEMPT", "Tax Exempt", Decimal(0), "NONE"),),
        banks=(
            BankCode("A", "Victoria Bank current", "100-00"),
            BankCode("S", "Shopify Payments clearing", "106-00"),
            BankCode("M", "Manual payments clearing", "108-00"),
        ),
        items=_llt_items(),
        customers=_llt_customers(),
    )


def _accounts(*, without: frozenset[str]) -> tuple[Account, ...]:
    rows = [line.split("|") for line in ACCOUNTS.splitlines()]
    return tuple(
        Account(
            xero_code=xero_code,
            xero_type=xero_type,
            xero_system_account=system_account,
            sage_account=sage_account,
            sage_key=f"{number:09d}" if sage_account else "",
            name=name,
        )
        for number, (xero_code, xero_type, system_account, sage_account, name) in enumerate(rows, 1)
        if sage_account not in without
    )


def _hps_items(warehouses: tuple[Warehouse, ...]) -> tuple[Item, ...]:
    named = [
        ("LAMP-01", "Aluminium desk lamp", Decimal("19.99"), Decimal("7.40"), "LITE"),
        ("SHADE-02", "Linen shade", Decimal("45.50"), Decimal("18.25"), "LITE"),
    ]
    families = [line.split("|") for line in ITEM_FAMILIES.splitlines()]
    for step, finish in enumerate(FINISHES.splitlines()):
        for prefix, noun, price, share, line in families:
            list_price = Decimal(price) + step * Decimal("1.35")
            cost = (list_price * Decimal(share)).quantize(_CENT)
            code = f"{prefix}-{step + 11}"
            named.append((code, f"{finish} {noun}", list_price, cost, line))
    return tuple(
        Item(
            code=code,
            description=description,
            list_price=list_price,
            unit_cost=cost,
            product_line=line,
            quantity_by_warehouse={
                warehouse.code: 240 - 60 * place + (index * 37 + place * 11) % 90
                for place, warehouse in enumerate(warehouses)
            },
            variant_id=_HPS_FIRST_VARIANT_ID + index,
            sku=code,
        )
        for index, (code, description, list_price, cost, line) in enumerate(named[:_HPS_ITEM_COUNT])
    )


def _llt_items() -> tuple[Item, ...]:
    rows = [line.split("|") for line in LLT_ITEMS.splitlines()]
    return tuple(
        Item(
            code=code,
            description=description,
            list_price=Decimal(price),
            unit_cost=Decimal(cost),
            product_line=product_line,
            quantity_by_warehouse={"000": int(on_hand)},
            variant_id=int(variant_id),
            sku="",
        )
        for code, description, price, cost, product_line, variant_id, on_hand in rows
    )


_ASCII = str.maketrans("éèëíóúñöÖ", "eeeiounoO", "' &.,-")


def _ascii(name: str) -> str:
    """Return a name as it is spelled in an e-mail address."""
    return name.lower().translate(_ASCII)


def _hps_customers() -> tuple[Customer, ...]:
    firsts, lasts = FIRST_NAMES.split(), LAST_NAMES.split()
    trades, streets = TRADES.splitlines(), STREETS.splitlines()
    towns = [line.split("|") for line in TOWNS.splitlines()]
    made = [_guest("US", "USA", "Portland", "ME", "04101")]
    for index in range(_HPS_CUSTOMER_COUNT - 1):
        first = firsts[index % len(firsts)]
        last = lasts[(index * 7 + index // len(firsts)) % len(lasts)]
        city, state, postal_code, area = towns[index % len(towns)]
        trade = trades[index % len(trades)]
        company = f"{last} & {city} {trade}" if index % 3 == 1 else ""
        sage_no = f"{1001 + index:07d}"
        local = f"{_ascii(first)}.{_ascii(last)}"
        domain = f"{_ascii(company)}.example" if company else "mailbox.example"
        made.append(
            Customer(
                name=company or f"{first} {last}",
                first_name=first,
                last_name=last,
                company=company,
                email=f"{local}@{domain}",
                phone=f"+1 {area}-555-{100 + index:04d}",
                address1=f"{12 + index * 13 % 980} {streets[index % len(streets)]}",
                address2=f"Suite {100 + index}" if company else "",
                city=city,
                province_code=state,
                zip=postal_code,
                country_code="US",
                country_code3="USA",
                sage_no=sage_no,
                xero_contact_number=f"C-{sage_no}",
                shop_customer_id=_HPS_FIRST_SHOP_CUSTOMER_ID + index if index % 2 == 0 else None,
            )
        )
    return tuple(made)


def _llt_customers() -> tuple[Customer, ...]:
    made = [_guest("HK", "HKG", "Hong Kong", "", "")]
    for index, line in enumerate(LLT_CUSTOMERS.splitlines()):
        first, last, company, street, district = line.split("|")
        sage_no = f"{501 + index:07d}"
        local = f"{_ascii(first)}.{_ascii(last)}"
        domain = f"{_ascii(company)}.example" if company else "postbox.example"
        made.append(
            Customer(
                name=company or f"{first} {last}",
                first_name=first,
                last_name=last,
                company=company,
                email=f"{local}@{domain}",
                phone=f"+852 5550 {1100 + index}",
                address1=street,
                address2=district,
                city="Hong Kong",
                province_code="",
                zip="",
                country_code="HK",
                country_code3="HKG",
                sage_no=sage_no,
                xero_contact_number=f"C-{sage_no}",
                shop_customer_id=_LLT_FIRST_SHOP_CUSTOMER_ID + index if index % 2 == 0 else None,
            )
        )
    return tuple(made)


def _guest(country: str, country3: str, city: str, province: str, postal_code: str) -> Customer:
    """Return the customer that stands for buyers who left no name."""
    return Customer(
        name="Web Guest",
        first_name="Web",
        last_name="Guest",
        company="",
        email="",
        phone="",
        address1="",
        address2="",
        city=city,
        province_code=province,
        zip=postal_code,
        country_code=country,
        country_code3=country3,
        sage_no=_GUEST_NO,
        xero_contact_number="WEB-GUEST",
        shop_customer_id=None,
    )
