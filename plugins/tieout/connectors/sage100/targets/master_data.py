"""Master records under keys that we name: customer changes, contacts, addresses, items, vendors.

A payload states what the record shall hold (``header``) and, for a change, what it holds by our
last agreed form (``expected``). The agent compares before it writes, so a person's edit comes back
as a refusal that names the columns, and nothing is undone; an address is changed as a whole. Text
that the site's own catalog has no room for is cut where that is only a description, with a note of
what was cut; elsewhere it is refused.
"""

import logging
from abc import ABC
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from pydantic import JsonValue
from typing_extensions import override

from tieout.connectors.sage100.catalog import NUMBER, TABLES, Column
from tieout.connectors.sage100.own_fields import MARK
from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import AgentTarget, header_of
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.addresses.changes import CUSTOMER, SHIP_TO

LOG = logging.getLogger(__name__)


class MasterDataTarget(AgentTarget):
    """One record of one table, found by its key."""

    guard = "the record's key: Sage 100 keeps one record under it, and the agent compares first"
    updates_known = True
    cut: ClassVar[frozenset[str]] = frozenset()
    """Columns whose text may be cut."""

    @override
    def _document(self, payload: Json) -> Json:
        header = self._stated(payload)
        for name, value in header.items():
            self._check_size(name, value)
        for note in self._notes(payload):
            LOG.warning("%s of %s", note, self.table)
        stated: Json = {"header": dict[str, JsonValue](header)}
        expected = payload.get("expected")
        if isinstance(expected, dict):
            self._check_addresses(header, expected)
            stated["expected"] = {
                name: self._cut(name, str(value))
                for name, value in expected.items()
                if name != MARK or MARK in header
            }
        return stated

    def _check_addresses(
        self, header: Mapping[str, str], expected: Mapping[str, JsonValue]
    ) -> None:
        for columns in (CUSTOMER, SHIP_TO):
            names = set(columns.names)
            if names & expected.keys() and not names <= header.keys() & expected.keys():
                raise ConfigurationError(
                    f"A change of {self.table} states a part of its address: an address is changed "
                    "as a whole, or a person's edit of the other part would stand beside it.",
                    remedy="State what tieout.mapping.addresses.changes makes of the address.",
                )

    def _stated(self, payload: Json) -> dict[str, str]:
        """Return the header as it is sent: with keys of accounts, and without what is cut off."""
        header = self._company.keyed(dict(header_of(super()._document(payload))))
        return {name: self._cut(name, str(value)) for name, value in header.items()}

    def _cut(self, name: str, value: str) -> str:
        if name not in self.cut:
            return value
        return value[: self._company.sizes(self.table).get(name)].rstrip()

    @override
    def _notes(self, payload: Json) -> list[str]:
        return [
            f"{name} was cut from {len(value)} to {len(self._cut(name, value))} characters"
            for name, value in header_of(payload).items()
            if self._cut(name, value) != value
        ]

    def _check_size(self, name: str, value: str) -> None:
        size = self._company.sizes(self.table).get(name, len(value))
        if len(value) > size:
            raise RejectedError(
                f"{self.table}.{name} holds {size} characters at this site, {len(value)} are sent.",
                remedy="Shorten it at its source or in the mapping, then replay.",
                cause="too_long",
                field=name,
                value=value,
            )

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what Sage holds, with the figures that are as they were stated.

        What stands there otherwise is Sage's way of writing it, or what a person made of it since:
        of a write that was read back right away the first, of one that is looked up nobody knows.
        """
        payloads = {one.delivery_id: one.payload for one in deliveries}
        return {
            mine: landed.model_copy(update={"figures": self._as_stated(landed, payloads[mine])})
            for mine, landed in super().find(deliveries).items()
        }

    @override
    def _written(self, key: Mapping[str, str], payload: Json) -> Landed | None:
        return self._standing(payload)

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        """Return the record when it holds all that is stated: then the write is done."""
        landed = self._standing(payload)
        if landed is None:
            return None
        return landed if self._as_stated(landed, payload) == landed.figures else None

    def _as_stated(self, landed: Landed, payload: Json) -> dict[str, str]:
        """Return the figures that say what was stated."""
        table, stated = TABLES[self.table], self._stated(payload)
        return {
            name: figure
            for name, figure in landed.figures.items()
            if (column := table.column(name)) is not None
            and figure == _normal(column, stated[name])
        }

    @override
    def _standing(self, payload: Json) -> Landed | None:
        table, header = TABLES[self.table], self._stated(payload)
        columns = {name: column for name in header if (column := table.column(name)) is not None}
        names = [name for name in columns if name not in table.key]
        among = {name: [header.get(name, "")] for name in table.key}
        for row in self._company.reader.rows(self.table, " ".join(names), among=among):
            parts = {name: row.text(name) for name in table.key}
            figures = {name: _held(row, columns[name]) for name in names}
            return Landed(
                external_id="-".join(parts.values()),
                external_no=parts[table.key[-1]],
                figures=figures,
                answer=dict[str, JsonValue](parts | figures),
            )
        return None


class CustomerUpdateTarget(MasterDataTarget):
    """Changes of AR_Customer; the customer is there already."""

    entity = "customer_update"
    kind = "customer.update"
    table = "AR_Customer"


class CustomerContactTarget(MasterDataTarget):
    """People at a customer: AR_CustomerContact."""

    entity = "customer_contact"
    kind = "customer_contact.save"
    table = "AR_CustomerContact"


class ShipToAddressTarget(MasterDataTarget):
    """Where a customer's orders go: SO_ShipToAddress."""

    entity = "ship_to_address"
    kind = "ship_to_address.save"
    table = "SO_ShipToAddress"


class ItemTarget(MasterDataTarget):
    """Items: CI_Item. The long text of an item lives elsewhere, so its description may be cut."""

    entity = "item"
    kind = "item.save"
    table = "CI_Item"
    cut = frozenset({"ItemCodeDesc"})


class VendorTarget(MasterDataTarget):
    """Vendors: AP_Vendor."""

    entity = "vendor"
    kind = "vendor.save"
    table = "AP_Vendor"


class ChangeTarget(MasterDataTarget, ABC):
    """Changes of a record that is there already: what it is expected to hold says so."""

    never: ClassVar[frozenset[str]] = frozenset()
    """Columns that are stated of a new record alone: afterwards they are people's."""

    @override
    def _document(self, payload: Json) -> Json:
        stray = sorted(self.never & header_of(payload).keys())
        if stray or not payload.get("expected"):
            said = f"{stray[0]}, which is people's" if stray else "nothing that it should hold now"
            raise ConfigurationError(
                f"A change of {self.table} states {said}.",
                remedy="Correct the mapping: a change states columns, and what they held before.",
            )
        return super()._document(payload)


class ItemUpdateTarget(ChangeTarget, ItemTarget):
    """Changes of CI_Item; how it is kept, measured, taxed and booked is people's."""

    entity = "item_update"
    never: ClassVar[frozenset[str]] = frozenset(
        {
            *("ItemType", "ProductLine", "TaxClass", "DefaultWarehouseCode"),
            *("StandardUnitOfMeasure", "SalesUnitOfMeasure", "PurchaseUnitOfMeasure"),
            *("SalesUMConvFctr", "PurchaseUMConvFctr"),
        }
    )


class VendorUpdateTarget(ChangeTarget, VendorTarget):
    """Changes of AP_Vendor; its account and taxes are people's."""

    entity = "vendor_update"
    never: ClassVar[frozenset[str]] = frozenset({"Account", "AccountKey", "TaxSchedule"})


def _held(row: Row, column: Column) -> str:
    if column.kind == NUMBER:
        return format(row.amount(column.name), "f")
    return row.text(column.name)


def _normal(column: Column, value: str) -> str:
    """Return a stated value in the form in which it is read."""
    if column.kind == NUMBER:
        return f"{Decimal(value):.{column.scale}f}"
    return value.strip()
