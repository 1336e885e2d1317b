"""The delivery protocol: intent before the call, look-up before a second one, read back after.

A write whose answer was lost is *in doubt*, and leaves that state only by reading the target. What
belongs here holds for every kind of document at every target; what a payload says does not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tieout.domain.base import Frozen
from tieout.domain.ledger import (
    DOUBTFUL,
    LANDED,
    Confirmation,
    Delivery,
    DeliveryState,
    Fence,
    Landed,
    NewBinding,
    NewDelivery,
    Outcome,
    Refused,
)
from tieout.errors import (
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    StreamPausedError,
    UnsettledError,
)
from tieout.ports.ledger import Ledger
from tieout.ports.targets import Target

BindingOf = Callable[[Delivery, Landed], NewBinding | None]

ATTEMPTS_MAX = 10
"""How often the target may have taken a write that it never shows, before a person looks."""
KEYS_LOCKED_MAX = 100
"""How many documents one call of the target's protocol holds the locks of."""


class Delivered(Frozen):
    """How one intended write ended: landed (``refused`` is None), or the reason why not."""

    delivery: Delivery
    refused: Refused | None = None
    is_changed: bool = False
    """The target holds an earlier version of this document under the same key."""


@dataclass(frozen=True)
class Writer:
    """Who writes where: the ledger, the target, and the worker's hold on the step."""

    ledger: Ledger
    target: Target
    fence: Fence
    lease_s: int
    binding_of: BindingOf
    newest_wins: bool = False
    """For writes that set a state: the newest content goes, whatever became of an older one."""


def deliver(
    writer: Writer, wanted: Sequence[NewDelivery], trouble: "Trouble"
) -> dict[str, Delivered]:
    """Bring every wanted write to a settled outcome and return it by document key.

    Safe to repeat and to run twice at once. Deliveries of one call share pair, target and entity
    and have distinct document keys. Some are left out when the target did not take them now, or
    when they are in doubt until the next call looks them up: ``trouble`` says why, for the caller
    to raise once it has acted on what was settled.
    """
    settled: dict[str, Delivered] = {}
    for some in _chunks(wanted, KEYS_LOCKED_MAX):
        with writer.ledger.locks(_lock_names(writer.target, some)):
            settled |= _deliver(writer, some, trouble)
        if trouble.is_over:
            break
    return _marked_changed(settled, wanted)


class Trouble:
    """What went wrong in some batches while the others were tried."""

    def __init__(self) -> None:
        """Start with nothing wrong."""
        self._first: RetryableError | OutcomeUnknownError | None = None
        self.is_over = False
        """Nothing more can be sent now."""

    def note(self, error: RetryableError | OutcomeUnknownError) -> None:
        """Keep the first error, unless a later one leaves something in doubt."""
        if self._first is None or isinstance(error, OutcomeUnknownError):
            self._first = error
        self.is_over = self.is_over or isinstance(error, RateLimitedError | StreamPausedError)

    def raise_worst(self) -> None:
        """Raise what was kept, if anything."""
        if self._first is not None:
            raise self._first


def _lock_names(target: Target, wanted: Sequence[NewDelivery]) -> list[str]:
    """Name the locks: one a document, and one for all where nothing at the target refuses copies.

    A replay, another run and a backfill of the same document wait for each other here.
    """
    kind = f"{wanted[0].pair}|{target.system}|{target.entity}"
    names = [f"{kind}|{new.document_key}" for new in wanted]
    return [kind, *names] if target.looks_up_first else names


def _deliver(
    writer: Writer, wanted: Sequence[NewDelivery], trouble: Trouble
) -> dict[str, Delivered]:
    stored = writer.ledger.intend(wanted, newest_wins=writer.newest_wins)
    settled = {d.document_key: Delivered(delivery=d) for d in stored if d.state in LANDED}
    unsettled = [d for d in stored if d.document_key not in settled]
    found = _adopt(writer.target, unsettled)
    settled |= _settle(writer, unsettled, dict(found))
    taken_back = [
        d for d in unsettled if d.state is DeliveryState.HELD and d.document_key not in found
    ]
    settled |= {d.document_key: Delivered(delivery=d, refused=_held(d)) for d in taken_back}
    missing = [d for d in unsettled if d.document_key not in found and d not in taken_back]
    versions = {new.document_key: new for new in wanted}
    waiting = [d for d in missing if _may_still_land(writer.target, d, versions)]
    free = [d for d in missing if d not in waiting]
    if waiting:
        trouble.note(_unsettled(writer.target, waiting))
    spent = [d for d in free if d.attempts >= ATTEMPTS_MAX]
    settled |= _settle(writer, spent, {d.document_key: _exhausted(d) for d in spent})
    unspent = [d for d in free if d.attempts < ATTEMPTS_MAX]
    return settled | _send_all(writer, _renewed(writer, unspent, versions), trouble)


def _may_still_land(
    target: Target, delivery: Delivery, versions: Mapping[str, NewDelivery]
) -> bool:
    """Say whether it may be neither sent again nor given up: only time settles it.

    Sending again under the same key and with the same bytes is harmless while the target remembers
    the key. Anything else could make a second document of one that is still on its way.
    """
    if delivery.state not in DOUBTFUL or (delivery.sent_age_s or 0) >= target.settle_s:
        return False
    return _is_outdated(delivery, versions) or _is_forgotten(target, delivery)


def _is_outdated(delivery: Delivery, versions: Mapping[str, NewDelivery]) -> bool:
    return delivery.version_hash != versions[delivery.document_key].version_hash


def _is_forgotten(target: Target, delivery: Delivery) -> bool:
    """Say whether the target may no longer know the key of what is in doubt."""
    if delivery.state not in DOUBTFUL or target.key_window_s is None:
        return False
    return (delivery.key_age_s or 0) > target.key_window_s


def _unsettled(target: Target, waiting: Sequence[Delivery]) -> UnsettledError:
    rest_s = max(target.settle_s - (delivery.sent_age_s or 0) for delivery in waiting)
    return UnsettledError(
        f"{len(waiting)} {target.entity} writes are in doubt and may yet land in {target.system}.",
        remedy=f"They are looked up again when nothing can land any more, in {rest_s:.0f} s.",
        retry_after_s=rest_s,
    )


def _held(delivery: Delivery) -> Refused:
    """Refuse to write again what people took back: their act is never undone."""
    number = delivery.external_no or delivery.external_id
    return Refused(
        cause="taken_back",
        message=(
            f"{delivery.entity} {number} was written to {delivery.target}, and people deleted or "
            "reversed it there. It is not written a second time."
        ),
        remedy=(
            "If it should stand, enter it again there by hand; then dismiss this. If it is there "
            "after all, replay: it is looked up first."
        ),
    )


def _exhausted(delivery: Delivery) -> Refused:
    return Refused(
        cause="attempts_exhausted",
        message=(
            f"{delivery.target} was sent this {delivery.entity} {delivery.attempts} times, gave no "
            "answer that counts, and does not show it."
        ),
        remedy="Look for it at the target by its number; if it is not there, replay.",
    )


def _renewed(
    writer: Writer, missing: Sequence[Delivery], versions: Mapping[str, NewDelivery]
) -> list[Delivery]:
    """Give what is to be sent the version wanted now, and a key that the target still honors."""
    outdated = [d for d in missing if _is_outdated(d, versions)]
    forgotten = [d for d in missing if d not in outdated and _is_forgotten(writer.target, d)]
    renewed: list[Delivery] = []
    if outdated:
        # Another payload under a key that was sent before would be refused, or answered for it.
        writer.ledger.renew_key([delivery.delivery_id for delivery in outdated])
        renewed += writer.ledger.intend([versions[delivery.document_key] for delivery in outdated])
    if forgotten:
        renewed += writer.ledger.renew_key([delivery.delivery_id for delivery in forgotten])
    by_key = {delivery.document_key: delivery for delivery in renewed}
    return [by_key.get(delivery.document_key, delivery) for delivery in missing]


def _marked_changed(
    settled: Mapping[str, Delivered], wanted: Sequence[NewDelivery]
) -> dict[str, Delivered]:
    """Say of which documents the target holds another version than the one wanted."""
    versions = {new.document_key: new.version_hash for new in wanted}
    return {
        key: one.model_copy(update={"is_changed": one.delivery.version_hash != versions[key]})
        for key, one in settled.items()
    }


def _adopt(target: Target, deliveries: Sequence[Delivery]) -> Mapping[str, Landed]:
    """Look up what may have been written already, and return it by document key."""
    unsure = (*DOUBTFUL, DeliveryState.HELD)
    doubtful = [d for d in deliveries if target.looks_up_first or d.state in unsure]
    if not doubtful:
        return {}
    found = target.find(doubtful)
    return {d.document_key: found[d.delivery_id] for d in doubtful if d.delivery_id in found}


def _send_all(
    writer: Writer, deliveries: Sequence[Delivery], trouble: Trouble
) -> dict[str, Delivered]:
    """Send in batches; one batch's trouble is kept while the others are tried."""
    settled: dict[str, Delivered] = {}
    for batch in _chunks(deliveries, writer.target.batch_max):
        ids = [d.delivery_id for d in batch]
        sent = writer.ledger.mark_sent(ids, fence=writer.fence, lease_s=writer.lease_s)
        if _took_too_long(writer.target, batch, sent):
            _take_back(writer.ledger, batch, sent)
            trouble.note(_slept(writer.target))
            continue
        try:
            outcomes = writer.target.send(sent)
        except RetryableError as error:
            _take_back(writer.ledger, batch, sent)
            trouble.note(error)
            if trouble.is_over:
                break
        except AuthenticationError:
            # Whoever does not let us in has done nothing; what was sent must not stay in doubt.
            _take_back(writer.ledger, batch, sent)
            raise
        except OutcomeUnknownError as error:
            writer.ledger.mark_in_doubt(sent)
            trouble.note(error)
        else:
            by_key = {d.document_key: outcomes[d.delivery_id] for d in sent}
            settled |= _settle(writer, sent, by_key)
    return settled


def _took_too_long(target: Target, before: Sequence[Delivery], sent: Sequence[Delivery]) -> bool:
    """Say whether a key passed its window since the look-up that found nothing under it.

    The worker slept. What was on its way then may have landed since, and nothing would refuse a
    second one.
    """
    doubtful = {delivery.delivery_id for delivery in before if delivery.state in DOUBTFUL}
    return any(one.delivery_id in doubtful and _is_forgotten(target, one) for one in sent)


def _slept(target: Target) -> RetryableError:
    return RetryableError(
        f"Too long after {target.system} was looked at, {target.entity} writes in doubt would have "
        "been sent again.",
        remedy="Nothing was sent; the next try looks again.",
    )


def _take_back(ledger: Ledger, before: Sequence[Delivery], sent: Sequence[Delivery]) -> None:
    """Return a batch that the target did not take to the state that each delivery had before.

    What was in doubt stays in doubt: that this attempt did not land says nothing of the last one.
    """
    doubtful = {delivery.delivery_id for delivery in before if delivery.state in DOUBTFUL}
    in_doubt = [delivery for delivery in sent if delivery.delivery_id in doubtful]
    unsent = [delivery for delivery in sent if delivery.delivery_id not in doubtful]
    if unsent:
        ledger.mark_unsent(unsent)
    if in_doubt:
        ledger.mark_in_doubt(in_doubt, is_counted=False)


Item = TypeVar("Item")


def _chunks(items: Sequence[Item], size_max: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size_max):
        yield items[start : start + size_max]


def _settle(
    writer: Writer, deliveries: Sequence[Delivery], outcomes: Mapping[str, Outcome]
) -> dict[str, Delivered]:
    """Record the outcomes; what landed is compared with what was expected first.

    An id that belongs to something else is a refusal.
    """
    landed: list[Confirmation] = []
    settled: dict[str, Delivered] = {}
    for delivery in deliveries:
        outcome = outcomes.get(delivery.document_key)
        if outcome is None:
            continue
        checked = _compared(delivery, outcome)
        if isinstance(checked, Landed):
            binding = writer.binding_of(delivery, checked)
            landed.append(Confirmation(delivery=delivery, landed=checked, binding=binding))
        else:
            writer.ledger.refuse(delivery, checked)
            settled[delivery.document_key] = Delivered(delivery=delivery, refused=checked)
    rejected = writer.ledger.confirm(landed) if landed else {}
    for one in landed:
        error = rejected.get(one.delivery.delivery_id)
        settled[one.delivery.document_key] = _entered(one) if error is None else _taken(one, error)
    return settled


def _entered(one: Confirmation) -> Delivered:
    ids = {"external_id": one.landed.external_id, "external_no": one.landed.external_no}
    entered = one.delivery.model_copy(update={"state": DeliveryState.ENTERED, **ids})
    return Delivered(delivery=entered)


def _taken(one: Confirmation, error: RejectedError) -> Delivered:
    refused = Refused(cause=error.cause, message=error.message, remedy=error.remedy)
    return Delivered(delivery=one.delivery, refused=refused)


def _compared(delivery: Delivery, outcome: Outcome) -> Outcome:
    """Return a refusal when the target shows other figures than the ones we meant."""
    if isinstance(outcome, Refused):
        return outcome
    different = [
        f"{name} should be {figure} and is {outcome.figures.get(name, 'missing')}"
        for name, figure in delivery.expected.items()
        if outcome.figures.get(name) != figure
    ]
    if not different:
        return outcome
    where = f"{delivery.target} {delivery.entity} {outcome.external_no or outcome.external_id}"
    return Refused(
        cause="read_back_differs",
        message=f"{where} does not show what was sent: {'; '.join(different)}.",
        remedy="Compare both documents, correct or void the one at the target, then replay.",
        answer=outcome.answer,
    )
