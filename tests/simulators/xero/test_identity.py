"""Tokens and connections: domain/xero README 2.1, 2.2 and 2.5, xero-identity.yaml."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from simulators.xero.client import (
    CALLBACK,
    HPS,
    LLT,
    TIMEOUT_S,
    Json,
    XeroClient,
    consent,
    granted,
    web_app,
)


@pytest.fixture
def app(base: str) -> XeroClient:
    return web_app(base)


def test_a_custom_connection_gets_a_30_minute_token_without_refresh_token(xero: XeroClient) -> None:
    answer = xero.token(grant_type="client_credentials", scope="accounting.contacts").json()
    assert sorted(answer) == ["access_token", "expires_in", "scope", "token_type"]
    assert (answer["expires_in"], answer["token_type"]) == (1800, "Bearer")
    assert answer["access_token"].count(".") == 2


def test_client_id_and_secret_may_come_in_the_body_as_xero_python_sends_them(
    xero: XeroClient,
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": xero.client_id,
        "client_secret": xero.secret,
    }
    answer = requests.post(f"{xero.base}/connect/token", data=form, timeout=TIMEOUT_S)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "accounting.transactions"}, "invalid_scope"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({}, "invalid_request"),
    ],
)
def test_a_refused_token_request_names_its_error(xero: XeroClient, form: Json, code: str) -> None:
    answer = xero.token(**form)
    assert (answer.status_code, answer.json()) == (400, {"error": code})


def test_a_wrong_secret_is_an_invalid_client(base: str) -> None:
    form = {"grant_type": "client_credentials"}
    url = f"{base}/connect/token"
    answer = requests.post(url, data=form, auth=("tieout-app", "no"), timeout=TIMEOUT_S)
    assert answer.json() == {"error": "invalid_client"}


def test_a_json_token_request_is_invalid(xero: XeroClient) -> None:
    answer = requests.post(f"{xero.base}/connect/token", json={}, timeout=TIMEOUT_S)
    assert answer.json() == {"error": "invalid_request"}


def test_a_web_app_cannot_use_client_credentials(app: XeroClient) -> None:
    assert app.token(grant_type="client_credentials").json() == {"error": "unauthorized_client"}


def test_consent_gives_a_code_that_works_once(app: XeroClient) -> None:
    location = consent(app).headers["location"]
    query = parse_qs(urlsplit(location).query)
    form = {
        "grant_type": "authorization_code",
        "code": query["code"][0],
        "redirect_uri": CALLBACK,
    }
    first, second = app.token(**form), app.token(**form)
    assert query["state"] == ["s1"]
    assert {"access_token", "refresh_token", "id_token"} <= set(first.json())
    assert second.json() == {"error": "invalid_grant"}


def test_a_redirect_to_127_0_0_1_is_refused(app: XeroClient) -> None:
    assert consent(app, redirect_uri="http://127.0.0.1/callback").status_code == 400


def test_a_refresh_token_rotates_and_its_predecessor_works_for_30_minutes(travelling: str) -> None:
    app = web_app(travelling)
    old = granted(app)["refresh_token"]
    new = app.token(grant_type="refresh_token", refresh_token=old).json()["refresh_token"]
    app.control("POST", "clock", {"advance_seconds": 29 * 60})
    within = app.token(grant_type="refresh_token", refresh_token=old)
    app.control("POST", "clock", {"advance_seconds": 2 * 60})
    after = app.token(grant_type="refresh_token", refresh_token=old)
    newest = app.token(grant_type="refresh_token", refresh_token=new)
    assert new != old
    assert within.status_code == 200
    assert after.json() == {"error": "invalid_grant"}
    assert newest.status_code == 200


def test_an_access_token_expires_after_30_minutes(travelling: str) -> None:
    client = XeroClient(travelling)
    client.control("POST", "clock", {"advance_seconds": 1790})
    before = client.get("Organisation")
    client.control("POST", "clock", {"advance_seconds": 11})
    after = client.get("Organisation")
    body = after.json()
    assert (before.status_code, after.status_code) == (200, 401)
    assert set(body) == {"Type", "Title", "Status", "Detail", "Instance", "Extensions"}
    assert body["Detail"].startswith("TokenExpired: token expired at ")


def test_a_forged_token_is_refused(xero: XeroClient) -> None:
    headers = {"Authorization": xero.headers["Authorization"] + "x"}
    answer = xero.send("GET", "Organisation", headers=headers)
    assert (answer.status_code, answer.json()["Title"]) == (401, "Unauthorized")


def test_an_organisation_that_is_not_connected_is_forbidden(xero: XeroClient) -> None:
    answer = xero.send("GET", "Organisation", headers={"xero-tenant-id": LLT})
    assert (answer.status_code, answer.json()["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_a_missing_scope_is_forbidden(base: str) -> None:
    reader = XeroClient(base, scope="accounting.contacts.read")
    assert reader.get("Contacts", page=1).status_code == 200
    assert reader.put("Contacts", {"Name": "Nobody"}).status_code == 403


@pytest.mark.parametrize("path", ["connections", "Connections"])
def test_connections_are_listed_in_either_spelling(xero: XeroClient, path: str) -> None:
    url = f"{xero.base}/{path}"
    answer = requests.get(url, headers=xero.headers, timeout=TIMEOUT_S).json()
    assert [c["tenantId"] for c in answer] == [HPS]
    assert set(answer[0]) == {
        *("id", "authEventId", "tenantId", "tenantType", "tenantName"),
        *("createdDateUtc", "updatedDateUtc"),
    }


def test_a_disconnected_organisation_is_forbidden(app: XeroClient) -> None:
    token = granted(app)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    url = f"{app.base}/connections"
    listed = requests.get(url, headers=headers, timeout=TIMEOUT_S).json()
    gone = requests.delete(f"{url}/{listed[0]['id']}", headers=headers, timeout=TIMEOUT_S)
    app.headers = headers | {"xero-tenant-id": listed[0]["tenantId"]}
    forbidden = app.get("Organisation")
    app.headers = headers | {"xero-tenant-id": listed[1]["tenantId"]}
    allowed = app.get("Organisation")
    assert sorted(c["tenantId"] for c in listed) == sorted([HPS, LLT])
    statuses = (gone.status_code, forbidden.status_code, allowed.status_code)
    assert statuses == (204, 403, 200)
