"""What an organisation is set up with: itself, accounts, tax rates, items, tracking, currencies."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from tieout.simulators.xero.contact_records import Address, Phone
from tieout.simulators.xero.wire import Day, Figure, Wire, one_of

TrackingStatus = Annotated[str, one_of("ACTIVE", "ARCHIVED", "DELETED")]
AccountStatus = Annotated[str, one_of("ACTIVE", "ARCHIVED", "DELETED")]
TaxRateStatus = Annotated[str, one_of("ACTIVE", "DELETED", "ARCHIVED", "PENDING")]
AccountType = Annotated[
    str,
    one_of(
        *("BANK", "CURRENT", "CURRLIAB", "DEPRECIATN", "DIRECTCOSTS", "EQUITY", "EXPENSE"),
        *("FIXED", "INVENTORY", "LIABILITY", "NONCURRENT", "OTHERINCOME", "OVERHEADS"),
        *("PREPAYMENT", "REVENUE", "SALES", "TERMLIAB", "PAYG"),
    ),
]


class ItemPrice(Wire):
    """The sales or purchase side of an item."""

    unit_price: Figure | None = None
    account_code: str | None = None
    cogs_account_code: str | None = None
    tax_type: str | None = None


class Item(Wire):
    """An item; in a request, whatever of it was sent."""

    item_id: str | None = None
    code: str | None = None
    name: str | None = None
    description: str | None = None
    purchase_description: str | None = None
    purchase_details: ItemPrice | None = None
    sales_details: ItemPrice | None = None
    inventory_asset_account_code: str | None = None
    is_tracked_as_inventory: bool | None = None
    is_sold: bool | None = None
    is_purchased: bool | None = None
    total_cost_pool: Figure | None = None
    quantity_on_hand: Figure | None = None
    updated: datetime | None = None


class Account(Wire):
    """An account; in a request, whatever of it was sent."""

    account_id: str | None = None
    code: str | None = None
    name: str | None = None
    status: AccountStatus | None = None
    type: AccountType | None = None
    tax_type: str | None = None
    description: str | None = None
    system_account: str | None = None
    enable_payments_to_account: bool | None = None
    show_in_expense_claims: bool | None = None
    bank_account_number: str | None = None
    bank_account_type: str | None = None
    currency_code: str | None = None
    add_to_watchlist: bool | None = None
    updated: datetime | None = None


class TaxComponent(Wire):
    """One of the taxes that a rate adds up."""

    name: str | None = None
    rate: Figure = Decimal(0)
    is_compound: bool = False
    is_non_recoverable: bool = False


class TaxRate(Wire):
    """A tax rate; in a request, whatever of it was sent."""

    name: str | None = None
    tax_type: str | None = None
    report_tax_type: str | None = None
    status: TaxRateStatus | None = None
    tax_components: tuple[TaxComponent, ...] = ()
    can_apply_to_assets: bool | None = None
    can_apply_to_equity: bool | None = None
    can_apply_to_expenses: bool | None = None
    can_apply_to_liabilities: bool | None = None
    can_apply_to_revenue: bool | None = None


class TrackingOption(Wire):
    """One of the values of a tracking category; in a request, whatever of it was sent."""

    tracking_option_id: str | None = None
    name: str | None = None
    status: TrackingStatus | None = None


class TrackingCategory(Wire):
    """A tracking category with its options; in a request, whatever of it was sent."""

    tracking_category_id: str | None = None
    name: str | None = None
    status: TrackingStatus | None = None
    options: tuple[TrackingOption, ...] = ()


class Currency(Wire):
    """A currency that the organisation is subscribed to."""

    code: str
    description: str | None = None


class Organisation(Wire):
    """The organisation itself."""

    organisation_id: str
    name: str
    legal_name: str
    version: str
    base_currency: str
    country_code: str
    timezone: str
    tax_number: str | None = None
    sales_tax_basis: str | None = None
    sales_tax_period: str | None = None
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    branding_theme_id: str | None = None
    """The theme of documents to customers that name none."""
    period_lock_date: Day | None = None
    end_of_year_lock_date: Day | None = None
    is_demo_company: bool = False
    created: datetime
