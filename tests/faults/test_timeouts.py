"""A system that goes silent, or never comes to an end, holds nobody up beyond the time limits."""

import threading
import time
from collections.abc import Iterator

import pytest

from faults.proxy import Fault, FaultProxy, Mode, proxying
from tieout.connectors.http import HttpClient, Request
from tieout.errors import OutcomeUnknownError, UnavailableError
from wire import json_reply, serving

SILENCE_MAX_S = 0.3
ANSWER_MAX_S = 0.6
PATIENCE_S = 5.0
"""How long a test waits at most for what has to end within a second."""


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with serving(*[json_reply({"ok": "x" * 500})] * 3) as wire, proxying(wire.url) as running:
        yield running


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(
        system="Vendor",
        sleep=lambda _s: None,
        read_timeout_s=SILENCE_MAX_S,
        answer_timeout_s=ANSWER_MAX_S,
    )


def request(proxy: FaultProxy, *, is_write: bool) -> Request:
    return Request("PUT" if is_write else "GET", f"{proxy.url}/things", is_write=is_write)


SILENT = [Fault(Mode.BLACKHOLE), Fault(Mode.HALF_OPEN), Fault(Mode.DRIP, seconds=0.02)]


@pytest.mark.parametrize("fault", SILENT, ids=lambda fault: fault.mode)
@pytest.mark.parametrize(
    ("is_write", "error"), [(True, OutcomeUnknownError), (False, UnavailableError)]
)
def test_silence_and_dripping_end_in_time_and_are_asked_once(
    proxy: FaultProxy, client: HttpClient, fault: Fault, *, is_write: bool, error: type[Exception]
) -> None:
    again = Fault(fault.mode, seconds=fault.seconds, count=3)
    started_s = time.monotonic()
    with proxy.armed(again), pytest.raises(error):
        client.send(request(proxy, is_write=is_write))
    assert time.monotonic() - started_s < PATIENCE_S
    assert again.hits == 1


@pytest.mark.parametrize("mode", [Mode.DROP_REQUEST, Mode.RESET, Mode.DROP_ANSWER, Mode.CUT_ANSWER])
def test_a_write_whose_connection_breaks_is_in_doubt_and_sent_once(
    proxy: FaultProxy, client: HttpClient, mode: Mode
) -> None:
    fault = Fault(mode, count=3)
    with proxy.armed(fault), pytest.raises(OutcomeUnknownError):
        client.send(request(proxy, is_write=True))
    assert fault.hits == 1


def test_a_delay_within_the_limits_is_no_fault(proxy: FaultProxy, client: HttpClient) -> None:
    with proxy.armed(Fault(Mode.DELAY, seconds=SILENCE_MAX_S / 3)):
        assert client.send(request(proxy, is_write=True)).is_success


def test_half_open_connections_leave_no_thread_and_no_descriptor_behind(
    proxy: FaultProxy, client: HttpClient
) -> None:
    threads = threading.active_count()
    with proxy.armed(Fault(Mode.HALF_OPEN, count=3)):
        for _ in range(3):
            with pytest.raises(OutcomeUnknownError):
                client.send(request(proxy, is_write=True))
    assert threading.active_count() <= threads + 1
