"""A consent: whose answer counts, once and in time, and what its code is redeemed with."""

import base64
import hashlib
from collections.abc import Iterator
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from tieout.connectors.consent import CONSENT_WAIT_S, Consent
from tieout.errors import AuthenticationError
from wire import SetClock

REDIRECT = "http://localhost:5410/callback"
FOREIGN = 100


@pytest.fixture
def clock() -> Iterator[SetClock]:
    return SetClock()


def consent(clock: SetClock, *, first: int = 0) -> Consent:
    numbers = count(first)
    return Consent(
        "https://login.example/authorize",
        client_id="app",
        redirect_uri=REDIRECT,
        scopes=("offline_access", "a.read"),
        clock=clock,
        random_text=lambda: f"random text of forty-three characters {next(numbers):06d}",
    )


def asked(one: Consent) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(one.address).query).items()}


def test_the_address_asks_for_the_least_with_state_and_hashed_challenge(clock: SetClock) -> None:
    one = consent(clock)
    query = asked(one)
    assert one.take({"state": query["state"], "code": "c"})
    verifier = dict(one.form())["code_verifier"]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert query == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "scope": "offline_access a.read",
        "state": query["state"],
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    assert verifier != query["state"]
    assert verifier not in one.address


def test_a_hundred_foreign_answers_are_refused_and_do_not_end_the_waiting(clock: SetClock) -> None:
    one = consent(clock)
    others = [asked(consent(clock, first=1000 * n))["state"] for n in range(1, FOREIGN + 1)]
    state = asked(one)["state"]
    guesses = ["", state[:-1], state + "x", state.upper(), *others]
    assert not any(one.take({"state": guess, "code": "c"}) for guess in guesses)
    assert not one.take({"code": "c"})
    assert one.take({"state": state, "code": "good"})
    assert dict(one.form())["code"] == "good"


def test_of_a_hundred_replays_none_counts(clock: SetClock) -> None:
    one = consent(clock)
    answer = {"state": asked(one)["state"], "code": "first"}
    assert one.take(answer)
    assert not any(one.take({**answer, "code": f"{number}"}) for number in range(FOREIGN))
    assert dict(one.form())["code"] == "first"


def test_an_answer_that_comes_too_late_does_not_count(clock: SetClock) -> None:
    one = consent(clock)
    clock.sleep(CONSENT_WAIT_S)
    assert not one.take({"state": asked(one)["state"], "code": "c"})
    with pytest.raises(AuthenticationError, match="within 10 minutes"):
        one.form()


def test_an_answer_with_neither_code_nor_error_is_none(clock: SetClock) -> None:
    one = consent(clock)
    assert not one.take({"state": asked(one)["state"]})


def test_a_declined_consent_says_so(clock: SetClock) -> None:
    one = consent(clock)
    assert one.take({"state": asked(one)["state"], "error": "access_denied"})
    with pytest.raises(AuthenticationError, match="declined \\(access_denied\\)"):
        one.form()


def test_the_code_is_redeemed_where_it_was_asked_for(clock: SetClock) -> None:
    one = consent(clock)
    one.take({"state": asked(one)["state"], "code": "c"})
    form = dict(one.form())
    assert form.pop("code_verifier")
    assert form == {"grant_type": "authorization_code", "code": "c", "redirect_uri": REDIRECT}
