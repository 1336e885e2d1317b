"""Deliveries: what is meant, sent, landed or refused at the targets, and the ids bound to it."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter

from typing_extensions import override

from fake_ledger.claims import Claims
from fake_ledger.parents import Parents
from fake_ledger.tables import contains, created_as, key_of, place_of, settled_otherwise, unknown
from tieout.domain.base import DeliveryId, DocumentId, Json, System
from tieout.domain.ledger import (
    DOUBTFUL,
    LANDED,
    UNFINISHED,
    Binding,
    Confirmation,
    Delivery,
    DeliveryState,
    DocumentState,
    Fence,
    Landed,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    Refused,
)
from tieout.errors import RejectedError, RetryableError

UNSETTLED = (DeliveryState.INTENT, DeliveryState.SENT, DeliveryState.IN_DOUBT)
NOT_AT_TARGET = (DeliveryState.INTENT, DeliveryState.REFUSED)


class Deliveries(Claims, Parents):
    """The port's calls on deliveries and bindings."""

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        with self._lock:
            return [self._intend(delivery, newest_wins=newest_wins) for delivery in deliveries]

    def _intend(self, new: NewDelivery, *, newest_wins: bool) -> Delivery:
        known_document = self._documents.get(new.document_id)
        if known_document is not None and known_document.state not in UNFINISHED:
            raise settled_otherwise(f"document {new.document_id}")
        for known in self._deliveries.where("key", key_of(new)):
            differs = known.version_hash != new.version_hash
            if differs and (newest_wins or known.state in NOT_AT_TARGET):
                self._key_epochs[known.delivery_id] += known.state not in NOT_AT_TARGET
                return self._store(new, known.delivery_id, known.epoch)
            return self._aged(known)
        return self._store(new, DeliveryId(len(self._deliveries) + 1), 0)

    def _aged(self, delivery: Delivery) -> Delivery:
        if delivery.sent_at is None:
            return delivery
        now, since = self._clock.now(), delivery.key_sent_at or delivery.sent_at
        ages = {"sent_age_s": now - delivery.sent_at, "key_age_s": now - since}
        return delivery.model_copy(update={name: age.total_seconds() for name, age in ages.items()})

    def _store(self, new: NewDelivery, delivery_id: DeliveryId, epoch: int) -> Delivery:
        delivery = Delivery(
            delivery_id=delivery_id,
            state=DeliveryState.INTENT,
            attempts=0,
            epoch=epoch,
            idempotency_key=_idempotency_key(new, self._key_epochs[delivery_id]),
            **new.model_dump(),
        )
        self._deliveries[delivery_id] = delivery
        self._note(new.pair, "delivery.intent", f"delivery/{delivery_id}")
        return delivery

    @override
    def deliveries(
        self, document_ids: Collection[DocumentId], *, entity: str | None = None
    ) -> list[Delivery]:
        with self._lock:
            found = [
                one
                for document_id in set(document_ids)
                for one in self._deliveries.where("document", document_id)
                if entity in (None, one.entity)
            ]
            return [self._aged(one) for one in sorted(found, key=_BY_ID)]

    @override
    def deliveries_of(
        self, pair: str, entity: str, document_keys: Collection[str]
    ) -> list[Delivery]:
        with self._lock:
            found = [
                one
                for key in set(document_keys)
                for one in self._deliveries.where("document_key", (pair, entity, key))
            ]
            return [self._aged(one) for one in sorted(found, key=_BY_ID)]

    @override
    def deliveries_holding(self, pair: str, entity: str, part: Json) -> list[Delivery]:
        with self._lock:
            return [
                self._aged(one)
                for _, one in sorted(self._deliveries.items())
                if (one.pair, one.entity) == (pair, entity) and contains(one.payload, part)
            ]

    @override
    def resent(self, pair: str, entity: str, since: datetime) -> list[Delivery]:
        with self._lock:
            return [
                self._aged(one)
                for one in self._deliveries.where("resent", (pair, entity))
                if one.sent_at is not None and one.sent_at >= since
            ]

    @override
    def following(
        self,
        pair: str,
        entity: str,
        *,
        among: Collection[str] | None = None,
        after: DeliveryId | None = None,
        limit: int,
    ) -> list[Delivery]:
        with self._lock:
            found = self._deliveries.where("followed", (pair, entity))
            later = [
                one
                for one in found
                if one.delivery_id > (after or 0) and (among is None or one.external_id in among)
            ]
            return [self._aged(one) for one in later[:limit]]

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        with self._lock:
            held = self._steps.get((fence.batch_id, fence.step))
            is_leased = self._lease(fence.batch_id).until > self._clock.now()
            if held is None or held.epoch != fence.epoch or not is_leased:
                raise RetryableError("another worker has the step", remedy="Send nothing.")
            self._renew(fence.batch_id, lease_s)
            now = self._clock.now()
            for delivery in self._movable(delivery_ids, (*UNSETTLED, DeliveryState.REFUSED)):
                is_again = delivery.state in DOUBTFUL
                self._deliver(
                    delivery.delivery_id,
                    state=DeliveryState.SENT,
                    attempts=delivery.attempts + 1,
                    epoch=delivery.epoch + 1,
                    sent_at=now,
                    key_sent_at=(delivery.key_sent_at if is_again else None) or now,
                )
            return [self._aged(self._deliveries[one]) for one in delivery_ids]

    @override
    def mark_in_doubt(self, sent: Sequence[Delivery], *, is_counted: bool = True) -> None:
        with self._lock:
            for delivery in self._still_sent(sent):
                attempts = delivery.attempts - (0 if is_counted else 1)
                changes = {"state": DeliveryState.IN_DOUBT, "attempts": max(attempts, 0)}
                self._deliver(delivery.delivery_id, **changes)

    @override
    def mark_unsent(self, sent: Sequence[Delivery]) -> None:
        with self._lock:
            for delivery in self._still_sent(sent):
                attempts = max(delivery.attempts - 1, 0)
                self._deliver(delivery.delivery_id, state=DeliveryState.INTENT, attempts=attempts)

    @override
    def renew_key(self, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
        with self._lock:
            for delivery in self._movable(delivery_ids, UNSETTLED):
                one = delivery.delivery_id
                self._key_epochs[one] += 1
                key = _idempotency_key(delivery, self._key_epochs[one])
                self._deliver(one, state=DeliveryState.INTENT, idempotency_key=key)
            return [self._aged(self._deliveries[one]) for one in delivery_ids]

    def _still_sent(self, sent: Sequence[Delivery]) -> list[Delivery]:
        for delivery in sent:
            if self._delivery(delivery.delivery_id).epoch != delivery.epoch:
                raise settled_otherwise(f"delivery {delivery.delivery_id}")
        return self._movable([delivery.delivery_id for delivery in sent], UNSETTLED)

    def _movable(
        self, delivery_ids: Sequence[DeliveryId], allowed: Collection[DeliveryState]
    ) -> list[Delivery]:
        wanted = set(delivery_ids)
        found = [self._deliveries[one] for one in wanted if one in self._deliveries]
        if len(found) < len(wanted) or any(one.state not in allowed for one in found):
            raise settled_otherwise(f"one of the deliveries {delivery_ids}")
        return found

    def _deliver(self, delivery_id: DeliveryId, **changes: object) -> None:
        delivery = self._deliveries[delivery_id].model_copy(update=changes)
        self._deliveries[delivery_id] = delivery
        self._note(delivery.pair, f"delivery.{delivery.state}", f"delivery/{delivery_id}")

    @override
    def confirm(self, confirmations: Sequence[Confirmation]) -> dict[DeliveryId, RejectedError]:
        with self._lock:
            for one in confirmations:
                present = self._delivery(one.delivery.delivery_id)
                if present.version_hash != one.delivery.version_hash:
                    raise RetryableError("another version is meant by now", remedy="Compare again.")
            rejected: dict[DeliveryId, RejectedError] = {}
            for one in confirmations:
                try:
                    self._confirm(one.delivery.delivery_id, one.landed, one.binding)
                except RejectedError as error:
                    rejected[one.delivery.delivery_id] = error
            return rejected

    def _confirm(self, delivery_id: DeliveryId, landed: Landed, binding: NewBinding | None) -> None:
        present = self._delivery(delivery_id)
        confirmed = present.state in LANDED
        if confirmed and present.external_id != landed.external_id:
            raise RejectedError(
                f"delivery {delivery_id} was confirmed as {present.external_id!r}",
                remedy="Look at both.",
                cause="read_back_differs",
            )
        if not confirmed:
            self._check_unclaimed(present, landed)
        if binding is not None:
            self.bind(binding)
        if not confirmed:
            self._deliver(
                delivery_id,
                state=DeliveryState.ENTERED,
                external_id=landed.external_id,
                external_no=landed.external_no,
                figures=landed.figures,
            )

    def _check_unclaimed(self, present: Delivery, landed: Landed) -> None:
        meant = created_as(present.model_copy(update={"external_id": landed.external_id}))
        for other in self._deliveries.where("external_id", meant):
            if other.delivery_id != present.delivery_id:
                raise RejectedError(
                    f"{landed.external_id!r} is that of {other.document_key!r}",
                    remedy="Bind the right one.",
                    cause="number_taken",
                )

    @override
    def refuse(self, sent: Delivery, refused: Refused) -> None:
        with self._lock:
            delivery_id = sent.delivery_id
            present = self._delivery(delivery_id)
            if present.epoch != sent.epoch or present.state in LANDED:
                raise settled_otherwise(f"delivery {delivery_id}")
            if present.state != DeliveryState.REFUSED:
                self._key_epochs[delivery_id] += 1
                key = _idempotency_key(present, self._key_epochs[delivery_id])
                changes = {"state": DeliveryState.REFUSED, "attempts": 0}
                self._deliver(delivery_id, idempotency_key=key, **changes)

    @override
    def advance(self, delivery_id: DeliveryId, state: DeliveryState) -> None:
        with self._lock:
            order = [DeliveryState.ENTERED, DeliveryState.UPDATED, DeliveryState.IN_GL]
            if self._delivery(delivery_id).state in order[: order.index(state)]:
                self._deliver(delivery_id, state=state)

    def _delivery(self, delivery_id: DeliveryId) -> Delivery:
        if delivery_id not in self._deliveries:
            raise unknown("delivery", delivery_id)
        return self._deliveries[delivery_id]

    @override
    def recall(self, delivery_id: DeliveryId, dead_letter: NewDeadLetter) -> bool:
        with self._lock:
            delivery = self._delivery(delivery_id)
            if delivery.state not in LANDED:
                return False
            newest = self._versions(self._documents[delivery.document_id])[-1]
            recalled = newest.state in (*UNFINISHED, DocumentState.DONE)
            self._deliver(delivery_id, state=DeliveryState.HELD, document_id=newest.document_id)
            if recalled:
                self._change(newest.document_id, state=DocumentState.DEAD_LETTER)
                self._note(newest.pair, "document.dead_letter", f"document/{newest.document_id}")
                known = {
                    "document_id": newest.document_id,
                    "trace_key": f"{newest.account} {newest.name}",
                }
                self._open(dead_letter.model_copy(update=known))
            return recalled

    @override
    def bind(self, binding: NewBinding) -> None:
        with self._lock:
            place = place_of(binding)
            of_key = self._bindings.where("key", (*place, binding.key))
            of_id = self._bindings.where("external_id", (*place, binding.external_id))
            if of_key and of_key == of_id:
                return
            if of_key or of_id:
                raise RejectedError(
                    f"{binding.key!r} or {binding.external_id!r} is bound otherwise",
                    remedy="Find out which is right.",
                    cause="number_taken",
                )
            number = next(self._bindings_made)
            self._bindings[number] = Binding(
                bound_at=self._clock.now(), bound_by="fake", **binding.model_dump()
            )
            self._note(binding.pair, "binding.bound", f"binding/{number}")

    @override
    def bindings(
        self, pair: str, entity: str, keys: Collection[str], system: System
    ) -> dict[str, Binding]:
        found: dict[str, Binding] = {}
        for key in sorted(keys):
            for one in (self._heirs.get((pair, entity, system, key)), key):
                for known in self._bindings.where("key", (pair, entity, system, one)):
                    found[key] = known
        return found

    @override
    def bindings_to(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        return {
            known.external_id: known
            for one in sorted(external_ids)
            for known in self._bindings.where("external_id", (pair, entity, system, one))
        }


_BY_ID = attrgetter("delivery_id")


def _idempotency_key(delivery: NewDelivery, refusals: int) -> str:
    words = f"{key_of(delivery)}{delivery.version_hash}{refusals}"
    return hashlib.sha256(words.encode()).hexdigest()
