"""Holding an order back, and letting it go on: a person's word on a record, in all its versions."""

from collections.abc import Iterator

from tieout.domain.base import DocumentId
from tieout.domain.ledger import UNFINISHED, Document, DocumentState
from tieout.errors import RejectedError
from tieout.ports.ledger import Ledger
from tieout.usecases.steps import FLOWS

NOTHING_TO_HOLD = "nothing_to_hold"
NOTHING_TO_RELEASE = "nothing_to_release"


def held(ledger: Ledger, pair: str) -> list[Document]:
    """Return what is held in the pair, oldest version first."""
    return [one for one in _unsettled(ledger, pair) if one.state is DocumentState.HELD]


def hold(ledger: Ledger, pair: str, name: str, *, reason: str) -> Document:
    """Hold what waits of the record called ``name``; newer versions will be held at the gate.

    Raises:
        RejectedError: Nothing that waits is called so, or several records are.
    """
    waiting = [one for one in _named(ledger, pair, name) if one.state in UNFINISHED]
    newest = _only_record(waiting, pair, name, cause=NOTHING_TO_HOLD)[-1]
    for one in waiting:
        ledger.hold(one.document_id, reason=reason)
    return newest


def release(ledger: Ledger, pair: str, name: str) -> list[DocumentId]:
    """Let every held version of the record called ``name`` go on from the gate.

    The gate posts the newest and skips the others.

    Raises:
        RejectedError: Nothing that is held is called so, or several records are.
    """
    stopped = [one for one in _named(ledger, pair, name) if one.state is DocumentState.HELD]
    for one in _only_record(stopped, pair, name, cause=NOTHING_TO_RELEASE):
        ledger.release(one.document_id)
    return [one.document_id for one in stopped]


def _named(ledger: Ledger, pair: str, name: str) -> list[Document]:
    """Return the unsettled documents that people call so: by name, by id, or with the shop."""
    return [
        one
        for one in _unsettled(ledger, pair)
        if name in (one.name, one.source_id, f"{one.account} {one.name}")
    ]


def _unsettled(ledger: Ledger, pair: str) -> Iterator[Document]:
    for flow in FLOWS.values():
        yield from ledger.unsettled(pair, flow.document_type)


def _only_record(found: list[Document], pair: str, name: str, *, cause: str) -> list[Document]:
    records = {(one.account, one.source_id) for one in found}
    if len(records) == 1:
        return found
    if records:
        shops = ", ".join(sorted(account for account, _source_id in records))
        raise RejectedError(
            f"Several shops of {pair} have a {name!r}: {shops}.",
            remedy=f"Name the shop too, such as '{next(iter(records))[0]} {name}'.",
            cause=cause,
        )
    done = {NOTHING_TO_HOLD: "held", NOTHING_TO_RELEASE: "released"}[cause]
    raise RejectedError(
        f"Nothing called {name!r} can be {done} in {pair}.",
        remedy="'tieout held' lists what is held; what is posted already cannot be held.",
        cause=cause,
    )
