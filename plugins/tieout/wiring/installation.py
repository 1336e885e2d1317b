"""The composition root: connections and pairs in, use cases ready to run out.

Nothing is decided here but which adapter stands behind which port.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path

from pydantic import ValidationError

from tieout.domain.base import BatchId, DeadLetterId, Frozen, System
from tieout.domain.catch_up import PACE_WINDOW_S, CatchUp, catch_up
from tieout.domain.desk import MappingChoice, ReplayJob
from tieout.domain.gaps import BackfillPlan, PairGaps
from tieout.domain.ledger import Conservation, DeadLetter, Document, Origin
from tieout.domain.plan import Plan
from tieout.domain.reading import Interval
from tieout.domain.tie_out import TieOut
from tieout.errors import RejectedError
from tieout.ledger.audit import Sealed, seal_and_anchor
from tieout.ledger.audit_anchors import ANCHORS_NAME
from tieout.ledger.desk import PostgresDesk
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.streams import PostgresStreams
from tieout.ledger.webhooks import PostgresWebhooks
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import sweep_cron, sweep_interval
from tieout.usecases import holding
from tieout.usecases.backfill import plan_backfill
from tieout.usecases.capture import Captured, capture, drain
from tieout.usecases.catalog import SALES_ORDER
from tieout.usecases.compare import Compared, compare_source
from tieout.usecases.desk import JobWish, open_job, work_jobs
from tieout.usecases.doubles import Swept, sweep_doubles
from tieout.usecases.dry_run import Trial, try_replay
from tieout.usecases.extract import Extracted, extract
from tieout.usecases.flow import SHOP_ORDER, Flow, StepReport
from tieout.usecases.follow import Followed, Stand, follow, stand_of
from tieout.usecases.gaps import find_gaps
from tieout.usecases.hints import Hinted, look_into_hints
from tieout.usecases.in_step.entities import hinted
from tieout.usecases.payment_reconciliation import GATEWAY
from tieout.usecases.planning.apply import Applied, apply_plan
from tieout.usecases.planning.plan import make_plan
from tieout.usecases.polls import Polled, poll
from tieout.usecases.postings import capture_postings
from tieout.usecases.resolve import Resolved, resolve_proven
from tieout.usecases.steps import run_step
from tieout.usecases.webhooks import check_webhooks, webhook_alarms
from tieout.validation.gate import GreatExpectationsGate
from tieout.wiring.connections import (
    connections_in,
    odbc_by_pyodbc,
)
from tieout.wiring.systems import ConnectedSystems
from tieout.wiring.tie_outs import tied_out

OWN_ORDERS_MAX = 20
"""How many orders are asked for the user who entered them."""


class Status(Frozen):
    """Where every inbox entry of every pair is."""

    pairs: tuple[Conservation, ...]

    @property
    def is_conserved(self) -> bool:
        """Say whether nothing is lost in any pair."""
        return all(pair.is_conserved for pair in self.pairs)

    @property
    def is_settled(self) -> bool:
        """Say whether nothing is pending in any pair."""
        return all(pair.pending == 0 for pair in self.pairs)


class Tieout(ConnectedSystems):
    """Everything that one installation can do, each part built when first asked for."""

    def acting_as(self, actor: str) -> "Tieout":
        """Return the same installation in the name of a person, for the audit."""
        return Tieout(
            self._lookup,
            self._include,
            data_docs=self._data_docs,
            odbc=self._odbc,
            actor=actor,
            token_key=self._token_key,
        )

    @cached_property
    def desk(self) -> PostgresDesk:
        """Return the desk of dead letters, over the ledger's database."""
        return PostgresDesk(self.ledger.database)

    def mapper(self, pair: str) -> YamlMapper:
        """Return the mapper of a pair."""
        return YamlMapper(self._include, self.pair(pair))

    @cached_property
    def streams(self) -> PostgresStreams:
        """Return the streams of the ledger."""
        return PostgresStreams(self.ledger.database)

    def flow(self, pair: str) -> Flow:
        """Return a pair's flow, with its systems."""
        settings = self.pair(pair)
        shops = {one.domain: self.shop(pair, one.domain) for one in settings.shops}
        has_payouts = any(one.gateway == GATEWAY for one in settings.gateways)
        return Flow(
            pair=settings,
            ledger=self.ledger,
            streams=self.streams,
            xero=self.xero(pair),
            sage100=self.sage100(pair),
            shops=shops,
            gateways=shops if has_payouts else {},
            mapper=self.mapper(pair),
            matcher=ProbabilityMatcher(),
            gate=GreatExpectationsGate(
                self._include / "expectations", self._data_docs / self.caller.flow
            ),
            clock=self.clock,
        )

    def pairs_waiting(self) -> list[str]:
        """Return the pairs that have something fresh to take up."""
        return [
            pair
            for pair in self.pairs
            if self.ledger.waits(pair, SHOP_ORDER, source=System.SHOPIFY)
        ]

    def pairs_hinted(self) -> list[str]:
        """Return the pairs of which a webhook waits."""
        pending = partial(self.ledger.pending_entries, limit=1, origin=Origin.WEBHOOK)
        return [
            name for name, pair in self.pairs.items() if pending(name, besides=hinted(pair.flows))
        ]

    def look_into_hints(self, pair: str) -> Hinted:
        """Look into what events of the pair's Xero organization tell."""
        return look_into_hints(self.flow(pair))

    def drain(self, pair: str) -> Captured:
        """Turn what the pair's shops told of into documents; nothing is claimed."""
        return drain(self.flow(pair))

    @cached_property
    def webhooks(self) -> PostgresWebhooks:
        """Return what was heard of numbered events, over the ledger's database."""
        return PostgresWebhooks(self.ledger.database)

    def webhook_alarms(self) -> list[str]:
        """Return what events of Xero never came, or belong to no pair, in a sentence each."""
        return webhook_alarms(self.webhooks, self.clock.now())

    def check_webhooks(self) -> None:
        """Raise what ``webhook_alarms`` finds.

        Raises:
            WebhooksMissedError: It finds something.
        """
        check_webhooks(self.webhooks, self.clock.now())

    def capture(
        self,
        pair: str,
        *,
        interval: tuple[datetime, datetime] | None,
        is_backfill: bool,
        claimed_by: str,
    ) -> BatchId | None:
        """Bring the pair's waiting orders into the ledger and claim them."""
        origin = Origin.BACKFILL if is_backfill else Origin.SWEEP
        return capture(self.flow(pair), interval=interval, origin=origin, claimed_by=claimed_by)

    def extract(
        self,
        pair: str,
        resource: str,
        *,
        source: System = System.XERO,
        interval: tuple[datetime, datetime] | None = None,
    ) -> Extracted:
        """Land what changed in a list of the pair's Xero since it was last read, or in [a, b).

        Of its Sage 100 with ``source``.
        """
        landing = PostgresLanding(self.ledger.database)
        within = interval and Interval(since=interval[0], until=interval[1])
        if source is System.XERO:
            return extract(self.xero(pair).lists, landing, pair, resource, interval=within)
        with closing(self.sage100(pair)) as sage100:
            lists = sage100.lists(self._own_orders(pair), landing.told)
            return extract(lists, landing, pair, resource, interval=within)

    def sage100_fingerprint(self, pair: str, table: str) -> str:
        """Return a text that is another one after a write to a table of the pair's Sage 100."""
        with closing(self.sage100(pair)) as sage100:
            return sage100.lists().fingerprint(table)

    def _own_orders(self, pair: str) -> list[str]:
        """Return numbers of sales orders that we entered of late: whose user wrote them is ours."""
        followed = self.ledger.following(pair, SALES_ORDER.entity, limit=OWN_ORDERS_MAX)
        return [delivery.external_id for delivery in followed if delivery.external_id]

    def poll(self, pair: str, resource: str) -> Polled:
        """Read what changed in a list of the pair's Xero, and look into what a flow cares for."""
        flow = self.flow(pair)
        lists = self.xero(pair).lists
        return poll(flow, lists, PostgresLanding(self.ledger.database), resource)

    def run_step(self, step: str, batch_id: int) -> StepReport:
        """Run one step over a claimed batch."""
        claim = BatchId(batch_id)
        return run_step(self.flow(self.ledger.batch_pair(claim)), step, claim)

    def follow(self, pair: str, *, is_whole: bool = True) -> list[Followed]:
        """Follow what was entered in the pair's Sage 100 until its people have posted it."""
        now = self.clock.now()
        mapper = self.mapper(pair)
        sage100 = self.sage100(pair)
        return follow(self.ledger, sage100, mapper, self.pair(pair), now=now, is_whole=is_whole)

    def posted(self, batch_id: int, entity: str, state: str) -> Stand:
        """Return how far people have posted what a batch entered in Sage 100."""
        return stand_of(self.ledger, BatchId(batch_id), entity, state)

    def capture_postings(self, pair: str, *, claimed_by: str) -> BatchId | None:
        """Claim what the pair's Xero is to hear of what Sage 100 posted."""
        return capture_postings(
            self.flow(pair), interval=None, origin=Origin.SWEEP, claimed_by=claimed_by
        )

    def held(self, pair: str) -> list[Document]:
        """Return what people hold back in the pair."""
        return holding.held(self.ledger, pair)

    def hold(self, pair: str, name: str, *, by: str, reason: str) -> Document:
        """Hold an order back in the name of ``by``, until it is released."""
        with self._acting_ledger(by) as ledger:
            return holding.hold(ledger, pair, name, reason=reason)

    def release(self, pair: str, name: str, *, by: str) -> None:
        """Let a held order go on, in the name of ``by``."""
        with self._acting_ledger(by) as ledger:
            holding.release(ledger, pair, name)

    @contextmanager
    def _acting_ledger(self, actor: str) -> Iterator[PostgresLedger]:
        ledger = self.acting_as(actor).ledger
        try:
            yield ledger
        finally:
            ledger.close()

    def plan(
        self, pair: str, flow: str, *, interval: tuple[datetime, datetime] | None = None
    ) -> Plan:
        """Plan what a run would do with what waits; nothing is written, no Data Docs either."""
        gate = GreatExpectationsGate(self._include / "expectations", None)
        return make_plan(replace(self.flow(pair), gate=gate), flow, interval=interval)

    def apply(self, plan: Plan, *, by: str) -> Applied:
        """Apply a plan in the name of ``by``, whom every write names as its approver.

        Raises:
            FatalError: Something that the plan stands on has changed.
        """
        acting = self.acting_as(by)
        try:
            return apply_plan(replace(acting.flow(plan.pair), approver=by), plan)
        finally:
            acting.ledger.close()

    def compare_source(self, pair: str) -> Compared:
        """Compare every order of the pair's shops with the ledger, and land what differs."""
        return compare_source(self.flow(pair))

    def seal_audit(self, folder: Path) -> Sealed:
        """Seal the audit, and note the seals in the anchor file of the folder."""
        return seal_and_anchor(self.ledger.database, folder / ANCHORS_NAME)

    def sweep_doubles(self, pair: str, *, is_whole: bool) -> Swept:
        """Look for what a target of the pair holds twice, and hold the streams concerned."""
        return sweep_doubles(self.flow(pair), is_whole=is_whole)

    def status(self) -> Status:
        """Count where every inbox entry is."""
        return Status(pairs=tuple(self.ledger.conservation(pair) for pair in self.pairs))

    def catch_up(self, counted: Conservation) -> CatchUp:
        """Say when what waits in a pair will be done, at the pace of the last minutes."""
        done = self.ledger.done_lately(counted.pair, within_s=PACE_WINDOW_S)
        return catch_up(counted.pair, waiting=counted.pending, done=done, now=self.clock.now())

    def dead_letters(self) -> list[DeadLetter]:
        """Return the open dead letters of all pairs."""
        return self.ledger.dead_letters()

    def open_replay_job(
        self, params: Mapping[str, object], *, by: str, request_key: str
    ) -> ReplayJob:
        """Make a replay job of what the params of a run of the DAG ``replay`` name.

        Raises:
            RejectedError: They name no open dead letter, or make no sense.
            ConfigurationError: There is no such flow.
        """
        try:
            wish = JobWish.model_validate({k: v for k, v in params.items() if v is not None})
        except ValidationError as error:
            raise RejectedError(
                f"The replay cannot be read: {error.errors()[0]['msg']}.",
                remedy="Correct the params; times need an offset such as +00:00.",
                cause="nothing_to_replay",
            ) from error
        return open_job(self.desk, wish, by=by, request_key=request_key)

    def work_replay_jobs(self) -> list[ReplayJob]:
        """Put back the next chunk of every running replay job."""
        return work_jobs(self.desk)

    def try_replay(
        self, dead_letter_ids: Sequence[int], *, mapping: MappingChoice = MappingChoice.CURRENT
    ) -> list[Trial]:
        """Say what a replay of these dead letters would come to; nothing is written anywhere.

        Raises:
            RejectedError: One is closed or unknown, or they are too many.
        """
        cases = [self.desk.case(DeadLetterId(number)) for number in dead_letter_ids]
        gate = GreatExpectationsGate(self._include / "expectations", None)
        return [
            trial
            for pair in dict.fromkeys(case.letter.pair for case in cases)
            for trial in try_replay(
                replace(self.flow(pair), gate=gate),
                [case for case in cases if case.letter.pair == pair],
                mapping=mapping,
            )
        ]

    def resolve_proven(self, pair: str) -> list[Resolved]:
        """Close the pair's dead letters that are proven moot, with the proof."""
        return resolve_proven(self.flow(pair), self.desk)

    def tie_out(self, pair: str, *, as_of: date | None = None) -> TieOut:
        """Prove that both ledgers of the pair agree as of a day, today unless one is given."""
        return tied_out(self, pair, as_of=as_of)

    def gaps(self, pair: str, since: datetime, until: datetime) -> PairGaps:
        """Return what the pair lacks of the orders that its shops changed in [since, until).

        Raises:
            ConfigurationError: An end of the interval has no time zone, or it is empty.
        """
        return find_gaps(self.flow(pair), since, until)

    def backfill_plan(self, found: Sequence[PairGaps]) -> BackfillPlan:
        """Return the backfill that brings in what is missing, with its cost, or why it may not."""
        interval_of = partial(sweep_interval, sweep_cron(os.environ))
        days = {one.pair: self.xero_budget(one.pair).day() for one in found}
        return plan_backfill(found, interval_of, now=self.clock.now(), xero_days=days)


def open_tieout(connections: Path, include: Path, *, token_key: str = "") -> Tieout:
    """Open an installation by its connections file; Data Docs go beside that file."""
    return Tieout(
        connections_in(connections),
        include,
        data_docs=connections.parent / "data_docs",
        odbc=odbc_by_pyodbc,
        token_key=token_key,
    )
