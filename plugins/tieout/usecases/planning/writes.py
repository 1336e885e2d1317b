"""The deliveries and bindings of a plan, laid over the real ledger's."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from typing_extensions import override

from tieout.domain.base import DeliveryId, DocumentId, Json, System
from tieout.domain.in_step.records import NewHeir
from tieout.domain.ledger import (
    LANDED,
    Binding,
    Confirmation,
    Delivery,
    DeliveryState,
    Fence,
    NewBinding,
    NewDeadLetter,
    NewDelivery,
    Refused,
    WriteKey,
)
from tieout.errors import RejectedError
from tieout.ports.clock import Clock
from tieout.ports.ledger import Ledger
from tieout.usecases.planning.agreed import PlanningAgreed
from tieout.usecases.planning.unplanned import unplanned

PROVISIONAL_FROM = 10**15
"""First of the ids that a plan gives, above any that a database gave."""
AT_NO_TARGET = (DeliveryState.INTENT, DeliveryState.REFUSED)


class Touched:
    """One delivery that the steps of a plan asked for."""

    def __init__(self, document_id: DocumentId, before: DeliveryState | None) -> None:
        """Take whose it is, and the state that the real ledger has it in, None for a new one."""
        self.document_id = document_id
        self.before = before


class PlanningWrites(PlanningAgreed, Ledger):
    """The half of a planning ledger that steps write through."""

    def __init__(self, real: Ledger, clock: Clock, *, pair: str) -> None:
        """Start with no writes over the real ledger's."""
        super().__init__(real)
        self._real = real
        self._clock = clock
        self._pair = pair
        self._ids = PROVISIONAL_FROM
        self._deliveries: dict[DeliveryId, Delivery] = {}
        self._by_key: dict[WriteKey, DeliveryId] = {}
        self._bindings: list[Binding] = []
        self._gone_by: dict[tuple[str, System, str], Binding] = {}
        """By what a thing goes that was merged: by its entity, the ledger, and its key."""
        self.touched: dict[DeliveryId, Touched] = {}
        """What the steps intended, in order."""

    def delivery(self, delivery_id: DeliveryId) -> Delivery:
        """Return a delivery that the steps intended, as it stands now."""
        return self._deliveries[delivery_id]

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        self._read_known(deliveries)
        return [self._intend(new, newest_wins=newest_wins) for new in deliveries]

    def _read_known(self, wanted: Sequence[NewDelivery]) -> None:
        """Bring in the real deliveries of the same keys that are not here yet."""
        keys: dict[str, set[str]] = {}
        for new in wanted:
            keys.setdefault(new.entity, set()).add(new.document_key)
        for entity, some in keys.items():
            for known in self._real.deliveries_of(self._pair, entity, some):
                self._deliveries.setdefault(known.delivery_id, known)
                self._by_key.setdefault(known.key, known.delivery_id)

    def _intend(self, new: NewDelivery, *, newest_wins: bool) -> Delivery:
        known_id = self._by_key.get(new.key)
        if known_id is None:
            delivery = self._stored(new, DeliveryId(self._next_id()))
        else:
            known = self._deliveries[known_id]
            before = Touched(new.document_id, known.state)
            self.touched.setdefault(known.delivery_id, before)
            differs = known.version_hash != new.version_hash
            if not differs or not (newest_wins or known.state in AT_NO_TARGET):
                return known
            delivery = self._stored(new, known.delivery_id)
        self.touched.setdefault(delivery.delivery_id, Touched(new.document_id, None))
        self._deliveries[delivery.delivery_id] = delivery
        self._by_key[delivery.key] = delivery.delivery_id
        return delivery

    def _stored(self, new: NewDelivery, delivery_id: DeliveryId) -> Delivery:
        words = f"planned {new.key} {new.version_hash}"
        return Delivery(
            delivery_id=delivery_id,
            state=DeliveryState.INTENT,
            attempts=0,
            idempotency_key=hashlib.sha256(words.encode()).hexdigest(),
            **new.model_dump(include=set(NewDelivery.model_fields)),
        )

    @override
    def deliveries(
        self, document_ids: Collection[DocumentId], *, entity: str | None = None
    ) -> list[Delivery]:
        return self._over(
            self._real.deliveries(document_ids, entity=entity),
            lambda one: one.document_id in document_ids and entity in (None, one.entity),
        )

    @override
    def deliveries_of(
        self, pair: str, entity: str, document_keys: Collection[str]
    ) -> list[Delivery]:
        return self._over(
            self._real.deliveries_of(pair, entity, document_keys),
            lambda one: one.entity == entity and one.document_key in document_keys,
        )

    @override
    def deliveries_holding(self, pair: str, entity: str, part: Json) -> list[Delivery]:
        return self._real.deliveries_holding(pair, entity, part)

    @override
    def resent(self, pair: str, entity: str, since: datetime) -> list[Delivery]:
        return self._real.resent(pair, entity, since)

    def _over(self, real: Iterable[Delivery], fits: Callable[[Delivery], bool]) -> list[Delivery]:
        """Lay what is here over what was read, and keep what fits as it stands here."""
        both = {one.delivery_id: one for one in real} | self._deliveries
        return [both[one] for one in sorted(both) if fits(both[one])]

    @override
    def mark_sent(
        self, delivery_ids: Sequence[DeliveryId], *, fence: Fence, lease_s: int
    ) -> list[Delivery]:
        for one in delivery_ids:
            delivery = self._deliveries[one]
            self._change(
                one,
                state=DeliveryState.SENT,
                attempts=delivery.attempts + 1,
                epoch=delivery.epoch + 1,
            )
        return [self._deliveries[one] for one in delivery_ids]

    @override
    def mark_in_doubt(self, sent: Sequence[Delivery], *, is_counted: bool = True) -> None:
        for one in sent:
            self._change(one.delivery_id, state=DeliveryState.IN_DOUBT)

    @override
    def mark_unsent(self, sent: Sequence[Delivery]) -> None:
        for one in sent:
            self._change(one.delivery_id, state=DeliveryState.INTENT)

    @override
    def renew_key(self, delivery_ids: Sequence[DeliveryId]) -> list[Delivery]:
        for one in delivery_ids:
            self._change(one, state=DeliveryState.INTENT)
        return [self._deliveries[one] for one in delivery_ids]

    @override
    def confirm(self, confirmations: Sequence[Confirmation]) -> dict[DeliveryId, RejectedError]:
        rejected: dict[DeliveryId, RejectedError] = {}
        for one in confirmations:
            try:
                self._confirm(one)
            except RejectedError as error:
                rejected[one.delivery.delivery_id] = error
        return rejected

    def _confirm(self, one: Confirmation) -> None:
        if one.binding is not None:
            self.bind(one.binding)
        if self._deliveries[one.delivery.delivery_id].state not in LANDED:
            self._change(
                one.delivery.delivery_id,
                state=DeliveryState.ENTERED,
                external_id=one.landed.external_id,
                external_no=one.landed.external_no,
                figures=one.landed.figures,
            )

    @override
    def refuse(self, sent: Delivery, refused: Refused) -> None:
        self._change(sent.delivery_id, state=DeliveryState.REFUSED)

    @override
    def advance(self, delivery_id: DeliveryId, state: DeliveryState) -> None:
        unplanned("advanced")

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
        return self._real.following(pair, entity, among=among, after=after, limit=limit)

    @override
    def recall(self, delivery_id: DeliveryId, dead_letter: NewDeadLetter) -> bool:
        unplanned("recalled")

    def _change(self, delivery_id: DeliveryId, **changes: object) -> None:
        self._deliveries[delivery_id] = self._deliveries[delivery_id].model_copy(update=changes)

    @override
    def bind(self, binding: NewBinding) -> None:
        place = (binding.pair, binding.entity)
        by_key = self.bindings(*place, [binding.key], binding.system)
        by_id = self.bindings_to(*place, [binding.external_id], binding.system)
        known = [*by_key.values(), *by_id.values()]
        new = (binding.key, binding.external_id)
        if any((one.key, one.external_id) != new for one in known):
            raise RejectedError(
                f"{binding.entity} {binding.key!r} cannot be bound to {binding.external_id!r}.",
                remedy="Find out which of the two is right, and correct or merge the other.",
                cause="number_taken",
            )
        if not known:
            made = Binding(bound_at=self._clock.now(), **binding.model_dump())
            self._bindings.append(made)

    @override
    def repoint(self, new: NewBinding, *, why: str) -> None:
        del why  # what is only planned has no history
        taken = self.bindings_to(new.pair, new.entity, [new.external_id], new.system)
        if any(one.key != new.key for one in taken.values()):
            raise RejectedError(
                f"{new.external_id!r} is bound to another {new.entity}.",
                remedy="Find out which of the two is right.",
                cause="number_taken",
            )
        self._bindings = [
            one
            for one in self._bindings
            if (one.entity, one.system, one.key) != (new.entity, new.system, new.key)
        ]
        self._bindings.append(Binding(bound_at=self._clock.now(), **new.model_dump()))

    @override
    def hand_over(self, given: Sequence[NewHeir]) -> None:
        for one in given:
            known = self.bindings(one.pair, one.entity, [one.key, one.heir], one.system)
            heirs = known.get(one.heir) or known.get(one.key)
            if heirs is not None:
                bound = heirs.model_copy(update={"key": one.heir})
                self._bindings.append(bound)
                self._gone_by[one.entity, one.system, one.key] = bound

    @override
    def half_merged(self, pair: str, entity: str) -> list[NewHeir]:
        return self._real.half_merged(pair, entity)

    @override
    def handed_over(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> set[str]:
        return self._real.handed_over(pair, entity, external_ids, system)

    @override
    def successors(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        return self._real.successors(pair, entity, external_ids, system)

    @override
    def bindings(
        self, pair: str, entity: str, keys: Collection[str], system: System
    ) -> dict[str, Binding]:
        planned = {
            one.key: one
            for one in self._bindings
            if (one.entity, one.system) == (entity, system) and one.key in keys
        }
        merged = {
            key: self._gone_by[entity, system, key]
            for key in keys
            if (entity, system, key) in self._gone_by
        }
        return self._real.bindings(pair, entity, keys, system) | planned | merged

    @override
    def bindings_to(
        self, pair: str, entity: str, external_ids: Collection[str], system: System
    ) -> dict[str, Binding]:
        planned = {
            one.external_id: one
            for one in self._bindings
            if (one.entity, one.system) == (entity, system) and one.external_id in external_ids
        }
        known = self._real.bindings_to(pair, entity, external_ids, system)
        moved = {one.key for one in self._bindings if (one.entity, one.system) == (entity, system)}
        moved |= {key for of, place, key in self._gone_by if (of, place) == (entity, system)}
        return {one: by for one, by in known.items() if by.key not in moved} | planned
