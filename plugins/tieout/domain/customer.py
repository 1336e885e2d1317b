"""The canonical customer: what one ledger keeps of a customer, in one form for both.

Only what both ledgers can say, so that the two can be compared field by field; what a pair adds to
that stands in ``custom``, by the names of include/mappings/shared/customer.yaml.
"""

from pydantic import Field

from tieout.domain.base import Frozen
from tieout.domain.order import Address


class Customer(Frozen):
    """A customer as one ledger has it; empty strings where it says nothing.

    ``external_id`` is the ledger's own key and never changes; ``tieout_id`` is ours there, '' for a
    customer whom people entered. ``name`` is the company's or the person's, as it is billed to.
    """

    external_id: str = Field(min_length=1)
    tieout_id: str = ""
    name: str = Field(min_length=1)
    email: str = ""
    phone: str = ""
    address: Address = Address()
    is_active: bool
    custom: dict[str, str] = Field(default_factory=dict)
