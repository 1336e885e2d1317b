"""Stand-ins for the ports, for tests of what uses them; each passes its port's contract test.

A fake keeps state and follows the port's words. Set its public attributes to say what the system
holds; arm faults with ``faults`` of a FakeTarget. FakeLedger is in fake_ledger.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from typing_extensions import override

from fake_ledger.ledger import FakeLedger
from tieout.domain.account_rules import Tracking
from tieout.domain.base import DeliveryId, Json, System
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
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.records import KnownBill
from tieout.errors import OutcomeUnknownError, UnavailableError
from tieout.ports.clock import Clock
from tieout.ports.gate import Finding, Gate, GateResult, Row
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

__all__ = [
    "FakeClock",
    "FakeGate",
    "FakeLedger",
    "FakeSage100",
    "FakeShop",
    "FakeTarget",
    "FakeXero",
    "ItemGate",
]

Fault = Literal["refuse", "drop_after_write", "unavailable", "unwell", "late", "wrong_figures"]
EMPTY_XERO = XeroReference(
    base_currency="USD",
    currencies=frozenset({"USD"}),
    account_codes=frozenset(),
    tax_types=frozenset(),
    item_codes=frozenset(),
    tracked_item_codes=frozenset(),
    unsold_item_codes=frozenset(),
    lock_date=None,
)
EMPTY_SAGE100 = Sage100Reference(
    item_codes=frozenset(),
    unsold_item_codes=frozenset(),
    accounts=frozenset(),
    bank_codes=frozenset(),
    warehouse_codes=frozenset(),
    terms_codes=frozenset(),
    tax_schedules=frozenset(),
)


class FakeClock(Clock):
    """A clock that moves only when told to."""

    def __init__(self, start: datetime = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)) -> None:
        self._now = start

    @override
    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


class FakeTarget(Target):
    """One entity at one system.

    ``held`` is what it holds, by document key. Each fault in ``faults`` hits one ``send``:
    ``refuse`` says no to every delivery of it; ``unavailable`` writes nothing and raises;
    ``unwell`` writes nothing and says nothing of it; ``drop_after_write`` writes and raises
    OutcomeUnknownError; ``late`` raises the same and writes on ``land_late``; ``wrong_figures``
    writes another figure than it was sent. It always refuses ``refused_keys``; with ``sets_state``
    a later write replaces an earlier one. ``sends`` keeps the idempotency keys of every send; the
    same keys again get the same answer.
    """

    def __init__(
        self,
        system: System,
        entity: str,
        *,
        batch_max: int = 50,
        guard: str = "",
        looks_up_first: bool = False,
    ) -> None:
        self.key_window_s: float | None = None
        self.settle_s = 0.0
        self.system = system
        self.entity = entity
        self.batch_max = batch_max
        self.guard = guard
        self.looks_up_first = looks_up_first
        self.looks_before_sending = False
        """Whether it adopts what is there, though nothing refuses a second copy."""
        self.held: dict[str, Landed] = {}
        self.copies: list[str] = []
        self.sends: list[tuple[str, ...]] = []
        self.faults: deque[Fault] = deque()
        self.refused_keys: set[str] = set()
        self.sets_state = False
        self._answers: dict[tuple[str, ...], dict[DeliveryId, Outcome]] = {}
        self._late: list[Sequence[Delivery]] = []

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return {
            delivery.delivery_id: self.held[delivery.document_key]
            for delivery in deliveries
            if delivery.document_key in self.held
        }

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Show what is held; where a state is set there is always something to set."""
        blank = Landed(external_id=f"{self.entity}-0", external_no="", figures={})
        return {
            one.delivery_id: self.held.get(one.document_key) or blank
            for one in deliveries
            if one.document_key in self.held or one.operation != "create"
        }

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        return {
            delivery.delivery_id: [
                f"{self.entity}-{number}"
                for number, key in enumerate(self.copies, 1)
                if key == delivery.document_key
            ]
            for delivery in deliveries
        }

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        self.sends.append(tuple(delivery.idempotency_key for delivery in deliveries))
        fault = self.faults.popleft() if self.faults else None
        if fault == "unavailable":
            raise UnavailableError(f"{self.system} is down", remedy="Try again later.")
        if fault == "unwell":
            raise OutcomeUnknownError(f"{self.system} is unwell", remedy="Look it up.")
        if fault == "late":
            self._late.append(deliveries)
            raise OutcomeUnknownError("no answer in time", remedy="Look it up.")
        if fault == "refuse":
            refused = Refused(cause="target_refused", message="it says no", remedy="Correct it.")
            return {delivery.delivery_id: refused for delivery in deliveries}
        outcomes = self._answered(deliveries, lie=fault == "wrong_figures")
        if fault == "drop_after_write":
            raise OutcomeUnknownError("the answer was lost", remedy="Look it up.")
        return outcomes

    def land_late(self) -> None:
        """Write what was sent late."""
        for deliveries in self._late:
            self._answered(deliveries, lie=False)
        self._late.clear()

    def copy(self, delivery: Delivery) -> None:
        """Let somebody else enter it a second time."""
        self.copies.append(delivery.document_key)

    def _answered(self, deliveries: Sequence[Delivery], *, lie: bool) -> dict[DeliveryId, Outcome]:
        keys = tuple(sorted(delivery.idempotency_key for delivery in deliveries))
        if keys not in self._answers:
            self._answers[keys] = {
                delivery.delivery_id: self._write(delivery, lie=lie) for delivery in deliveries
            }
        return self._answers[keys]

    def _write(self, delivery: Delivery, *, lie: bool) -> Outcome:
        """Write one; what is there already is adopted, if it may not be there twice.

        Where nothing refuses a second copy, copies pile up.
        """
        if delivery.document_key in self.refused_keys:
            return Refused(cause="target_refused", message="it says no", remedy="Correct it.")
        standing = self.held.get(delivery.document_key)
        is_guarded = self.guard or self.looks_before_sending
        if is_guarded and standing is not None and not self.sets_state:
            if standing.figures == delivery.expected or self.updates_known:
                updated = standing.model_copy(update={"figures": dict(delivery.expected)})
                self.held[delivery.document_key] = updated
                return updated
            return Refused(cause="number_taken", message=self.guard, remedy="Look it up.")
        self.copies.append(delivery.document_key)
        figures = dict.fromkeys(delivery.expected, "0.01") if lie else delivery.expected
        landed = Landed(
            external_id=f"{self.entity}-{len(self.copies)}",
            external_no=delivery.document_key,
            figures=dict(figures),
        )
        if self.sets_state:
            self.held[delivery.document_key] = landed
        return self.held.setdefault(delivery.document_key, landed)


class _Targets:
    """One FakeTarget per entity, made when it is first asked for."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._calls_made = 0
        self.targets: dict[str, FakeTarget] = {}

    @property
    def calls_made(self) -> int:
        """Return how many calls were made of it; reads of references count."""
        return self._calls_made

    def target(self, entity: str) -> FakeTarget:
        """Return the entity's target, always the same one."""
        return self.targets.setdefault(entity, FakeTarget(self._system, entity))


class FakeShop(_Targets, Shop):
    """A shop holding ``nodes``, GraphQL order nodes by numeric id."""

    def __init__(self, nodes: Mapping[str, Json] | None = None) -> None:
        super().__init__(System.SHOPIFY)
        self.nodes = dict(nodes or {})
        self.held_inventory_items: dict[str, str] = {}
        self.held_variants: list[Variant] = []

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        def updated_at(node: Json) -> datetime:
            return datetime.fromisoformat(str(node["updatedAt"]))

        changed = [node for node in self.nodes.values() if since <= updated_at(node) < until]
        return sorted(changed, key=updated_at)

    @override
    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        self._calls_made += 1
        return {one: self.nodes[one] for one in source_ids if one in self.nodes}

    @override
    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        held = self.held_inventory_items
        return {one: held[one] for one in variant_ids if one in held}

    @override
    def variants(
        self, *, skus: Collection[str] = (), variant_ids: Collection[str] = ()
    ) -> list[Variant]:
        wanted = {sku.upper() for sku in skus}
        return [
            one
            for one in self.held_variants
            if one.sku.upper() in wanted or one.variant_id in variant_ids
        ]


class FakeXero(_Targets, Xero):
    """A Xero organization; assign ``held_*`` and ``held_reference`` to say what it holds."""

    def __init__(self, reference: XeroReference = EMPTY_XERO) -> None:
        super().__init__(System.XERO)
        self.held_reference = reference
        self.held_tracking: set[Tracking] = set()
        self.held_contacts: list[Party] = []
        self.held_bills: dict[str, tuple[KnownBill, ...]] = {}
        self.held_invoices: list[XeroInvoice] = []
        self.held_payments: list[XeroPayment] = []
        self.changed_payments: list[XeroPayment] = []
        self.held_standings: dict[str, XeroStanding] = {}
        self.held_shown: dict[str, Shown] = {}
        self.held_alike: dict[str, Shown] = {}
        self.asked_standings: list[frozenset[str]] = []
        self.asked_since: list[datetime] = []

    @override
    def tracking_options(self) -> frozenset[Tracking]:
        self._calls_made += 1
        return frozenset(self.held_tracking)

    @override
    def lock_date(self, *, age_max_s: float = 0.0) -> date | None:
        self._calls_made += 1
        return self.held_reference.lock_date

    @override
    def reference(self, *, age_max_s: float = 0.0) -> XeroReference:
        self._calls_made += 1
        return self.held_reference

    @override
    def vendor_bills(self, contact_ids: Collection[str]) -> dict[str, tuple[KnownBill, ...]]:
        return {one: self.held_bills[one] for one in contact_ids if one in self.held_bills}

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        return [
            party
            for party in self.held_contacts
            if party.external_no in numbers
            or party.email.casefold() in {email.casefold() for email in emails}
            or party.name in names
        ]

    @override
    def invoices(self) -> list[XeroInvoice]:
        return list(self.held_invoices)

    @override
    def payments(self) -> list[XeroPayment]:
        return list(self.held_payments)

    @override
    def payments_since(self, since: datetime) -> list[XeroPayment]:
        self.asked_since.append(since)
        return list(self.changed_payments)

    @override
    def invoices_numbered(self, numbers: Collection[str]) -> list[XeroInvoice]:
        return [one for one in self.held_invoices if one.number in numbers]

    @override
    def payments_on(self, invoice_ids: Collection[str]) -> list[XeroPayment]:
        return [one for one in self.held_payments if one.invoice_id in invoice_ids]

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, XeroStanding]:
        self.asked_standings.append(frozenset(external_ids))
        held = self.held_standings
        return {one: held[one] for one in external_ids if one in held}

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        self._calls_made += 1
        return {one: self.held_shown[one] for one in external_ids if one in self.held_shown}

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return self.held_alike | {
            party.external_id: Shown(
                node={
                    "ContactID": party.external_id,
                    "ContactNumber": party.external_no,
                    "ContactStatus": "ACTIVE",
                    "Name": party.name,
                    "EmailAddress": party.email,
                }
            )
            for party in self.held_contacts
            if clues.fit({"name": party.name, "email": party.email})
        }


class FakeSage100(_Targets, Sage100):
    """A Sage 100 company; assign ``held_*`` to say what it holds."""

    def __init__(self, reference: Sage100Reference = EMPTY_SAGE100) -> None:
        super().__init__(System.SAGE100)
        self.held_reference = reference
        self.held_customers: list[Party] = []
        self.held_credit: dict[str, Credit] = {}
        self.held_payables = SagePayables()
        self.held_checks: dict[str, dict[str, Decimal]] = {}
        self.held_stock: list[StockLevel] = []
        self.held_orders: list[SageOrder] = []
        self.held_receipts: list[SageReceipt] = []
        self.held_invoices: list[SageInvoice] = []
        self.held_purchase_orders: dict[str, SagePurchaseOrder] = {}
        self.held_postings: list[GlPosting] = []
        self.held_standings: dict[str, dict[str, Standing]] = {}
        self.held_shown: dict[str, Shown] = {}
        self.held_alike: dict[str, Shown] = {}
        self.held_posted: dict[str, set[str]] = {}
        self.asked_since: list[date] = []
        self.held_accounts: dict[str, str] = {}
        self.held_banks: dict[str, str] = {}

    @override
    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        self._calls_made += 1
        known = self.held_reference.item_codes & set(item_codes)
        return self.held_reference.model_copy(update={"item_codes": frozenset(known)})

    @override
    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        return [
            party
            for party in self.held_customers
            if party.external_no in numbers
            or party.email.casefold() in {email.casefold() for email in emails}
        ]

    @override
    def payables(self, division: str, vendor_nos: Collection[str]) -> SagePayables:
        return self.held_payables

    @override
    def check_lines(self, bank_code: str, check_no: str, sequence: str) -> dict[str, Decimal]:
        return self.held_checks.get(f"{bank_code}/{check_no}/{sequence}", {})

    @override
    def credit(self, customer_nos: Collection[str]) -> dict[str, Credit]:
        self._calls_made += 1
        return {one: self.held_credit[one] for one in customer_nos if one in self.held_credit}

    @override
    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        return [level for level in self.held_stock if level.item_code in item_codes]

    @override
    def orders(self) -> list[SageOrder]:
        return list(self.held_orders)

    @override
    def order_numbers(self, customer_pos: Collection[str]) -> dict[str, str]:
        return {
            one.customer_po: one.order_no
            for one in self.held_orders
            if one.customer_po in customer_pos
        }

    @override
    def receipts(self) -> list[SageReceipt]:
        return list(self.held_receipts)

    @override
    def receipts_entered(self, check_nos: Collection[str]) -> frozenset[str]:
        return frozenset(one.check_no for one in self.held_receipts if one.check_no in check_nos)

    @override
    def purchase_orders(self, order_nos: Collection[str]) -> dict[str, SagePurchaseOrder]:
        self._calls_made += 1
        held = self.held_purchase_orders
        return {number: held[number] for number in order_nos if number in held}

    @override
    def invoices(self) -> list[SageInvoice]:
        return list(self.held_invoices)

    @override
    def postings(self) -> list[GlPosting]:
        return list(self.held_postings)

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
        held = self.held_standings.get(entity, {})
        return {one: held[one] for one in external_ids if one in held}

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        self._calls_made += 1
        return {one: self.held_shown[one] for one in external_ids if one in self.held_shown}

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return self.held_alike | {
            party.external_id: Shown(
                node={
                    "ARDivisionNo": "00",
                    "CustomerNo": party.external_no,
                    "CustomerName": party.name,
                    "CustomerStatus": "A",
                    "EmailAddress": party.email,
                }
            )
            for party in self.held_customers
            if clues.fit({"name": party.name, "email": party.email})
        }

    @override
    def posted_since(self, entities: Collection[str], since: date) -> dict[str, set[str]]:
        self.asked_since.append(since)
        return {entity: self.held_posted.get(entity, set()) for entity in entities}

    @override
    def accounts(self) -> dict[str, str]:
        return dict(self.held_accounts)

    @override
    def banks(self) -> dict[str, str]:
        return dict(self.held_banks)


class FakeGate(Gate):
    """A gate that finds what ``findings`` says about the rows it is given, and keeps the rows."""

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        self.version = "rules-1"
        self.findings = list(findings)
        self.validated: list[tuple[str, Sequence[Row]]] = []

    @override
    def validate(self, suite: str, rows: Sequence[Row], *, page: str = "") -> GateResult:
        self.validated.append((suite, rows))
        keys = {row["row_key"] for row in rows}
        found = tuple(finding for finding in self.findings if finding.row_key in keys)
        return GateResult(suite=suite, findings=found)


class ItemGate(FakeGate):
    """A gate that parks what sells an item that nobody knows."""

    @override
    def validate(self, suite: str, rows: Sequence[Row], *, page: str = "") -> GateResult:
        findings = tuple(
            Finding(
                row_key=str(row["row_key"]),
                rule="unknown_item",
                severity="park",
                owner="bookkeeper",
                column="unknown_items",
                value=str(row["unknown_items"]),
                message="It sells an item that nobody knows.",
                remedy="Create it.",
            )
            for row in rows
            if row["unknown_items"]
        )
        return GateResult(suite=suite, findings=findings)
