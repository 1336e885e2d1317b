"""What the commands on mappings work with: files of a pair, schemas of both sides, originals.

Without an installation there are only the files and the vendors' documented schemas, which is what
an integrator's own build has.
"""

import json
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from tieout.connectors.sage100.schema import Sage100Schemas
from tieout.connectors.shopify.schema import ShopifySchemas
from tieout.connectors.xero.schema import XeroSchemas
from tieout.domain.base import DocumentId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.items import is_item_code
from tieout.domain.ledger import Document, DocumentState, json_object
from tieout.domain.order import Order
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError, RejectedError
from tieout.ledger.originals import PostgresOriginals
from tieout.mapping.coverage import Coverage
from tieout.mapping.explain import Explained, explain
from tieout.mapping.mapper import READ_BY, load_specs
from tieout.mapping.recording import Applied, RecordingMapper
from tieout.mapping.tables import load_tables
from tieout.usecases.accounts import Coverage as AccountCoverage
from tieout.usecases.accounts import coverage as account_coverage
from tieout.usecases.accounts import with_item_facts
from tieout.usecases.flow import SHOP_ORDER
from tieout.usecases.mapping_check import (
    SchemasOf,
    check,
    check_codes,
    coverage,
    load_checked,
    moved_nowhere,
)
from tieout.usecases.mapping_trial import TriedDocument, try_mappings
from tieout.wiring.installation import Tieout

DOCUMENTS_PER_ROUND = 200
"""How many originals are held at once while mappings are tried on all of some days."""
FROM_FILE = DocumentId(0)


class Mappings:
    """The mapping files of one pair, as its flows use them."""

    def __init__(self, include: Path, pair: Pair, installation: Tieout | None = None) -> None:
        """Keep where the files are; with an installation its systems and originals can be read."""
        self._folder = include / "mappings"
        self._include = include
        self._pair = pair
        self._installation = installation

    @property
    def _tieout(self) -> Tieout:
        if self._installation is None:
            raise ConfigurationError(
                "Originals are kept by an installation, and no connections file names one.",
                remedy="Give it with --connections, or set TIEOUT_CONNECTIONS.",
            )
        return self._installation

    def schemas(self) -> SchemasOf:
        """Return what both sides can hold: the site's own columns where it is connected."""
        name = self._pair.pair
        known = self._installation
        sage100 = known.sage100(name).schemas() if known else Sage100Schemas()
        return {
            System.XERO: XeroSchemas(),
            System.SAGE100: sage100,
            System.SHOPIFY: ShopifySchemas(),
        }

    def problems(self) -> list[str]:
        """Return what is wrong with the files, by themselves and against both sides."""
        specs, found = load_checked(self._folder, self._pair.pair)
        found += check(specs, self.schemas())
        if self._installation is not None:
            found += self._unknown_codes(self._installation)
        return found

    def coverage(self) -> tuple[list[Coverage], list[str]]:
        """Return what each mapping moves, and which fields of an order none does."""
        specs = load_specs(self._folder, self._pair.pair)
        return coverage(specs, self.schemas()), moved_nowhere(specs)

    def accounts_covered(self, days: int) -> AccountCoverage | None:
        """Return how much of what was sold the account rules decide; None without installation.

        Of the orders done in the past days, and of those that are not done yet, parked ones too.
        """
        tieout = self._installation
        if tieout is None:
            return None
        name = self._pair.pair
        xero = tieout.xero(name).reference()
        since = tieout.clock.now() - timedelta(days=days)
        done = (
            Order.model_validate(one.canonical)
            for some in self._done(since)
            for one in some
            if one.canonical is not None
        )
        return account_coverage(self._pair, [*done, *self._not_done(tieout)], xero.account_names)

    def _not_done(self, tieout: Tieout) -> list[Order]:
        """Return the orders that are not done, with what Sage 100 says of their items."""
        mapper = tieout.mapper(self._pair.pair)
        newest: dict[tuple[str, str], Order] = {}
        for document in tieout.ledger.unsettled(self._pair.pair, SHOP_ORDER):
            # What cannot be read has no lines; its dead letter says why.
            with suppress(RejectedError):
                order = mapper.order_from_shop(document.corrected, shop=document.account)
                newest[document.account, document.source_id] = order
        codes = {line.item_code for order in newest.values() for line in order.lines}
        if not codes:
            return []
        with closing(tieout.sage100(self._pair.pair)) as sage100:
            known = sage100.reference(set(filter(is_item_code, codes)))
        return [with_item_facts(order, known) for order in newest.values()]

    def _unknown_codes(self, tieout: Tieout) -> list[str]:
        xero = tieout.xero(self._pair.pair).reference()
        with closing(tieout.sage100(self._pair.pair)) as sage100:
            return check_codes(self._pair, xero, sage100.reference(()))

    def document(self, name: str) -> Document:
        """Return the newest version of the order that people call so.

        Raises:
            RejectedError: There is none, or there are several.
        """
        found = self._originals.newest(self._pair.pair, SHOP_ORDER, name)
        if len(found) == 1:
            return found[0]
        shops = ", ".join(one.account for one in found)
        raise RejectedError(
            f"Several shops of {self._pair.pair} have an order {name!r}: {shops}."
            if found
            else f"No order of {self._pair.pair} is called {name!r}.",
            remedy="Give its id, as in the address of its page in the shop.",
            cause="unknown_record",
        )

    def from_file(self, path: Path) -> Document:
        """Return an order that stands in a file, as a shop's API gives it."""
        node = read_json(path)
        return Document(
            document_id=FROM_FILE,
            state=DocumentState.RECEIVED,
            pair=self._pair.pair,
            document_type=SHOP_ORDER,
            source=System.SHOPIFY,
            account=self._pair.shops[0].domain,
            source_id=str(node.get("legacyResourceId", "")),
            name=str(node.get("name", path.name)),
            version_at=self._tieout.clock.now(),
            content_hash=content_hash(node),
            payload=node,
        )

    @cached_property
    def _originals(self) -> PostgresOriginals:
        return PostgresOriginals(self._tieout.ledger.database)

    def tried(self, documents: list[Document]) -> list[TriedDocument]:
        """Return what the files make of documents; nothing is written."""
        return try_mappings(self._tieout.flow(self._pair.pair), documents)

    def replayed(self, days: int) -> list[TriedDocument]:
        """Return what the files make of every order done in the past days."""
        since: datetime = self._tieout.clock.now() - timedelta(days=days)
        return [one for some in self._done(since) for one in self.tried(some)]

    def _done(self, since: datetime) -> Iterator[list[Document]]:
        """Yield the orders done since, so many at a time."""
        last: DocumentId | None = None
        while some := self._originals.done_since(
            self._pair.pair, SHOP_ORDER, since, after=last, limit=DOCUMENTS_PER_ROUND
        ):
            yield some
            last = some[-1].document_id

    def explained(self, mapping: str, source: Document | Json) -> list[list[Explained]]:
        """Explain each payload that a mapping makes of an order, or of what a ledger sends.

        Raises:
            ConfigurationError: There is no such mapping.
            RejectedError: It makes nothing of that.
        """
        specs = load_specs(self._folder, self._pair.pair)
        if mapping not in specs:
            message = f"There is no mapping {mapping!r}."
            raise ConfigurationError(message, remedy=f"Use one of {', '.join(sorted(specs))}.")
        tables = load_tables(self._folder, self._pair.pair)
        applied = [one for one in self._applied(mapping, source) if one.mapping == mapping]
        if not applied:
            raise RejectedError(
                f"{mapping} makes nothing of that: no payload of the kind comes of it.",
                remedy="See 'tieout mapping preview ORDER' for what does.",
                cause="nothing_mapped",
            )
        return [explain(specs[mapping], one.record, tables) for one in applied]

    def _applied(self, mapping: str, source: Document | Json) -> list[Applied]:
        mapper = RecordingMapper(self._include, self._pair)
        if isinstance(source, Document):
            flow = self._tieout.flow(self._pair.pair)
            try_mappings(replace(flow, mapper=mapper), [source])
        elif mapping in READ_BY.values():
            mapper.mapped(mapping, {"node": source})
        return mapper.applied


def read_json(path: Path) -> Json:
    """Return the JSON object that a file holds.

    Raises:
        ConfigurationError: It cannot be read, or holds something else.
    """
    try:
        return json_object.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read as a JSON object: {type(error).__name__}."
        raise ConfigurationError(message, remedy="Give a file with one record.") from error
