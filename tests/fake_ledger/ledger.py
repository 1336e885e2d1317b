"""FakeLedger: the parts together, and what looks over all of them."""

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from typing_extensions import override

from fake_ledger.agreed import Agreed
from fake_ledger.deliveries import Deliveries
from tieout.domain.base import InboxId
from tieout.domain.ledger import (
    UNFINISHED,
    Conservation,
    DeliveryState,
    DocumentState,
    InboxEntry,
    InboxState,
)
from tieout.errors import UnavailableError


class FakeLedger(Agreed, Deliveries):
    """The ledger in memory; its clock is the ``clock`` it is given."""

    @override
    @contextmanager
    def locks(self, names: Collection[str]) -> Iterator[None]:
        with ExitStack() as held:
            for name in sorted(set(names)):
                with self._lock:
                    writer = self._writers.setdefault(name, threading.Lock())
                if not writer.acquire(timeout=self._writer_wait_s):
                    raise UnavailableError(f"somebody holds {name!r}", remedy="Try again later.")
                held.callback(writer.release)
            yield

    @override
    def done_lately(self, pair: str, *, within_s: float) -> int:
        with self._lock:
            since = self._clock.now() - timedelta(seconds=within_s)
            lately = [one for one, at in self._done_at.items() if at > since]
            documents = [self._documents[one] for one in lately]
            return sum(one.pair == pair and one.state == DocumentState.DONE for one in documents)

    @override
    def conservation(self, pair: str) -> Conservation:
        with self._lock:
            counts: Counter[str] = Counter()
            skipped: Counter[str] = Counter()
            for entry in self._entries.values():
                if entry.pair == pair:
                    state, rule = self._end_of(entry.inbox_id)
                    counts[state] += 1
                    skipped.update([rule] if rule else [])
            in_doubt = [
                delivery
                for delivery in self._deliveries.values()
                if delivery.pair == pair and delivery.state == DeliveryState.IN_DOUBT
            ]
            return Conservation(
                pair=pair,
                received=counts.total(),
                pending=counts["pending"]
                + sum(counts[state] for state in (*UNFINISHED, DocumentState.HELD)),
                done=counts["done"],
                dead_letter=counts["dead_letter"],
                skipped=dict(skipped),
                in_doubt=len(in_doubt),
            )

    def _end_of(self, inbox_id: InboxId) -> tuple[str, str]:
        state, rule = self._entry_states[inbox_id]
        if state != InboxState.DOCUMENTED:
            return state, rule
        document_id = self._document_of[inbox_id]
        return self._documents[document_id].state, self._rules.get(document_id, "")

    def ends(self) -> list[tuple[InboxEntry, str]]:
        """Return every inbox entry with how it ended: its rule, or its document's state."""
        ended = []
        for entry in self._entries.values():
            state, rule = self._entry_states[entry.inbox_id]
            document_id = self._document_of.get(entry.inbox_id)
            if state == InboxState.DOCUMENTED and document_id is not None:
                rule = self._rules.get(document_id, "") or str(self._documents[document_id].state)
            ended.append((entry, rule))
        return ended
