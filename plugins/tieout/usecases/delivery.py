"""The delivery protocol: intent before the call, look-up before a second one, read back after.

A write whose answer was lost is *in doubt*, and leaves that state only by reading the target. What
belongs here holds for every kind of document at every target; what a payload says does not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from tieout.domain.base import Frozen
from tieout.domain.ledger import (
    Delivery,
    DeliveryState,
    Landed,
    NewBinding,
    NewDelivery,
    Outcome,
    Refused,
)
from tieout.errors import OutcomeUnknownError, RateLimitedError, RejectedError, RetryableError
from tieout.ports import Ledger, Target

BindingOf = Callable[[Delivery, Landed], NewBinding | None]


class Delivered(Frozen):
    """How one intended write ended: confirmed (``refused`` is None), or the reason why not."""

    delivery: Delivery
    refused: Refused | None = None
    is_changed: bool = False
    """The target holds an earlier version of this document under the same key."""


def deliver(
    ledger: Ledger,
    target: Target,
    wanted: Sequence[NewDelivery],
    *,
    binding_of: BindingOf,
    newest_wins: bool = False,
) -> dict[str, Delivered]:
    """Bring every wanted write to a settled outcome and return it by document key.

    Safe to repeat and to run twice at once. Deliveries of one call share pair, target and entity
    and have distinct document keys. ``newest_wins`` is for writes that set a state: the newest
    content is sent, whatever became of an older one.

    Raises:
        RetryableError: The target did not take some of them now; the rest are settled.
        OutcomeUnknownError: Some are in doubt; the next call looks them up before anything is sent.
    """
    if not wanted:
        return {}
    with _writer(ledger, target, wanted[0].pair):
        stored = ledger.intend(wanted, newest_wins=newest_wins)
        settled = {
            delivery.document_key: Delivered(delivery=delivery)
            for delivery in stored
            if delivery.state is DeliveryState.CONFIRMED
        }
        unsettled = [d for d in stored if d.document_key not in settled]
        found = _adopt(target, unsettled)
        settled |= _settle(ledger, unsettled, dict(found), binding_of)
        missing = [d for d in unsettled if d.document_key not in found]
        settled |= _send_all(ledger, target, _renewed(ledger, missing, wanted), binding_of)
    return _marked_changed(settled, wanted)


def _renewed(
    ledger: Ledger, missing: Sequence[Delivery], wanted: Sequence[NewDelivery]
) -> list[Delivery]:
    """Replace what was looked up and not found by the version wanted now."""
    versions = {new.document_key: new for new in wanted}
    outdated = [d for d in missing if d.version_hash != versions[d.document_key].version_hash]
    if not outdated:
        return list(missing)
    ledger.mark_unsent([delivery.delivery_id for delivery in outdated])
    renewed = ledger.intend([versions[delivery.document_key] for delivery in outdated])
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


def _writer(ledger: Ledger, target: Target, pair: str) -> AbstractContextManager[None]:
    """Hold the single-writer lock where nothing at the target refuses a second copy."""
    if not target.looks_up_first:
        return nullcontext()
    return ledger.single_writer(f"{pair}:{target.system}:{target.entity}")


def _adopt(target: Target, deliveries: Sequence[Delivery]) -> Mapping[str, Landed]:
    """Look up what may have been written already, and return it by document key."""
    fresh = (DeliveryState.INTENT, DeliveryState.REFUSED)
    doubtful = [d for d in deliveries if target.looks_up_first or d.state not in fresh]
    if not doubtful:
        return {}
    found = target.find(doubtful)
    return {d.document_key: found[d.delivery_id] for d in doubtful if d.delivery_id in found}


def _send_all(
    ledger: Ledger, target: Target, deliveries: Sequence[Delivery], binding_of: BindingOf
) -> dict[str, Delivered]:
    """Send in batches; one batch's trouble is raised after the others were tried."""
    settled: dict[str, Delivered] = {}
    trouble: OutcomeUnknownError | RetryableError | None = None
    for batch in _batches(deliveries, target.batch_max):
        ids = [d.delivery_id for d in batch]
        ledger.mark_sent(ids)
        try:
            outcomes = target.send(batch)
        except RateLimitedError as error:
            _take_back(ledger, batch)
            raise trouble or error from None
        except RetryableError as error:
            _take_back(ledger, batch)
            trouble = trouble or error
            continue
        except OutcomeUnknownError as error:
            ledger.mark_in_doubt(ids)
            trouble = error
            continue
        by_key = {d.document_key: outcomes[d.delivery_id] for d in batch}
        settled |= _settle(ledger, batch, by_key, binding_of)
    if trouble is not None:
        raise trouble
    return settled


def _take_back(ledger: Ledger, batch: Sequence[Delivery]) -> None:
    """Return a batch that the target did not take to the state that each delivery had before.

    What was in doubt stays in doubt: that this attempt did not land says nothing of the last one.
    """
    doubtful = (DeliveryState.SENT, DeliveryState.IN_DOUBT)
    unsent = [d.delivery_id for d in batch if d.state not in doubtful]
    in_doubt = [d.delivery_id for d in batch if d.state in doubtful]
    if unsent:
        ledger.mark_unsent(unsent)
    if in_doubt:
        ledger.mark_in_doubt(in_doubt)


def _batches(deliveries: Sequence[Delivery], batch_max: int) -> Iterator[Sequence[Delivery]]:
    for start in range(0, len(deliveries), batch_max):
        yield deliveries[start : start + batch_max]


def _settle(
    ledger: Ledger,
    deliveries: Sequence[Delivery],
    outcomes: Mapping[str, Outcome],
    binding_of: BindingOf,
) -> dict[str, Delivered]:
    """Record each outcome; what landed is compared with what was expected first."""
    settled: dict[str, Delivered] = {}
    for delivery in deliveries:
        outcome = outcomes.get(delivery.document_key)
        if outcome is None:
            continue
        checked = _recorded(ledger, delivery, _compared(delivery, outcome), binding_of)
        if isinstance(checked, Landed):
            confirmed = delivery.model_copy(
                update={
                    "state": DeliveryState.CONFIRMED,
                    "external_id": checked.external_id,
                    "external_no": checked.external_no,
                }
            )
            settled[delivery.document_key] = Delivered(delivery=confirmed)
        else:
            settled[delivery.document_key] = Delivered(delivery=delivery, refused=checked)
    return settled


def _recorded(
    ledger: Ledger, delivery: Delivery, outcome: Outcome, binding_of: BindingOf
) -> Outcome:
    """Write the outcome into the ledger; an id that belongs to something else is a refusal."""
    if isinstance(outcome, Landed):
        try:
            ledger.confirm(delivery.delivery_id, outcome, binding_of(delivery, outcome))
        except RejectedError as error:
            return Refused(cause=error.cause, message=error.message, remedy=error.remedy)
        return outcome
    ledger.refuse(delivery.delivery_id, outcome)
    return outcome


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
