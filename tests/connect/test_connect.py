"""``tieout connect xero`` against the simulated Xero: consent, choice, status, revocation."""

import io
import json
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import requests

from connect.conftest import CLIENT, HARBOR, LOTUS, TIMEOUT_S, Desk
from tieout.errors import AuthenticationError
from tieout.simulators.company import COMPANIES
from tieout.wiring.connections import connections_in, ledger_url
from tieout.wiring.installation import Tieout, open_tieout
from world import INCLUDE

NAME = COMPANIES["HPS"].xero_tenant_name
TENANT = str(COMPANIES["HPS"].xero_tenant_id)
OTHER = COMPANIES["LLT"].xero_tenant_name
SCOPES = {
    *("accounting.contacts", "accounting.invoices", "accounting.payments"),
    *("accounting.manualjournals.read", "accounting.reports.trialbalance.read"),
    "accounting.settings.read",
}
SHOWN = ("USD", "US", "BUSINESS GROW", "EASTERNSTANDARDTIME", "nothing locked", "today of 5,000")


def opened(desk: Desk) -> Tieout:
    return open_tieout(desk.connections, INCLUDE)


def status(desk: Desk, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    capsys.readouterr()
    code = desk.tieout("--status", "--json", "--pair", "harbor_and_pine", *more)
    found = json.loads(capsys.readouterr().out)[HARBOR]
    assert (code == 0) == (found["state"] == "connected" and not found["missing"])
    return found


def connect(desk: Desk) -> None:
    desk.as_web_app()
    assert desk.tieout("--pair", "harbor_and_pine", "--organization", NAME) == 0


def test_a_consent_connects_the_organization_that_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(desk)
    said = capsys.readouterr().out
    for part in (
        *SHOWN,
        NAME,
        OTHER,
        "connected",
        "consent lapses in 60 days",
        "airflow connections add",
    ):
        assert part in said
    assert "xero-secret-app" not in said
    extra = desk.stored(HARBOR)["extra"]
    assert (extra["tenant_id"], extra["grant_type"]) == (TENANT, "authorization_code")
    assert desk.connections.stat().st_mode & 0o077 == 0
    assert opened(desk).xero("harbor_and_pine").reference().base_currency == "USD"


def test_it_asks_for_the_least_with_pkce_and_the_exact_redirect(desk: Desk) -> None:
    connect(desk)
    query = {key: values[0] for key, values in parse_qs(urlsplit(desk.opened[0]).query).items()}
    assert set(query["scope"].split()) == SCOPES | {"offline_access"}
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == f"http://localhost:{desk.callback_port}/callback"


def test_what_the_consent_gave_is_sealed_in_the_ledger_and_nowhere_else(desk: Desk) -> None:
    connect(desk)
    token = opened(desk).xero_connections.shared_tokens.token(f"xero tieout-app {TENANT}")
    assert token is not None
    assert token.refresh_token
    assert set(token.scope.split()) == SCOPES | {"offline_access"}
    assert token.refresh_token not in desk.connections.read_text("utf-8")
    assert token.access_token not in desk.connections.read_text("utf-8")


def test_two_organizations_of_one_app_have_a_consent_each(desk: Desk) -> None:
    connect(desk)
    desk.as_web_app(LOTUS)
    assert desk.tieout("--pair", "lotus_lane", "--organization", OTHER) == 0
    with psycopg.connect(plain_ledger_url(desk)) as connection:
        names = connection.execute("SELECT name FROM tieout.tokens WHERE sealed IS NOT NULL")
        assert len(names.fetchall()) == 2
    assert desk.tieout("--status") == 0


def test_a_custom_connection_is_connected_without_a_browser(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.tieout("--pair", "harbor_and_pine") == 0
    said = capsys.readouterr().out
    assert desk.opened == []
    for part in (*SHOWN, NAME):
        assert part in said
    assert desk.stored(HARBOR)["extra"]["tenant_id"] == TENANT


def test_a_new_connection_is_asked_for_and_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("xero-secret-app\n"))
    desk.store(HARBOR, login="", password="")
    code = desk.tieout(
        *("--pair", "harbor_and_pine", "--client-id", "tieout-app", "--organization", TENANT)
    )
    kept = desk.stored(HARBOR)
    assert code == 0
    assert (kept["login"], kept["password"]) == ("tieout-app", "xero-secret-app")


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


def test_a_person_chooses_by_number(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = sorted([NAME, OTHER]).index(NAME) + 1
    monkeypatch.setattr(sys, "stdin", Terminal(f"\n0\n9\n{numbers}\n"))
    desk.as_web_app()
    assert desk.tieout("--pair", "harbor_and_pine") == 0
    assert desk.stored(HARBOR)["extra"]["tenant_id"] == TENANT


def test_where_nobody_can_be_asked_several_organizations_are_an_error_that_lists_them(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    desk.as_web_app()
    assert desk.tieout("--pair", "harbor_and_pine") == 2
    captured = capsys.readouterr()
    assert NAME in captured.out
    assert "--organization" in captured.err


def test_a_connection_keeps_its_organization_unless_another_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    connect(desk)
    assert desk.tieout("--pair", "harbor_and_pine") == 0
    assert desk.stored(HARBOR)["extra"]["tenant_id"] == TENANT
    desk.store(HARBOR, extra={"tenant_id": "an-organization-that-is-not-there"})
    assert desk.tieout("--pair", "harbor_and_pine") == 2
    assert "0 of 2 organizations" in capsys.readouterr().err
    assert desk.tieout("--pair", "harbor_and_pine", "--organization", NAME.upper()) == 0


def test_books_in_another_currency_than_the_pairs_are_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.as_web_app()
    assert desk.tieout("--pair", "harbor_and_pine", "--organization", OTHER) == 2
    assert "HKD" in capsys.readouterr().err
    assert desk.stored(HARBOR)["extra"]["tenant_id"] == ""


def test_books_that_another_connection_has_are_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(desk)
    desk.store("xero_third", extra={"base_url": desk.base, "identity_url": desk.base})
    desk.as_web_app("xero_third")
    assert desk.tieout("--connection", "xero_third", "--organization", NAME) == 2
    assert HARBOR in capsys.readouterr().err


def test_a_declined_consent_changes_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.control("consent", {"Answer": "deny"})
    desk.as_web_app()
    before = desk.connections.read_text("utf-8")
    assert desk.tieout("--pair", "harbor_and_pine") == 2
    assert "declined (access_denied)" in capsys.readouterr().err
    assert desk.connections.read_text("utf-8") == before


def test_without_a_key_nobody_is_asked_to_consent(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIEOUT_TOKEN_KEY")
    desk.as_web_app()
    assert desk.tieout("--pair", "harbor_and_pine") == 2
    assert "TIEOUT_TOKEN_KEY" in capsys.readouterr().err
    assert desk.opened == []


def test_the_key_of_the_installation_beside_the_file_is_found(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "B" * 43 + "="
    monkeypatch.delenv("TIEOUT_TOKEN_KEY")
    desk.connections.with_name("secrets.json").write_text(json.dumps({"fernet_key": key}), "utf-8")
    connect(desk)
    assert desk.tieout("--status", "--pair", "harbor_and_pine") == 0


def test_in_a_terminal_of_its_own_it_prints_the_address_and_waits(desk: Desk) -> None:
    desk.as_web_app()
    command = [sys.executable, "-m", "tieout.cli", "connect", "xero", "--pair", "harbor_and_pine"]
    places = ["--connections", str(desk.connections), "--include", str(INCLUDE)]
    more = ["--no-browser", "--port", str(desk.callback_port), "--organization", NAME]
    with subprocess.Popen(
        [*command, *places, *more], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        address = next(line for line in process.stdout if line.startswith("http"))
        foreign = f"http://localhost:{desk.callback_port}/callback"
        query = {"code": "stolen", "state": "guessed"}
        refused = requests.get(foreign, params=query, timeout=TIMEOUT_S)
        taken = requests.get(address.strip(), timeout=TIMEOUT_S)
        rest = process.stdout.read()
    assert (refused.status_code, taken.status_code) == (400, 200)
    assert process.returncode == 0
    assert f"{HARBOR}: connected" in rest


def test_a_revoked_consent_is_seen_and_said_until_somebody_consents_anew(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(desk)
    tokens = opened(desk).xero_connections.shared_tokens
    token = tokens.token(f"xero tieout-app {TENANT}")
    assert token is not None
    requests.post(
        f"{desk.base}/connect/revocation",
        data={"token": token.refresh_token},
        auth=CLIENT,
        timeout=TIMEOUT_S,
    ).raise_for_status()
    # The access token still opens the list of connections, which is empty by now.
    assert status(desk, capsys)["state"] == "disconnected"
    with pytest.raises(AuthenticationError, match="needs consent again"):
        opened(desk).xero("harbor_and_pine").reference()
    lost = status(desk, capsys)
    assert lost["state"] == "needs consent"
    assert lost["refused_at"]
    assert "tieout connect xero" in lost["remedy"]
    connect(desk)
    assert status(desk, capsys)["state"] == "connected"
    assert opened(desk).xero("harbor_and_pine").reference().base_currency == "USD"


def test_another_program_gets_a_token_only_where_it_cannot_mint_one(desk: Desk) -> None:
    assert opened(desk).xero_connections.consented_token(HARBOR) == ""
    connect(desk)
    token = opened(desk).xero_connections.consented_token(HARBOR)
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{desk.base}/connections", headers=headers, timeout=TIMEOUT_S)
    assert TENANT in {one["tenantId"] for one in answer.json()}


def test_before_any_consent_the_status_says_what_to_do(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.as_web_app()
    desk.store(HARBOR, extra={"tenant_id": TENANT})
    found = status(desk, capsys)
    assert (found["state"], found["refused_at"]) == ("needs consent", None)
    assert "nobody has consented" in found["message"]


def test_wrong_credentials_are_refused_with_what_to_check(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.store(HARBOR, password="wrong")  # noqa: S106
    found = status(desk, capsys)
    assert found["state"] == "refused"
    assert "invalid_client" in found["message"]


def test_a_scope_that_was_not_granted_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(desk)
    desk.store(HARBOR, extra={"scopes": "accounting.attachments accounting.contacts.read"})
    found = status(desk, capsys)
    assert (found["state"], found["missing"]) == ("connected", ["accounting.attachments"])
    assert "accounting.attachments" in found["message"]
    assert "consent to them" in found["remedy"]


@pytest.mark.parametrize(("tier", "limit"), [("core", 5000), ("custom", 5000), ("starter", None)])
def test_the_days_limit_is_the_tiers_if_what_is_left_fits_or_what_is_left_tells_it(
    desk: Desk, capsys: pytest.CaptureFixture[str], tier: str, limit: int | None
) -> None:
    desk.store(HARBOR, extra={"tier": tier, "tenant_id": TENANT})
    assert status(desk, capsys)["organization"]["day_limit"] == limit


def test_locks_of_the_books_are_shown(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        desk.control(
            f"organisations/{TENANT}/Organisations",
            {"PeriodLockDate": "2026-09-30", "EndOfYearLockDate": "2025-12-31"},
        )
        assert desk.tieout("--status", "--pair", "harbor_and_pine") == 0
    finally:
        nothing = {"PeriodLockDate": None, "EndOfYearLockDate": None}
        desk.control(f"organisations/{TENANT}/Organisations", nothing)
    said = capsys.readouterr().out
    assert "period locked through 2026-09-30, year end locked through 2025-12-31" in said


def test_revoking_ends_the_connection_at_xero_and_forgets_the_token(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.control("consent", {"Answer": "allow", "Tenants": [TENANT]})
    connect(desk)
    tokens = opened(desk).xero_connections.shared_tokens
    token = tokens.token(f"xero tieout-app {TENANT}")
    assert token is not None
    assert desk.tieout("--revoke", "--pair", "harbor_and_pine") == 0
    assert tokens.token(f"xero tieout-app {TENANT}") is None
    assert refreshed(desk, token.refresh_token) == {"error": "invalid_grant"}
    assert status(desk, capsys)["state"] == "needs consent"
    assert desk.tieout("--revoke", "--pair", "harbor_and_pine") == 0


def test_revoking_one_organization_leaves_the_others_of_the_app(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(desk)
    desk.as_web_app(LOTUS)
    assert desk.tieout("--pair", "lotus_lane", "--organization", OTHER) == 0
    assert desk.tieout("--revoke", "--pair", "harbor_and_pine") == 0
    assert f"stays connected to {OTHER}" in capsys.readouterr().out
    assert desk.tieout("--status", "--pair", "lotus_lane") == 0
    assert desk.tieout("--status") == 1


def test_a_custom_connection_can_be_disconnected_too(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.tieout("--pair", "lotus_lane") == 0
    assert desk.tieout("--revoke", "--pair", "lotus_lane") == 0
    assert desk.tieout("--status", "--pair", "lotus_lane") == 1
    assert f"{LOTUS}: disconnected" in capsys.readouterr().out


def refreshed(desk: Desk, refresh_token: str) -> Any:
    return requests.post(
        f"{desk.base}/connect/token",
        data={"grant_type": "refresh_token", "refresh_token": refresh_token},
        auth=CLIENT,
        timeout=TIMEOUT_S,
    ).json()


def plain_ledger_url(desk: Desk) -> str:
    return ledger_url(connections_in(desk.connections)("tieout_ledger")).replace("+psycopg", "")
