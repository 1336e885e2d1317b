"""A document's passport: all that the ledger knows of one record, from its capture to the books."""

from tieout.domain.base import Frozen, Json, System

Rows = tuple[Json, ...]
"""Rows of one table of the ledger, oldest first, by the names of its columns (reference/ledger)."""


class Passport(Frozen):
    """One record of one source with everything that came in of it, and all that became of it.

    What was redacted shows as redacted here too: nothing else keeps it. ``received`` has hashes and
    sizes of what came in; bodies are the ``versions``' payloads.
    """

    pair: str
    document_type: str
    source: System
    account: str
    source_id: str
    name: str
    received: Rows
    versions: Rows
    """Each with its payload, its canonical form and what the gate warned of."""
    corrections: Rows
    batches: Rows
    writes: Rows
    """By which mapping and rules, on whose approval, how often sent, and what the target said."""
    bindings: Rows
    dead_letters: Rows
    replay_jobs: Rows
    audit: Rows
