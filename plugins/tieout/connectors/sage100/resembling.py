"""Rows of Sage 100 that have a clue in common with new records, by their ids.

Neither names nor e-mails nor phone numbers are in an index that its SQL could look a text of any
case up in, so of a division a few columns are read; the rest of what fits is then read by its keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.records import key_texts
from tieout.connectors.sage100.rows import Row
from tieout.domain.clues import Clues
from tieout.errors import ConfigurationError

INACTIVE_STATUSES = frozenset({"I"})


@dataclass(frozen=True)
class _Searched:
    """A table's columns by the fields of clues, and which rows of it count."""

    fields: Mapping[str, str]
    status: str
    inactive: frozenset[str] = INACTIVE_STATUSES
    division: str = ""


SEARCHED = {
    "AR_Customer": _Searched(
        fields={"name": "CustomerName", "email": "EmailAddress", "phone": "TelephoneNo"},
        status="CustomerStatus",
        division="ARDivisionNo",
    ),
    "AP_Vendor": _Searched(
        fields={"name": "VendorName", "email": "EmailAddress", "phone": "TelephoneNo"},
        status="VendorStatus",
        division="APDivisionNo",
    ),
    "CI_Item": _Searched(
        fields={"code": "ItemCode", "description": "ItemCodeDesc"},
        status="InactiveItem",
        inactive=frozenset({"Y"}),
    ),
}


def resembling(reader: Sage100Reader, resource: str, clues: Clues, division: str) -> list[str]:
    """Return the ids of a division's active rows that have one of the clues.

    Raises:
        ConfigurationError: The table is not searched.
    """
    table = SEARCHED.get(resource)
    if table is None:
        raise ConfigurationError(
            f"Sage 100's {resource!r} is not searched for what resembles a new record.",
            remedy=f"Name one of {', '.join(SEARCHED)}.",
        )
    columns = " ".join([*table.fields.values(), table.status])
    among = {table.division: [division]} if table.division else {}
    return [
        "-".join(part.rstrip() for part in key_texts(row.key()))
        for row in reader.rows(resource, columns, among=among)
        if row.text(table.status) not in table.inactive and clues.fit(_said(table, row))
    ]


def _said(table: _Searched, row: Row) -> dict[str, str]:
    return {field: row.text(column) for field, column in table.fields.items()}
