"""The systems of a pair: the Xero organization, the Sage 100 company, its shops."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from pydantic import AwareDatetime, Field

from tieout.domain.account_rules import Tracking
from tieout.domain.base import Amount, Frozen, Json
from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageReceipt,
    Standing,
    XeroInvoice,
    XeroPayment,
    XeroStanding,
)
from tieout.domain.clues import Clues
from tieout.domain.records import KnownBill
from tieout.ports.payables import SagePayables
from tieout.ports.purchasing import SagePurchaseOrder
from tieout.ports.targets import Target


class StockLevel(Frozen):
    """Quantities of one item in one warehouse, in its standard unit of measure."""

    item_code: str
    warehouse_code: str
    on_hand: Decimal
    committed: Decimal
    available: Decimal


class Party(Frozen):
    """A customer as one system holds it; enough to recognize it by."""

    external_id: str
    external_no: str
    name: str
    email: str


class Shown(Frozen):
    """A record as its ledger shows it, and who changed it last and when, as far as it says.

    ``node`` is in the form that the ledger's list has it in.
    """

    node: Json
    changed_at: AwareDatetime | None = None
    changed_by: str = ""


class StockItem(Frozen):
    """What Sage 100's item master says of an active item, as far as orders ask."""

    category: str
    product_line: str
    sales_unit: str = ""
    """The unit of measure that an order's line of the item counts by."""


class XeroReference(Frozen):
    """What the gate must know of the Xero organization; codes only of ACTIVE records."""

    base_currency: str
    currencies: frozenset[str]
    account_codes: frozenset[str]
    tax_types: frozenset[str]
    item_codes: frozenset[str]
    tracked_item_codes: frozenset[str]
    unsold_item_codes: frozenset[str]
    """Of the items, those that no sale may name."""
    lock_date: date | None
    account_names: dict[str, str] = Field(default_factory=dict)
    """Name by code, of the same accounts."""
    item_names: dict[str, str] = Field(default_factory=dict)
    """Name by code, of the same items; '' where an item has none."""
    is_kept: bool = False
    """Whether it was read some time ago, and may be out of date."""


class Sage100Reference(Frozen):
    """What the gate must know of the Sage 100 company."""

    item_codes: frozenset[str]
    unsold_item_codes: frozenset[str]
    """Of the items, those that no sales order takes."""
    accounts: frozenset[str]
    bank_codes: frozenset[str]
    warehouse_codes: frozenset[str]
    terms_codes: frozenset[str]
    """Of customers; vendors have terms of their own."""
    tax_schedules: frozenset[str]
    account_names: dict[str, str] = Field(default_factory=dict)
    """Description by account, of the same accounts."""
    items: dict[str, StockItem] = Field(default_factory=dict)
    """What is known of the same items, by code."""


class Credit(Frozen):
    """What a customer of Sage 100 owes and may owe; a ``limit`` of zero is none."""

    limit: Amount
    owed: Amount
    on_order: Amount
    """Of open sales orders, not invoiced yet."""
    is_on_hold: bool


class Xero(Protocol):
    """The Xero organization of a pair."""

    @property
    def calls_made(self) -> int:
        """Return how many calls this object has made, tokens apart; one ODBC query is one."""

    def reference(self, *, age_max_s: float = 0.0) -> XeroReference:
        """Read what the gate needs, or return what anybody read at most so many seconds ago."""

    def vendor_bills(self, contact_ids: Collection[str]) -> dict[str, tuple[KnownBill, ...]]:
        """Return the approved bills and credits of vendors, by the contact's id.

        Approved is what is AUTHORISED or PAID; a credit's total is negative.
        """

    def lock_date(self, *, age_max_s: float = 0.0) -> date | None:
        """Return the later of Xero's two lock dates, as anybody read them at most so long ago."""

    def tracking_options(self) -> frozenset[Tracking]:
        """Return the ACTIVE options of the ACTIVE tracking categories."""

    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        """Return the ACTIVE contacts that have one of the numbers, e-mails or names."""

    def invoices(self) -> list[XeroInvoice]:
        """Return every ACCREC invoice that is AUTHORISED or PAID."""

    def payments(self) -> list[XeroPayment]:
        """Return every AUTHORISED payment on an ACCREC invoice."""

    def payments_since(self, since: datetime) -> list[XeroPayment]:
        """Return the payments on ACCREC invoices changed at or after ``since``, in any status."""

    def invoices_numbered(self, numbers: Collection[str]) -> list[XeroInvoice]:
        """Return the AUTHORISED and PAID ACCREC invoices that have one of the numbers."""

    def payments_on(self, invoice_ids: Collection[str]) -> list[XeroPayment]:
        """Return the AUTHORISED payments on the ACCREC invoices with these ids."""

    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, XeroStanding]:
        """Return what has become of ``invoice`` or ``payment`` documents, in few calls.

        By external id. Left out is what Xero denies having: it keeps even what people void.
        """

    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        """Return the records of a list that have these ids, by id, in few calls.

        Whatever their state. Left out is what Xero denies having.

        Raises:
            ConfigurationError: There is no such list.
        """

    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        """Return the ACTIVE records of a list that have one of the clues, by id.

        The calls grow with the clues, not with the list. Xero has no search by phone.

        Raises:
            ConfigurationError: There is no such list.
        """

    def target(self, entity: str) -> Target:
        """Return the target of an entity; ``connectors/xero/targets/table.py`` lists them."""


class Sage100(Protocol):
    """The Sage 100 company of a pair: read by ODBC, written by the agent."""

    @property
    def calls_made(self) -> int:
        """Return how many calls this object has made, tokens apart; one ODBC query is one."""

    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        """Read what the gate needs; ``item_codes`` bounds the item look-up."""

    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        """Return the division's active customers that have one of the numbers or e-mails."""

    def payables(self, division: str, vendor_nos: Collection[str]) -> SagePayables:
        """Return the active vendors among these numbers of a division, and all their bills."""

    def check_lines(self, bank_code: str, check_no: str, sequence: str) -> dict[str, Decimal]:
        """Return what a posted check pays, discounts included, by the bill's number."""

    def credit(self, customer_nos: Collection[str]) -> dict[str, Credit]:
        """Return what customers of the division owe and may owe, by number."""

    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        """Return IM_ItemWarehouse for the items, every warehouse."""

    def orders(self) -> list[SageOrder]:
        """Return the sales orders, open and in history."""

    def order_numbers(self, customer_pos: Collection[str]) -> dict[str, str]:
        """Return the number of a sales order, open or in history, by customer PO number."""

    def receipts(self) -> list[SageReceipt]:
        """Return the cash receipts, entered and posted."""

    def receipts_entered(self, check_nos: Collection[str]) -> frozenset[str]:
        """Return which of the check numbers cash receipts have, entered or posted."""

    def invoices(self) -> list[SageInvoice]:
        """Return the invoices, entered and posted."""

    def purchase_orders(self, order_nos: Collection[str]) -> dict[str, SagePurchaseOrder]:
        """Return the purchase orders that have these numbers, with what became of them."""

    def postings(self) -> list[GlPosting]:
        """Return every GL posting."""

    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
        """Return how far people have posted documents of a kind that they post.

        By external id; left out is what Sage 100 does not have any more. A sales order stands where
        the last of its invoices does once it is completed, and is entered until then.

        Raises:
            ConfigurationError: Documents of that kind are never posted.
        """

    def posted_since(self, entities: Collection[str], since: date) -> dict[str, set[str]]:
        """Return by kind the external ids of documents that people posted further since a day.

        Some of them may not have moved, and what was deleted is not among them. The cost grows with
        what was posted since, not with what waits.
        """

    def accounts(self) -> dict[str, str]:
        """Return the formatted account number by AccountKey."""

    def banks(self) -> dict[str, str]:
        """Return the formatted cash account number by bank code."""

    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        """Return the rows of a table that have these keys, in few calls.

        By the parts of the key joined with ``-``; left out is what Sage 100 does not have.

        Raises:
            ConfigurationError: There is no such table.
        """

    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        """Return the division's active rows of a table that have one of the clues, by id.

        What is read grows with the table: Sage 100 has no index that such clues are in.

        Raises:
            ConfigurationError: There is no such table, or it is not searched.
        """

    def target(self, entity: str) -> Target:
        """Return the target of an entity; ``connectors/sage100/targets/table.py`` lists them."""


class Variant(Frozen):
    """What a shop sells, by numeric ids; ``locations`` are where the shop counts stock of it."""

    variant_id: str
    sku: str
    inventory_item_id: str
    locations: frozenset[str]


class Shop(Protocol):
    """One shop of a pair."""

    @property
    def calls_made(self) -> int:
        """Return how many calls this object has made, tokens apart; one ODBC query is one."""

    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        """Return the GraphQL nodes of orders updated in [since, until), oldest first."""

    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        """Return the GraphQL nodes of the orders that exist, by numeric id."""

    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        """Return the numeric inventory item id by numeric variant id, for variants that exist."""

    def variants(
        self, *, skus: Collection[str] = (), variant_ids: Collection[str] = ()
    ) -> list[Variant]:
        """Return the variants that have one of the SKUs, in any capitals, or one of the ids."""

    def target(self, entity: str) -> Target:
        """Return the target for ``order_status`` or ``inventory_level``."""
