"""Which lists Xero tells of by webhook: the category of the events, by list.

From domain/xero README, 2.4 (xero-webhooks.yaml 16.1.0 knows the first three; prepayments came in
August 2026, overpayments in September). Of everything else it tells nothing.
"""

from collections.abc import Mapping
from typing import Final

EVENT_CATEGORIES: Final[Mapping[str, str]] = {
    "Contacts": "CONTACT",
    "Invoices": "INVOICE",
    "CreditNotes": "CREDITNOTE",
    "Prepayments": "PREPAYMENT",
    "Overpayments": "OVERPAYMENT",
}
