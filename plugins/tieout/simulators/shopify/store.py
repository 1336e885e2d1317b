"""What the shops remember: one SQLite file, read once and written through.

Keeps records by shop, kind and id, tokens, idempotency keys and deliveries. What they mean is the
business of the modules that put them here.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tieout.simulators.shopify.shapes import Json

FILE_NAME = "shopify.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  shop TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (shop, kind, id));
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, subscription TEXT NOT NULL,
  uri TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, status INTEGER, due_at REAL);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at);
"""


class Store:
    """Records by shop, kind and id, and the queue of deliveries.

    ``lock`` guards every act that reads, decides and writes.
    """

    def __init__(self, state: Path) -> None:
        """Open the file in the folder ``state``, or create it."""
        state.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._db = sqlite3.connect(
            state / FILE_NAME, check_same_thread=False, isolation_level=None, timeout=10
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        self._records: dict[tuple[str, str], dict[str, Json]] = {}
        for shop, kind, key, body in self._db.execute("SELECT shop, kind, id, body FROM records"):
            self._records.setdefault((shop, kind), {})[key] = json.loads(body)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all that happens in the block as one transaction, alone."""
        with self.lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def get(self, shop: str, kind: str, key: str) -> Json | None:
        """Return a copy of one record."""
        with self.lock:
            found = self._records.get((shop, kind), {}).get(key)
            return json.loads(json.dumps(found)) if found is not None else None

    def all(self, shop: str, kind: str) -> list[Json]:
        """Return the records of a kind, oldest first; to read, not to change."""
        with self.lock:
            return list(self._records.get((shop, kind), {}).values())

    def put(self, shop: str, kind: str, key: str, body: Json) -> None:
        """Write one record."""
        text = json.dumps(body)
        with self.lock:
            self._records.setdefault((shop, kind), {})[key] = json.loads(text)
            self._db.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?)"
                " ON CONFLICT (shop, kind, id) DO UPDATE SET body = excluded.body",
                (shop, kind, key, text),
            )

    def drop(self, shop: str, kind: str, key: str) -> bool:
        """Remove one record; say whether it was there."""
        with self.lock:
            self._db.execute(
                "DELETE FROM records WHERE shop = ? AND kind = ? AND id = ?", (shop, kind, key)
            )
            return self._records.get((shop, kind), {}).pop(key, None) is not None

    def next_number(self, shop: str, kind: str, start: int) -> int:
        """Return the next number of a sequence of a shop."""
        with self.lock:
            counter = self.get(shop, "counter", kind) or {"value": start}
            counter["value"] += 1
            self.put(shop, "counter", kind, counter)
            return int(counter["value"])

    def queue(self, row: Json, due_at: float | None) -> int:
        """Keep a delivery; ``due_at`` (unix seconds) None leaves it to the caller."""
        with self.lock:
            cursor = self._db.execute(
                "INSERT INTO deliveries (shop, subscription, uri, headers, body, due_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    row["shop"],
                    row["subscription"],
                    row["uri"],
                    json.dumps(row["headers"]),
                    row["body"],
                    due_at,
                ),
            )
            return int(cursor.lastrowid or 0)

    def delivery(self, number: int) -> Json:
        """Return one delivery."""
        with self.lock:
            row = self._db.execute(
                "SELECT shop, subscription, uri, headers, body, attempts FROM deliveries"
                " WHERE id = ?",
                (number,),
            ).fetchone()
        names = ("shop", "subscription", "uri", "headers", "body", "attempts")
        found: Json = dict(zip(names, row, strict=True))
        return {**found, "id": number, "headers": json.loads(found["headers"])}

    def settle(self, number: int, status: int, due_at: float | None) -> None:
        """Record an attempt; ``due_at`` None ends the delivery and forgets its body."""
        with self.lock:
            self._db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, status = ?, due_at = ?,"
                " body = CASE WHEN ? IS NULL THEN x'' ELSE body END WHERE id = ?",
                (status, due_at, due_at, number),
            )

    def due(self, now: float) -> int | None:
        """Return the delivery that is due first, if any is due."""
        with self.lock:
            row = self._db.execute(
                "SELECT id FROM deliveries WHERE due_at <= ? ORDER BY due_at, id LIMIT 1", (now,)
            ).fetchone()
        return int(row[0]) if row else None

    def deliveries(self, shop: str) -> list[Json]:
        """Return what was sent or waits, without bodies, oldest first."""
        with self.lock:
            rows = self._db.execute(
                "SELECT id, uri, headers, attempts, status, due_at FROM deliveries"
                " WHERE shop = ? ORDER BY id",
                (shop,),
            ).fetchall()
        names = ("id", "uri", "headers", "attempts", "status", "due_at")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [{**row, "headers": json.loads(row["headers"])} for row in found]
