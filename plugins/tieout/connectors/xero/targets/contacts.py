"""Contacts, told apart by ContactNumber."""

from collections.abc import Iterable, Sequence

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import SaidContact
from tieout.connectors.xero.client import Row, any_of
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, text
from tieout.connectors.xero.targets.kinds import UpsertTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed

ACTIVE = "ACTIVE"


class ContactTarget(UpsertTarget):
    """Contacts; an archived one is found, and Xero refuses to change it."""

    entity = "contact"
    guard = "ContactNumber and Name: Xero creates (PUT) no second active contact with either"
    model = "Contact"
    resource = Resource("Contacts", "Contacts", "PUT", "ContactID", ONE_BY_ONE)
    echoed = ("ContactNumber",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "ContactNumber"),)

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterable[Found]:
        """Return one contact for each number: the active one, where there is one."""
        found: dict[Key, tuple[SaidContact, Row]] = {}
        for where in any_of("ContactNumber", [number for (number,) in keys]):
            params = {"where": where, "includeArchived": "true"}
            for row in self.client.all_rows("Contacts", params=params):
                contact = SaidContact.of(row)
                key = (contact.contact_number,)
                if contact.contact_status == ACTIVE or key not in found:
                    found[key] = (contact, row)
        return [Found(key, contact_landed(contact, row)) for key, (contact, row) in found.items()]


def contact_landed(contact: SaidContact, row: Row) -> Landed:
    """Return a contact as it was read, with its state where that is not the usual one."""
    is_active = contact.contact_status == ACTIVE
    return Landed(
        external_id=contact.contact_id,
        external_no=contact.contact_number,
        figures={"name": contact.name},
        answer=plain_json(row),
        note="" if is_active else f"the contact is {contact.contact_status}",
    )
