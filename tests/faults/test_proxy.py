"""The fault proxy does what each of its modes says, and says how often it did."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from faults.proxy import Fault, FaultProxy, Mode, proxying
from wire import Reply, Wire, json_reply, serving

OK = json_reply({"ok": True, "filling": "x" * 200})
TIMEOUT_S = 5.0


@contextmanager
def before(*replies: Reply) -> Iterator[tuple[FaultProxy, Wire]]:
    with serving(*replies) as wire, proxying(wire.url) as proxy:
        yield proxy, wire


def get(proxy: FaultProxy, path: str = "/things", timeout_s: float = TIMEOUT_S) -> object:
    return requests.get(proxy.url + path, timeout=timeout_s).json()


def test_what_no_fault_takes_passes_and_is_counted() -> None:
    with before(OK) as (proxy, wire):
        answer = requests.put(f"{proxy.url}/things?a=1", data=b"body", timeout=TIMEOUT_S)
        assert answer.json()["ok"] is True
        assert (wire.received[0].method, wire.received[0].body) == ("PUT", b"body")
        assert proxy.counts == {Mode.PASS: 1}
        assert (proxy.seen[0].path, proxy.seen[0].body) == ("/things?a=1", b"body")


@pytest.mark.parametrize(
    ("mode", "reaches_server"),
    [
        (Mode.DROP_REQUEST, 0),
        (Mode.RESET, 0),
        (Mode.DROP_ANSWER, 1),
        (Mode.CUT_ANSWER, 1),
    ],
)
def test_a_broken_connection_breaks_before_or_after_the_work(
    mode: Mode, reaches_server: int
) -> None:
    with before(OK, OK) as (proxy, wire), proxy.armed(Fault(mode)):
        with pytest.raises(requests.exceptions.RequestException):
            get(proxy)
        assert len(wire.received) == reaches_server
        assert proxy.counts == {mode: 1}


def test_a_reset_is_a_reset_and_a_drop_is_none() -> None:
    with before(OK) as (proxy, _wire), proxy.armed(Fault(Mode.RESET)):
        port = int(proxy.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                connection.recv(1)


@pytest.mark.parametrize(("mode", "reaches_server"), [(Mode.BLACKHOLE, 0), (Mode.HALF_OPEN, 1)])
def test_silence_lasts_until_the_client_gives_up(mode: Mode, reaches_server: int) -> None:
    with before(OK) as (proxy, wire), proxy.armed(Fault(mode)):
        with pytest.raises(requests.ReadTimeout):
            get(proxy, timeout_s=0.3)
        assert len(wire.received) == reaches_server


def test_a_delay_comes_before_the_answer() -> None:
    with before(OK) as (proxy, _wire), proxy.armed(Fault(Mode.DELAY, seconds=0.3)):
        started_s = time.monotonic()
        get(proxy)
        assert time.monotonic() - started_s >= 0.3


def test_a_drip_gives_the_whole_answer_byte_by_byte() -> None:
    with before(json_reply([1])) as (proxy, _wire), proxy.armed(Fault(Mode.DRIP, seconds=0.001)):
        assert get(proxy) == [1]


@pytest.mark.parametrize("forwards", [True, False])
def test_a_replaced_answer_comes_with_or_without_the_work(forwards: bool) -> None:  # noqa: FBT001 - a case
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    fault = Fault(Mode.REPLACE, answer=answer, tail=b"12", tails=3, forwards=forwards)
    with before(OK) as (proxy, wire), proxy.armed(fault):
        assert get(proxy) == 121212
        assert len(wire.received) == forwards


def test_a_fault_strikes_what_it_names_as_often_as_it_says() -> None:
    fault = Fault(
        Mode.DROP_REQUEST, method="POST", path="/b", contains=b"mutation", skip=1, count=1
    )
    with before(OK, OK, OK, OK) as (proxy, wire), proxy.armed(fault):
        get(proxy, "/b")
        for path, body in (("/a", b"mutation"), ("/b", b"query"), ("/b", b"mutation")):
            requests.post(proxy.url + path, data=body, timeout=TIMEOUT_S)
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{proxy.url}/b", data=b"mutation", timeout=TIMEOUT_S)
        assert len(wire.received) == 4
        assert fault.hits == 1


def test_a_chunked_request_is_passed_on_whole() -> None:
    with before(OK) as (proxy, _wire):
        requests.post(proxy.url, data=iter([b"one", b"two"]), timeout=TIMEOUT_S)
        assert proxy.seen[0].body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


def test_a_fault_that_strikes_nothing_fails_as_not_injected() -> None:
    with (
        before() as (proxy, _wire),
        pytest.raises(AssertionError, match="not injected"),
        proxy.armed(Fault(Mode.RESET)),
    ):
        pass


def test_a_proxy_that_ends_leaves_no_thread_behind() -> None:
    with before(OK) as (proxy, _wire), proxy.armed(Fault(Mode.BLACKHOLE)):
        with pytest.raises(requests.ReadTimeout):
            get(proxy, timeout_s=0.1)
        with socket.create_connection(("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name == "fault proxy"]
