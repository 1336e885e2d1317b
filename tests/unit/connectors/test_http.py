"""What the HTTP client repeats, waits for, refuses and says of failures."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from processes import free_port
from tieout.connectors.exact_json import parse_json, plain_json
from tieout.connectors.http import HttpClient, Request, after_write
from tieout.connectors.tokens import Grant, TokenSource, send_authorized
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from wire import Reply, SetClock, json_reply, serving

OK = json_reply({"ok": True})
DROPPED = Reply(is_dropped=True)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def client(clock: SetClock) -> HttpClient:
    return HttpClient(system="Vendor", sleep=clock.sleep, read_timeout_s=5)


def read(url: str) -> Request:
    return Request("GET", f"{url}/things", is_write=False)


def write(url: str) -> Request:
    return Request("PUT", f"{url}/things", is_write=True, body=b"{}")


def test_a_read_that_is_dropped_is_repeated(client: HttpClient) -> None:
    with serving(DROPPED, DROPPED, OK) as wire:
        assert client.send(read(wire.url)).json() == {"ok": True}


def test_a_read_from_an_unwell_server_is_repeated(client: HttpClient) -> None:
    with serving(Reply(status=503), OK) as wire:
        assert client.send(read(wire.url)).status == 200


def test_a_read_is_given_up_after_three_attempts(client: HttpClient) -> None:
    with serving(DROPPED, DROPPED, DROPPED, OK) as wire:
        with pytest.raises(UnavailableError):
            client.send(read(wire.url))
        assert len(wire.received) == 3


@pytest.mark.parametrize("fault", [DROPPED, Reply(status=500), Reply(status=503)])
def test_a_write_without_a_trustworthy_answer_is_sent_once_and_in_doubt(
    client: HttpClient, fault: Reply
) -> None:
    with serving(fault, OK) as wire:
        with pytest.raises(OutcomeUnknownError):
            client.send(write(wire.url))
        assert len(wire.received) == 1


def test_a_write_that_reached_nobody_is_not_in_doubt(client: HttpClient) -> None:
    with pytest.raises(UnavailableError, match="Nothing was sent"):
        client.send(write(f"http://127.0.0.1:{free_port()}"))


def test_a_write_whose_answer_is_not_json_is_in_doubt(client: HttpClient) -> None:
    with serving(Reply(b"<html>")) as wire, pytest.raises(OutcomeUnknownError):
        client.send(write(wire.url)).json()


def test_a_read_whose_answer_is_not_json_is_a_matter_of_time(client: HttpClient) -> None:
    with serving(Reply(b"<html>")) as wire, pytest.raises(UnavailableError):
        client.send(read(wire.url)).json()


def test_a_limited_write_waits_as_told_and_is_sent_again(
    client: HttpClient, clock: SetClock
) -> None:
    with serving(Reply(status=429, headers={"Retry-After": "26"}), OK) as wire:
        assert client.send(write(wire.url)).is_success
    assert clock.slept_s == [26]


def test_waiting_ends_before_a_minute_is_over(client: HttpClient, clock: SetClock) -> None:
    limited = Reply(status=429, headers={"Retry-After": "26", "X-Rate-Limit-Problem": "minute"})
    minute_is_over = pytest.raises(RateLimitedError, match="minute")
    with serving(limited, limited, limited, OK) as wire, minute_is_over as raised:
        client.send(write(wire.url))
    assert clock.slept_s == [26, 26]
    assert raised.value.retry_after_s == 26


def test_a_day_limit_is_reported_at_once(client: HttpClient, clock: SetClock) -> None:
    limited = Reply(status=429, headers={"Retry-After": "66975"})
    with serving(limited) as wire, pytest.raises(RateLimitedError) as raised:
        client.send(read(wire.url))
    assert clock.slept_s == []
    assert raised.value.retry_after_s == 66975


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_a_matter_for_a_person(client: HttpClient, status: int) -> None:
    with serving(Reply(status=status)) as wire, pytest.raises(AuthenticationError):
        client.send(write(wire.url))


def test_a_redirect_is_not_followed(client: HttpClient) -> None:
    with serving(Reply(status=302, headers={"Location": "/elsewhere"}), OK) as wire:
        with pytest.raises(ConfigurationError, match="redirects"):
            client.send(write(wire.url))
        assert len(wire.received) == 1


def test_an_address_without_a_scheme_is_a_configuration_error(client: HttpClient) -> None:
    with pytest.raises(ConfigurationError):
        client.send(Request("GET", "things", is_write=False))


def test_other_refusals_are_the_callers_to_read(client: HttpClient) -> None:
    with serving(json_reply({"Message": "no"}, status=400)) as wire:
        answer = client.send(write(wire.url))
    assert (answer.status, answer.json()) == (400, {"Message": "no"})


def test_compressed_answers_are_asked_for_and_read(client: HttpClient) -> None:
    packed = Reply(gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
    with serving(packed) as wire:
        assert client.send(read(wire.url)).json() == {"a": 1}
        assert wire.received[0].headers["accept-encoding"] == "gzip"


def test_the_limit_headers_of_the_latest_answer_are_kept(client: HttpClient) -> None:
    with serving(json_reply({}, headers={"X-DayLimit-Remaining": "4999"})) as wire:
        client.send(read(wire.url))
    assert client.rate_limits == {"x-daylimit-remaining": "4999"}


def test_a_netrc_file_does_not_replace_our_token(
    client: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(OK) as wire:
        headers = {"Authorization": "Bearer ours"}
        client.send(Request("GET", wire.url, is_write=False, headers=headers))
        assert wire.received[0].headers["authorization"] == "Bearer ours"


def test_amounts_are_exact() -> None:
    assert parse_json('{"a": 0.1, "b": 110.130, "c": 2}') == {
        "a": Decimal("0.1"),
        "b": Decimal("110.130"),
        "c": 2,
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": 1, "a": 2}',
        "[" * 100_000,
        b'{"a": "\xff"}',
        "",
    ],
)
def test_what_is_not_plain_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_exact_numbers_travel_on_as_text() -> None:
    assert plain_json({"rate": Decimal("0.07"), "many": [1, True, None, "x"]}) == {
        "rate": "0.07",
        "many": [1, True, None, "x"],
    }


def test_a_failure_after_a_write_never_says_that_nothing_was_written() -> None:
    message, remedy = "The network is down.", "Wait."
    with pytest.raises(OutcomeUnknownError, match="network is down"), after_write():
        raise UnavailableError(message, remedy=remedy)


def test_a_record_refused_after_a_write_is_in_doubt_too() -> None:
    with pytest.raises(OutcomeUnknownError), after_write():
        raise RejectedError("No.", remedy="None.", cause="target_refused")


def token_reply(token: str) -> Reply:
    return json_reply({"access_token": token, "expires_in": 1800, "token_type": "Bearer"})


def tokens_of(client: HttpClient, clock: SetClock, url: str) -> TokenSource:
    form = (("grant_type", "client_credentials"), ("scope", "a b"))
    return TokenSource(client, Grant(f"{url}/token", form, ("app", "s3cret")), clock=clock)


def test_a_token_is_minted_once_and_renewed_before_it_expires(
    client: HttpClient, clock: SetClock
) -> None:
    with serving(token_reply("one"), token_reply("two")) as wire:
        tokens = tokens_of(client, clock, wire.url)
        assert [tokens.token(), tokens.token()] == ["one", "one"]
        clock.sleep(1700)
        assert tokens.token() == "two"
        assert wire.received[0].body == b"grant_type=client_credentials&scope=a+b"
        assert wire.received[0].headers["authorization"] == "Basic YXBwOnMzY3JldA=="


def test_refused_client_credentials_say_where_to_look(client: HttpClient, clock: SetClock) -> None:
    refused = json_reply({"error": "invalid_client"}, status=400)
    with serving(refused) as wire, pytest.raises(AuthenticationError, match="client id"):
        tokens_of(client, clock, wire.url).token()


def test_a_request_whose_token_is_refused_goes_out_again_with_a_new_one(
    client: HttpClient, clock: SetClock
) -> None:
    with serving(token_reply("old"), Reply(status=401), token_reply("new"), OK) as wire:
        answer = send_authorized(
            client,
            tokens_of(client, clock, wire.url),
            lambda token: Request("PUT", f"{wire.url}/x", is_write=True, headers={"T": token}),
        )
        assert answer.is_success
        assert wire.received[3].headers["t"] == "new"


def test_an_answer_that_is_too_large_is_no_answer(clock: SetClock) -> None:
    small = HttpClient(system="Vendor", sleep=clock.sleep, answer_bytes_max=1000)
    packed = Reply(gzip.compress(b" " * 100_000), headers={"Content-Encoding": "gzip"})
    with serving(packed, packed) as wire:
        with pytest.raises(UnavailableError):
            small.send(read(wire.url))
        with pytest.raises(OutcomeUnknownError):
            small.send(write(wire.url))
        assert len(wire.received) == 2


@pytest.mark.parametrize(
    ("told", "waited_s"), [("nan", 2.0), ("-5", 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", 2.0)]
)
def test_a_wait_that_is_no_number_of_seconds_is_a_short_one(
    client: HttpClient, clock: SetClock, told: str, waited_s: float
) -> None:
    with serving(Reply(status=429, headers={"Retry-After": told}), OK) as wire:
        client.send(read(wire.url))
    assert clock.slept_s == [waited_s]


def test_no_limit_is_believed_to_last_longer_than_a_day(client: HttpClient) -> None:
    endless = Reply(status=429, headers={"Retry-After": "inf"})
    with serving(endless) as wire, pytest.raises(RateLimitedError) as raised:
        client.send(read(wire.url))
    assert raised.value.retry_after_s == 86_400


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "{}".encode("utf-32")])
def test_json_is_utf_8_without_a_byte_order_mark(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize(
    "members", [{"expires_in": 10**20}, {"expires_in": 0}, {"access_token": ""}]
)
def test_a_token_answer_that_is_none_says_so(
    client: HttpClient, clock: SetClock, members: dict[str, object]
) -> None:
    answer = json_reply({"access_token": "one", "expires_in": 1800, **members})
    with serving(answer) as wire, pytest.raises(ConfigurationError, match="another form"):
        tokens_of(client, clock, wire.url).token()
