"""Every kind of document whose statuses we know, and the one that a write makes."""

from collections.abc import Mapping

from tieout.domain.base import System
from tieout.domain.statuses.machine import Statuses
from tieout.domain.statuses.sage100 import SAGE100
from tieout.domain.statuses.shopify import SHOPIFY
from tieout.domain.statuses.xero import XERO

ALL: tuple[Statuses, ...] = (*SHOPIFY, *XERO, *SAGE100)
STATUSES: Mapping[tuple[System, str], Statuses] = {
    (one.system, entity): one for one in ALL for entity in one.entities
}
"""By the system and the entity of the write that makes such a document."""
