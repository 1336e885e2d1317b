"""Refresh tokens that rotate: which is tried, what a refusal means, and that nothing loops."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from tieout.connectors.http import HttpClient
from tieout.connectors.tokens import REFUSALS, Grant, MemoryTokenStore, TokenSource
from tieout.domain.tokens import Minted
from tieout.errors import AuthenticationError, ConsentError, UnavailableError
from wire import Reply, SetClock, Wire, json_reply, serving

INVALID = json_reply({"error": "invalid_grant"}, status=400)
NAME = "app"
CONSENTED = Minted.model_validate(
    {"access_token": "access-0", "refresh_token": "refresh-0", "expires_in_s": 1800}
)
THEIRS = Minted.model_validate({"access_token": "theirs", "expires_in_s": 1800})


@pytest.fixture
def clock() -> Iterator[SetClock]:
    return SetClock()


def answer(number: int) -> Reply:
    return json_reply(
        {
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
            "expires_in": 1800,
            "something": "new",
        }
    )


def source(wire: Wire, clock: SetClock, store: MemoryTokenStore) -> TokenSource:
    client = HttpClient(system="Vendor", sleep=clock.sleep)
    grant = Grant(f"{wire.url}/token", basic=("app", "s3cret"), needs_consent=True)
    return TokenSource(client, grant, clock=clock, store=store, name=NAME)


def connected(clock: SetClock) -> MemoryTokenStore:
    """Return a store with what a consent gave; its access token is over."""
    store = MemoryTokenStore(clock)
    store.exchange(NAME, is_good=lambda _token: False, mint=lambda _known: CONSENTED)
    clock.sleep(1700)
    return store


def tried(wire: Wire) -> list[str]:
    return [parse_qs(one.body.decode())["refresh_token"][0] for one in wire.received]


def test_the_first_refresh_token_is_that_of_the_consent_and_then_the_newest(
    clock: SetClock,
) -> None:
    store = connected(clock)
    with serving(answer(1), answer(2)) as wire:
        one = source(wire, clock, store)
        assert one.token() == "access-1"
        clock.sleep(1700)
        assert source(wire, clock, store).token() == "access-2"
        assert one.token() == "access-2"
        assert tried(wire) == ["refresh-0", "refresh-1"]


def test_a_refused_refresh_token_lets_the_previous_one_be_tried_within_its_half_hour(
    clock: SetClock,
) -> None:
    store = connected(clock)
    with serving(answer(1), answer(2), INVALID, answer(3)) as wire:
        source(wire, clock, store).token()
        clock.sleep(1700)
        source(wire, clock, store).token()
        clock.sleep(1700)
        assert source(wire, clock, store).token() == "access-3"
        assert tried(wire)[2:] == ["refresh-2", "refresh-1"]


def test_when_all_are_refused_it_is_said_once_and_never_tried_in_a_loop(clock: SetClock) -> None:
    store = connected(clock)
    with serving(answer(1), INVALID, answer(9)) as wire:
        source(wire, clock, store).token()
        clock.sleep(2000)
        for _again in range(3):
            with pytest.raises(ConsentError, match="needs consent again"):
                source(wire, clock, store).token()
        assert tried(wire)[1:] == ["refresh-1"]


class Overtaken(MemoryTokenStore):
    """Another installation's worker stores a new token while ours is being refused."""

    def exchange(self, name: str, **how: object) -> object:  # type: ignore[override]
        try:
            return super().exchange(name, **how)  # type: ignore[arg-type]
        except ConsentError:
            super().exchange(name, is_good=lambda _token: False, mint=lambda _known: THEIRS)
            raise


def test_after_a_refusal_what_is_stored_is_read_once_more(clock: SetClock) -> None:
    store = Overtaken(clock)
    with serving(answer(1), INVALID) as wire:
        store.exchange(NAME, is_good=lambda _token: False, mint=lambda _known: CONSENTED)
        clock.sleep(1700)
        source(wire, clock, store).token()
        clock.sleep(2000)
        assert source(wire, clock, store).token() == "theirs"


def test_a_new_consent_ends_the_refusal(clock: SetClock) -> None:
    store = connected(clock)
    with serving(INVALID, answer(1)) as wire:
        with pytest.raises(ConsentError):
            source(wire, clock, store).token()
        store.exchange(NAME, is_good=lambda _token: False, mint=lambda _known: CONSENTED)
        assert source(wire, clock, store).token() == "access-0"
        clock.sleep(1700)
        assert source(wire, clock, store).token() == "access-1"


def test_an_access_token_is_used_up_though_its_consent_was_revoked(clock: SetClock) -> None:
    store = MemoryTokenStore(clock)
    store.exchange(NAME, is_good=lambda _token: False, mint=lambda _known: CONSENTED)
    with serving() as wire:
        assert source(wire, clock, store).token() == "access-0"
        assert wire.received == []


def test_without_any_consent_nothing_is_asked(clock: SetClock) -> None:
    with serving() as wire:
        with pytest.raises(ConsentError, match="nobody has consented"):
            source(wire, clock, MemoryTokenStore(clock)).token()
        assert wire.received == []


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("invalid_scope", "Allow the app these scopes, or ask for fewer: a.read b."),
        ("unauthorized_client", "how the connection is granted"),
        ("invalid_client", "client id and the secret"),
        ("something_new", "client id, the secret and the scopes"),
        *REFUSALS.items(),
    ],
)
def test_a_refused_request_says_why_and_what_to_do(clock: SetClock, code: str, remedy: str) -> None:
    with serving(json_reply({"error": code}, status=400)) as wire:
        client = HttpClient(system="Vendor", sleep=clock.sleep)
        grant = Grant(f"{wire.url}/token", form=(("scope", "a.read b"),))
        with pytest.raises(AuthenticationError, match=code) as raised:
            TokenSource(client, grant, clock=clock).token()
    assert remedy.format(scope="a.read b") in raised.value.remedy


def test_a_service_that_is_down_costs_no_refresh_token(clock: SetClock) -> None:
    store = connected(clock)
    down = Reply(status=503)
    with serving(answer(1), down, down, down, answer(2)) as wire:
        source(wire, clock, store).token()
        clock.sleep(1700)
        with pytest.raises(UnavailableError):
            source(wire, clock, store).token()
        assert source(wire, clock, store).token() == "access-2"
        assert tried(wire)[-1] == "refresh-1"
