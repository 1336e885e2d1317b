"""The organisation itself, and what the app may do in it."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.setting_records import Organisation
from tieout.simulators.xero.wire import Json, members, ms_date

# The names of the specification's example; those of what is not served are not allowed.
_ALLOWED: Final = (
    *("CreateApprovedInvoice", "CreateDraftInvoice", "CreateApprovedBill", "CreateDraftBill"),
    *("CreateApprovedPurchaseOrder", "CreateDraftPurchaseOrder", "CreateInvoicePayment"),
    *("AttachFilesIntoInvoice",),
)
_ACTIONS: Final = (
    *_ALLOWED,
    *("CreateRepeatingInvoice", "CreateRepeatingBill", "CreateDraftQuote", "CreateSentQuote"),
)


_ZONES: Final = {
    "CHINASTANDARDTIME": "Asia/Hong_Kong",
    "EASTERNSTANDARDTIME": "America/New_York",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
}


def local_time(organisation: Organisation, moment: datetime) -> datetime:
    """Return the wall clock of an organisation at a moment, as if it were UTC."""
    local = moment.astimezone(ZoneInfo(_ZONES.get(organisation.timezone, "UTC")))
    return local.replace(tzinfo=UTC)


def answer(call: Call) -> Answer:
    """Serve /Organisation."""
    return Answer(content={"Organisations": [shown_organisation(call.books.organisation())]})


def actions(call: Call) -> Answer:
    """Serve /Organisation/Actions: what the app may do; several currencies only if there are."""
    several = len(call.books.currencies.all()) > 1
    allowed: list[Json] = [
        {"Name": name, "Status": "ALLOWED" if name in _ALLOWED else "NOT-ALLOWED"}
        for name in _ACTIONS
    ]
    currency = {"Name": "UseMulticurrency", "Status": "ALLOWED" if several else "NOT-ALLOWED"}
    return Answer(content={"Actions": [*allowed, currency]})


def shown_organisation(org: Organisation) -> Json:
    """Return the organisation as the vendor shows it."""
    return {
        **members(org, "name", "legal_name"),
        "PaysTax": True,
        **members(org, "version"),
        "OrganisationType": "COMPANY",
        **members(org, "base_currency", "country_code"),
        **members(org, "is_demo_company"),
        "OrganisationStatus": "ACTIVE",
        **members(org, "tax_number"),
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12,
        **members(org, "sales_tax_basis", "sales_tax_period"),
        "DefaultSalesTax": "Remember previous",
        "DefaultPurchasesTax": "Remember previous",
        **members(org, "period_lock_date", "end_of_year_lock_date"),
        "CreatedDateUTC": ms_date(org.created).replace("+0000", ""),
        "OrganisationEntityType": "COMPANY",
        **members(org, "timezone"),
        "ShortCode": f"!{org.organisation_id[:5]}",
        **members(org, "organisation_id"),
        "Edition": "BUSINESS",
        "Class": "GROW",
        **members(org, "addresses", "phones"),
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
