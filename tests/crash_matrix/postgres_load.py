"""Workers that load the ledger: ``python -m crash_matrix.postgres_load lander|poster URL DIR N``.

A lander lands entries and writes down each one that was acknowledged; a poster turns entries into
documents and delivers them to two targets in a file of their own, which no crash of PostgreSQL
touches. Whatever a worker's ledger call says when the server goes, the worker makes it again.
Landers end when DIR/enough exists, posters when nothing waits after that.
"""

import argparse
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from typing_extensions import override

from deliveries import delivered
from records import PAIR, delivery, document, entry
from tieout.domain.base import BatchId, DeliveryId, System
from tieout.domain.ledger import (
    UNFINISHED,
    Delivery,
    Document,
    DocumentState,
    Landed,
    NewDelivery,
    Outcome,
    Validated,
)
from tieout.errors import OutcomeUnknownError, RetryableError, UnavailableError
from tieout.ledger.postgres import PostgresLedger
from tieout.ports.targets import Target
from tieout.usecases.delivery import Writer

ENOUGH = "enough"
"""The file whose existence ends the landing."""
TARGETS = "targets.sqlite"
KEYED, UNKEYED = "invoice", "payment"
"""The kind whose target honors idempotency keys, and the kind whose target refuses nothing."""
SETTLE_S = 5.0
"""Longer than a write may land after it was sent, on a busy machine too."""
WRITE_S = 0.01
LATE_EVERY = 10
"""The target without keys loses its first answer and every tenth one; the work is done late."""
LATE_BY_S = 2.0
LAND_EVERY_S = 0.1
AGAIN_S = 0.1
LEASE_S = 30
BATCH_MAX = 20
RECORDS_KEYED = "CREATE UNIQUE INDEX IF NOT EXISTS keyed ON held (key) WHERE entity = 'invoice'"


class FileTarget(Target):
    """One entity at a target that keeps what it holds in an SQLite file."""

    system = System.XERO
    batch_max = BATCH_MAX

    def __init__(self, folder: Path, entity: str, *, settle_s: float = SETTLE_S) -> None:
        is_keyed = entity == KEYED
        self.entity = entity
        self.guard = "an idempotency key, remembered for ever" if is_keyed else ""
        self.looks_up_first = not is_keyed
        self.key_window_s = None if is_keyed else 0.0
        self.settle_s = 0.0 if is_keyed else settle_s
        self._path = folder / TARGETS
        self._sends = count(1)

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        with closing(open_targets(self._path)) as held:
            found = {
                one.delivery_id: held.execute(
                    "SELECT id FROM held WHERE entity = ? AND document_key = ?",
                    (self.entity, one.document_key),
                ).fetchone()
                for one in deliveries
            }
        by_id = {one.delivery_id: one for one in deliveries}
        return {name: _landed(by_id[name], row[0]) for name, row in found.items() if row}

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        time.sleep(WRITE_S)
        if self.entity == UNKEYED and next(self._sends) % LATE_EVERY == 1:
            # No daemon: the write lands whatever becomes of the worker's own work.
            threading.Timer(LATE_BY_S, self._write, [deliveries]).start()
            raise OutcomeUnknownError("the answer was lost", remedy="Look it up.")
        self._write(deliveries)
        found = self.find(deliveries)
        return {one.delivery_id: found[one.delivery_id] for one in deliveries}

    def _write(self, deliveries: Sequence[Delivery]) -> None:
        with closing(open_targets(self._path)) as held:
            for one in deliveries:
                held.execute(
                    "INSERT OR IGNORE INTO held (entity, document_key, key) VALUES (?, ?, ?)",
                    (self.entity, one.document_key, one.idempotency_key),
                )


def open_targets(path: Path) -> sqlite3.Connection:
    """Open what the targets hold: every row is a document at a target."""
    held = sqlite3.connect(path, timeout=30, isolation_level=None)
    held.execute("PRAGMA journal_mode = WAL")
    held.execute("PRAGMA synchronous = OFF")
    held.execute(
        "CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY, entity, document_key, key)"
    )
    held.execute(RECORDS_KEYED)
    return held


def _landed(delivery: Delivery, number: int) -> Landed:
    return Landed(
        external_id=f"{delivery.entity}-{number}",
        external_no=delivery.document_key,
        figures=delivery.expected,
    )


def land(ledger: PostgresLedger, folder: Path, name: str) -> None:
    """Land one entry after the other; write each down once the ledger has acknowledged it."""
    with (folder / f"acked-{name}").open("a", encoding="utf-8") as acked:
        for number in count(1):
            if (folder / ENOUGH).exists():
                return
            order = f"{name}{number}"
            new = entry(order, body=order.encode(), event_id=f"event-{order}")
            while not _is_done(folder, name, lambda new=new: ledger.land([new])):
                time.sleep(AGAIN_S)
            acked.write(f"{new.event_id}\n")
            acked.flush()
            time.sleep(LAND_EVERY_S)


def post(ledger: PostgresLedger, folder: Path, name: str, settle_s: float) -> None:
    """Deliver batch after batch; a batch whose work broke off is taken up again as itself."""
    targets = [FileTarget(folder, KEYED), FileTarget(folder, UNKEYED, settle_s=settle_s)]
    for number in count(1):
        poster = Poster(ledger, targets, claimed_by=f"{name}-{number}")
        while not _is_done(folder, name, poster.post):
            time.sleep(AGAIN_S)
        if poster.found_nothing:
            if (folder / ENOUGH).exists() and _is_done(folder, name, poster.check_drained):
                return
            time.sleep(AGAIN_S)


def _is_done(folder: Path, name: str, act: Callable[[], object]) -> bool:
    """Act; when the ledger or a target cannot now, write that down and say no."""
    try:
        act()
    except (RetryableError, OutcomeUnknownError) as error:
        with (folder / f"troubles-{name}").open("a", encoding="utf-8") as troubles:
            troubles.write(f"{type(error).__name__}: {error}\n")
        return False
    return True


@dataclass
class Poster:
    """One batch, from its claim to its end."""

    ledger: PostgresLedger
    targets: Sequence[FileTarget]
    claimed_by: str
    found_nothing: bool = False

    def post(self) -> None:
        """Drain the inbox, claim, deliver to each target, and close what is done."""
        for waiting in self.ledger.pending_entries(PAIR, limit=BATCH_MAX):
            self.ledger.document(waiting.inbox_id, document(waiting.resource_id))
        batch = self.ledger.claim(
            PAIR, "shop_order", claimed_by=self.claimed_by, limit=BATCH_MAX, lease_s=LEASE_S
        )
        if batch is None:
            self.found_nothing = True
            return
        for target in self.targets:
            self._deliver(batch.batch_id, target)
        for one in self.ledger.documents(batch.batch_id, *UNFINISHED):
            self.ledger.mark_done(one.document_id)

    def _deliver(self, batch_id: BatchId, target: FileTarget) -> None:
        fence = self.ledger.begin_step(batch_id, target.entity, lease_s=LEASE_S)
        for one in self.ledger.documents(batch_id, DocumentState.RECEIVED):
            self.ledger.mark_validated(Validated(document_id=one.document_id, canonical={}))
            self.ledger.mark_ready([one.document_id])
        documents = self.ledger.documents(batch_id, *UNFINISHED)
        writer = Writer(
            ledger=self.ledger,
            target=target,
            fence=fence,
            lease_s=LEASE_S,
            binding_of=lambda _delivery, _landed: None,
        )
        if documents:
            delivered(writer, [_wanted(one, target.entity) for one in documents])
        self.ledger.end_step(fence)

    def check_drained(self) -> None:
        """Make sure that nothing waits.

        Raises:
            RetryableError: Something does.
        """
        if self.ledger.conservation(PAIR).pending:
            raise UnavailableError("Something waits.", remedy="Go on.")


def _wanted(one: Document, entity: str) -> NewDelivery:
    return delivery(one.document_id, key=one.source_id, entity=entity)


def main() -> None:
    """Run one worker."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("lander", "poster"))
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--settle-s", type=float, default=SETTLE_S)
    given = parser.parse_args()
    ledger = PostgresLedger(given.url)
    if given.role == "lander":
        land(ledger, given.folder, given.name)
    else:
        post(ledger, given.folder, given.name, given.settle_s)


if __name__ == "__main__":
    main()
