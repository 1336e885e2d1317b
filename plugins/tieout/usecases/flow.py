"""What every step of a flow works with, and how a step sets one document aside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from typing_extensions import override

from tieout.domain.base import BatchId, DocumentId, Frozen, Json
from tieout.domain.ledger import Document, DocumentState, Fence, NewDeadLetter, Refused
from tieout.domain.order import Order
from tieout.domain.pair import Pair
from tieout.domain.records import Bill
from tieout.errors import ConfigurationError, RejectedError, TieoutError
from tieout.ports.clock import Clock
from tieout.ports.gate import Gate
from tieout.ports.ledger import Ledger
from tieout.ports.mapper import Mapper
from tieout.ports.matcher import Matcher
from tieout.ports.payouts import Payouts
from tieout.ports.streams import Streams
from tieout.ports.systems import Sage100, Shop, Xero

Item = TypeVar("Item")
Done = TypeVar("Done")

SHOP_ORDER = "shop_order"
LEASE_S = 900
"""How long a batch stays claimed after a step began or last sent something, in seconds."""
RETRY_LEASE_S = 360
"""How long after a step failed: a little longer than Airflow's longest pause between attempts, so
that what the last attempt leaves behind waits no longer than it must.
"""


@dataclass(frozen=True)
class Flow:
    """One pair with everything its flows need."""

    pair: Pair
    ledger: Ledger
    streams: Streams
    xero: Xero
    sage100: Sage100
    shops: Mapping[str, Shop]
    mapper: Mapper
    matcher: Matcher
    gate: Gate
    clock: Clock
    gateways: Mapping[str, Payouts] = field(default_factory=dict)
    """Whoever tells payouts, by shop."""
    fence: Fence | None = None
    """The worker's hold on the step that runs."""
    approver: str = ""
    """Who approved what is written, when somebody did."""
    only: DocumentId | None = None
    """The one document to work on, when the whole batch crashed the worker before."""

    @property
    def held(self) -> Fence:
        """Return the fence; nothing is written without one.

        Raises:
            ConfigurationError: No step has begun.
        """
        if self.fence is None:
            raise ConfigurationError(
                "A write was asked for outside any step.", remedy="Call it through run_step."
            )
        return self.fence


class Ready(Frozen):
    """A document that has all that its writes refer to; each flow says what it reads in it."""

    document: Document

    @property
    def document_id(self) -> DocumentId:
        """Return the document's id."""
        return self.document.document_id

    @property
    def worth(self) -> Order | Bill | None:
        """Return the order or bill whose amount a dead letter shows, where there is one."""
        return None


class ReadyOrder(Ready):
    """A document that passed the gate, and its order."""

    order: Order

    @property
    @override
    def worth(self) -> Order:
        return self.order


class StepReport(Frozen):
    """What one step did; small enough to travel between tasks.

    ``warned`` counts what the gate let through with warnings; ``paused`` names the stream that
    pauses for what is bad in it; ``alarms`` are what people must be told at once, a sentence each.
    """

    step: str
    documents: int
    confirmed: int
    set_aside: int
    warned: int = 0
    paused: str = ""
    alarms: tuple[str, ...] = ()

    def as_claim(self) -> Json:
        """Return the report as a JSON object."""
        return self.model_dump(mode="json")


def added_up(step: str, reports: Sequence[StepReport]) -> StepReport:
    """Return what a step did that worked on its documents in several parts."""
    return StepReport(
        step=step,
        documents=sum(report.documents for report in reports),
        confirmed=sum(report.confirmed for report in reports),
        set_aside=sum(report.set_aside for report in reports),
        warned=sum(report.warned for report in reports),
        paused=next((report.paused for report in reports if report.paused), ""),
        alarms=tuple(alarm for report in reports for alarm in report.alarms),
    )


def documents_of(flow: Flow, batch_id: BatchId, *states: DocumentState) -> list[Document]:
    """Return the batch's documents in the given states, or of these the only one to work on."""
    documents = flow.ledger.documents(batch_id, *states)
    return [one for one in documents if flow.only in {None, one.document_id}]


def validated_orders(flow: Flow, batch_id: BatchId) -> list[ReadyOrder]:
    """Return the batch's orders that passed the gate."""
    return _orders(flow, batch_id, DocumentState.VALIDATED, DocumentState.READY)


def ready_orders(flow: Flow, batch_id: BatchId) -> list[ReadyOrder]:
    """Return the batch's orders that have all that their writes refer to."""
    return _orders(flow, batch_id, DocumentState.READY)


def _orders(flow: Flow, batch_id: BatchId, *states: DocumentState) -> list[ReadyOrder]:
    return [
        ReadyOrder(document=document, order=Order.model_validate(document.canonical))
        for document in documents_of(flow, batch_id, *states)
    ]


def dead_letter_of(
    document: Document,
    refused: Refused,
    *,
    step: str,
    order: Order | Bill | None = None,
    mapped: Json | None = None,
    waits_for: tuple[str, ...] = (),
) -> NewDeadLetter:
    """Return the dead letter of a document with a target's or a rule's refusal."""
    return NewDeadLetter(
        pair=document.pair,
        document_id=document.document_id,
        trace_key=f"{document.account} {document.name}",
        step=step,
        cause=refused.cause,
        message=refused.message,
        remedy=refused.remedy,
        field=refused.field,
        value=refused.value,
        amount=order.total if order else None,
        currency=order.currency if order else "",
        mapped=mapped,
        answer=refused.answer,
        waits_for=waits_for,
    )


def set_aside(
    flow: Flow,
    document: Document,
    refused: Refused,
    *,
    step: str,
    order: Order | None = None,
    mapped: Json | None = None,
) -> None:
    """Open a dead letter for a document with a target's or a rule's refusal."""
    flow.ledger.set_aside(dead_letter_of(document, refused, step=step, order=order, mapped=mapped))


def as_refused(error: RejectedError) -> Refused:
    """Return a rejected record as the refusal that its dead letter shows."""
    return Refused(
        cause=error.cause,
        message=error.message,
        remedy=error.remedy,
        field=error.field,
        value=error.value,
    )


def by_shop(orders: Sequence[ReadyOrder]) -> dict[str, list[ReadyOrder]]:
    """Group orders by their shop's domain."""
    groups: dict[str, list[ReadyOrder]] = {}
    for ready in orders:
        groups.setdefault(ready.order.shop, []).append(ready)
    return groups


def each(
    groups: Iterable[tuple[str, list[Item]]], act: Callable[[str, list[Item]], Done]
) -> list[Done]:
    """Act on every group; the trouble of one is raised after the others were served.

    Raises:
        TieoutError: The first trouble met.
    """
    done: list[Done] = []
    trouble: TieoutError | None = None
    for name, items in groups:
        try:
            done.append(act(name, items))
        except TieoutError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    return done
