"""The mapper: canonical records to and from the systems' own shapes, by include/mappings."""

import logging
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from tieout.domain.base import Json
from tieout.domain.hashing import folder_hash
from tieout.domain.order import Order
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError
from tieout.mapping.engine import Mapped, Tables, apply
from tieout.mapping.shop_node import Node
from tieout.mapping.shop_order import read_order
from tieout.mapping.source import read_csv
from tieout.mapping.spec import Spec, load_spec
from tieout.ports.mapper import Mapper

DIRECTIONS = ("to_xero", "to_sage100", "to_shopify")
"""The folders of include/mappings: one file for each kind of record and direction."""
TABLE_COLUMNS = ("from", "to", "note")

log = logging.getLogger(__name__)


class YamlMapper(Mapper):
    """Applies include/mappings/<direction>/<record>.yaml; reads and checks all files at once."""

    def __init__(self, include: Path, pair: Pair) -> None:
        """Read the mapping files and tables under ``include``/mappings.

        Raises:
            ConfigurationError: A file is wrong; names the file and the path in it.
        """
        self._pair = pair
        self._folder = include / "mappings"
        self._specs = _specs(self._folder)
        self._tables = _tables(self._folder / "tables")
        self.version = folder_hash(self._folder)

    @override
    def order_from_shop(self, node: Json, *, shop: str = "") -> Order:
        """Read an order node of ``shop``, its domain; needless when the pair has one shop."""
        domains = [known.domain for known in self._pair.shops]
        if shop not in domains and (shop or len(domains) > 1):
            message = f"Pair {self._pair.pair!r} has no shop {shop!r}, but {', '.join(domains)}."
            raise ConfigurationError(message, remedy="Name the shop that the order is from.")
        return read_order(
            Node(node),
            pair=self._pair.pair,
            shop=shop or domains[0],
            time_zone=self._pair.time_zone,
        )

    @override
    def payload(self, mapping: str, record: Mapping[str, object]) -> Json:
        mapped = self.mapped(mapping, record)
        if mapped.alterations:
            fields = ", ".join(sorted({alteration.field for alteration in mapped.alterations}))
            log.warning("%s: written in the target's characters: %s", mapping, fields)
        return mapped.payload

    def mapped(self, mapping: str, record: Mapping[str, object]) -> Mapped:
        """Apply a mapping, and also return every text that it had to alter.

        Besides ``record``, rules see the pair under the name ``pair``.

        Raises:
            ConfigurationError: There is no such mapping, or it does not fit the record.
            RejectedError: A value cannot be brought into the target's form.
        """
        spec = self._specs.get(mapping)
        if spec is None:
            message = f"There is no mapping {mapping!r} in {self._folder}."
            remedy = f"Add {mapping}.yaml, or use one of {', '.join(sorted(self._specs))}."
            raise ConfigurationError(message, remedy=remedy)
        return apply(spec, {"pair": self._pair, **record}, self._tables)


def _specs(folder: Path) -> dict[str, Spec]:
    return {
        f"{direction}/{path.stem}": load_spec(path)
        for direction in DIRECTIONS
        for path in sorted((folder / direction).glob("*.yaml"))
    }


def _tables(folder: Path) -> Tables:
    tables: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.csv")):
        rows = read_csv(path, TABLE_COLUMNS)
        tables[path.stem] = {row["from"]: row["to"] for row in rows}
        if len(tables[path.stem]) != len(rows):
            message = f"{path}: a value in the column 'from' stands there twice."
            raise ConfigurationError(message, remedy="Keep one line of each.")
    return tables
