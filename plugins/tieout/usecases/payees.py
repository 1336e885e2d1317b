"""Whom money goes to: nobody is paid whose bank details are not those that two people approved.

Domain ``accounting``, section 4 and A46. How they are approved is in in_step/bank_details.py.
"""

from tieout.domain.base import Json, System
from tieout.domain.in_step.merge import Values
from tieout.domain.in_step.records import AgreedRecord
from tieout.errors import RejectedError
from tieout.usecases.flow import Flow

VENDOR = "vendor"
"""What bindings and agreed records call a vendor."""
BANK_DETAILS = "bank_details"
"""Under which name an agreed record has the fingerprint that was approved last."""
BANK_DETAILS_SEEN = "bank_details_seen"
"""Under which it has the one that was looked at last, so that going back to another one shows."""


def bank_details_of(contact: Json) -> str:
    """Return the fingerprint of a contact's bank details as Xero shows them; '' for none."""
    said = contact.get("BankAccountDetails")
    return said if isinstance(said, str) else ""


def approved_details(record: AgreedRecord) -> Values:
    """Return what was approved last: none, where there was none when it was brought in step."""
    return record.fields.get(BANK_DETAILS, Values(xero=""))


def seen_details(record: AgreedRecord) -> str:
    """Return the fingerprint that was looked at last."""
    return str(record.fields.get(BANK_DETAILS_SEEN, Values(xero="")).xero)


def check_payee(flow: Flow, key: str) -> None:
    """Refuse to pay a vendor whose bank details in Xero are not those that were approved.

    They are read now: what changed a minute ago, and was told by nobody yet, counts.

    Raises:
        RejectedError: They are others, or the vendor is not in step.
        RetryableError: Xero does not answer now.
    """
    pair = flow.pair.pair
    bound = flow.ledger.bindings(pair, VENDOR, [key], System.XERO).get(key)
    shown = flow.xero.shown("Contacts", [bound.external_id]) if bound else {}
    agreed = flow.ledger.agreed(pair, VENDOR, {key}).get(key)
    if bound is None or bound.external_id not in shown or agreed is None:
        raise RejectedError(
            f"Vendor {key!r} is not in step, so nobody can say whose bank details are paid.",
            remedy="Let vendor_sync bring the vendor in step, then replay.",
            cause="payee_unknown",
            field="payee",
            value=key,
        )
    if approved_details(agreed).xero != bank_details_of(shown[bound.external_id].node):
        raise RejectedError(
            f"The bank details of vendor {key} changed in Xero, and two people have not approved "
            "them yet.",
            remedy=(
                "Ask the vendor by a telephone number known before; then two people answer the "
                "conflicts on its bank details (tieout conflicts list), and replay."
            ),
            cause="bank_details_unapproved",
            field="payee",
            value=key,
        )
