"""Where a consent's answer arrives: what counts, what is shown, and that nobody holds it up."""

import socket
import threading
from collections.abc import Mapping

import pytest
import requests

from processes import free_port
from tieout.errors import ConfigurationError
from tieout.web.callback import listening, redirect_uri

TIMEOUT_S = 10
WAIT_S = 10.0
GOOD = {"state": "s1", "code": "c1"}
FOREIGN = 100


class Taking:
    """Takes one good answer, once."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []

    def __call__(self, query: Mapping[str, str]) -> bool:
        self.seen.append(dict(query))
        return dict(query) == GOOD and self.seen.count(GOOD) == 1


def get(port: int, **query: str) -> requests.Response:
    return requests.get(redirect_uri(port), params=query, timeout=TIMEOUT_S)


def test_foreign_and_replayed_answers_are_refused_a_hundred_times_and_the_right_one_counts() -> (
    None
):
    port, take = free_port(), Taking()
    with listening(port, take) as wait:
        foreign = [get(port, state=f"x{number}", code="c1") for number in range(FOREIGN)]
        assert not wait(0)
        taken = get(port, **GOOD)
        replayed = [get(port, **GOOD) for _ in range(FOREIGN)]
        assert wait(WAIT_S)
    assert {one.status_code for one in foreign + replayed} == {400}
    assert taken.status_code == 200


def test_of_answers_at_once_one_counts() -> None:
    port, take, statuses = free_port(), Taking(), []
    lock = threading.Lock()

    def alone(query: Mapping[str, str]) -> bool:
        with lock:
            return take(query)

    with listening(port, alone):
        threads = [
            threading.Thread(target=lambda: statuses.append(get(port, **GOOD).status_code))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] + [400] * 7


def test_pages_show_nothing_of_what_came_and_tell_nobody() -> None:
    port = free_port()
    hostile = '"><script>alert(1)</script>'
    with listening(port, Taking()):
        answers = [get(port, state=hostile, code="secret-code"), get(port, **GOOD)]
        lost = requests.get(f"http://localhost:{port}/{hostile}", timeout=TIMEOUT_S)
    assert lost.status_code == 404
    for one in (*answers, lost):
        assert "script" not in one.text
        assert "secret-code" not in one.text
        assert one.headers["Content-Security-Policy"] == "default-src 'none'"
        assert one.headers["Referrer-Policy"] == "no-referrer"
        assert one.headers["Cache-Control"] == "no-store"


def test_nothing_of_an_answer_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with listening(port, Taking()):
        get(port, **GOOD)
    assert capfd.readouterr() == ("", "")


def test_a_visitor_that_says_nothing_holds_nobody_up() -> None:
    port = free_port()
    with listening(port, Taking()) as wait, socket.create_connection(("127.0.0.1", port)):
        assert get(port, **GOOD).status_code == 200
        assert wait(WAIT_S)


def test_only_this_machine_may_answer() -> None:
    port = free_port()
    with listening(port, Taking()), socket.socket() as other:
        other.bind(("127.0.0.2", port))  # free: nobody listens on every address


def test_a_taken_port_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = listening(other.getsockname()[1], Taking())
        with pytest.raises(ConfigurationError, match="--port"):
            taken.__enter__()
