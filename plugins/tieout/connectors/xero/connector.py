"""The Xero organization of a pair, as ``ports.Xero`` sees it."""

import re
import time
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.xero.answers import (
    SaidAccount,
    SaidContact,
    SaidCurrency,
    SaidInvoice,
    SaidItem,
    SaidLine,
    SaidOrganisation,
    SaidPayment,
    SaidTaxRate,
    SaidTrackingCategory,
)
from tieout.connectors.xero.client import ALONE, XeroClient, any_of
from tieout.connectors.xero.config import XeroConfig
from tieout.connectors.xero.lists import XeroLists
from tieout.connectors.xero.own_books import XeroOwnBooks
from tieout.connectors.xero.reports import XeroReports
from tieout.connectors.xero.resembling import resembling
from tieout.connectors.xero.shared import SHARING_NOTHING, Shared
from tieout.connectors.xero.shown import shown
from tieout.connectors.xero.standings import STANDINGS
from tieout.connectors.xero.targets.table import target_of
from tieout.connectors.xero.vendor_bills import vendor_bills
from tieout.domain.account_rules import Tracking
from tieout.domain.books import XeroInvoice, XeroInvoiceLine, XeroPayment, XeroStanding
from tieout.domain.budget import Caller
from tieout.domain.clues import Clues
from tieout.domain.records import KnownBill
from tieout.domain.statuses.machine import Phase
from tieout.domain.statuses.xero import INVOICE, PAYMENT
from tieout.errors import ConfigurationError, UnavailableError
from tieout.ports.clock import Clock
from tieout.ports.references import KeptReference
from tieout.ports.systems import Party, Shown, Xero, XeroReference
from tieout.ports.targets import Target

__all__ = ["XeroConfig", "XeroConnector"]

ACTIVE = "ACTIVE"
IN_BOOKS = ",".join(INVOICE.words(Phase.LIVE))
(LIVE_PAYMENT,) = PAYMENT.words(Phase.LIVE)
NUMBERS_PER_CALL_MAX = 100
"""How many invoice numbers one address names; some are 20 characters long, and proxies refuse more
than about 4,000 in all.
"""


_IN_WORDS = re.compile(r"\d+(?:\.\d+)? x ")
"""How the text of a line begins that says its quantity in words, because no price divides it."""


class XeroConnector(Xero):
    """Reads and writes one Xero organization; calls nothing before it is asked to."""

    def __init__(
        self,
        config: XeroConfig,
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        shared: Shared = SHARING_NOTHING,
        caller: Caller = ALONE,
    ) -> None:
        """Take the organization's connection, the present, the way to wait, and what is shared.

        ``caller`` is on whose account its calls are.
        """
        self._now = clock.now
        self._references = shared.references
        self._client = XeroClient(
            config,
            clock=clock,
            sleep=sleep,
            tokens=shared.tokens,
            budget=shared.budget,
            caller=caller,
        )
        self._settle_s = config.settle_s
        self.lists = XeroLists(self._client, tenant_id=config.tenant_id)
        self.reports = XeroReports(self._client)
        self.own_books = XeroOwnBooks(self._client)

    @property
    def rate_limits(self) -> dict[str, str]:
        """Return the limit headers of the latest answer, such as ``x-daylimit-remaining``."""
        return dict(self._client.http.rate_limits)

    @property
    @override
    def calls_made(self) -> int:
        return self._client.calls_made

    @override
    def reference(self, *, age_max_s: float = 0.0) -> XeroReference:
        known = self._kept(age_max_s)
        if known is not None:
            return known
        read_at = self._now()
        read = self._read_reference()
        if self._references is not None:
            content = read.model_dump(mode="json", exclude={"is_kept"})
            self._references.keep(KeptReference(content=content, read_at=read_at))
        return read

    def _kept(self, age_max_s: float) -> XeroReference | None:
        """Return what was read at most so many seconds ago, by whichever process."""
        known = self._references.kept() if self._references is not None and age_max_s else None
        if known is None or self._now() - known.read_at >= timedelta(seconds=age_max_s):
            return None
        return XeroReference.model_validate({**known.content, "is_kept": True})

    def _read_reference(self) -> XeroReference:
        organisation = self._organisation()
        items = [SaidItem.of(row) for row in self._client.rows("Items", "Items")]
        account_names = self._account_names()
        return XeroReference(
            base_currency=organisation.base_currency,
            currencies=frozenset(
                SaidCurrency.of(row).code for row in self._client.rows("Currencies", "Currencies")
            ),
            account_codes=frozenset(account_names),
            tax_types=self._tax_types(),
            item_codes=frozenset(item.code for item in items),
            tracked_item_codes=frozenset(
                item.code for item in items if item.is_tracked_as_inventory
            ),
            unsold_item_codes=frozenset(item.code for item in items if not item.is_sold),
            lock_date=_lock_date(organisation),
            account_names=account_names,
            item_names={item.code: item.name for item in items},
        )

    @override
    def lock_date(self, *, age_max_s: float = 0.0) -> date | None:
        known = self._kept(age_max_s)
        if known is not None:
            return known.lock_date
        return _lock_date(self._organisation())

    @override
    def tracking_options(self) -> frozenset[Tracking]:
        rows = self._client.rows("TrackingCategories", "TrackingCategories")
        categories = [SaidTrackingCategory.of(row) for row in rows]
        return frozenset(
            Tracking(name=category.name, option=option.name)
            for category in categories
            for option in category.options
            if category.status == ACTIVE and option.status == ACTIVE
        )

    @override
    def vendor_bills(self, contact_ids: Collection[str]) -> dict[str, tuple[KnownBill, ...]]:
        return vendor_bills(self._client, contact_ids)

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        found: dict[str, Party] = {}
        for member, values in (
            ("ContactNumber", numbers),
            ("EmailAddress", emails),
            ("Name", names),
        ):
            for where in any_of(member, sorted(set(values))):
                for row in self._client.all_rows("Contacts", params={"where": where}):
                    contact = SaidContact.of(row)
                    if contact.contact_status == ACTIVE:
                        found[contact.contact_id] = _party(contact)
        return list(found.values())

    @override
    def invoices(self) -> list[XeroInvoice]:
        params = {
            "where": 'Type=="ACCREC"',
            "Statuses": IN_BOOKS,
            "order": "InvoiceNumber ASC",
            "unitdp": "4",
        }
        rows = self._client.all_rows("Invoices", params=params)
        return [_invoice(SaidInvoice.of(row)) for row in rows]

    @override
    def payments(self) -> list[XeroPayment]:
        params = {"where": f'Status=="{LIVE_PAYMENT}" AND PaymentType=="ACCRECPAYMENT"'}
        rows = self._client.all_rows("Payments", params=params)
        return [_payment(SaidPayment.of(row)) for row in rows]

    @override
    def payments_since(self, since: datetime) -> list[XeroPayment]:
        params = {"where": 'PaymentType=="ACCRECPAYMENT"'}
        rows = self._client.all_rows("Payments", params=params, modified_since=since)
        return [_payment(SaidPayment.of(row)) for row in rows]

    @override
    def invoices_numbered(self, numbers: Collection[str]) -> list[XeroInvoice]:
        wanted = sorted(set(numbers))
        found: list[XeroInvoice] = []
        for start in range(0, len(wanted), NUMBERS_PER_CALL_MAX):
            some = wanted[start : start + NUMBERS_PER_CALL_MAX]
            params = {
                "InvoiceNumbers": ",".join(some),
                "Statuses": IN_BOOKS,
                "unitdp": "4",
            }
            said = [SaidInvoice.of(row) for row in self._client.all_rows("Invoices", params=params)]
            found += [_invoice(one) for one in said if one.type == "ACCREC"]
        return found

    @override
    def payments_on(self, invoice_ids: Collection[str]) -> list[XeroPayment]:
        found: list[XeroPayment] = []
        for where in any_of("Invoice.InvoiceID", sorted(set(invoice_ids)), as_guid=True):
            rows = self._client.all_rows("Payments", params={"where": where})
            said = [SaidPayment.of(row) for row in rows]
            found += [_payment(one) for one in said if PAYMENT.is_live(one.status)]
        return found

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, XeroStanding]:
        if entity not in STANDINGS:
            message = f"Nobody follows {entity!r} in Xero."
            raise ConfigurationError(message, remedy=f"Use one of {', '.join(STANDINGS)}.")
        return STANDINGS[entity](self._client, external_ids)

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        return shown(self._client, resource, external_ids)

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return resembling(self._client, resource, clues)

    @override
    def target(self, entity: str) -> Target:
        return target_of(entity, self._client, settle_s=self._settle_s)

    def _organisation(self) -> SaidOrganisation:
        rows = self._client.rows("Organisation", "Organisations")
        if len(rows) != 1:
            message = f"Xero names {len(rows)} organizations for the connection's tenant."
            raise ConfigurationError(message, remedy="Correct the connection's tenant_id.")
        return SaidOrganisation.of(rows[0])

    def _account_names(self) -> dict[str, str]:
        rows = self._client.rows("Accounts", "Accounts")
        accounts = [SaidAccount.of(row) for row in rows]
        return {
            account.code: account.name
            for account in accounts
            if account.code and account.status == ACTIVE
        }

    def _tax_types(self) -> frozenset[str]:
        rows = self._client.rows("TaxRates", "TaxRates")
        rates = [SaidTaxRate.of(row) for row in rows]
        return frozenset(rate.tax_type for rate in rates if rate.status == ACTIVE)


def _party(said: SaidContact) -> Party:
    return Party(
        external_id=said.contact_id,
        external_no=said.contact_number,
        name=said.name,
        email=said.email_address,
    )


def _lock_date(organisation: SaidOrganisation) -> date | None:
    dates = (organisation.period_lock_date, organisation.end_of_year_lock_date)
    return max((day for day in dates if day is not None), default=None)


def _invoice(said: SaidInvoice) -> XeroInvoice:
    return XeroInvoice(
        invoice_id=said.invoice_id,
        number=said.invoice_number,
        reference=said.reference,
        status=said.status,
        date=_dated(said.date, said.invoice_id),
        currency=said.currency_code,
        total=said.total,
        total_tax=said.total_tax,
        amount_due=said.amount_due,
        rate=said.currency_rate,
        contact_id=said.contact.contact_id,
        lines=tuple(_line(line, said.line_amount_types) for line in said.line_items),
    )


def _line(said: SaidLine, line_amount_types: str) -> XeroInvoiceLine:
    is_inclusive = line_amount_types == "Inclusive"
    return XeroInvoiceLine(
        account_code=said.account_code,
        net=said.line_amount - (said.tax_amount if is_inclusive else Decimal(0)),
        tax=said.tax_amount,
        item_code=said.item_code,
        quantity=None if _IN_WORDS.match(said.description) else said.quantity,
    )


def _payment(said: SaidPayment) -> XeroPayment:
    return XeroPayment(
        payment_id=said.payment_id,
        invoice_id=said.invoice.invoice_id if said.invoice else "",
        account_code=said.account.code if said.account else "",
        date=_dated(said.date, said.payment_id),
        amount=said.amount,
        reference=said.reference,
        status=said.status,
        rate=said.currency_rate,
        bank_amount=said.bank_amount,
    )


def _dated(day: date | None, record_id: str) -> date:
    if day is None:
        message = f"Xero shows {record_id} without a date."
        raise UnavailableError(message, remedy="Open it in Xero; it is read again later.")
    return day
