"""The ledger's tables as SQLAlchemy sees them, for building statements.

The migrations create the tables, their rules and their defaults; a test compares the columns of
the two. No statement belongs here.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    FetchedValue,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "tieout"

metadata = MetaData(schema=SCHEMA)


def _id(name: str) -> Column[int]:
    return Column(name, BigInteger, server_default=FetchedValue(), primary_key=True)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    """A time; where it may not be null the database's clock fills it in."""
    default = None if nullable else FetchedValue()
    return Column(name, DateTime(timezone=True), server_default=default, nullable=nullable)


def _defaulted(name: str) -> Column[str]:
    return Column(name, Text, server_default=FetchedValue(), nullable=False)


def _counter(name: str) -> Column[int]:
    return Column(name, Integer, server_default=FetchedValue(), nullable=False)


def _names(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), server_default=FetchedValue(), nullable=False)


def _json(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, JSONB(none_as_null=True), nullable=nullable)


inbox = Table(
    "inbox",
    metadata,
    _id("inbox_id"),
    *_texts("pair", "source", "account", "topic", "event_id", "resource_id", "origin"),
    Column("body", LargeBinary),
    *_texts("body_sha256"),
    Column("body_size", BigInteger, nullable=False),
    _json("headers"),
    _moment("received_at"),
    _defaulted("state"),
    _defaulted("rule"),
    _counter("occurrence"),
)

batches = Table(
    "batches",
    metadata,
    _id("batch_id"),
    *_texts("pair", "document_type", "claimed_by"),
    _counter("epoch"),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    _moment("claimed_at"),
)

documents = Table(
    "documents",
    metadata,
    _id("document_id"),
    Column("inbox_id", BigInteger, nullable=False),
    *_texts("pair", "document_type", "source", "account", "source_id"),
    Column("version_no", Integer, nullable=False),
    Column("version_at", DateTime(timezone=True), nullable=False),
    Column("known_through", DateTime(timezone=True), nullable=False),
    *_texts("content_hash", "name"),
    _json("payload"),
    _json("canonical", nullable=True),
    _json("warnings", nullable=True),
    _defaulted("state"),
    _defaulted("rule"),
    _counter("crashes"),
    Column("is_history", Boolean, server_default=FetchedValue(), nullable=False),
    _defaulted("held_for"),
    _names("waits_for"),
    Column("keeps_mapping", Boolean, server_default=FetchedValue(), nullable=False),
    Column("batch_id", BigInteger),
    _moment("created_at"),
    _moment("changed_at"),
)

batch_steps = Table(
    "batch_steps",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("step", Text, primary_key=True),
    _counter("epoch"),
    _counter("unfinished"),
    _moment("begun_at"),
    _moment("ended_at", nullable=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id("delivery_id"),
    Column("document_id", BigInteger, nullable=False),
    *_texts("pair", "target", "entity", "document_key", "operation", "version_hash"),
    _json("payload"),
    _json("expected"),
    _defaulted("mapping_version"),
    _defaulted("rule_set"),
    _defaulted("approver"),
    _defaulted("state"),
    _counter("attempts"),
    _counter("key_epoch"),
    *_texts("idempotency_key"),
    _defaulted("reserved_no"),
    _defaulted("external_id"),
    _defaulted("external_no"),
    _json("figures", nullable=True),
    _defaulted("note"),
    _defaulted("cause"),
    _defaulted("message"),
    _defaulted("remedy"),
    _json("answer", nullable=True),
    _counter("epoch"),
    _moment("sent_at", nullable=True),
    _moment("key_sent_at", nullable=True),
    _moment("created_at"),
    _moment("changed_at"),
)

bindings = Table(
    "bindings",
    metadata,
    _id("binding_id"),
    *_texts("pair", "entity", "key", "system", "external_id", "external_no", "provenance"),
    Column("confidence", Double),
    _moment("bound_at"),
    _moment("ended_at", nullable=True),
    *(_defaulted(name) for name in ("bound_by", "ended_by", "ended_why")),
)

heirs = Table(
    "heirs",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("pair", "entity", "system", "key")),
    *_texts("heir", "why"),
    _moment("since"),
)

not_same = Table(
    "not_same",
    metadata,
    _id("not_same_id"),
    *_texts("pair", "entity", "one_system", "one_id", "other_system", "other_id"),
    _moment("said_at"),
    _moment("ended_at", nullable=True),
    *(_defaulted(name) for name in ("said_by", "why", "ended_by")),
)

agreed_records = Table(
    "agreed_records",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    _json("fields"),
    _json("intended", nullable=True),
    Column("written_at", ARRAY(DateTime(timezone=True)), nullable=False),
    _moment("changed_at"),
)

conflicts = Table(
    "conflicts",
    metadata,
    _id("conflict_id"),
    *_texts("pair", "entity", "key", "field"),
    *(_json(name) for name in ("xero", "sage100")),
    *_texts("reason", "winner", "effect"),
    *(_moment(name, nullable=True) for name in ("xero_at", "sage100_at")),
    *_texts("xero_by", "sage100_by"),
    _texts("state")[0],
    Column("is_standing", Boolean, server_default=FetchedValue(), nullable=False),
    *(_defaulted(name) for name in ("answered_by", "answered_why")),
    _moment("opened_at"),
    _moment("closed_at", nullable=True),
)

variances = Table(
    "variances",
    metadata,
    _id("variance_id"),
    *_texts("pair", "side", "document_id", "party", "currency"),
    Column("amount", Numeric, nullable=False),
    Column("day", Date, nullable=False),
    Column("age_days", Integer, nullable=False),
    *_texts("variance_class", "owner"),
    Column("evidence", ARRAY(Text), nullable=False),
    *_texts("proposal"),
    _json("entry", nullable=True),
    *(_defaulted(name) for name in ("state", "assigned_to", "said_by", "said_why")),
    Column("accepted_until", Date),
    _moment("opened_at"),
    _moment("seen_at"),
    _moment("closed_at", nullable=True),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    _id("dead_letter_id"),
    *_texts("pair"),
    Column("inbox_id", BigInteger),
    Column("document_id", BigInteger),
    *_texts("trace_key", "step", "cause", "message", "remedy", "rule", "field", "value"),
    _defaulted("owner"),
    Column("amount", Numeric),
    *_texts("currency"),
    _json("mapped", nullable=True),
    _json("answer", nullable=True),
    _names("waits_for"),
    _moment("opened_at"),
    _moment("closed_at", nullable=True),
    _defaulted("resolution"),
    _defaulted("closed_by"),
    _defaulted("reason"),
    _json("proof", nullable=True),
)

corrections = Table(
    "corrections",
    metadata,
    _id("correction_id"),
    Column("dead_letter_id", BigInteger, nullable=False),
    Column("document_id", BigInteger, nullable=False),
    *map(_json, ("patch", "before", "after")),
    Column("amount_before", Numeric),
    Column("amount_after", Numeric),
    *_texts("currency", "corrected_by", "reason"),
    _moment("corrected_at"),
)

replay_jobs = Table(
    "replay_jobs",
    metadata,
    _id("job_id"),
    *_texts("pair", "cause", "flow"),
    _moment("since", nullable=True),
    _moment("until", nullable=True),
    *_texts("mapping"),
    Column("per_minute", Integer, nullable=False),
    _defaulted("state"),
    _defaulted("message"),
    *_texts("requested_by", "request_key"),
    _moment("judged_from"),
    _moment("created_at"),
    _moment("changed_at"),
)

replay_job_letters = Table(
    "replay_job_letters",
    metadata,
    Column("job_id", BigInteger, primary_key=True),
    Column("dead_letter_id", BigInteger, primary_key=True),
    _defaulted("state"),
    _moment("replayed_at", nullable=True),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("pair", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("read_through", DateTime(timezone=True)),
    _json("position", nullable=True),
    _moment("changed_at"),
)

streams = Table(
    "streams",
    metadata,
    Column("name", Text, primary_key=True),
    *_texts("pair"),
    *(_defaulted(name) for name in ("state", "cause", "reason")),
    _moment("since", nullable=True),
    *(_counter(name) for name in ("judged", "bad", "bad_in_a_row", "failures")),
    *(_counter(name) for name in ("usual_judged", "usual_bad")),
    *(_moment(name, nullable=True) for name in ("probed_at", "told_at", "back_at")),
    *(_counter(name) for name in ("ramp_minute", "ramp_sent")),
)

webhook_ranges = Table(
    "webhook_ranges",
    metadata,
    Column("app", Text, primary_key=True),
    Column("first_no", BigInteger, primary_key=True),
    Column("last_no", BigInteger, primary_key=True),
    _moment("heard_at"),
    *(_defaulted(name) for name in ("given_up_by", "reason")),
)

audit = Table(
    "audit",
    metadata,
    _id("audit_id"),
    Column("xid", Text, server_default=FetchedValue(), nullable=False),
    _moment("at"),
    *_texts("pair", "actor", "action", "subject"),
    _json("detail"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    _counter("version"),
    Column("sealed", LargeBinary),
    Column("expires_at", DateTime(timezone=True)),
    Column("lifetime_s", Integer),
    _defaulted("scope"),
    _moment("refused_at", nullable=True),
    _moment("changed_at"),
)

budgets = Table(
    "budgets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", JSONB(none_as_null=True), server_default=FetchedValue(), nullable=False),
    _moment("changed_at"),
)

kept_references = Table(
    "kept_references",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content", JSONB(none_as_null=True), nullable=False),
    Column("read_at", DateTime(timezone=True), nullable=False),
)

call_usage = Table(
    "call_usage",
    metadata,
    Column("app", Text, primary_key=True),
    Column("organization", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("lane", Text, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in ("calls", "limited")),
    *(Column(name, BigInteger, nullable=False) for name in ("received_bytes", "unpacked_bytes")),
)
