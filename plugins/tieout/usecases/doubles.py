"""Doubles: what a target that refuses no second copy holds twice, found and held for a person.

A sweep reads back what changed at the target since the last one, and whatever we sent more than
once. Two live documents of one delivery are a double; one that carries our mark and that no
delivery knows is a phantom. Either holds the stream that wrote it, and sets the orders concerned
aside while they are unfinished. Nothing is ever voided here: which copy is right is a person's
word.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from tieout.domain.base import Frozen, System
from tieout.domain.ledger import LANDED, Delivery, NewDeadLetter, Watermark
from tieout.domain.statuses.xero import PAYMENT as PAYMENT_STATUSES
from tieout.domain.streams import target_stream
from tieout.errors import RetryableError, StreamHeldError
from tieout.ports.systems import Xero
from tieout.ports.targets import Target
from tieout.usecases.catalog import PAYMENT, WRITE_KINDS, OnChange, WriteKind
from tieout.usecases.flow import Flow

SWEEP_OVERLAP = timedelta(hours=1)
"""How far a sweep reaches back before the last one: clocks differ, and changes show late."""
RESENT_WITHIN = timedelta(days=1)
"""How far every sweep reaches back for what was sent more than once: a worker may sleep for hours
between its last check and its send. The breaker keeps them few."""
RESENT_WITHIN_WHOLE = timedelta(days=31)
"""How far a whole sweep does."""
NAMED_MAX = 5
"""How many doubles the reason of a hold names one by one."""
STEP = "sweep_doubles"
OUR_MARK = re.compile(r"^(\S+) (?:\(of [-\d]+\) )?(\d{4,})$")
"""A payment's Reference as to_xero/payment.yaml writes it: invoice, transaction.

In between stands the day of one that was posted on another (period.py)."""


class Said(Frozen):
    """One live document at a target that carries our mark, and the key that the mark names."""

    key: str
    external_id: str


class Double(Frozen):
    """Live documents of one key at one target, of which at most one is meant."""

    entity: str
    key: str
    external_ids: tuple[str, ...]
    known_id: str = ""
    """The one that the ledger knows; '' = a phantom: nobody meant to write any."""

    def text(self) -> str:
        """Say it in one sentence."""
        ids = ", ".join(self.external_ids)
        if not self.known_id:
            return f"{self.entity} {self.key} ({ids}) is nobody's: no delivery of ours made it."
        count = len(self.external_ids)
        return f"{self.entity} {self.key} is there {count} times ({ids}); ours is {self.known_id}."


class Swept(Frozen):
    """What one sweep read and found."""

    pair: str
    is_whole: bool
    read: int
    doubles: tuple[Double, ...]
    held: tuple[str, ...]
    """The streams that it held, or that were held for it already."""

    def raise_found(self) -> None:
        """Raise what was found.

        Raises:
            StreamHeldError: There is something, and it is held.
        """
        if self.doubles:
            raise StreamHeldError(
                f"{', '.join(self.held)} held: {told(self.doubles)}",
                remedy="Void all but one at the target, then: tieout resume STREAM.",
            )


def told(doubles: Sequence[Double]) -> str:
    """Say the first few in a sentence each, and how many more there are."""
    texts = [double.text() for double in doubles[:NAMED_MAX]]
    if len(doubles) > NAMED_MAX:
        texts.append(f"And {len(doubles) - NAMED_MAX} more.")
    return " ".join(texts)


Listing = Callable[[Xero, datetime | None], list[Said]]


def sweep_doubles(flow: Flow, *, is_whole: bool = False) -> Swept:
    """Read back what could be there twice, and hold the stream of every kind of which one is.

    Without ``is_whole``, of what changed since the last sweep. Safe to repeat and to run twice at
    once; the watermark moves only after what was found is held.

    Raises:
        RetryableError: A target could not be read; nothing was marked as read.
    """
    read = 0
    doubles: list[Double] = []
    streams: list[str] = []
    for kind in unguarded(flow):
        seen, found = _sweep_kind(flow, kind, is_whole=is_whole)
        read += seen
        doubles += found
        if found:
            streams.append(_hold(flow, kind, found))
    return Swept(
        pair=flow.pair.pair,
        is_whole=is_whole,
        read=read,
        doubles=tuple(doubles),
        held=tuple(streams),
    )


def unguarded(flow: Flow) -> list[WriteKind]:
    """Return the kinds of which nothing at the target refuses a second copy."""
    return [
        kind
        for kind in WRITE_KINDS
        if kind.on_change is not OnChange.SEND and _target(flow, kind).looks_up_first
    ]


def _target(flow: Flow, kind: WriteKind) -> Target:
    system = flow.xero if kind.target is System.XERO else flow.sage100
    return system.target(kind.entity)


def _sweep_kind(flow: Flow, kind: WriteKind, *, is_whole: bool) -> tuple[int, list[Double]]:
    begun_at = flow.clock.now()
    resource = f"{kind.entity} doubles"
    last = flow.ledger.watermark(flow.pair.pair, kind.target, resource)
    since = None if is_whole or last is None else last - SWEEP_OVERLAP
    listing = LISTINGS.get(kind.entity)
    said = listing(flow.xero, since) if listing else []
    window = RESENT_WITHIN_WHOLE if since is None else RESENT_WITHIN
    resent = flow.ledger.resent(flow.pair.pair, kind.entity, begun_at - window)
    found = _doubles(flow, kind, said, resent)
    if not found:  # what is there twice is read again until it is not
        read_through = Watermark(
            pair=flow.pair.pair, source=kind.target, resource=resource, read_through=begun_at
        )
        flow.ledger.land([], watermark=read_through)
    return len(said) + len(resent), found


def _doubles(
    flow: Flow, kind: WriteKind, said: Sequence[Said], resent: Sequence[Delivery]
) -> list[Double]:
    by_key: dict[str, set[str]] = {}
    for one in said:
        by_key.setdefault(one.key, set()).add(one.external_id)
    known = {
        delivery.document_key: delivery
        for delivery in flow.ledger.deliveries_of(flow.pair.pair, kind.entity, by_key)
    }
    phantoms = [
        Double(entity=kind.entity, key=key, external_ids=tuple(sorted(ids)))
        for key, ids in by_key.items()
        if key not in known
    ]
    suspects = {one.document_key: one for one in resent} | {
        key: delivery for key, delivery in known.items() if by_key[key] != {delivery.external_id}
    }
    return phantoms + _confirmed(flow, kind, suspects, by_key)


def _confirmed(
    flow: Flow,
    kind: WriteKind,
    suspects: Mapping[str, Delivery],
    by_key: Mapping[str, set[str]],
) -> list[Double]:
    """Return the suspects of which the target holds more than one, as it stands now."""
    readable = [one for one in suspects.values() if not _is_redacted(one)]
    copies = _target(flow, kind).copies_held(readable) if readable else {}
    found: list[Double] = []
    for key, delivery in suspects.items():
        ids = {*copies.get(delivery.delivery_id, ()), *by_key.get(key, ())}
        if _is_redacted(delivery) and delivery.external_id:
            ids.add(delivery.external_id)
        if len(ids) > 1:
            known_id = delivery.external_id if delivery.state in LANDED else "not known yet"
            double = Double(
                entity=kind.entity, key=key, external_ids=tuple(sorted(ids)), known_id=known_id
            )
            found.append(double)
    return found


def _is_redacted(delivery: Delivery) -> bool:
    """Say whether it can no longer be looked up by what it said."""
    return "redacted" in delivery.payload


def _hold(flow: Flow, kind: WriteKind, found: Sequence[Double]) -> str:
    """Hold the stream first, then set aside the orders that still move; return the stream."""
    stream = target_stream(flow.pair.pair, kind.target, kind.entity)
    flow.streams.hold(stream, reason=told(found))
    keys = {double.key: double for double in found if double.known_id}
    for delivery in flow.ledger.deliveries_of(flow.pair.pair, kind.entity, keys):
        with suppress(RetryableError):  # it is done, or set aside: the stream's reason names it
            flow.ledger.set_aside(_dead_letter(kind, delivery, keys[delivery.document_key]))
    return stream


def _dead_letter(kind: WriteKind, delivery: Delivery, double: Double) -> NewDeadLetter:
    return NewDeadLetter(
        pair=delivery.pair,
        document_id=delivery.document_id,
        trace_key=f"{kind.target} {kind.entity} {delivery.document_key}",
        step=STEP,
        cause="double_found",
        message=double.text(),
        remedy=(
            f"Void all but one in {kind.target}, best all but ours; then 'tieout resume' the "
            "stream, and replay this."
        ),
        value=", ".join(double.external_ids),
        mapped=delivery.payload,
    )


def _payments(xero: Xero, since: datetime | None) -> list[Said]:
    """Return the live payments that carry our mark, all or those that changed since."""
    payments = xero.payments() if since is None else xero.payments_since(since)
    return [
        Said(key=mark[2], external_id=payment.payment_id)
        for payment in payments
        if PAYMENT_STATUSES.is_live(payment.status) and (mark := OUR_MARK.match(payment.reference))
    ]


LISTINGS: Mapping[str, Listing] = {PAYMENT.entity: _payments}
"""How a kind is listed at its target. What has no listing is read back where we sent it twice."""
