"""Trying a replay out: the real gate and the real steps, over systems that are only read.

A dead letter's record is put back in a planning ledger, and the flow runs over it. Nothing is
written anywhere; what comes out is what would be written, how that differs from what was mapped
before, or why the record would be set aside again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from typing_extensions import override

from tieout.domain.base import DeadLetterId, DocumentId, Frozen, InboxId, Json, System
from tieout.domain.desk import Case, MappingChoice
from tieout.domain.json_patch import Change, differences
from tieout.domain.ledger import (
    LANDED,
    Delivery,
    DocumentState,
    NewDeadLetter,
    NewDocument,
)
from tieout.domain.plan import Action, Ending
from tieout.errors import RejectedError
from tieout.usecases.capture import drain
from tieout.usecases.flow import Flow
from tieout.usecases.planning.ledger import BATCH, PlanningLedger
from tieout.usecases.planning.plan import ENDINGS
from tieout.usecases.planning.systems import only_read
from tieout.usecases.planning.targets import Notes
from tieout.usecases.steps import flow_steps, run_step

TRIED_MAX = 100
"""How many letters one dry run takes up: it reads what a run of as many orders would read."""
FLOW = "order_to_cash"


class TrialWrite(Frozen):
    """One write that would be made, or is made already.

    ``differences`` tell how ``payload`` differs from what was mapped before; None when nothing was.
    """

    target: System
    entity: str
    document_key: str
    action: Action
    payload: Json
    differences: tuple[Change, ...] | None


class Trial(Frozen):
    """What a replay of one dead letter would come to.

    ``rule`` is what would skip it; cause, message and remedy are those of the next dead letter.
    """

    dead_letter_id: DeadLetterId
    trace_key: str
    ending: Ending
    rule: str = ""
    cause: str = ""
    message: str = ""
    remedy: str = ""
    writes: tuple[TrialWrite, ...] = ()
    blocked: tuple[str, ...] = ()
    """Streams of the pair that pause or are held now, each with its reason: it would wait."""


def try_replay(
    flow: Flow, cases: Sequence[Case], *, mapping: MappingChoice = MappingChoice.CURRENT
) -> list[Trial]:
    """Say what a replay of the letters, all of the flow's pair, would come to; write nothing.

    Raises:
        RejectedError: One is closed (``already_settled``), or they are more than TRIED_MAX
            (``too_many``).
        ConfigurationError: The gate would halt the pair: nothing would be posted.
        RetryableError: A system cannot be read now.
    """
    _check(cases)
    notes = Notes()
    ledger = _TrialLedger(flow, cases, keeps_mapping=mapping is MappingChoice.ORIGINAL)
    trial = only_read(flow, ledger, notes)
    drain(trial)
    ledger.take_all()
    if ledger.claimed_documents():
        for step in flow_steps(FLOW).steps:
            run_step(trial, step, BATCH)
    blocked = tuple(notes.blocked.values())
    trials = [_trial(_Seen(flow, ledger, notes), case) for case in cases]
    return [trial.model_copy(update={"blocked": blocked}) for trial in trials]


def _check(cases: Sequence[Case]) -> None:
    for case in cases:
        if not case.letter.is_open:
            raise RejectedError(
                f"Dead letter {case.letter.dead_letter_id} is closed already: "
                f"{case.letter.resolution}.",
                remedy="Nothing would be replayed.",
                cause="already_settled",
            )
    if len(cases) > TRIED_MAX:
        raise RejectedError(
            f"{len(cases)} dead letters are too many to try out at once.",
            remedy=f"Name at most {TRIED_MAX}, such as by --since and --until.",
            cause="too_many",
        )


class _TrialLedger(PlanningLedger):
    """A planning ledger in which the letters' records were put back, and nothing else waits."""

    def __init__(self, flow: Flow, cases: Sequence[Case], *, keeps_mapping: bool) -> None:
        super().__init__(
            flow.ledger,
            flow.clock,
            pair=flow.pair.pair,
            document_type=flow_steps(FLOW).document_type,
        )
        self._queue = []
        self._pending = {}
        self.became: dict[InboxId, DocumentId] = {}
        self.skipped: set[InboxId] = set()
        for case in cases:
            if case.document is None:
                self._pending |= {case.entry.inbox_id: case.entry} if case.entry else {}
            elif case.newer_version_id is None:
                self._put_back(case, keeps_mapping=keeps_mapping)

    def _put_back(self, case: Case, *, keeps_mapping: bool) -> None:
        if case.document is None:
            return
        document_id = case.document.document_id
        self._documents[document_id] = case.document.model_copy(
            update={
                "state": DocumentState.RECEIVED,
                "canonical": None,
                "keeps_mapping": keeps_mapping,
            }
        )
        self._queue.append(document_id)

    def take_all(self) -> None:
        """Claim all that was put back, and what the messages put back became."""
        self._claimed = list(self._queue)

    @override
    def document(self, inbox_id: InboxId, document: NewDocument) -> DocumentId | None:
        document_id = super().document(inbox_id, document)
        if document_id is None:
            self.skipped.add(inbox_id)
        else:
            self.became[inbox_id] = document_id
        return document_id

    def letter_of(
        self, document_id: DocumentId | None, inbox_id: InboxId | None
    ) -> NewDeadLetter | None:
        """Return the letter that the record would become again."""
        for letter in self.letters:
            if document_id is not None and letter.document_id == document_id:
                return letter
            if document_id is None and inbox_id is not None and letter.inbox_id == inbox_id:
                return letter
        return None

    def state_of(self, document_id: DocumentId) -> DocumentState:
        """Return where the steps left a document."""
        return self._documents[document_id].state


@dataclass(frozen=True)
class _Seen:
    """The flow as it is, and what its steps did to the trial."""

    flow: Flow
    ledger: _TrialLedger
    notes: Notes


def _trial(seen: _Seen, case: Case) -> Trial:
    letter, ledger = case.letter, seen.ledger
    given = {"dead_letter_id": letter.dead_letter_id, "trace_key": letter.trace_key}
    if case.newer_version_id is not None:
        return Trial(**given, ending=Ending.SKIP, rule="superseded")
    inbox_id = case.entry.inbox_id if case.entry and case.document is None else None
    document_id = (
        case.document.document_id if case.document else ledger.became.get(inbox_id or InboxId(0))
    )
    again = ledger.letter_of(document_id, inbox_id)
    if again is not None:
        return Trial(
            **given,
            ending=Ending.DEAD_LETTER,
            cause=again.cause,
            message=again.message,
            remedy=again.remedy,
            writes=tuple(_writes(seen, case, document_id)),
        )
    if document_id is None:
        rule = "duplicate or superseded" if inbox_id in ledger.skipped else "not used"
        return Trial(**given, ending=Ending.SKIP, rule=rule)
    return Trial(
        **given,
        ending=ENDINGS.get(ledger.state_of(document_id), Ending.WAIT),
        rule=ledger.rules.get(document_id, ""),
        writes=tuple(_writes(seen, case, document_id)),
    )


def _writes(seen: _Seen, case: Case, document_id: DocumentId | None) -> Iterator[TrialWrite]:
    """Yield what would be written of a document, in the order of the steps."""
    for delivery_id, touched in seen.ledger.touched.items():
        if touched.document_id != document_id:
            continue
        delivery = seen.ledger.delivery(delivery_id)
        sent = seen.notes.sent.get(delivery_id)
        if sent is not None:
            action = sent.action
        elif delivery.state in LANDED:
            action = Action.UNCHANGED if touched.before in LANDED else Action.ADOPT
        else:
            continue
        yield TrialWrite(
            target=delivery.target,
            entity=delivery.entity,
            document_key=delivery.document_key,
            action=action,
            payload=delivery.payload,
            differences=_differences(seen.flow, case, delivery),
        )


def _differences(flow: Flow, case: Case, delivery: Delivery) -> tuple[Change, ...] | None:
    """Compare a payload with what was mapped before for the same record at the same target."""
    known = flow.ledger.deliveries_of(delivery.pair, delivery.entity, [delivery.document_key])
    was = next((one.payload for one in known if one.target == delivery.target), None)
    if was is None and case.letter.step == delivery.entity:
        was = case.letter.mapped
    return None if was is None else tuple(differences(was, delivery.payload))
