"""Whether a document that is written already differs from what is wanted by its customer's merge.

An order that is looked at again names the customer that people merged its own into, or the number
that they gave it since. The ledger moved what was written there by itself: nothing has changed.
"""

from pydantic import JsonValue

from tieout.domain.base import Json, System
from tieout.usecases.flow import Flow
from tieout.usecases.parents import CUSTOMER

CONTACT = "Contact"
CUSTOMER_KEY = ("ARDivisionNo", "CustomerNo")


def is_successor_named(flow: Flow, system: System, held: Json, wanted: Json) -> bool:
    """Say whether the two differ in nothing but a customer and the one it goes by now."""
    before, after = _named(system, held), _named(system, wanted)
    if not before or not after or before == after:
        return False
    now = flow.ledger.successors(flow.pair.pair, CUSTOMER, [before], system)
    if before not in now or now[before].external_id != after:
        return False
    return _without(system, held) == _without(system, wanted)


def _named(system: System, payload: Json) -> str:
    """Return the external id of the customer that a document is of, '' where it names none."""
    if system is System.XERO:
        contact = payload.get(CONTACT)
        return str(contact.get("ContactID") or "") if isinstance(contact, dict) else ""
    header = payload.get("header")
    parts = [header.get(name) for name in CUSTOMER_KEY] if isinstance(header, dict) else []
    return "-".join(map(str, parts)) if parts and all(parts) else ""


def _without(system: System, payload: Json) -> dict[str, JsonValue]:
    if system is System.XERO:
        return {name: value for name, value in payload.items() if name != CONTACT}
    header = payload.get("header")
    rest = (
        {name: value for name, value in header.items() if name not in CUSTOMER_KEY}
        if isinstance(header, dict)
        else header
    )
    return {**payload, "header": rest}
