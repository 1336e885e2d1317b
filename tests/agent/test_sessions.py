"""Sessions: one at a time on one thread, recycled; requests that give up; pywin32's quirk."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.calls import customer
from agent.test_writing import customers
from sage100_agent.boi import Login
from sage100_agent.com import ComObject, DoubleCom
from sage100_agent.commands import Command
from sage100_agent.errors import ComError
from sage100_agent.journal import Journal, Phase
from sage100_agent.seats import Seats
from sage100_agent.tickets import AbandonedError, Ticket, in_doubt
from sage100_agent.worker import CompanyWorker, Limits, Site
from tieout.simulators.sage100.boi import dispatch

TODAY = date(2026, 11, 29)


class CountedCom(DoubleCom):
    """The double, with a count of how often Sage was logged on to, and from which threads."""

    def __init__(self, home: Path) -> None:
        super().__init__(self.counted, str(home))
        self.threads: list[int] = []

    def counted(self, prog_id: str, home: str) -> object:
        self.threads.append(threading.get_ident())
        return dispatch(prog_id, home)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def write_three(com: CountedCom, home: Path, journal: Journal, limits: Limits) -> list[str]:
    login = Login("HPS", "tieout", "secret")
    worker = CompanyWorker(Site(com, str(home), login, lambda: TODAY, limits), journal)
    worker.start()
    tickets = [submitted(worker, journal, f"cust-{number}") for number in range(3)]
    replies = [ticket.wait(20) for ticket in tickets]
    worker.stop()
    return [reply.body["status"] for reply in replies]


def submitted(worker: CompanyWorker, journal: Journal, command_id: str) -> Ticket:
    wanted = customer(command_id)
    journal.accept(Command(command_id, "HPS", wanted["kind"], wanted["document"]))
    ticket = Ticket(command_id)
    worker.submit(ticket)
    return ticket


def test_one_session_serves_many_commands_on_one_thread(home: Path, journal: Journal) -> None:
    com = CountedCom(home)
    assert write_three(com, home, journal, Limits()) == ["entered"] * 3
    assert len(com.threads) == 1
    assert com.threads[0] != threading.get_ident()


def test_an_old_session_is_recycled(home: Path, journal: Journal) -> None:
    com = CountedCom(home)
    statuses = write_three(com, home, journal, Limits(session_age_max_s=-1))
    assert statuses == ["entered"] * 3
    assert len(com.threads) > 1
    assert len(set(com.threads)) == 1


def test_a_wrong_password_writes_nothing_and_says_so(home: Path, journal: Journal) -> None:
    login = Login("HPS", "tieout", "wrong")
    worker = CompanyWorker(
        Site(CountedCom(home), str(home), login, lambda: TODAY, Limits()), journal
    )
    worker.start()
    reply = submitted(worker, journal, "cust-1").wait(20)
    worker.stop()
    assert (reply.status, reply.body["status"]) == (503, "not_written")
    assert "nSetUser" in reply.body["message"]


def test_a_request_that_gave_up_before_the_write_is_never_written() -> None:
    ticket = Ticket("late")
    assert ticket.wait(0).body["status"] == "not_written"
    with pytest.raises(AbandonedError):
        ticket.announce()


def test_a_request_that_gave_up_during_the_write_is_told_in_doubt() -> None:
    ticket = Ticket("slow")
    ticket.announce()
    assert ticket.wait(0) == in_doubt("slow")


def test_the_journal_keeps_what_a_command_reached_over_a_restart(tmp_path: Path) -> None:
    wanted = customer("cust-1")
    first = Journal(tmp_path / "kept.sqlite")
    first.accept(Command("cust-1", "HPS", wanted["kind"], wanted["document"]))
    first.set_phase("cust-1", Phase.WRITING, key={"CustomerNo": "0009001"})
    first.close()
    second = Journal(tmp_path / "kept.sqlite")
    (entry,) = second.in_phase(Phase.WRITING)
    second.close()
    assert (entry.command.command_id, entry.key) == ("cust-1", {"CustomerNo": "0009001"})


class DynamicDispatch:
    """Behaves like pywin32 on an object without type information: reading an attribute runs it."""

    def __init__(self) -> None:
        self.flagged: set[str] = set()
        self.written = 0

    def _FlagAsMethod(self, *names: str) -> None:  # noqa: N802 - pywin32's name
        self.flagged.update(names)

    def __getattr__(self, name: str) -> object:
        if name == "sLastErrorMsg":
            return "message"
        return self.write if name in self.flagged else self.write()

    def write(self) -> int:
        self.written += 1
        return 1


def test_methods_are_flagged_so_that_reading_one_does_not_run_it() -> None:
    raw = DynamicDispatch()
    wrapped = ComObject(raw)
    assert wrapped.number("nWrite") == 1
    assert raw.written == 1
    assert wrapped.read("sLastErrorMsg") == "message"


class Broken:
    """A server that is gone."""

    def nWrite(self) -> int:  # noqa: N802 - Sage's name
        raise OSError(-2147023174, "The RPC server is unavailable.")

    def nEmpty(self) -> str:  # noqa: N802 - Sage's style
        return ""


def test_an_exception_of_the_binding_is_a_com_error_and_an_empty_answer_is_zero() -> None:
    wrapped = ComObject(Broken())
    with pytest.raises(ComError, match="nWrite"):
        wrapped.number("nWrite")
    assert wrapped.number("nEmpty") == 0


def test_two_companies_take_turns_at_one_seat(home: Path, journal: Journal) -> None:
    com, seats = CountedCom(home), Seats(1)
    open_at_once: list[int] = []
    workers = {}
    for company in ("HPS", "LLT"):
        site = Site(com, str(home), Login(company, "tieout", "secret"), lambda: TODAY, seats=seats)
        workers[company] = CompanyWorker(site, journal)
        workers[company].start()
    tickets = []
    for number in range(6):
        company = ("HPS", "LLT")[number % 2]
        command_id = f"turn-{number}"
        wanted = customer(command_id)
        journal.accept(Command(command_id, company, wanted["kind"], wanted["document"]))
        ticket = Ticket(command_id)
        workers[company].submit(ticket)
        tickets.append(ticket)
    for ticket in tickets:
        assert ticket.wait(30).body["status"] == "entered"
        open_at_once.append(sum(one.standing["has_session"] for one in workers.values()))
    for worker in workers.values():
        worker.stop()
    assert max(open_at_once) <= 1
    assert len(set(com.threads)) == 2
    assert seats.take(0)
    assert not seats.take(0)


def test_a_seat_that_never_comes_writes_nothing_and_says_so(home: Path, journal: Journal) -> None:
    seats = Seats(1)
    assert seats.take(0)
    login = Login("HPS", "tieout", "secret")
    site = Site(CountedCom(home), str(home), login, lambda: TODAY, seats=seats)
    worker = CompanyWorker(site, journal)
    worker.start()
    ticket = submitted(worker, journal, "seatless")
    assert ticket.wait(0.2).body["status"] == "not_written"
    seats.give_back()
    worker.stop()
    assert journal.entry("seatless") is not None
    assert customers(home, "seatless") == 0


def test_a_seat_is_given_back_when_sage_lets_nobody_in(home: Path, journal: Journal) -> None:
    seats = Seats(1)
    site = Site(
        CountedCom(home), str(home), Login("HPS", "tieout", "no"), lambda: TODAY, seats=seats
    )
    worker = CompanyWorker(site, journal)
    worker.start()
    assert submitted(worker, journal, "wrong").wait(20).status == 503
    worker.stop()
    assert seats.take(0)
