"""Records of Xero read by their ids, many in one call, in whatever state they are."""

from collections.abc import Collection, Iterator
from itertools import islice

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.client import Row, XeroClient, any_of
from tieout.connectors.xero.records import moment_of
from tieout.connectors.xero.resources import CHANGED_AT, resource_of
from tieout.connectors.xero.standings import IDS_PER_CALL_MAX
from tieout.ports.systems import Shown

BY_IDS = frozenset({"Contacts", "Invoices"})
"""Lists that take many ids in one address; others are asked by a filter."""


def shown(client: XeroClient, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
    """Return the records of a list that have these ids, by id.

    Raises:
        ConfigurationError: There is no such list.
    """
    described = resource_of(resource)
    wanted = {one.lower(): one for one in external_ids}
    found: dict[str, Shown] = {}
    for row in _rows(client, resource, sorted(wanted)):
        mine = wanted.get(str(row.get(described.id_member, "")).lower())
        node = plain_json(row)
        if mine is not None and isinstance(node, dict):
            found[mine] = Shown(node=node, changed_at=moment_of(row.get(CHANGED_AT)))
    return found


def _rows(client: XeroClient, resource: str, ids: list[str]) -> Iterator[Row]:
    described = resource_of(resource)
    # What is asked for by its id is shown, whether the list would have it or not.
    params = {name: value for name, value in described.params if name != "where"}
    if described.path in BY_IDS:
        waiting = iter(ids)
        while some := list(islice(waiting, IDS_PER_CALL_MAX)):
            yield from client.all_rows(described.path, params={**params, "IDs": ",".join(some)})
        return
    for where in any_of(described.id_member, ids, as_guid=True):
        yield from client.rows(described.path, described.member, params={**params, "where": where})
