"""What is made of an agent's pages, and of answers that are none."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr

from tieout.connectors.sage100.agent_client import AgentClient
from tieout.connectors.sage100.dialect import Select
from tieout.connectors.sage100.relayed import RelayedRoute
from tieout.connectors.sage100.routes import Page
from tieout.errors import AuthenticationError, ConfigurationError, TieoutError, UnavailableError
from wire import Reply, SetClock, json_reply, serving

BANKS = Select("GL_Bank", ["BankCode"])


def answered(*replies: Reply) -> Page:
    with serving(*replies) as wire:
        agent = AgentClient(url=wire.url, key=SecretStr("k" * 16), clock=SetClock())
        return RelayedRoute(agent, "HPS").fetch(BANKS, 10)


def test_values_have_the_kinds_that_the_driver_gave_them() -> None:
    page = answered(
        Reply(
            b'["A",{"n":"12.50"},{"d":"2026-01-31"},{"t":"1753-01-01T00:00:00"},null,7]\n{"end":1}\n'
        )
    )
    (row,) = page.rows
    moment = datetime(1753, 1, 1)  # noqa: DTZ001 - Premium's have no zone
    assert row == ["A", Decimal("12.50"), date(2026, 1, 31), moment, None, 7]
    assert str(row[1]) == "12.50"


def test_a_row_that_the_driver_could_not_give_ends_a_page_that_is_whole_before() -> None:
    page = answered(Reply(b'["A"]\n{"end":1,"unreadable":"ValueError: month 13"}\n'))
    assert (page.rows, page.problem) == ([["A"]], "ValueError: month 13")


@pytest.mark.parametrize(
    ("reply", "expected", "said"),
    [
        (Reply(b""), UnavailableError, "another form"),
        (Reply(b'["A"]\n["B"]\n'), UnavailableError, "cut short"),
        (Reply(b'["A"]\n["B'), UnavailableError, "another form"),
        (Reply(b'["A"]\n{"end":2}\n'), UnavailableError, "lacks rows"),
        (Reply(b'["A"]\n{"e'), UnavailableError, "another form"),
        (Reply(b'[{"n":"twelve"}]\n{"end":1}\n'), UnavailableError, "another form"),
        (Reply(b'[{"d":"2026-13-01"}]\n{"end":1}\n'), UnavailableError, "another form"),
        (Reply(b"<html>busy</html>"), UnavailableError, "another form"),
        (Reply(b'{"failed":"x","state":"42S02"}\n'), ConfigurationError, "lacks GL_Bank"),
        (Reply(b'{"failed":"x","state":"28000"}\n'), AuthenticationError, "ODBC user"),
        (Reply(b'["A"]\n{"failed":"x","state":"08S01"}\n'), UnavailableError, "08S01"),
        (Reply(b'{"failed":"x","state":""}\n'), UnavailableError, "SQLSTATE none"),
        (json_reply({}, status=404), ConfigurationError, "does not read"),
        (json_reply({"error": {"message": "no"}}, status=400), ConfigurationError, "to read: no"),
        (json_reply({"error": {"message": "no"}}, status=401), AuthenticationError, "401"),
    ],
)
def test_what_is_no_page_is_never_taken_for_one(
    reply: Reply, expected: type[TieoutError], said: str
) -> None:
    with pytest.raises(expected, match=said):
        answered(reply)


def test_a_dropped_answer_is_asked_for_again() -> None:
    page = answered(Reply(is_dropped=True), Reply(b'["A"]\n{"end":1}\n'))
    assert page.rows == [["A"]]
