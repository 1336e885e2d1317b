"""What every target in Sage 100 shares: a command to the agent, and a read-back by ODBC.

The agent's journal is what refuses a second copy: one command id is one document, whose record key
is reserved before the write. Figures always come from the tables, never from the agent's answer.
Reading for other purposes belongs in books.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from pydantic import JsonValue
from typing_extensions import override

from tieout.connectors.sage100.agent_client import AgentAnswer, AgentClient
from tieout.connectors.sage100.config import Sage100Config
from tieout.connectors.sage100.own_fields import MARK, OwnField, as_written
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.schema import PARTS
from tieout.domain.base import DeliveryId, Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.money import round_half_up
from tieout.errors import OutcomeUnknownError, RejectedError, TieoutError, UnavailableError
from tieout.ports.targets import Target

GUARD = "the agent's journal: one command id, one document under a reserved record number"
NUMBER_TAKEN = "number_taken"
SAGE_REFUSED = "sage_refused"
HELD = "held"
REFUSED = "target_refused"
REMEDIES = {
    REFUSED: "Correct the record in Sage 100 or the mapping, then replay.",
    NUMBER_TAKEN: "Correct the record in Sage 100 or the mapping, then replay.",
    "record_differs": (
        "Somebody changed it in Sage 100: bring their values to the source, or agree that ours "
        "count; then replay."
    ),
    "unknown_record": "See whether it was deleted or renamed in Sage 100; then replay.",
}
"""What to do, by the agent's cause; any other cause is a refusal like any."""


@dataclass(frozen=True)
class Company:
    """How one company is reached."""

    config: Sage100Config
    agent: AgentClient
    reader: Sage100Reader
    account_keys: Callable[[], Mapping[str, str]]
    """AccountKey by formatted account number."""
    sizes: Callable[[str], Mapping[str, int]]
    """How many characters each text column of a table holds at this site."""
    own_fields: Callable[[str], Mapping[str, OwnField]]
    """The fields that the site added to a table."""

    def keyed(self, values: Json, column: str = "AccountKey") -> Json:
        """Replace a formatted ``Account`` by its key in ``column``, which is what BOI validates.

        Raises:
            RejectedError: The company has no such active account.
        """
        if "Account" not in values:
            return values
        account = str(values["Account"])
        key = self.account_keys().get(account)
        if key is None:
            raise RejectedError(
                f"Sage 100 has no active account {account}.",
                remedy="Correct the account in include/mappings/accounts, or add it in Sage 100.",
                cause="account_unmapped",
                field="Account",
                value=account,
            )
        return {column: key, **{n: v for n, v in values.items() if n != "Account"}}

    def lines_keyed(self, payload: Json, column: str = "AccountKey") -> Json:
        """Do so in every line of a payload.

        Raises:
            RejectedError: The company has no such active account.
        """
        lines = payload.get("lines")
        if not isinstance(lines, list):
            return payload
        keyed = [self.keyed(line, column) if isinstance(line, dict) else line for line in lines]
        return {**payload, "lines": list[JsonValue](keyed)}


class AgentTarget(Target):
    """What the targets share: the way to the agent and back."""

    system = System.SAGE100
    entity = ""
    kind = ""
    batch_max = 1
    guard = GUARD
    looks_up_first = False
    key_window_s: float | None = None
    """The agent's journal forgets nothing."""
    settle_s = 0.0
    updates_known = False
    queries_to_find = 1
    """How many queries look one document up by our mark, and read one back."""
    table: ClassVar[str] = ""
    """The table of the header, where PARTS does not say."""
    signs_of_ours = frozenset({NUMBER_TAKEN})
    """Refusals after which our document is looked for: Sage may refuse its second copy."""

    def __init__(self, company: Company) -> None:
        """Take the company."""
        self._company = company

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what Sage holds: by the agent's journal, else by our marks in the tables."""
        found = {}
        for delivery in deliveries:
            answer = self._company.agent.command(delivery.idempotency_key)
            landed = None
            if answer is not None and answer.status == "entered":
                landed = self._by_answer(answer, delivery.payload)
            landed = landed or self._by_mark(delivery.payload)
            if landed is not None:
                found[delivery.delivery_id] = landed
        return found

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what stands where each would go, by the tables alone."""
        standing = {one.delivery_id: self._standing(one.payload) for one in deliveries}
        return {mine: landed for mine, landed in standing.items() if landed is not None}

    @override
    def calls(self, count: int) -> int:
        """Count the command and its read-back, and the look-up of journal and tables before."""
        return count * (1 + self.queries_to_find) * (2 if self.looks_up_first else 1)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        """Send one command; ``batch_max`` is 1, so that an error is about one delivery."""
        return {delivery.delivery_id: self._sent(delivery) for delivery in deliveries}

    def _sent(self, delivery: Delivery) -> Outcome:
        try:
            document = self._as_written(self._document(delivery.payload))
        except RejectedError as error:
            return Refused(cause=error.cause, message=error.message, remedy=error.remedy)
        answer = self._company.agent.submit(
            {
                "command_id": delivery.idempotency_key,
                "epoch": delivery.epoch,
                "company": self._company.config.company,
                "kind": self.kind,
                "document": document,
            }
        )
        if answer.status == "entered":
            return self._entered(answer, delivery.payload)
        return self._no(delivery, answer)

    def _entered(self, answer: AgentAnswer, payload: Json) -> Landed:
        try:
            landed = self._by_answer(answer, payload)
        except TieoutError as error:
            raise OutcomeUnknownError(
                f"Sage 100 took the {self.entity}, and could not be read afterwards.",
                remedy="It is looked up by the next attempt.",
            ) from error
        if landed is None:
            raise OutcomeUnknownError(
                f"Sage 100 took the {self.entity}, and does not show it by ODBC yet.",
                remedy="It is looked up by the next attempt.",
            )
        notes = [*answer.warnings, *self._notes(payload)]
        return landed.model_copy(update={"note": "; ".join(notes)})

    def _no(self, delivery: Delivery, answer: AgentAnswer) -> Outcome:
        problem = answer.error
        if problem is None:
            raise OutcomeUnknownError(
                f"The agent answered {answer.status!r} to a {self.entity}.",
                remedy="It is looked up by the next attempt.",
            )
        if problem.cause in self.signs_of_ours:
            # The agent lost its journal, perhaps: then the document with our mark is ours.
            landed = self._by_mark(delivery.payload)
            if landed is not None:
                return landed
        cause = problem.cause if problem.cause in REMEDIES else REFUSED
        return Refused(
            cause=cause,
            message=f"Sage 100 refused the {self.entity}: {problem.message}",
            remedy=REMEDIES[cause],
            answer=answer.model_dump(mode="json"),
        )

    def _document(self, payload: Json) -> Json:
        """Return what the agent is to write; a site without our field gets none of it."""
        if self._company.config.has_tieout_udf:
            return payload
        header = {name: v for name, v in header_of(payload).items() if name != MARK}
        return {**payload, "header": dict[str, JsonValue](header)}

    def _as_written(self, document: Json) -> Json:
        """Name the site's own fields in every part of a document as the business objects do."""
        parts = PARTS.get(self.entity, {"header.": (self.table,)})
        header, *_others = parts["header."]
        lines, *_others = parts.get("lines[].", ("",))
        written = dict(document)
        named = self._company.own_fields
        for part, table in (("header", header), ("expected", header), ("lines", lines)):
            values = document.get(part)
            if isinstance(values, dict):
                written[part] = as_written(values, table, named)
            elif isinstance(values, list):
                rows = [row for row in values if isinstance(row, dict)]
                written[part] = [as_written(row, table, named) for row in rows]
        return written

    def _notes(self, payload: Json) -> Sequence[str]:
        """Return what was not written as the payload has it, in words."""
        del payload
        return ()

    def _standing(self, payload: Json) -> Landed | None:
        return self._by_mark(payload)

    def _by_answer(self, answer: AgentAnswer, payload: Json) -> Landed | None:
        try:
            return self._written(answer.key, payload)
        except KeyError as error:
            raise UnavailableError(
                f"The Sage 100 agent says of a {self.entity} that it is entered, but not its key.",
                remedy="It is asked again later; check that both sides have the same version.",
            ) from error

    def _written(self, key: Mapping[str, str], payload: Json) -> Landed | None:
        del payload
        return self._by_key(key)

    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        raise NotImplementedError

    def _by_mark(self, payload: Json) -> Landed | None:
        raise NotImplementedError


def header_of(payload: Json) -> dict[str, str]:
    """Return the header of a payload."""
    header = payload.get("header")
    if not isinstance(header, dict):
        return {}
    return {name: str(value) for name, value in header.items()}


def figure(amount: Decimal) -> str:
    """Write an amount the way deliveries expect it."""
    return format(round_half_up(amount, 2), "f")
