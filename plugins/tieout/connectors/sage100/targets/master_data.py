"""Master records under keys that we name: customer changes, contacts, addresses, items, vendors.

A payload states what the record shall hold (``header``) and, for a change, what it holds by our
last agreed form (``expected``). The agent compares before it writes, so a person's edit comes back
as a refusal that names the columns, and nothing is undone; an address is changed as a whole. Text
that the site's own catalog has no room for is cut where that is only a description, with a note of
what was cut; elsewhere it is refused.
"""

import logging
from abc import ABC
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from pydantic import JsonValue
from typing_extensions import override

from tieout.connectors.sage100.catalog import NUMBER, TABLES, Column
from tieout.connectors.sage100.own_fields import MARK
from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import AgentTarget, header_of
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
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
    def _written(self, key: Mapping[str, str], payload: Json) -> Landed | None:
        return self._standing(payload)

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        """Return the record when it holds all that is stated: then the write is done."""
        landed = self._standing(payload)
        if landed is None:
            return None
        table = TABLES[self.table]
        is_done = all(
            landed.figures[name] == _normal(column, value)
            for name, value in self._stated(payload).items()
            if (column := table.column(name)) is not None and name in landed.figures
        )
        return landed if is_done else None

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
