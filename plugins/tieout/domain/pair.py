"""One pair: a Xero organization, a Sage 100 company and their shops, with policies and accounts."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from tieout.domain.account_rules import AccountRule, Sale, TrackingRule, first_match
from tieout.domain.base import Amount, Frozen
from tieout.domain.exchange import ExchangeRate
from tieout.domain.in_step.policy import Policy
from tieout.domain.items import Part
from tieout.domain.money import ZERO
from tieout.domain.roles import SALES
from tieout.domain.three_way import Tolerances
from tieout.errors import ConfigurationError


class FlowName(StrEnum):
    """The flows that a pair can switch on."""

    ORDER_TO_CASH = "order_to_cash"
    POSTINGS = "postings"
    CUSTOMER_SYNC = "customer_sync"
    ITEM_SYNC = "item_sync"
    VENDOR_SYNC = "vendor_sync"
    STOCK_SYNC = "stock_sync"
    PURCHASE_ORDERS = "purchase_orders"
    PAYMENT_RECONCILIATION = "payment_reconciliation"
    PROCURE_TO_PAY = "procure_to_pay"
    BILL_PAYMENTS = "bill_payments"


BY_DEFAULT = (FlowName.ORDER_TO_CASH, FlowName.POSTINGS)
"""What a pair has on that does not say. Records are kept in step only where people asked for it."""


class AccountKind(StrEnum):
    """Whether an account lives in both ledgers or, for a stated reason, in one."""

    MIRRORED = "mirrored"
    LOCAL = "local"


class Account(Frozen):
    """One role in the books and the account that plays it in each ledger.

    ``xero`` is an account code, ``sage100`` a formatted account number (GL_Account.Account).
    """

    role: str
    kind: AccountKind = AccountKind.MIRRORED
    xero: str = ""
    sage100: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _sides(self) -> "Account":
        mirrored = self.kind is AccountKind.MIRRORED
        if mirrored != bool(self.xero and self.sage100):
            message = (
                f"account role {self.role!r} is {self.kind}: a mirrored role needs an account on "
                "both sides, a local one has it on one side only"
            )
            raise ValueError(message)
        if not mirrored and not self.reason:
            message = f"account role {self.role!r} is local: say why in 'reason'"
            raise ValueError(message)
        return self


class Gateway(Frozen):
    """Where one payment gateway's money sits until it is paid out."""

    gateway: str
    clearing_role: str
    sage100_bank_code: str
    sage100_payout_bank_code: str = ""
    """The bank code of the account that it pays out to, '' where it tells no payouts."""


class BankAccount(Frozen):
    """A bank account as both ledgers have it; ``payer`` pays bills from it, the other one records.

    Without a default: two ledgers that both pay would pay a bill twice.
    """

    xero: str
    sage100_bank_code: str
    payer: Literal["xero", "sage100"]


class TaxRate(Frozen):
    """One tax the shop charges, by jurisdiction title and rate, in each ledger's terms."""

    title: str
    rate: Decimal
    xero_tax_type: str
    sage100_tax_schedule: str
    sage100_tax_code: str


class TaxGroup(Frozen):
    """Several taxes charged together, by their Sage 100 codes, in each ledger's terms.

    ``xero_tax_type`` is for a line that has them all, the schedule for an order that does.
    """

    sage100_tax_codes: frozenset[str] = Field(min_length=2)
    sage100_tax_schedule: str
    xero_tax_type: str = ""


class ChargeItem(Frozen):
    """The Sage 100 item by which amounts beside the goods reach the account of a role.

    A miscellaneous item (type 5) that people create, with that account and no tax.
    """

    role: str
    item_code: str


class Shop(Frozen):
    """One shop of a pair; ``locations`` names the Sage 100 warehouse of each shop location id."""

    domain: str
    connection: str
    invoice_prefix: str
    locations: dict[str, str]


Told = Literal["never", "updated", "in_gl"]


class TellPosted(Frozen):
    """From which state on Xero hears that people posted a document in Sage 100, by its kind.

    ``updated`` is the sub-ledger, ``in_gl`` the general ledger; only the latter is final.
    """

    sales_order: Told = "in_gl"
    cash_receipt: Told = "in_gl"


AddressCase = Literal["as_written", "postal"]
"""Whose capitals an address has: those of whoever wrote it, or those that the post prefers."""


class PlausibleDates(Frozen):
    """How far from today a record may be dated; further away it is taken for a slip of the pen.

    ``days_back`` are by default this financial year and the one before, which is what a backfill
    brings in and what books may still be open for. ``days_ahead`` are a week, for what people date
    forward and for the days that clocks and time zones differ by.
    """

    days_back: int = Field(default=731, ge=0)
    days_ahead: int = Field(default=7, ge=0)


class Policies(Frozen):
    """What the pair decided where both ways are right; see docs/reference/accounting.md."""

    xero_revenue: Literal["at_invoice"] = "at_invoice"
    sage_invoice: Literal["by_people"] = "by_people"
    sage_prepaid: Literal["deposit"] = "deposit"
    posting: Literal["per_order"] = "per_order"
    fx: Literal["reject", "base"] = "reject"
    """What becomes of an order in another currency than the books'."""
    sage_tax: Literal["override", "charge_line", "rounding"] = "override"
    """How the shop's tax gets into Sage 100, which computes another (docs: accounting, tax)."""
    address_case: AddressCase = "as_written"
    tell_posted: TellPosted = TellPosted()
    plausible_dates: PlausibleDates = PlausibleDates()
    three_way: Tolerances = Tolerances()
    """How far over its purchase order's prices a bill may be (docs/howto/purchase-orders.md)."""


class NewInSage100(Frozen):
    """What Sage 100 asks of a record that comes from Xero, which cannot say; '' = it waits.

    The product line gives an item its accounts, valuation and tax class. ``tax_schedules`` has
    those of customers by region (``US-NY``) or country (``CA``), ``tax_schedule`` the others'.
    """

    product_line: str = ""
    unit: str = ""
    vendor_terms_code: str = ""
    tax_schedule: str = ""
    tax_schedules: dict[str, str] = Field(default_factory=dict)


class ToSell(Frozen):
    """How much of Sage 100's available stock the pair's shops offer.

    ``keep_back`` pieces of every item are offered at no location; ``keep_back_of`` says another
    number for single items. ``also_from`` has, by a location's warehouse, others whose stock is
    offered there too, for a pair that moves stock between them before it ships.
    """

    keep_back: Amount = Field(default=ZERO, ge=0)
    keep_back_of: dict[str, Amount] = Field(default_factory=dict)
    also_from: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def warehouses(self) -> tuple[str, ...]:
        """Return the warehouses that are offered at another one's location."""
        return tuple(code for codes in self.also_from.values() for code in codes)


class Pair(Frozen):
    """A pair as include/pairs.yaml and include/mappings describe it."""

    pair: str
    legal_entity: str
    currency: str
    time_zone: str
    xero_connection: str
    sage100_connection: str
    sage100_company: str
    sage100_division: str
    guest_xero_contact_number: str
    guest_sage100_customer_no: str
    default_terms_code: str
    exempt_tax_schedule: str
    exempt_xero_tax_type: str
    shops: tuple[Shop, ...]
    policies: Policies
    flows: tuple[FlowName, ...] = BY_DEFAULT
    """Which flows are switched on; what each may do in Xero is granted for these alone."""
    polls: tuple[str, ...] = ("Invoices", "Payments")
    """Which lists of Xero every sweep reads. Others than these are for flows of your own."""
    accounts: tuple[Account, ...]
    gateways: tuple[Gateway, ...]
    taxes: tuple[TaxRate, ...]
    closed_through: date | None = None
    """The last day that the pair closed by itself, whatever the ledgers would still take."""
    sage100_closed_through: date | None = None
    """The last day of the periods that people closed in Sage 100, which ODBC does not tell."""
    tax_groups: tuple[TaxGroup, ...] = ()
    bank_accounts: tuple[BankAccount, ...] = ()
    """The accounts that bills are paid from."""
    charge_items: tuple[ChargeItem, ...] = ()
    account_rules: tuple[AccountRule, ...] = ()
    """Which sales have an account of their own; the first that matches counts."""
    tracking_rules: tuple[TrackingRule, ...] = ()
    """Which tracking options a sale has in Xero; of each category the first that matches."""
    item_aliases: dict[str, tuple[Part, ...]] = Field(default_factory=dict)
    """What is sold, by the shop's variant id or SKU, and the items that it is."""
    exchange_rates: tuple[ExchangeRate, ...] = ()
    """The rates from other currencies into the pair's, as include/exchange_rates.csv has them."""
    new_in_sage100: NewInSage100 = NewInSage100()
    to_sell: ToSell = ToSell()
    in_step: dict[str, Policy] = Field(default_factory=dict)
    """By entity, how records of both ledgers are kept in step, as include/in_step has it."""

    @model_validator(mode="after")
    def _offers_stock_once(self) -> "Pair":
        """Refuse to offer the stock of one warehouse at two locations: it would be sold twice."""
        own = {code for shop in self.shops for code in shop.locations.values()}
        added = self.to_sell.warehouses
        twice = own.intersection(added) | {code for code in added if added.count(code) > 1}
        if twice or not own.issuperset(self.to_sell.also_from):
            named = sorted(twice) or sorted(set(self.to_sell.also_from) - own)
            message = (
                f"to_sell.also_from of {self.pair!r} names warehouse {', '.join(named)}, which is "
                f"{'offered at another location already' if twice else 'no location of a shop'}"
            )
            raise ValueError(message)
        return self

    def account(self, role: str) -> Account:
        """Return the account that plays ``role``.

        Raises:
            ConfigurationError: No account is mapped to the role.
        """
        for account in self.accounts:
            if account.role == role:
                return account
        raise ConfigurationError(
            f"Pair {self.pair!r} maps no account to the role {role!r}.",
            remedy=f"Add it to include/mappings/accounts/{self.pair}.yaml.",
        )

    def sales_role(self, sale: Sale) -> str:
        """Return the role whose account a sale goes to; '' when no rule says and none is default.

        The default is the role ``sales``, which a pair's accounts may leave out.
        """
        rule = first_match(self.account_rules, sale)
        if rule is not None:
            return rule.role
        return SALES if any(account.role == SALES for account in self.accounts) else ""

    def books_role(self, role: str) -> str:
        """Return the first role with the same Xero account: where one is several of Sage 100's.

        Accounts of Sage 100 go many to one to Xero's, so only together do they compare.
        """
        wanted = self.account(role).xero
        return next((one.role for one in self.accounts if wanted and one.xero == wanted), role)
