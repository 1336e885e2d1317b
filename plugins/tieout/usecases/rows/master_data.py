"""The rows of customers, items and vendors."""

import re

from tieout.domain.customer import Customer
from tieout.domain.items import is_item_code
from tieout.domain.records import Item, Vendor
from tieout.usecases.rows.facts import (
    Known,
    Row,
    denomination,
    identity,
    joined,
    unless_known,
    unusable_accounts,
    yes_no,
)

VENDOR_NO_LENGTH_MAX = 7
"""AP_Vendor.VendorNo."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def customer_row(key: str, customer: Customer, known: Known) -> Row:
    """Return the facts of a customer.

    Terms and tax schedule are the pair's own, unless the pair's mapping gives customers others as
    ``terms_code`` and ``tax_schedule``.
    """
    pair, sage100 = known.pair, known.sage100
    terms = customer.custom.get("terms_code", pair.default_terms_code)
    schedule = customer.custom.get("tax_schedule", pair.exempt_tax_schedule)
    return {
        "row_key": key,
        "source_id": customer.external_id,
        "number": customer.external_id,
        "name": customer.name,
        "name_length": len(customer.name),
        "email": customer.email,
        "is_email_plausible": yes_no(not customer.email or _EMAIL.fullmatch(customer.email)),
        "unknown_terms": unless_known(terms, sage100.terms_codes),
        "unknown_tax_codes": unless_known(schedule, sage100.tax_schedules),
    }


def item_row(key: str, item: Item, known: Known) -> Row:
    """Return the facts of an item."""
    code = item.number
    return {
        **identity(key, item),
        **denomination(item.currency, known),
        "description": item.description,
        "unit": item.unit,
        "price": item.price,
        "cost": item.cost,
        "is_code_fit": yes_no(is_item_code(code)),
        "unusable_accounts": joined(unusable_accounts([item.sales], known)),
        "is_tracked_in_xero": yes_no(
            item.is_tracked_in_xero or code in known.xero.tracked_item_codes
        ),
    }


def vendor_row(key: str, vendor: Vendor, known: Known) -> Row:
    """Return the facts of a vendor."""
    return {
        **identity(key, vendor),
        **denomination(vendor.currency, known),
        "name": vendor.name,
        "is_number_fit": yes_no(_fits(vendor.number, VENDOR_NO_LENGTH_MAX)),
        "unknown_terms": unless_known(vendor.terms_code, known.vendor_terms_codes),
        "lacks_tax_id": yes_no(vendor.form_1099 and not vendor.has_tax_id),
    }


def _fits(key: str, length: int) -> bool:
    return 0 < len(key) <= length and key == key.strip().upper()
