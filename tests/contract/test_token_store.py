"""What every implementation of the TokenStore port keeps, the one in memory included."""

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from fakes import FakeClock
from tieout.connectors.tokens import MemoryTokenStore
from tieout.domain.tokens import Minted, Token
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    ConsentError,
    UnavailableError,
)
from tieout.ledger.grants import Work, grants
from tieout.ledger.session import Database
from tieout.ledger.tokens import PostgresTokenStore
from tieout.ports.tokens import TokenStore

NAME = "xero app"
FIRST = "access-1"
KEY = Fernet.generate_key().decode()


@pytest.fixture
def memory() -> TokenStore:
    return MemoryTokenStore(FakeClock())


@pytest.fixture
def database(emptied_ledger_url: str) -> Iterator[Database]:
    database = Database(emptied_ledger_url, pool_size=4, application_name="test")
    yield database
    database.close()


@pytest.fixture
def postgres(database: Database) -> TokenStore:
    return PostgresTokenStore(database, [KEY])


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> TokenStore:
    chosen: TokenStore = request.getfixturevalue(request.param)
    return chosen


def minted(number: int, *, life_s: float = 1800.0) -> Minted:
    return Minted(
        access_token=f"access-{number}", refresh_token=f"refresh-{number}", expires_in_s=life_s
    )


def exchanged(store: TokenStore, number: int, *, is_good: bool = False) -> Token:
    return store.exchange(NAME, is_good=lambda _token: is_good, mint=lambda _known: minted(number))


def test_there_is_no_token_before_the_first(store: TokenStore) -> None:
    assert store.token(NAME) is None


def test_what_is_minted_is_stored_with_what_it_replaces(store: TokenStore) -> None:
    exchanged(store, 1)
    exchanged(store, 2)
    token = store.token(NAME)
    assert token is not None
    assert (token.access_token, token.refresh_token) == ("access-2", "refresh-2")
    assert (token.previous_refresh_token, token.version) == ("refresh-1", 2)
    assert 1790 < token.expires_in_s <= 1800
    assert token.refresh_tokens() == ("refresh-2", "refresh-1")


def test_a_good_token_is_not_exchanged(store: TokenStore) -> None:
    exchanged(store, 1)
    assert exchanged(store, 2, is_good=True).access_token == FIRST


def test_mint_is_given_what_is_stored(store: TokenStore) -> None:
    seen: list[Token | None] = []

    def mint(known: Token | None) -> Minted:
        seen.append(known)
        return minted(len(seen))

    for _time in range(2):
        store.exchange(NAME, is_good=lambda _token: False, mint=mint)
    assert [one and one.refresh_token for one in seen] == [None, "refresh-1"]


def test_when_minting_fails_what_is_stored_stays(store: TokenStore) -> None:
    exchanged(store, 1)

    def fail(_known: Token | None) -> Minted:
        raise UnavailableError("The identity service is down.", remedy="Wait.")

    with pytest.raises(UnavailableError):
        store.exchange(NAME, is_good=lambda _token: False, mint=fail)
    token = store.token(NAME)
    assert token is not None
    assert (token.refresh_token, token.version) == ("refresh-1", 1)


def refused(store: TokenStore) -> None:
    def refuse(_known: Token | None) -> Minted:
        raise ConsentError("Nothing is accepted.", remedy="Connect anew.")

    with pytest.raises(ConsentError):
        store.exchange(NAME, is_good=lambda _token: False, mint=refuse)


def test_a_lost_consent_is_noted_with_what_is_stored_until_a_new_one_comes(
    store: TokenStore,
) -> None:
    exchanged(store, 1)
    refused(store)
    first = store.token(NAME)
    refused(store)
    again = store.token(NAME)
    assert first is not None
    assert again is not None
    assert (again.refresh_token, again.version) == ("refresh-1", 1)
    assert first.refused_at is not None
    assert again.refused_at == first.refused_at
    assert exchanged(store, 2).refused_at is None
    renewed = store.token(NAME)
    assert renewed is not None
    assert renewed.refused_at is None


def test_a_consent_that_never_was_leaves_nothing(store: TokenStore) -> None:
    refused(store)
    assert store.token(NAME) is None


def test_what_was_granted_is_kept_and_60_days_are_counted_from_the_last_exchange(
    store: TokenStore,
) -> None:
    granted = minted(1).model_copy(update={"scope": "a b.read"})
    store.exchange(NAME, is_good=lambda _token: False, mint=lambda _known: granted)
    token = store.token(NAME)
    assert token is not None
    assert token.scope == "a b.read"
    assert 60 * 86_400 - 60 < token.consent_left_s <= 60 * 86_400


def test_what_is_forgotten_is_gone_and_may_come_again(store: TokenStore) -> None:
    store.forget(NAME)
    exchanged(store, 1)
    refused(store)
    store.forget(NAME)
    assert store.token(NAME) is None
    assert exchanged(store, 2).previous_refresh_token == ""


def test_names_are_apart(store: TokenStore) -> None:
    exchanged(store, 1)
    assert store.token("another") is None


def test_of_two_at_once_one_mints_and_the_other_gets_its_token(store: TokenStore) -> None:
    begun, go_on = threading.Event(), threading.Event()
    answers: list[str] = []
    mints: list[int] = []

    def slow(_known: Token | None) -> Minted:
        mints.append(1)
        begun.set()
        go_on.wait(5)
        return minted(len(mints))

    def ask(is_good: Callable[[Token], bool]) -> None:
        answers.append(store.exchange(NAME, is_good=is_good, mint=slow).access_token)

    threads = [threading.Thread(target=ask, args=(lambda _token: True,)) for _two in range(2)]
    threads[0].start()
    assert begun.wait(5)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert (answers, len(mints)) == (["access-1", "access-1"], 1)


def test_tokens_are_sealed_in_the_database(postgres: TokenStore, emptied_ledger_url: str) -> None:
    exchanged(postgres, 1)
    with psycopg.connect(plain(emptied_ledger_url)) as connection:
        row = connection.execute("SELECT t::text, sealed FROM tieout.tokens t").fetchone()
    assert row is not None
    assert "access-1" not in row[0]
    assert b"refresh-1" not in bytes(row[1])


def test_who_connected_lost_and_forgot_is_in_the_audit_and_a_refresh_is_not(
    postgres: TokenStore, emptied_ledger_url: str
) -> None:
    for number in (1, 2):
        exchanged(postgres, number)
    refused(postgres)
    exchanged(postgres, 3)
    postgres.forget(NAME)
    with psycopg.connect(plain(emptied_ledger_url)) as connection:
        rows = connection.execute(
            "SELECT action, subject FROM tieout.audit ORDER BY audit_id"
        ).fetchall()
    actions = ("token.connected", "token.refused", "token.connected", "token.forgotten")
    assert rows == [(action, f"token/{NAME}") for action in actions]


def test_another_key_says_what_to_do_and_a_newer_one_opens_the_old(database: Database) -> None:
    exchanged(PostgresTokenStore(database, [KEY]), 1)
    newer = Fernet.generate_key().decode()
    with pytest.raises(ConfigurationError, match="another key"):
        PostgresTokenStore(database, [newer]).token(NAME)
    token = PostgresTokenStore(database, [newer, KEY]).token(NAME)
    assert token is not None
    assert token.access_token == FIRST


def test_a_key_that_is_none_says_so(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="Fernet"):
        PostgresTokenStore(database, ["short"])


def test_only_the_worker_reaches_the_tokens(postgres: TokenStore, emptied_ledger_url: str) -> None:
    exchanged(postgres, 1)
    for work in Work:
        role = f"tokens_{work}"
        grants(emptied_ledger_url, role, "secret", work=work)
        url = make_url(emptied_ledger_url).set(username=role, password="secret")  # noqa: S106
        as_role = Database(
            url.render_as_string(hide_password=False), pool_size=1, application_name="role"
        )
        theirs = PostgresTokenStore(as_role, [KEY])
        if work is Work.WORKER:
            assert exchanged(theirs, 2).version == 2
        else:
            with pytest.raises(AuthenticationError):
                theirs.token(NAME)
        as_role.close()


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
