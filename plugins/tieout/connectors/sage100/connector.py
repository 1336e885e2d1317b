"""The Sage 100 company of a pair: the port, put together from reader, books, agent and targets."""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

from tieout.connectors.sage100 import books, payables, purchasing, references, standings
from tieout.connectors.sage100.agent_client import AgentClient
from tieout.connectors.sage100.catalog import TABLES, TEXT
from tieout.connectors.sage100.config import Sage100Config
from tieout.connectors.sage100.heartbeat import Heartbeat
from tieout.connectors.sage100.lists import Sage100Lists
from tieout.connectors.sage100.needs import NEEDS
from tieout.connectors.sage100.own_fields import MARK, Named, Ours, OwnField, own_fields
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.relayed import RelayedRoute
from tieout.connectors.sage100.resembling import INACTIVE_STATUSES, resembling
from tieout.connectors.sage100.routes import OdbcConnection, OdbcRoute
from tieout.connectors.sage100.rows import UnreadableRow
from tieout.connectors.sage100.schema import Sage100Schemas
from tieout.connectors.sage100.shown import shown
from tieout.connectors.sage100.site import SiteReport, Writing, report
from tieout.connectors.sage100.targets import imports
from tieout.connectors.sage100.targets.base import Company
from tieout.connectors.sage100.targets.table import TARGETS, target_of
from tieout.connectors.sage100.traces import Told
from tieout.domain.books import GlPosting, SageInvoice, SageOrder, SageReceipt, Standing
from tieout.domain.clues import Clues
from tieout.errors import TieoutError
from tieout.ports.clock import Clock
from tieout.ports.payables import SagePayables
from tieout.ports.purchasing import SagePurchaseOrder
from tieout.ports.receivables import SageOpenInvoice
from tieout.ports.systems import Credit, Party, Sage100Reference, Shown, StockLevel
from tieout.ports.targets import Target

SAMPLED, HOURS = "AR_Customer", "TimeUpdated"
SAMPLE_ROWS = 500
ACTIVE = "A"


class Sage100Connector:
    """Implements ports.Sage100.

    ``connect`` gives a driver's connection in autocommit mode; without it, the agent reads for us.
    ``own_fields`` says which fields of the site's own somebody reads; the one that it added for us
    comes along.
    """

    def __init__(
        self,
        config: Sage100Config,
        *,
        connect: Callable[[], OdbcConnection] | None,
        clock: Clock,
        own_fields: Callable[[], Named] = dict,
    ) -> None:
        """Connect to nothing yet, and ask for nothing."""
        self._fields_read = own_fields
        self._config = config
        self._clock = clock
        agent = AgentClient(
            url=config.agent_url,
            key=config.agent_key,
            clock=clock,
            certificate_sha256=config.agent_certificate_sha256,
        )
        route = (
            OdbcRoute(connect, encoding=config.odbc_encoding)
            if connect
            else RelayedRoute(agent, config.company)
        )
        self._reader = Sage100Reader(route, page_rows_max=config.page_rows_max)
        self._account_keys: dict[str, str] | None = None
        self._sizes: dict[str, dict[str, int]] = {}
        self._own_fields: dict[str, dict[str, OwnField]] = {}
        self._company = Company(
            config, agent, self._reader, self._keys, self._sizes_of, self._own_fields_of
        )

    def close(self) -> None:
        """End the reader's connection."""
        self._reader.close()

    @property
    def calls_made(self) -> int:
        """Return how many ODBC queries and calls of the agent were made."""
        return self._reader.queries_made + self._company.agent.calls_made

    def lists(self, own_orders: Collection[str] = (), told: Told | None = None) -> Sage100Lists:
        """Return the company's tables as lists that change.

        ``own_orders`` are numbers of sales orders that we entered: whoever entered them is us.
        SY_User would say it as well, but may be refused to us. ``told`` knows what was read before.
        """
        made = self._reader.rows(
            "SO_SalesOrderHistoryHeader", "UserCreatedKey", among={"SalesOrderNo": [*own_orders]}
        )
        users = frozenset(filter(None, (row.text("UserCreatedKey") for row in made)))
        return Sage100Lists(
            self._reader,
            account=self._config.account or self._config.company,
            zone=ZoneInfo(self._config.time_zone),
            clock=self._clock,
            ours=Ours(users, self._read_fields),
            told=told,
        )

    @cached_property
    def _read_fields(self) -> Named:
        """Return the site's own fields to read: what is wanted, and our mark where we need it."""
        wanted, has_mark = self._fields_read(), self._config.has_tieout_udf
        marked = {name for name, columns in NEEDS.items() if has_mark and MARK in columns}
        return {
            table: {*wanted.get(table, ()), *({MARK} if table in marked else ())}
            for table in {*wanted, *marked}
        }

    def heartbeat(self) -> tuple[Heartbeat, list[str]]:
        """Return what the agent says of itself, and what is in the way of writing through it.

        Raises:
            ConfigurationError: It speaks another protocol.
            UnavailableError: It does not answer.
        """
        heard = self._company.agent.heartbeat()
        kinds = {target.kind for target in TARGETS.values()}
        return heard, heard.problems(self._config.company, kinds)

    def check(self) -> SiteReport:
        """Compare the site with what we know and need, before any flow runs.

        Raises:
            UnavailableError: It could not be read now.
            AuthenticationError: It refused our user, or the agent our key.
        """
        inspected = self._reader.inspect()
        has_hours = any(
            (column.table, column.name.casefold()) == (SAMPLED, HOURS.casefold())
            for column in inspected.columns
        )
        return report(
            inspected,
            has_our_field=self._config.has_tieout_udf,
            hours=self._hours() if has_hours else (),
            writing=self._writing(),
        )

    def _writing(self) -> Writing:
        try:
            offered = self._company.agent.kinds()
        except TieoutError as error:
            return Writing(problem=str(error))
        return Writing(wanted=[target.kind for target in TARGETS.values()], offered=offered)

    def _hours(self) -> Iterator[str]:
        rows = self._reader.rows(SAMPLED, HOURS, page_rows_max=SAMPLE_ROWS)
        for row in islice(rows, SAMPLE_ROWS):
            if not isinstance(row, UnreadableRow):
                yield row.text(HOURS)

    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        """Read active items among ``item_codes``, active accounts, and the codes in use."""
        return references.reference(self._reader, item_codes)

    def check_lines(self, bank_code: str, check_no: str, sequence: str) -> dict[str, Decimal]:
        """Return what a posted check pays, discounts included, by the bill's number."""
        return payables.check_lines(self._reader, bank_code, check_no, sequence)

    def credit(self, customer_nos: Collection[str]) -> dict[str, Credit]:
        """Return what customers of the division owe and may owe, by number."""
        return references.credit(self._reader, self._config.division, customer_nos)

    def payables(self, division: str, vendor_nos: Collection[str]) -> SagePayables:
        """Return the active vendors among these numbers of a division, and all their bills."""
        return payables.payables(self._reader, division, vendor_nos)

    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        """Return the division's active customers that have one of the numbers or e-mails.

        E-mails are compared without regard to case, which Sage's SQL cannot do; they are in no
        index there either, so the division is read whole.
        """
        wanted = {email.casefold() for email in emails}
        among = {"ARDivisionNo": [self._config.division]}
        if not wanted:
            among["CustomerNo"] = sorted(numbers)
        columns = "CustomerName EmailAddress CustomerStatus"
        return [
            Party(
                external_id=f"{row.text('ARDivisionNo')}-{row.text('CustomerNo')}",
                external_no=row.text("CustomerNo"),
                name=row.text("CustomerName"),
                email=row.text("EmailAddress"),
            )
            for row in self._reader.rows("AR_Customer", columns, among=among)
            if row.text("CustomerStatus") not in INACTIVE_STATUSES
            and (row.text("CustomerNo") in numbers or row.text("EmailAddress").casefold() in wanted)
        ]

    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        """Return quantities by item and warehouse; available is what may still be promised."""
        columns = "QuantityOnHand QuantityOnSalesOrder QuantityOnBackOrder QuantityInShipping"
        among = {"ItemCode": sorted(item_codes)}
        return [
            StockLevel(
                item_code=row.text("ItemCode"),
                warehouse_code=row.text("WarehouseCode"),
                on_hand=row.amount("QuantityOnHand"),
                committed=row.amount("QuantityOnSalesOrder"),
                available=row.amount("QuantityOnHand")
                - row.amount("QuantityOnSalesOrder")
                - row.amount("QuantityOnBackOrder")
                - row.amount("QuantityInShipping"),
            )
            for row in self._reader.rows("IM_ItemWarehouse", columns, among=among)
        ]

    def orders(self) -> list[SageOrder]:
        """Return the sales orders, open and in history."""
        return books.orders(self._reader)

    def order_numbers(self, customer_pos: Collection[str]) -> dict[str, str]:
        """Return the number of a sales order, open or in history, by customer PO number."""
        return books.order_numbers(self._reader, customer_pos)

    def receipts(self) -> list[SageReceipt]:
        """Return the cash receipts, entered and posted."""
        return books.receipts(self._reader)

    def receipts_entered(self, check_nos: Collection[str]) -> frozenset[str]:
        """Return which of the check numbers cash receipts have, entered or posted."""
        return books.receipts_entered(self._reader, check_nos)

    def invoices(self) -> list[SageInvoice]:
        """Return the invoices, entered and posted."""
        return books.invoices(self._reader)

    def open_invoices(self) -> list[SageOpenInvoice]:
        """Return what is open of posted customer invoices."""
        return books.open_invoices(self._reader)

    def purchase_orders(self, order_nos: Collection[str]) -> dict[str, SagePurchaseOrder]:
        """Return the purchase orders that have these numbers, with what became of them."""
        return purchasing.purchase_orders(self._reader, order_nos)

    def postings(self) -> list[GlPosting]:
        """Return every GL posting."""
        return books.postings(self._reader)

    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
        """Return how far people have posted documents of one kind, by external id."""
        if entity in self._company.config.import_kinds:
            return imports.standings(self._company, entity, external_ids)
        return standings.standings(self._reader, entity, external_ids)

    def posted_since(self, entities: Collection[str], since: date) -> dict[str, set[str]]:
        """Return by kind the ids of documents that changed in history or GL since a day."""
        found = standings.posted_since(self._reader, entities, since)
        for entity in self._company.config.import_kinds & found.keys():
            found[entity] |= imports.file_names(entity, found[entity])
        return found

    def accounts(self) -> dict[str, str]:
        """Return the formatted account number by AccountKey."""
        return books.accounts(self._reader)

    def banks(self) -> dict[str, str]:
        """Return the formatted cash account number by bank code."""
        return books.banks(self._reader)

    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        """Return the rows of a table that have these keys, by id."""
        own_fields = self._read_fields.get(resource, ())
        zone = ZoneInfo(self._config.time_zone)
        return shown(self._reader, resource, external_ids, zone, own_fields)

    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        """Return the division's active records of a table that have one of the clues, by id."""
        alike = resembling(self._reader, resource, clues, self._config.division)
        return self.shown(resource, alike)

    def target(self, entity: str) -> Target:
        """Return the target of an entity; ``targets/table.py`` lists them."""
        return target_of(entity, self._company)

    def schemas(self) -> Sage100Schemas:
        """Return what records of this site may hold, by its own catalog."""
        return Sage100Schemas(self._reader)

    def _keys(self) -> dict[str, str]:
        if self._account_keys is None:
            rows = self._reader.rows("GL_Account", "Account", among={"Status": [ACTIVE]})
            self._account_keys = {row.text("Account"): row.text("AccountKey") for row in rows}
        return self._account_keys

    def _own_fields_of(self, table: str) -> dict[str, OwnField]:
        """Return the fields that the site added to a table, for which it is asked once."""
        if table not in self._own_fields:
            self._own_fields[table] = own_fields(self._reader.inspect([table]).columns)
        return self._own_fields[table]

    def _sizes_of(self, table: str) -> dict[str, int]:
        """Return how long each text column is by the site's catalog, which is asked once."""
        if table not in self._sizes:
            texts = {name for name, one in TABLES[table].columns.items() if one.kind == TEXT}
            self._sizes[table] = {
                column.name: column.size
                for column in self._reader.inspect([table]).columns
                if column.size and column.name in texts
            }
        return self._sizes[table]
