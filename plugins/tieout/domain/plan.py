"""A plan: what a run would write, skip and set aside, and what that does to both ledgers' books.

A plan is for one pair and one flow. Its hash covers everything in it that an approval stands on:
what is to be written over what, by which mapping and rules, from which versions of which documents.
"""

from enum import StrEnum

from pydantic import AwareDatetime, JsonValue, TypeAdapter

from tieout.domain.base import Amount, Frozen, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.in_step.merge import Reason, Values
from tieout.domain.ledger import WriteKey
from tieout.domain.reading import Interval

_json: TypeAdapter[Json] = TypeAdapter(Json)


class Action(StrEnum):
    """What becomes of one record at its target."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    ADOPT = "adopt"
    """The target holds it already, as ours: it is recorded, and nothing is written."""
    UNCHANGED = "unchanged"
    """The target shows already what would be set."""


class Ending(StrEnum):
    """Where one document would be after the run."""

    POST = "post"
    SKIP = "skip"
    DEAD_LETTER = "dead_letter"
    HOLD = "hold"
    WAIT = "wait"
    """Something it needs is not there yet; a later run carries it on."""


class When(StrEnum):
    """When a write reaches the general ledger of its system."""

    AT_ONCE = "at_once"
    ON_UPDATE = "on_update"
    """Not by the write: when people update the register that it stands in."""


class Version(Frozen):
    """One version of one record of one source: what a plan is made of, and no other."""

    account: str
    source_id: str
    content_hash: str


class FieldChange(Frozen):
    """One field of a record that the target holds: what it shows, and what it would show."""

    field: str
    before: str
    after: str


class GlEffect(Frozen):
    """Debits and credits on one account of one ledger, in ``currency``; neither is negative."""

    ledger: System
    account: str
    role: str
    """The account's role in the pair (include/mappings/accounts), such as ``sales``."""
    currency: str
    when: When
    debit: Amount
    credit: Amount


class PlannedWrite(Frozen):
    """One record at one target. ``number`` is what people will know it by, when that is ours."""

    target: System
    entity: str
    document_key: str
    operation: str
    action: Action
    number: str
    version_hash: str
    changes: tuple[FieldChange, ...] = ()
    is_live: bool = False
    """It follows another system's present state: shown as of now, and not part of the hash."""
    note: str = ""

    @property
    def key(self) -> WriteKey:
        """Return which write of the pair it is."""
        return (self.target, self.entity, self.document_key, self.operation)


class PlannedConflict(Frozen):
    """One field that the ledgers disagree on; ``winner`` is None while a person must say.

    ``effect`` says in words what is written because of it, or what an answer would write.
    """

    field: str
    values: Values
    reason: Reason
    winner: System | None
    effect: str


class PlannedDocument(Frozen):
    """One document, or an inbox entry that names none, and what becomes of it.

    ``cause``, ``message`` and ``remedy`` are those of the dead letter it would become; ``rule`` is
    what would skip it. ``total`` is the document's, in ``currency``.
    """

    version: Version
    name: str
    version_at: AwareDatetime | None
    ending: Ending
    rule: str = ""
    cause: str = ""
    message: str = ""
    remedy: str = ""
    total: Amount | None = None
    currency: str = ""
    writes: tuple[PlannedWrite, ...] = ()
    effects: tuple[GlEffect, ...] = ()
    conflicts: tuple[PlannedConflict, ...] = ()


class ApiCalls(Frozen):
    """Estimated calls to one system: retries, further pages and token requests come on top."""

    system: System
    reads: int
    writes: int
    """Sends with their look-ups and read-backs, by the targets' batch sizes."""


class Plan(Frozen):
    """What one run of a flow over these documents would do."""

    plan_hash: str
    flow: str
    pair: str
    settings_hash: str
    """Over the pair's own settings: accounts, gateways, taxes, shops, policies."""
    mapping_version: str
    rule_set: str
    interval: Interval | None
    """Which changes of the source a sweep would read first."""
    documents: tuple[PlannedDocument, ...]
    effects: tuple[GlEffect, ...]
    calls: tuple[ApiCalls, ...]
    made_at: AwareDatetime
    others_waiting: int = 0
    """Documents that wait too and are not of this plan: over the limit of one batch."""
    blocked: tuple[str, ...] = ()
    """Streams it would go through that are paused or held now, each with its reason."""

    def hashed(self) -> Json:
        """Return the content that the hash covers."""
        return _json.validate_python(
            {
                "flow": self.flow,
                "pair": self.pair,
                "settings_hash": self.settings_hash,
                "mapping_version": self.mapping_version,
                "rule_set": self.rule_set,
                "documents": [_hashed(document) for document in self.documents],
            }
        )

    @property
    def is_true_to_its_hash(self) -> bool:
        """Say whether the content is the one that the hash was made of."""
        return content_hash(self.hashed()) == self.plan_hash

    def count(self, *actions: Action) -> int:
        """Count the writes of the given actions."""
        return sum(
            write.action in actions for document in self.documents for write in document.writes
        )

    def ending(self, ending: Ending) -> list[PlannedDocument]:
        """Return the documents with that ending."""
        return [document for document in self.documents if document.ending is ending]


def _hashed(document: PlannedDocument) -> dict[str, JsonValue]:
    shown = _json.validate_python(document.model_dump(mode="json", exclude={"writes"}))
    writes: list[JsonValue] = [
        write.model_dump(mode="json") for write in document.writes if not write.is_live
    ]
    return {**shown, "writes": writes}
