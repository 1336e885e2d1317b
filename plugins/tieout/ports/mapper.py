"""Canonical records to and from the systems' own shapes."""

from collections.abc import Mapping
from typing import Protocol

from tieout.domain.base import Json, System
from tieout.domain.customer import Customer
from tieout.domain.order import Order
from tieout.domain.records import Bill, BoundVendor, Item, Vendor


class Mapper(Protocol):
    """Canonical records to and from the systems' own shapes, by include/mappings."""

    version: str
    """Which mapping applies: a hash over all mapping files and tables."""

    def order_from_shop(self, node: Json, *, shop: str = "") -> Order:
        """Read a GraphQL order node of the shop with that domain; '' = the pair's only one.

        Raises:
            RejectedError: The node lacks something without which it is no order.
        """

    def customer_from(self, system: System, node: Json) -> Customer:
        """Read what a ledger keeps of a customer: a contact of Xero, a row of AR_Customer.

        Raises:
            RejectedError: It lacks something without which it is no customer.
        """

    def item_from(self, system: System, node: Json) -> Item:
        """Read what a ledger keeps of an item: an item of Xero, a row of CI_Item.

        Raises:
            RejectedError: It lacks something without which it is no item.
        """

    def vendor_from(self, system: System, node: Json) -> Vendor:
        """Read what a ledger keeps of a vendor: a contact of Xero, a row of AP_Vendor.

        Raises:
            RejectedError: It lacks something without which it is no vendor.
        """

    def bill_from(self, node: Json, vendor: BoundVendor) -> Bill:
        """Read a bill or a vendor's credit of Xero, which is a bill of negative amounts.

        Accounts stand on its lines in the terms of both ledgers, as the pair maps them.

        Raises:
            RejectedError: The node lacks something without which it is no bill.
        """

    def change(
        self,
        entity: str,
        system: System,
        before: Mapping[str, object],
        after: Mapping[str, object],
        held: Json,
    ) -> Json | None:
        """Return the payload that changes a ledger's record; None when nothing of it changes.

        ``before`` and ``after`` are the inputs of the mapping that writes the record, ``held`` what
        the ledger shows of it. The payload states what shall be there, and what is expected to be.

        Raises:
            RejectedError: A value cannot be brought into the ledger's form.
        """

    def crosswalk(self, table: str, value: str) -> str:
        """Return what stands for a value in include/mappings/tables/<table>.csv, '' = nothing."""

    def payload(self, mapping: str, record: Mapping[str, object]) -> Json:
        """Apply include/mappings/<mapping>.yaml to a record and return the target's payload.

        Raises:
            RejectedError: A value cannot be brought into the target's form.
        """
