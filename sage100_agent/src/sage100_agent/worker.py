"""The worker: one thread and one BOI session per company, one command at a time.

It moves a command through the journal's phases and turns what Sage says into an answer. Columns
belong in writers/, HTTP in app.py.
"""

import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any

from sage100_agent.batches import Batches
from sage100_agent.boi import BoiSession, Login
from sage100_agent.com import Com
from sage100_agent.documents import check_document
from sage100_agent.errors import (
    AgentError,
    ComError,
    JournalError,
    LockedError,
    MaintenanceError,
    NotReadyError,
    NumberTakenError,
    RefusedError,
)
from sage100_agent.journal import Entry, Journal, Phase
from sage100_agent.messages import Messages
from sage100_agent.seats import Seats
from sage100_agent.survey import sighted
from sage100_agent.tickets import (
    RETRY_AFTER_S,
    AbandonedError,
    Reply,
    Ticket,
    in_doubt,
    not_written,
)
from sage100_agent.writers.base import Stored, Work, Writer
from sage100_agent.writers.catalog import WRITERS

LOG = logging.getLogger("sage100_agent")
STOP_TIMEOUT_S = 10.0
SEAT_CHECK_S = 0.5
"""How soon an idle company notices that its seat is wanted, or that maintenance begins."""


@dataclass(frozen=True)
class Limits:
    """How long things may take."""

    session_age_max_s: float = 4 * 3600.0
    session_idle_max_s: float = 60.0
    """A session holds a user licence, so an idle one is given back."""
    settle_after_s: float = 10.0
    """How long to leave a COM server alone after a call died in it: it may still be writing."""
    lock_waits_s: tuple[float, ...] = (0.1, 0.3, 1.0)
    queue_max: int = 200


def never_closed() -> None:
    """Say that Sage may always be used."""


@dataclass(frozen=True)
class Site:
    """One company at one installation."""

    com: Com
    home: str
    login: Login
    today: Callable[[], date]
    limits: Limits = field(default_factory=Limits)
    messages: Messages = field(default_factory=Messages)
    seats: Seats = field(default_factory=Seats)
    """Shared by the companies of one agent."""
    closed_for_s: Callable[[], float | None] = never_closed
    """How long Sage is to be left alone yet; None = it may be used."""


class CompanyWorker:
    """Writes the commands of one company, in the order in which they came."""

    def __init__(self, site: Site, journal: Journal) -> None:
        """Prepare the thread; nothing is opened yet."""
        self._site = site
        self._journal = journal
        self._queue: queue.Queue[Ticket | None] = queue.Queue(site.limits.queue_max)
        self._session: BoiSession | None = None
        self._opened_at_s = 0.0
        self._not_before_s = 0.0
        name = f"sage100-{site.login.company}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread, which first settles what an earlier run left in doubt."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the command at hand and log off."""
        self._queue.put(None)
        self._thread.join(STOP_TIMEOUT_S)

    @property
    def is_alive(self) -> bool:
        """Say whether the thread runs."""
        return self._thread.is_alive()

    @property
    def standing(self) -> dict[str, Any]:
        """Return what a heartbeat says of this company."""
        return {
            "is_alive": self.is_alive,
            "queued": self._queue.qsize(),
            "has_session": self._session is not None,
        }

    def submit(self, ticket: Ticket) -> None:
        """Queue a command that the journal has accepted; the ticket will get the reply."""
        try:
            self._queue.put_nowait(ticket)
        except queue.Full:
            ticket.answer(not_written(ticket.command_id, "The company's queue is full."))

    def _run(self) -> None:
        self._site.com.initialize()
        try:
            self._settle_all()
            while (ticket := self._next()) is not None:
                self._answer(ticket)
                if self._site.seats.is_wanted:
                    self._discard_session()
        finally:
            self._discard_session()
            self._site.com.uninitialize()

    def _next(self) -> Ticket | None:
        """Return the next ticket; give the session back while none comes, or others want it."""
        idle_since_s = time.monotonic()
        while True:
            try:
                return self._queue.get(timeout=SEAT_CHECK_S)
            except queue.Empty:
                idle_s = time.monotonic() - idle_since_s
                is_idle = idle_s >= self._site.limits.session_idle_max_s
                if is_idle or self._site.seats.is_wanted or self._site.closed_for_s() is not None:
                    self._discard_session()

    def _settle_all(self) -> None:
        for entry in self._journal.in_phase(Phase.WRITING):
            if entry.command.company == self._site.login.company:
                # Only looked up, never written: whoever asked will ask again.
                with suppress(LockedError):
                    self._guarded(entry, self._settled)

    def _answer(self, ticket: Ticket) -> None:
        # What holds even when the journal cannot be read.
        reply = in_doubt(ticket.command_id)
        try:
            reply = self._handled(ticket)
        except JournalError as error:
            LOG.critical("command=%s %s", ticket.command_id, error)
            reply = self._known(ticket.command_id, str(error))
        except Exception as error:  # noqa: BLE001 - see _guarded
            LOG.critical("command=%s defect %s", ticket.command_id, type(error).__name__)
        finally:
            ticket.answer(reply)

    def _handled(self, ticket: Ticket) -> Reply:
        started_s = time.monotonic()
        reply = not_written(ticket.command_id, "The command is unknown.")
        for wait_s in (*self._site.limits.lock_waits_s, None):
            entry = self._journal.entry(ticket.command_id)
            if entry is None:
                break
            try:
                reply = self._guarded(entry, lambda entry: self._processed(entry, ticket))
                break
            except LockedError as error:
                reply = self._known(ticket.command_id, str(error))
                if wait_s is not None:
                    time.sleep(wait_s)
        LOG.info(
            "command=%s company=%s status=%s http=%d ms=%d",
            ticket.command_id,
            self._site.login.company,
            reply.body.get("status"),
            reply.status,
            (time.monotonic() - started_s) * 1000,
        )
        return reply

    def _guarded(self, entry: Entry, act: Callable[[Entry], Reply]) -> Reply:
        """Run ``act``; whatever goes wrong, leave journal and session in a truthful state."""
        command_id = entry.command.command_id
        try:
            return act(entry)
        except LockedError:
            # BOI says no before it stores anything, so the write did not happen.
            if entry.phase is not Phase.WRITING:
                self._withdraw(command_id)
            raise
        except RefusedError as error:
            return self._refused(entry, error)
        except AbandonedError as error:
            return not_written(command_id, str(error))
        except JournalError:
            raise
        except NotReadyError as error:
            self._discard_session()
            LOG.warning("command=%s not ready: %s", command_id, error)
            return self._known(command_id, str(error), error.retry_after_s)
        except ComError as error:
            self._discard_session()
            self._not_before_s = time.monotonic() + self._site.limits.settle_after_s
            LOG.error("command=%s com error: %s", command_id, error)  # noqa: TRY400 - no contents
            return self._known(command_id, str(error))
        except Exception as error:  # noqa: BLE001 - a defect must not end the company's only thread
            self._discard_session()
            frames = "".join(traceback.format_tb(error.__traceback__))
            LOG.critical("command=%s defect %s\n%s", command_id, type(error).__name__, frames)
            return self._known(command_id, f"defect: {type(error).__name__}")
        finally:
            self._drop_objects()

    def _processed(self, entry: Entry, ticket: Ticket) -> Reply:
        if entry.phase is Phase.WRITTEN:
            return Reply(HTTPStatus.OK, entry.result)
        if entry.phase is Phase.WRITING:
            settled = self._settled(entry)
            if settled.status is HTTPStatus.OK:
                return settled
        return self._written_now(entry, ticket)

    def _settled(self, entry: Entry) -> Reply:
        """Find out what a write that was cut off left: our document, or nothing."""
        writer, work = self._work(entry)
        found = self._found(writer, work, entry.key)
        if found is None:
            self._withdraw(entry.command.command_id)
            return not_written(entry.command.command_id, "The write did not take effect.")
        work.warnings[:0] = entry.result.get("warnings", [])
        return self._written(entry, found, work, is_adopted=True)

    def _written_now(self, entry: Entry, ticket: Ticket) -> Reply:
        command_id = entry.command.command_id
        writer, work = self._work(entry)

        def announce() -> None:
            work.judge()
            ticket.announce()
            so_far = {"warnings": list(work.warnings)}
            self._journal.set_phase(command_id, Phase.WRITING, result=so_far)

        key = entry.key
        if not key:
            key, found = self._placed(entry, writer, work)
            if found is not None:
                return self._written(entry, found, work, is_adopted=True)
        try:
            document_no = writer.write(work, key, announce=announce)
        except NumberTakenError:
            # Ours after all when the journal was restored from a backup; else somebody used the
            # number between its reservation and now, and it stays a gap in ours.
            with suppress(NumberTakenError):
                found = self._found(writer, work, key)
                if found is not None:
                    return self._written(entry, found, work, is_adopted=True)
            fresh = self._reserved(command_id, writer, work)
            if fresh == key:
                raise
            key = fresh
            document_no = writer.write(work, key, announce=announce)
        unread = Stored(key, document_no, {})
        reply = self._written(entry, unread, work, is_adopted=False)
        return self._read_back(entry, writer, work, key) or reply

    def _placed(
        self, entry: Entry, writer: Writer, work: Work
    ) -> tuple[dict[str, str], Stored | None]:
        """Return a key for the document, and the document where it stands under that key already.

        Another journal, since lost, may have reserved a key and even written; else it is a new one.
        """
        key = sighted(self._journal, entry, writer, work)
        if key is not None:
            with suppress(NumberTakenError):
                found = self._found(writer, work, key)
                self._journal.set_phase(entry.command.command_id, Phase.RESERVED, key=key)
                return key, found
        return self._reserved(entry.command.command_id, writer, work), None

    def _read_back(
        self, entry: Entry, writer: Writer, work: Work, key: dict[str, str]
    ) -> Reply | None:
        """Read what was written; a failure takes nothing back, the document is there."""
        try:
            found = self._found(writer, work, key)
        except ComError:
            self._discard_session()
            return None
        except AgentError as error:
            kind = type(error).__name__  # Sage's words may quote the record
            LOG.warning("command=%s not read back: %s", entry.command.command_id, kind)
            return None
        return None if found is None else self._written(entry, found, work, is_adopted=False)

    def _work(self, entry: Entry) -> tuple[Writer, Work]:
        command = entry.command
        document = check_document(command.kind, command.document)
        today, messages = self._site.today(), self._site.messages
        batches = Batches(self._journal, command.company, command.kind, command.run)
        session = self._open_session()
        work = Work(session, document, command.command_id, today, messages, batches)
        return WRITERS[command.kind], work

    def _reserved(self, command_id: str, writer: Writer, work: Work) -> dict[str, str]:
        key = writer.reserve(work)
        work.session.drop_objects()
        self._journal.set_phase(command_id, Phase.RESERVED, key=key)
        return key

    def _found(self, writer: Writer, work: Work, key: dict[str, str]) -> Stored | None:
        """Look up; let go of the record, which the next object of this session wants to open."""
        work.session.drop_objects()
        try:
            return writer.find(work, key)
        finally:
            work.session.drop_objects()

    def _withdraw(self, command_id: str) -> None:
        entry = self._journal.entry(command_id)
        if entry is not None and entry.phase is Phase.WRITING:
            self._journal.set_phase(command_id, Phase.RESERVED)

    def _written(self, entry: Entry, stored: Stored, work: Work, *, is_adopted: bool) -> Reply:
        result = _result(entry, "entered", stored.key, work.warnings)
        result |= {"document_no": stored.document_no, "values": stored.values}
        result["adopted"] = is_adopted
        self._journal.set_phase(
            entry.command.command_id, Phase.WRITTEN, key=stored.key, result=result
        )
        return Reply(HTTPStatus.OK, result)

    def _refused(self, entry: Entry, error: RefusedError) -> Reply:
        now = self._journal.entry(entry.command.command_id)
        result = _result(entry, "refused", now.key if now else {}, [])
        result["error"] = {"cause": error.cause, "message": error.message}
        self._journal.set_phase(entry.command.command_id, Phase.REFUSED, result=result)
        return Reply(HTTPStatus.OK, result)

    def _known(self, command_id: str, message: str, retry_after_s: float | None = None) -> Reply:
        """Return what the journal knows of a command that ``message`` came in the way of."""
        entry = self._journal.entry(command_id)
        if entry is not None and entry.phase is Phase.WRITTEN:
            return Reply(HTTPStatus.OK, entry.result)
        if entry is not None and entry.phase is Phase.WRITING:
            return in_doubt(command_id)
        return not_written(command_id, message, retry_after_s or RETRY_AFTER_S)

    def _open_session(self) -> BoiSession:
        closed_for_s = self._site.closed_for_s()
        if closed_for_s is not None:
            raise MaintenanceError(closed_for_s)
        now_s = time.monotonic()
        if now_s < self._not_before_s:
            message = "waiting for the COM server to come to rest after an error"
            raise NotReadyError(message)
        is_old = now_s - self._opened_at_s > self._site.limits.session_age_max_s
        if self._session is not None and is_old:
            self._discard_session()
        if self._session is None:
            self._session = self._new_session()
            self._opened_at_s = now_s
        return self._session

    def _new_session(self) -> BoiSession:
        site = self._site
        if not site.seats.take():
            message = "every seat is taken by the commands of other companies"
            raise NotReadyError(message)
        try:
            return BoiSession(site.com, home=site.home, login=site.login)
        except BaseException:
            site.seats.give_back()
            raise

    def _drop_objects(self) -> None:
        if self._session is not None:
            try:
                self._session.drop_objects()
            except ComError:
                self._discard_session()

    def _discard_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            finally:
                self._site.seats.give_back()


def _result(entry: Entry, status: str, key: dict[str, str], warnings: list[str]) -> dict[str, Any]:
    return {
        "command_id": entry.command.command_id,
        "status": status,
        "key": key,
        "document_no": "",
        "warnings": warnings,
        "error": None,
        "values": {},
        "adopted": False,
    }
