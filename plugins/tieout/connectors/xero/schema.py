"""What a record of Xero may hold: the members that xero-python's models know, with their lengths.

Xero has no call that tells its schema; the models are made from its published OpenAPI description.
xero-python is imported when first used: it takes 0.3 s.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

from typing_extensions import override

from tieout.connectors.xero.targets.base import XeroTarget
from tieout.connectors.xero.targets.table import TARGETS
from tieout.ports.schemas import SchemaField, Schemas

READ_ONLY = re.compile(
    r"Has\w+|Is(Supplier|Customer|Discounted|Reconciled)|\w*(ValidationErrors|DateUTC(String)?)|"
    r"StatusAttributeString|Warnings|Attachments|Amount(Due|Paid|Credited)|FullyPaidOnDate|Balances|"
    r"Payments|Prepayments|Overpayments|CreditNotes|CISRate|TotalDiscount|ContactGroups"
)
"""Members that Xero computes, or that are written by calls of their own."""
NAMING = re.compile(r"\w*(ID|Code|Number|Name)")
"""Members by which one record names another one."""
OWN_PARTS = frozenset({"Purchase"})
"""Models of what is part of a record, such as an item's prices; other ones name a record."""
LONGEST = 100_000
"""Longer than any limit of Xero's, in characters."""
_LIST_OF = re.compile(r"list\[(\w+)\]")
_LIMIT = re.compile(r"`(\d+)`")


class XeroSchemas(Schemas):
    """The schemas of Xero, the same for every organization."""

    @override
    def fields(self, entity: str) -> list[SchemaField]:
        target = TARGETS.get(entity)
        # Where a target makes the element itself, its payloads have another, small form.
        is_element = target is not None and target._content is XeroTarget._content  # noqa: SLF001
        if target is None or not is_element:
            return []
        return list(_fields(target.model, ""))


def _fields(model: str, where: str, *, naming_only: bool = False) -> Iterator[SchemaField]:
    from xero_python.accounting import models

    kind = getattr(models, model)
    for attribute, member in kind.attribute_map.items():
        if READ_ONLY.fullmatch(member) or (naming_only and not NAMING.fullmatch(member)):
            continue
        path = f"{where}{member}"
        of = kind.openapi_types[attribute]
        listed = _LIST_OF.fullmatch(of)
        inner = getattr(models, listed[1] if listed else of, None)
        if inner is None or issubclass(inner, Enum):
            yield SchemaField(path=path, type=of, length=_length(kind, attribute, of))
        elif listed:
            yield from _fields(listed[1], f"{path}[].")
        elif not naming_only:
            yield from _fields(of, f"{path}.", naming_only=of not in OWN_PARTS)


def _length(kind: Any, attribute: str, of: str) -> int | None:  # noqa: ANN401 - untyped package
    """Return how long a text may be: what the model's setter says to one that is too long."""
    if of != "str":
        return None
    try:
        kind(**{attribute: "x" * LONGEST})
    except ValueError as error:
        said = _LIMIT.search(str(error))
        return int(said[1]) if said and "length" in str(error) else None
    return None
