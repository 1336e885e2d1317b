"""The systems of a pair as a plan sees them: read as they are, and every read counted."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from typing_extensions import override

from tieout.domain.account_rules import Tracking
from tieout.domain.base import Json, System
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
from tieout.ports.ledger import Ledger
from tieout.ports.payables import SagePayables
from tieout.ports.purchasing import SagePurchaseOrder
from tieout.ports.systems import (
    Credit,
    Party,
    Sage100,
    Sage100Reference,
    Shop,
    Shown,
    StockLevel,
    Variant,
    Xero,
    XeroReference,
)
from tieout.ports.targets import Target
from tieout.usecases.flow import Flow
from tieout.usecases.planning.streams import PlanningStreams
from tieout.usecases.planning.targets import Notes, PlanningTarget

Read = TypeVar("Read")


class PlanningXero(Xero):
    """A Xero organization that is only read."""

    def __init__(self, real: Xero, notes: Notes) -> None:
        """Take the real organization."""
        self._real = real
        self._notes = notes

    @property
    @override
    def calls_made(self) -> int:
        return self._real.calls_made

    def _counted(self, read: Callable[[], Read]) -> Read:
        return counted(self._real, System.XERO, self._notes, read)

    @override
    def reference(self, *, age_max_s: float = 0.0) -> XeroReference:
        return self._counted(lambda: self._real.reference(age_max_s=age_max_s))

    @override
    def lock_date(self, *, age_max_s: float = 0.0) -> date | None:
        return self._counted(lambda: self._real.lock_date(age_max_s=age_max_s))

    @override
    def tracking_options(self) -> frozenset[Tracking]:
        return self._counted(self._real.tracking_options)

    @override
    def vendor_bills(self, contact_ids: Collection[str]) -> dict[str, tuple[KnownBill, ...]]:
        return self._counted(lambda: self._real.vendor_bills(contact_ids))

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        return self._counted(
            lambda: self._real.find_contacts(numbers=numbers, emails=emails, names=names)
        )

    @override
    def invoices(self) -> list[XeroInvoice]:
        return self._counted(self._real.invoices)

    @override
    def payments(self) -> list[XeroPayment]:
        return self._counted(self._real.payments)

    @override
    def payments_since(self, since: datetime) -> list[XeroPayment]:
        return self._counted(lambda: self._real.payments_since(since))

    @override
    def invoices_numbered(self, numbers: Collection[str]) -> list[XeroInvoice]:
        return self._counted(lambda: self._real.invoices_numbered(numbers))

    @override
    def payments_on(self, invoice_ids: Collection[str]) -> list[XeroPayment]:
        return self._counted(lambda: self._real.payments_on(invoice_ids))

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, XeroStanding]:
        return self._counted(lambda: self._real.standings(entity, external_ids))

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        return self._counted(lambda: self._real.shown(resource, external_ids))

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return self._counted(lambda: self._real.resembling(resource, clues))

    @override
    def target(self, entity: str) -> Target:
        return PlanningTarget(self._real.target(entity), self._notes)


class PlanningSage100(Sage100):
    """A Sage 100 company that is only read; planned sales orders commit stock in what it shows."""

    def __init__(self, real: Sage100, notes: Notes) -> None:
        """Take the real company."""
        self._real = real
        self._notes = notes

    @property
    @override
    def calls_made(self) -> int:
        return self._real.calls_made

    def _counted(self, read: Callable[[], Read]) -> Read:
        return counted(self._real, System.SAGE100, self._notes, read)

    @override
    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        return self._counted(lambda: self._real.reference(item_codes))

    @override
    def payables(self, division: str, vendor_nos: Collection[str]) -> SagePayables:
        return self._counted(lambda: self._real.payables(division, vendor_nos))

    @override
    def check_lines(self, bank_code: str, check_no: str, sequence: str) -> dict[str, Decimal]:
        return self._counted(lambda: self._real.check_lines(bank_code, check_no, sequence))

    @override
    def credit(self, customer_nos: Collection[str]) -> dict[str, Credit]:
        return self._counted(lambda: self._real.credit(customer_nos))

    @override
    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        return self._counted(lambda: self._real.find_customers(numbers=numbers, emails=emails))

    @override
    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        return [
            level.model_copy(
                update={
                    "committed": level.committed + self._ordered(level),
                    "available": level.available - self._ordered(level),
                }
            )
            for level in self._counted(lambda: self._real.stock(item_codes))
        ]

    def _ordered(self, level: StockLevel) -> Decimal:
        return self._notes.ordered.get((level.item_code, level.warehouse_code), Decimal(0))

    @override
    def orders(self) -> list[SageOrder]:
        return self._counted(self._real.orders)

    @override
    def order_numbers(self, customer_pos: Collection[str]) -> dict[str, str]:
        return self._counted(lambda: self._real.order_numbers(customer_pos))

    @override
    def receipts_entered(self, check_nos: Collection[str]) -> frozenset[str]:
        return self._counted(lambda: self._real.receipts_entered(check_nos))

    @override
    def receipts(self) -> list[SageReceipt]:
        return self._counted(self._real.receipts)

    @override
    def invoices(self) -> list[SageInvoice]:
        return self._counted(self._real.invoices)

    @override
    def purchase_orders(self, order_nos: Collection[str]) -> dict[str, SagePurchaseOrder]:
        return self._counted(lambda: self._real.purchase_orders(order_nos))

    @override
    def postings(self) -> list[GlPosting]:
        return self._counted(self._real.postings)

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
        return self._counted(lambda: self._real.standings(entity, external_ids))

    @override
    def posted_since(self, entities: Collection[str], since: date) -> dict[str, set[str]]:
        return self._counted(lambda: self._real.posted_since(entities, since))

    @override
    def accounts(self) -> dict[str, str]:
        return self._counted(self._real.accounts)

    @override
    def banks(self) -> dict[str, str]:
        return self._counted(self._real.banks)

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        return self._counted(lambda: self._real.shown(resource, external_ids))

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return self._counted(lambda: self._real.resembling(resource, clues))

    @override
    def target(self, entity: str) -> Target:
        return PlanningTarget(self._real.target(entity), self._notes)


class PlanningShop(Shop):
    """A shop that is only read."""

    def __init__(self, real: Shop, notes: Notes) -> None:
        """Take the real shop."""
        self._real = real
        self._notes = notes

    @property
    @override
    def calls_made(self) -> int:
        return self._real.calls_made

    def _counted(self, read: Callable[[], Read]) -> Read:
        return counted(self._real, System.SHOPIFY, self._notes, read)

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        return self._counted(lambda: self._real.changed_orders(since, until))

    @override
    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        return self._counted(lambda: self._real.orders(source_ids))

    @override
    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        return self._counted(lambda: self._real.inventory_items(variant_ids))

    @override
    def variants(
        self, *, skus: Collection[str] = (), variant_ids: Collection[str] = ()
    ) -> list[Variant]:
        return self._counted(lambda: self._real.variants(skus=skus, variant_ids=variant_ids))

    @override
    def target(self, entity: str) -> Target:
        return PlanningTarget(self._real.target(entity), self._notes)


def counted(
    real: Xero | Sage100 | Shop, system: System, notes: Notes, read: Callable[[], Read]
) -> Read:
    """Read, and note how many calls it took: a run makes the same."""
    before = real.calls_made
    found = read()
    notes.reads[system] += real.calls_made - before
    return found


def only_read(flow: Flow, ledger: Ledger, notes: Notes) -> Flow:
    """Return the flow over another ledger, with its systems as a plan sees them."""
    return replace(
        flow,
        ledger=ledger,
        streams=PlanningStreams(flow.streams, notes),
        xero=PlanningXero(flow.xero, notes),
        sage100=PlanningSage100(flow.sage100, notes),
        shops={domain: PlanningShop(shop, notes) for domain, shop in flow.shops.items()},
    )
