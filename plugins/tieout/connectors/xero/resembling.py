"""Records of Xero that have a clue in common with new ones; the caller compares them closely.

Contacts are searched by e-mail and name: Xero has no filter by phone. Of a name, the beginnings of
two of its words are looked for, so what comes is few, however many contacts there are. Items are
one list without pages, which is read whole.
"""

from collections.abc import Iterator

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.client import Row, XeroClient, filters, term
from tieout.connectors.xero.records import moment_of
from tieout.connectors.xero.resources import CHANGED_AT, Way, resource_of
from tieout.domain.clues import Clues
from tieout.ports.systems import Shown

ACTIVE = "ACTIVE"


def resembling(client: XeroClient, resource: str, clues: Clues) -> dict[str, Shown]:
    """Return the ACTIVE records of a list that have one of the clues, by id.

    Raises:
        ConfigurationError: There is no such list.
    """
    described = resource_of(resource)
    is_whole = described.way is Way.WHOLE
    rows = _items(client, clues) if is_whole else _contacts(client, clues)
    found: dict[str, Shown] = {}
    for row in rows:
        node = plain_json(row)
        if isinstance(node, dict) and node.get(described.status, ACTIVE) == ACTIVE:
            shown = Shown(node=node, changed_at=moment_of(row.get(CHANGED_AT)))
            found[str(row.get(described.id_member, ""))] = shown
    return found


def _contacts(client: XeroClient, clues: Clues) -> Iterator[Row]:
    terms = [term("EmailAddress", email) for email in sorted(clues.emails)]
    for opening in sorted(clues.openings):
        parts = (f'Name.Contains("{part}")' for part in opening if part)
        terms.append(f"(Name!=null AND {' AND '.join(parts)})")
    for where in filters(terms):
        yield from client.all_rows("Contacts", params={"where": where})


def _items(client: XeroClient, clues: Clues) -> Iterator[Row]:
    for row in client.rows("Items", "Items"):
        said = {"code": str(row.get("Code", ""))}
        described = (str(row.get(member) or "") for member in ("Name", "Description"))
        if any(clues.fit({**said, "description": text}) for text in described):
            yield row
