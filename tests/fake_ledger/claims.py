"""Batches: who holds which documents until when, and the steps that are fenced by epochs."""

from collections.abc import Collection
from datetime import datetime, timedelta

from typing_extensions import override

from fake_ledger.documents import Documents
from fake_ledger.tables import Lease, unknown
from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import UNFINISHED, Batch, Document, Fence
from tieout.errors import RetryableError


class Claims(Documents):
    """The port's calls on batches and their steps."""

    @override
    def waits(self, pair: str, document_type: str, *, source: System) -> bool:
        with self._lock:
            kinds = self._kinds(pair, document_type, None, history_first=False)
            return bool(self.pending_entries(pair, limit=1, source=source)) or any(
                self._free(pair, document_type, None, is_history=one, limit=1) for one in kinds
            )

    def _free(
        self,
        pair: str,
        document_type: str,
        mine: Lease | None,
        *,
        is_history: bool,
        limit: int | None = None,
    ) -> list[DocumentId]:
        """Return the unfinished documents that no live lease but ``mine`` holds, oldest first."""
        now = self._clock.now()
        free: list[DocumentId] = []
        for one in self._documents.ids("unfinished", (pair, document_type, is_history)):
            if len(free) == limit:
                break
            if self._is_free(one, mine, now):
                free.append(one)
        return free

    def _is_free(self, document_id: DocumentId, mine: Lease | None, now: datetime) -> bool:
        if self._documents[document_id].waits_for:
            return False
        holder = self._holders.get(document_id)
        return holder is None or holder is mine or holder.until <= now

    @override
    def claim(
        self,
        pair: str,
        document_type: str,
        *,
        claimed_by: str,
        limit: int,
        lease_s: int,
        history_first: bool = False,
    ) -> Batch | None:
        with self._lock:
            mine = self._leases.get((pair, document_type, claimed_by))
            claimed: list[DocumentId] = []
            if mine is None or mine.batch_id not in self._begun:
                for is_history in self._kinds(
                    pair, document_type, mine, history_first=history_first
                ):
                    claimed = claimed or self._free(
                        pair, document_type, mine, is_history=is_history, limit=limit
                    )
            if mine is None and not claimed:
                return None
            mine = self._take(pair, document_type, claimed_by, claimed, lease_s)
            self._note(pair, "batch.claimed", f"batch/{mine.batch_id}")
            held = self._holders.count("batch", mine.batch_id)
            return Batch(batch_id=mine.batch_id, pair=pair, document_count=held) if held else None

    def _kinds(
        self, pair: str, document_type: str, mine: Lease | None, *, history_first: bool
    ) -> list[bool]:
        """Return whether to take history (True) or fresh documents (False), in which order."""
        now = self._clock.now()
        old = self._documents.ids("unfinished", (pair, document_type, True))
        is_at_history = any(mine is not None and self._holders.get(one) is mine for one in old)
        others_are = any(not self._is_free(one, mine, now) for one in old)
        may_take = {True: not others_are, False: not is_at_history}
        return [kind for kind in (history_first, not history_first) if may_take[kind]]

    def _take(
        self,
        pair: str,
        document_type: str,
        claimed_by: str,
        document_ids: Collection[DocumentId],
        lease_s: int,
    ) -> Lease:
        until = self._clock.now() + timedelta(seconds=lease_s)
        mine = self._leases.get((pair, document_type, claimed_by))
        if mine is None:
            mine = Lease(BatchId(len(self._leases) + 1), pair, until)
            self._leases[(pair, document_type, claimed_by)] = mine
            self._batches[mine.batch_id] = mine
        mine.until = until
        for document_id in document_ids:
            self._holders[document_id] = mine
        return mine

    @override
    def waiting(self, pair: str, document_type: str) -> list[Document]:
        with self._lock:
            return [
                self._documents[one]
                for is_history in (False, True)
                for one in self._free(pair, document_type, None, is_history=is_history)
            ]

    @override
    def claim_these(
        self,
        pair: str,
        document_type: str,
        document_ids: Collection[DocumentId],
        *,
        claimed_by: str,
        lease_s: int,
    ) -> Batch:
        with self._lock:
            now = self._clock.now()
            mine = self._leases.get((pair, document_type, claimed_by))
            wanted = set(document_ids)
            free = {
                one
                for one in wanted & set(self._documents)
                if self._documents[one].state in UNFINISHED
                and self._is_free(one, mine, now)
                and self._documents[one].pair == pair
            }
            if free != wanted or not wanted:
                raise RetryableError("some are not free", remedy="Read what waits.")
            mine = self._take(pair, document_type, claimed_by, wanted, lease_s)
            return Batch(batch_id=mine.batch_id, pair=pair, document_count=len(wanted))

    @override
    def claimed(self, pair: str, document_type: str, claimed_by: str) -> BatchId | None:
        mine = self._leases.get((pair, document_type, claimed_by))
        return mine.batch_id if mine else None

    @override
    def begin_step(self, batch_id: BatchId, step: str, *, lease_s: int) -> Fence:
        with self._lock:
            self._renew(batch_id, lease_s)
            key = (batch_id, step)
            known = self._steps.get(key)
            is_cut_off = known is not None and key not in self._ended
            self._ended.discard(key)
            self._begun.add(batch_id)
            self._steps[key] = Fence(
                batch_id=batch_id,
                step=step,
                epoch=known.epoch + 1 if known else 1,
                unfinished=known.unfinished + 1 if known and is_cut_off else 0,
            )
            return self._steps[key]

    def _renew(self, batch_id: BatchId, lease_s: int) -> None:
        self._lease(batch_id).until = self._clock.now() + timedelta(seconds=lease_s)

    def _lease(self, batch_id: BatchId) -> Lease:
        if batch_id not in self._batches:
            raise unknown("batch", batch_id)
        return self._batches[batch_id]

    @override
    def end_step(self, fence: Fence, *, lease_s: int | None = None) -> None:
        with self._lock:
            if self._steps[fence.batch_id, fence.step].epoch != fence.epoch:
                return
            self._ended.add((fence.batch_id, fence.step))
            if lease_s is not None:
                lease = self._lease(fence.batch_id)
                lease.until = min(lease.until, self._clock.now() + timedelta(seconds=lease_s))

    @override
    def take_up(self, document_id: DocumentId) -> int:
        with self._lock:
            crashes = self._documents[document_id].crashes
            self._change(document_id, crashes=crashes + 1)
            return crashes

    @override
    def let_go(self, document_id: DocumentId) -> None:
        with self._lock:
            self._change(document_id, crashes=0)

    @override
    def batch_pair(self, batch_id: BatchId) -> str:
        return self._lease(batch_id).pair

    @override
    def documents(self, batch_id: BatchId, *states: str) -> list[Document]:
        with self._lock:
            held = [self._documents[one] for one in self._holders.ids("batch", batch_id)]
            return sorted(
                (one for one in held if not states or one.state in states),
                key=lambda one: (one.version_at, one.document_id),
            )
