"""Rows of Sage 100 read by their keys, in the form that their lists have them in."""

from collections.abc import Collection
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from tieout.connectors.sage100.catalog import Table
from tieout.connectors.sage100.moments import written
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.records import among, columns_of, key_texts, table_of, texts
from tieout.connectors.sage100.rows import Row
from tieout.errors import ConfigurationError
from tieout.ports.systems import Shown


def shown(
    reader: Sage100Reader,
    resource: str,
    external_ids: Collection[str],
    zone: ZoneInfo,
    own_fields: Collection[str] = (),
) -> dict[str, Shown]:
    """Return the rows of a table that have these keys, by their parts joined with ``-``.

    With the fields of the site's own that somebody reads.

    Raises:
        ConfigurationError: There is no such table.
    """
    table = table_of(resource)
    if table is None:
        raise ConfigurationError(
            f"Sage 100 has no table {resource!r} that is read by its keys.",
            remedy="Name one of docs/reference/sage100-reading.md.",
        )
    wanted = {tuple(one.split("-", len(table.key) - 1)): one for one in sorted(external_ids)}
    columns = columns_of(table, sorted(own_fields))
    found: dict[str, Shown] = {}
    if not wanted:
        return found
    for row in reader.rows(resource, " ".join(columns), among=among(table, wanted)):
        mine = wanted.get(tuple(part.rstrip() for part in key_texts(row.key())))
        if mine is not None:
            found[mine] = _shown(row, table, columns, zone)
    return found


def _shown(row: Row, table: Table, columns: tuple[str, ...], zone: ZoneInfo) -> Shown:
    said = texts(row, columns)
    node = dict[str, JsonValue](said)
    if not table.updated:
        return Shown(node=node)
    date_column, hours_column, user_column = table.updated
    day = row.day(date_column)
    moment = written(day, said[hours_column], zone).latest if day else None
    return Shown(node=node, changed_at=moment, changed_by=said[user_column])
