"""Vendors first: who a bill of Xero is from, as bindings say it."""

from collections.abc import Collection, Mapping

from tieout.domain.base import Json, System
from tieout.domain.records import BoundVendor
from tieout.errors import RejectedError
from tieout.usecases.flow import Flow
from tieout.usecases.payees import VENDOR


def contact_of(node: Json) -> str:
    """Return the id of the contact that a bill or a payment of Xero names."""
    contact = node.get("Contact")
    return str(contact.get("ContactID") or "") if isinstance(contact, dict) else ""


def bound_vendors(flow: Flow, contact_ids: Collection[str]) -> dict[str, BoundVendor]:
    """Return the vendors that both ledgers have, by the contact's id; the others are left out."""
    pair, ledger = flow.pair.pair, flow.ledger
    in_xero = ledger.bindings_to(pair, VENDOR, set(contact_ids), System.XERO)
    keys = {binding.key for binding in in_xero.values()}
    in_sage100 = ledger.bindings(pair, VENDOR, keys, System.SAGE100)
    found = {}
    for contact_id, binding in in_xero.items():
        other = in_sage100.get(binding.key)
        if other is not None:
            division, _dash, number = other.external_id.partition("-")
            found[contact_id] = BoundVendor(
                key=binding.key, contact_id=contact_id, division=division, vendor_no=number
            )
    return found


def vendor_of(vendors: Mapping[str, BoundVendor], node: Json) -> BoundVendor:
    """Return the vendor of a bill.

    Raises:
        RejectedError: Sage 100 does not have it, as far as anybody said.
    """
    contact_id = contact_of(node)
    if contact_id in vendors:
        return vendors[contact_id]
    contact = node.get("Contact")
    name = str(contact.get("Name") or contact_id) if isinstance(contact, dict) else contact_id
    raise RejectedError(
        f"The bill is from {name}, and nothing says which vendor of Sage 100 that is.",
        remedy=(
            "Let vendor_sync bring the vendor in step (it creates it in Sage 100), or link the two "
            "with 'tieout bindings link'; then replay."
        ),
        cause="vendor_unbound",
        field="Contact.ContactID",
        value=contact_id,
    )
