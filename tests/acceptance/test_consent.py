"""A pair that lives on a person's consent: its token expires, is revoked, and comes back."""

import json
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import requests
from cryptography.fernet import Fernet

from acceptance.orders import paid
from acceptance.test_faults import ONE_OF_EACH, copies_of, draft_of, new_buyer
from processes import free_port
from tieout.cli.main import main
from tieout.domain.streams import StreamCause, StreamState
from tieout.errors import ConsentError, StreamPausedError
from tieout.ledger.tokens import KEY_SETTING
from tieout.wiring.connections import connections_in, ledger_url
from tieout.wiring.installation import open_tieout
from world import CALL_TIMEOUT_S, HARBOR, INCLUDE, World

CONNECTION = "xero_harbor_and_pine"
APP = ("tieout-app", "xero-secret-app")


class Consented:
    """A world whose pair lives on a consent; the oracle keeps its custom connection."""

    def __init__(self, world: World, connections: Path) -> None:
        self.connections = connections
        self.callback_port = free_port()
        self.xero = world.configuration.url("xero")
        known = json.loads(world.configuration.connections.read_text("utf-8"))
        kept = known[CONNECTION]
        extra = {**kept["extra"], "grant_type": "authorization_code", "tenant_id": ""}
        known[CONNECTION] = {**kept, "login": APP[0], "password": APP[1], "extra": extra}
        connections.write_text(json.dumps(known), "utf-8")
        redirect = f"http://localhost:{self.callback_port}/callback"
        world.call(f"{self.xero}/_redirects", {"ClientID": APP[0], "RedirectURI": redirect})
        world.call(f"{self.xero}/_consent", {"Answer": "allow"})

    def connect(self) -> None:
        """Run ``tieout connect xero`` as one who may consent."""
        places = ("--connections", str(self.connections), "--include", str(INCLUDE))
        more = ("--port", str(self.callback_port), "--organization", "Harbor & Pine Supply")
        assert main(["connect", "xero", "--pair", HARBOR, *more, *places]) == 0

    def execute(self, statement: str) -> None:
        """Change something in the ledger's database."""
        url = ledger_url(connections_in(self.connections)("tieout_ledger"))
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(statement.encode())

    def revoke(self, world: World) -> None:
        """Revoke the consent at Xero, as somebody does in its pages."""
        tokens = world.tieout.xero_connections.shared_tokens
        config = world.tieout.xero_connections.config(CONNECTION)
        token = tokens.token(config.token_name)
        assert token is not None
        url, data = f"{self.xero}/connect/revocation", {"token": token.refresh_token}
        requests.post(url, data, auth=APP, timeout=CALL_TIMEOUT_S).raise_for_status()


@pytest.fixture(scope="module")
def consented(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consented]:
    patch = pytest.MonkeyPatch()
    patch.setenv(KEY_SETTING, Fernet.generate_key().decode())
    patch.setattr(webbrowser, "open", browse)
    made = Consented(world, tmp_path_factory.mktemp("consented") / "connections.json")
    made.connect()
    yield made
    patch.undo()


@pytest.fixture
def living(world: World, consented: Consented) -> Iterator[World]:
    """Return the world as it lives on the consent."""
    tieout = open_tieout(consented.connections, INCLUDE)
    yield replace(world, tieout=tieout)
    tieout.close()


def browse(address: str) -> bool:
    threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 30}).start()
    return True


def test_orders_are_posted_by_consent_and_an_expired_token_is_renewed_on_the_way(
    living: World, consented: Consented
) -> None:
    draft = draft_of(new_buyer())
    living.place(paid(draft))
    consented.execute("UPDATE tieout.tokens SET expires_at = clock_timestamp()")
    before = version(living)
    living.run()
    assert copies_of(living, draft) == ONE_OF_EACH
    assert version(living) == before + 1


def test_a_revoked_consent_sets_nothing_aside_and_a_new_one_lets_all_go_on(
    living: World, consented: Consented
) -> None:
    draft = draft_of(new_buyer())
    living.place(paid(draft))
    consented.revoke(living)
    with pytest.raises(ConsentError, match="needs consent again"):
        living.run(name="one run")
    stopped = [one for one in living.tieout.streams.streams(HARBOR) if one.state != "open"]
    assert [(one.state, one.cause) for one in stopped] == [
        (StreamState.PAUSED, StreamCause.ACCESS_REFUSED)
    ]
    assert "tieout connect xero" in stopped[0].reason
    with pytest.raises(StreamPausedError, match="needs consent again"):
        living.run(name="one run")
    conservation = living.tieout.ledger.conservation(HARBOR)
    assert (conservation.is_conserved, conservation.in_doubt) == (True, 0)
    assert living.tieout.ledger.dead_letters(HARBOR) == []
    consented.connect()
    consented.execute("UPDATE tieout.streams SET probed_at = probed_at - interval '1 minute'")
    living.run(name="one run")
    assert copies_of(living, draft) == ONE_OF_EACH
    assert {one.state for one in living.tieout.streams.streams(HARBOR)} == {StreamState.OPEN}
    assert living.tieout.ledger.conservation(HARBOR).pending == 0


def version(world: World) -> int:
    """Return how often the consent's token was exchanged."""
    config = world.tieout.xero_connections.config(CONNECTION)
    token = world.tieout.xero_connections.shared_tokens.token(config.token_name)
    assert token is not None
    return token.version
