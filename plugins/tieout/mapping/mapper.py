"""The mapper: canonical records to and from the systems' own shapes, by include/mappings."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from typing_extensions import override

from tieout.domain.base import Json, System
from tieout.domain.customer import Customer
from tieout.domain.hashing import folder_hash
from tieout.domain.items import in_items
from tieout.domain.order import Order
from tieout.domain.pair import Pair
from tieout.domain.records import Bill, BoundVendor, Item, Vendor
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.engine import Mapped, compile_spec
from tieout.mapping.master_data import FILES, change
from tieout.mapping.shared import with_shared
from tieout.mapping.shop_node import Node
from tieout.mapping.shop_order import worked_out
from tieout.mapping.spec import Spec, load_spec
from tieout.mapping.tables import load_tables
from tieout.mapping.xero_bills import bill_from
from tieout.ports.mapper import Mapper

DIRECTIONS = (
    "to_xero",
    "to_sage100",
    "to_shopify",
    "from_xero",
    "from_sage100",
    "from_shopify",
)
"""The folders of include/mappings: one file for each kind of record and direction."""
PAIRS = "pairs"
"""The folder of include/mappings whose folders hold what one pair has of its own."""

READ_BY = {
    (entity, system): files.reads
    for entity, by_system in FILES.items()
    for system, files in by_system.items()
}
"""The mapping that reads a ledger's customer, item or vendor."""

Form = TypeVar("Form", bound=BaseModel)

log = logging.getLogger(__name__)


class YamlMapper(Mapper):
    """Applies include/mappings/<direction>/<record>.yaml; reads and checks all files at once.

    A pair's own file of the same name under pairs/<pair> is used in place of it.
    """

    def __init__(self, include: Path, pair: Pair) -> None:
        """Read the mapping files and tables under ``include``/mappings.

        Raises:
            ConfigurationError: A file is wrong; names the file and the path in it.
        """
        self._pair = pair
        self._folder = include / "mappings"
        self._tables = load_tables(self._folder, pair.pair)
        self._mappings = {
            name: compile_spec(spec, self._tables, {"pair": pair})
            for name, spec in load_specs(self._folder, pair.pair).items()
        }
        self.version = folder_hash(self._folder)

    @override
    def order_from_shop(self, node: Json, *, shop: str = "") -> Order:
        """Read an order node of ``shop``, its domain; needless when the pair has one shop.

        What it sells are items of the ledgers, by the aliases of the pair.
        """
        domains = [known.domain for known in self._pair.shops]
        if shop not in domains and (shop or len(domains) > 1):
            message = f"Pair {self._pair.pair!r} has no shop {shop!r}, but {', '.join(domains)}."
            raise ConfigurationError(message, remedy="Name the shop that the order is from.")
        try:
            record = {"node": worked_out(Node(node)), "shop": shop or domains[0]}
            order = self._read("from_shopify/order", record, Order)
        except RejectedError as error:
            raise RejectedError(
                f"The shop's order cannot be read: {error.message}",
                remedy="Open the order in the shop, correct it, and replay; else enter it by hand.",
                cause="order_incomplete",
                field=error.field,
                value=error.value,
            ) from error
        return in_items(order, self._pair.item_aliases)

    @override
    def customer_from(self, system: System, node: Json) -> Customer:
        return self._read(READ_BY["customer", system], {"node": node}, Customer)

    @override
    def item_from(self, system: System, node: Json) -> Item:
        return self._read(READ_BY["item", system], {"node": node}, Item)

    @override
    def vendor_from(self, system: System, node: Json) -> Vendor:
        return self._read(READ_BY["vendor", system], {"node": node}, Vendor)

    @override
    def bill_from(self, node: Json, vendor: BoundVendor) -> Bill:
        return bill_from(node, vendor, self._pair)

    @override
    def change(
        self,
        entity: str,
        system: System,
        before: Mapping[str, object],
        after: Mapping[str, object],
        held: Json,
    ) -> Json | None:
        mapping = FILES[entity][system].changes
        return change(system, self.payload(mapping, before), self.payload(mapping, after), held)

    def _read(self, mapping: str, record: Mapping[str, object], form: type[Form]) -> Form:
        """Make a canonical record by a mapping file."""
        made = self.mapped(mapping, record).payload
        try:
            return form.model_validate(made)
        except ValidationError as error:
            fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        if fault["type"] in ("extra_forbidden", "missing"):
            known = ", ".join(form.model_fields)
            message = f"{mapping}.yaml, {field}: {fault['msg']}; the canonical record has {known}."
            raise ConfigurationError(message, remedy="Correct the mapping file's target paths.")
        raise RejectedError(
            f"{mapping}.yaml, {field}: {fault['msg']}.",
            remedy="Correct the record where it comes from, and replay.",
            cause="not_of_type",
            field=field,
            value=str(fault["input"])[:200],
        )

    @override
    def crosswalk(self, table: str, value: str) -> str:
        known = self._tables.get(table)
        return (known.look_up(value, None) if known else None) or ""

    @override
    def payload(self, mapping: str, record: Mapping[str, object]) -> Json:
        mapped = self.mapped(mapping, record)
        if mapped.alterations:
            fields = ", ".join(sorted({alteration.field for alteration in mapped.alterations}))
            log.info("%s: written in the target's form: %s", mapping, fields)
        return mapped.payload

    def mapped(self, mapping: str, record: Mapping[str, object]) -> Mapped:
        """Apply a mapping, and also return every text that it had to alter.

        Besides ``record``, rules see the pair under the name ``pair``.

        Raises:
            ConfigurationError: There is no such mapping, or it does not fit the record.
            RejectedError: A value cannot be brought into the target's form.
        """
        apply = self._mappings.get(mapping)
        if apply is None:
            message = f"There is no mapping {mapping!r} in {self._folder}."
            remedy = f"Add {mapping}.yaml, or use one of {', '.join(sorted(self._mappings))}."
            raise ConfigurationError(message, remedy=remedy)
        return apply(record)


def load_specs(mappings: Path, pair: str = "") -> dict[str, Spec]:
    """Read the mapping files of include/mappings as they are for a pair, by <direction>/<record>.

    Raises:
        ConfigurationError: A file is wrong; names the file, the line, the path in it and the fix.
    """
    folders = [mappings, *([mappings / PAIRS / pair] if pair else [])]
    specs = {
        f"{direction}/{path.stem}": load_spec(path, mappings)
        for folder in folders
        for direction in DIRECTIONS
        for path in sorted((folder / direction).glob("*.yaml"))
    }
    return with_shared(specs, mappings, pair)
