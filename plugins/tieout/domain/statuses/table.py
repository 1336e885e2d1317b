"""Every kind of document whose statuses we know, and the one that a write makes."""

from collections.abc import Mapping

from tieout.domain.base import System
from tieout.domain.statuses.machine import NAMES, Statuses
from tieout.domain.statuses.sage100 import SAGE100, SALES_ORDER
from tieout.domain.statuses.shopify import SHOPIFY
from tieout.domain.statuses.xero import XERO
from tieout.errors import ConfigurationError

ALL: tuple[Statuses, ...] = (*SHOPIFY, *XERO, *SAGE100)
STATUSES: Mapping[tuple[System, str], Statuses] = {
    (one.system, entity): one for one in ALL for entity in one.entities
}
"""By the system and the entity of the write that makes such a document."""


def in_own_words(system: System, entity: str) -> Statuses:
    """Return the statuses that a system itself gives such documents: of an order its letter.

    Raises:
        ConfigurationError: Nobody knows any of such documents.
    """
    is_order = (system, entity) == (System.SAGE100, "sales_order")
    found = SALES_ORDER if is_order else STATUSES.get((system, entity))
    if found is None:
        known = ", ".join(sorted(entity for of, entity in STATUSES if of is system))
        message = f"Nobody knows statuses of {entity!r} in {NAMES[system]}."
        remedy = f"Correct the crosswalks of statuses in include/mappings: there are {known}."
        raise ConfigurationError(message, remedy=remedy)
    return found
