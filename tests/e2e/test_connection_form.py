"""The form and the *Test* of a Xero connection, on Airflow's own API server and pages."""

import json
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import make_url

from browser import browsing
from conftest import empty_ledger
from e2e.api_server import ApiServer, serving
from processes import free_port, running
from tieout.cli.main import main
from tieout.ledger.tokens import KEY_SETTING
from tieout.simulators.company import COMPANIES
from tieout.stack.environment import UI_USER
from world import INCLUDE

pytestmark = [pytest.mark.e2e, pytest.mark.tier2]

TIMEOUT_S = 60
TENANT = str(COMPANIES["HPS"].xero_tenant_id)
NAME = COMPANIES["HPS"].xero_tenant_name
CUSTOM = ("tieout-harbor_and_pine", "xero-secret-harbor_and_pine")
WEB_APP = ("tieout-app", "xero-secret-app")
ENTER = "\ue007"
DIALOG = "//*[@role='dialog']"
TEST_BUTTON = "//table//button[@aria-label='Test Connection']"
FIELDS = {"grant_type", "tenant_id", "tier", "scopes", "base_url", "identity_url"}


@dataclass
class Pages:
    """An API server, a simulated Xero, and a connections file of the command line."""

    server: ApiServer
    xero: str
    connections: Path
    callback_port: int

    def body(self, client: tuple[str, str] = CUSTOM, **extra: Any) -> dict[str, Any]:
        """Return a Xero connection as the form sends it."""
        addresses = {"base_url": self.xero, "identity_url": self.xero}
        empty = dict.fromkeys(FIELDS) | {"grant_type": "client_credentials"}
        return {
            "connection_id": "xero_books",
            "conn_type": "xero",
            "login": client[0],
            "password": client[1],
            "extra": json.dumps({**empty, "tenant_id": TENANT, **addresses, **extra}),
        }

    def as_the_page_sends(self, connection_id: str) -> dict[str, Any]:
        """Return what the page sends when somebody presses *Test* on a stored connection."""
        stored = self.server.call("GET", f"/api/v2/connections/{connection_id}").json()
        texts = {name: stored[name] or "" for name in ("description", "host", "schema")}
        kept = {name: stored[name] for name in ("connection_id", "conn_type", "login", "password")}
        return {**kept, **texts, "extra": stored["extra"], "port": stored["port"] or 0}

    def connect_by_consent(self, connection_id: str) -> None:
        """Let the connections file have a web app that nobody has consented to yet."""
        known = json.loads(self.connections.read_text("utf-8"))
        known[connection_id] = {
            "conn_type": "xero",
            "login": WEB_APP[0],
            "password": WEB_APP[1],
            "extra": {
                "grant_type": "authorization_code",
                "base_url": self.xero,
                "identity_url": self.xero,
            },
        }
        self.connections.write_text(json.dumps(known), "utf-8")

    def control(self, path: str, body: object) -> None:
        """Use a control of the simulator."""
        requests.post(f"{self.xero}/_{path}", json=body, timeout=TIMEOUT_S).raise_for_status()


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, shared_ledger_url: str
) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("pages")
    empty_ledger(shared_ledger_url)
    url = make_url(shared_ledger_url)
    ledger = json.dumps(
        {
            "conn_type": "postgres",
            "host": str(url.query.get("host") or url.host),
            "port": url.port,
            "login": url.username or "",
            "password": url.password or "",
            "schema": url.database,
        }
    )
    port = free_port()
    xero = f"http://127.0.0.1:{port}"
    arguments = ["-m", "tieout.simulators.xero", "--port", str(port), "--state", str(folder / "x")]
    connections = folder / "connections.json"
    connections.write_text(f'{{"tieout_ledger": {ledger}}}', "utf-8")
    with (
        running(arguments, ready_url=f"{xero}/_health"),
        serving(folder / "home", postgres_url, {"AIRFLOW_CONN_TIEOUT_LEDGER": ledger}) as server,
    ):
        yield Pages(server, xero, connections, free_port())


def test_the_form_has_fields_of_its_own(pages: Pages) -> None:
    known = pages.server.call("GET", "/ui/connections/hook_meta").json()
    (form,) = [one for one in known if one["connection_type"] == "xero"]
    shown = {name: field for name, field in form["standard_fields"].items() if field}
    assert set(form["extra_fields"]) == FIELDS
    assert form["extra_fields"]["grant_type"]["schema"]["enum"] == [
        "client_credentials",
        "authorization_code",
    ]
    assert all(field["description"] for field in form["extra_fields"].values())
    assert {name for name, field in shown.items() if field["hidden"]} == {
        *("host", "port", "url_schema")
    }
    assert shown["login"]["title"] == "Client id"


def test_a_custom_connection_shows_its_organization(pages: Pages) -> None:
    is_good, said = pages.server.tested(pages.body())
    assert is_good, said
    for part in (NAME, "USD", "nothing locked", "calls left today of 5,000"):
        assert part in said


@pytest.mark.parametrize(
    ("client", "extra", "said"),
    [
        (
            (CUSTOM[0], "wrong"),
            {},
            "refused. Xero issued no access token (HTTP 400, invalid_client",
        ),
        (WEB_APP, {}, "unauthorized_client"),
        (CUSTOM, {"tenant_id": "elsewhere"}, "disconnected. The app is not connected to elsewhere"),
        (CUSTOM, {"scopes": "accounting.transactions"}, "invalid_scope"),
        (WEB_APP, {"grant_type": "authorization_code"}, "nobody has consented yet"),
        (CUSTOM, {"base_url": "http://127.0.0.1:9", "identity_url": ""}, "reached"),
        (CUSTOM, {"grant_type": "password"}, "A Xero connection is wrong: grant_type"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    pages: Pages, client: tuple[str, str], extra: dict[str, Any], said: str
) -> None:
    extra = {name: value or pages.xero for name, value in extra.items()}
    is_good, message = pages.server.tested(pages.body(client, **extra))
    assert not is_good
    assert said in message


def test_a_stored_connection_is_tested_as_the_page_sends_it(pages: Pages) -> None:
    """The page sends no secret, and 0 for a port that is not there (apache/airflow#73298)."""
    made = pages.server.call("POST", "/api/v2/connections", pages.body())
    assert made.ok, made.text
    body = pages.as_the_page_sends("xero_books")
    assert (body["password"], body["port"]) == ("***", 0)
    is_good, said = pages.server.tested(body)
    assert is_good, said


def test_what_the_command_line_connects_airflow_takes_over_and_tests(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(KEY_SETTING, pages.server.fernet_key)
    monkeypatch.setattr(webbrowser, "open", browse)
    redirect = f"http://localhost:{pages.callback_port}/callback"
    pages.control("redirects", {"ClientID": WEB_APP[0], "RedirectURI": redirect})
    pages.control("consent", {"Answer": "allow"})
    pages.connect_by_consent("xero_harbor_and_pine")
    places = ("--connections", str(pages.connections), "--include", str(INCLUDE))
    more = ("--port", str(pages.callback_port), "--organization", NAME)
    assert main(["connect", "xero", "--pair", "harbor_and_pine", *more, *places]) == 0
    printed = capsys.readouterr().out
    first = printed.index("airflow connections add")
    command = "\n".join(printed[first:].splitlines()[:2])
    added = pages.server.shell(command, XERO_CLIENT_SECRET=WEB_APP[1])
    assert added.returncode == 0, added.stderr
    is_good, said = pages.server.tested(pages.as_the_page_sends("xero_harbor_and_pine"))
    assert is_good, said
    assert NAME in said


def browse(address: str) -> bool:
    """Open an address in a browser that follows every redirect."""
    threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": TIMEOUT_S}).start()
    return True


@pytest.mark.drill
def test_a_person_fills_in_the_form_and_presses_test(pages: Pages, tmp_path: Path) -> None:
    with browsing() as browser:
        browser.open(f"{pages.server.url}/connections")
        browser.type("//input[@name='username']", UI_USER)
        browser.type("//input[@name='password']", pages.server.password)
        browser.click("//button[@type='submit']")
        browser.click("//button[normalize-space()='Add Connection']")
        browser.type(f"{DIALOG}//input[@name='connection_id']", "xero_by_hand")
        browser.type(f"{DIALOG}//input[@role='combobox']", f"Xero{ENTER}")
        browser.type(f"{DIALOG}//input[@name='login']", CUSTOM[0])
        browser.type(f"{DIALOG}//input[@name='password']", CUSTOM[1])
        browser.click(f"{DIALOG}//button[normalize-space()='Extra Fields']")
        for name, text in (
            ("tenant_id", TENANT),
            ("base_url", pages.xero),
            ("identity_url", pages.xero),
        ):
            browser.type(f"{DIALOG}//input[@name='element_{name}']", text)
        assert "Organization (tenant id)" in browser.text(DIALOG)
        browser.screenshot(tmp_path / "xero_connection_form.png")
        browser.click(f"{DIALOG}//button[normalize-space()='Save']")
        browser.click(TEST_BUTTON)
        browser.wait_for(f"{TEST_BUTTON}//*[@color='green']")
        browser.screenshot(tmp_path / "xero_connection_tested.png")
