"""Tokens and connections: domain/xero README 2.1, 2.2 and 2.5, xero-identity.yaml."""

import pytest
import requests

from simulators.xero.client import (
    CALLBACK,
    HPS,
    LLT,
    SCOPE,
    TIMEOUT_S,
    Json,
    Start,
    XeroClient,
    answer_of,
    authorize,
    consent,
    granted,
    observed,
    redeem,
    web_app,
)

VERIFIER = "a-verifier-of-forty-three-characters-at-least"
CHALLENGE = {
    "code_challenge": "EGHA1oGwfCkTOpFl1Vsn4veFSVESRiTz-nEgRwqWX7E",
    "code_challenge_method": "S256",
}


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
    answer = answer_of(consent(app))
    first, second = redeem(app, answer["code"]), redeem(app, answer["code"])
    assert (answer["state"], answer["scope"]) == ("s1", SCOPE)
    assert {"access_token", "refresh_token", "id_token"} <= set(first.json())
    assert second.json() == {"error": "invalid_grant"}


def test_a_code_works_for_five_minutes(travelling: str) -> None:
    app = web_app(travelling)
    in_time, late = (answer_of(consent(app))["code"] for _twice in range(2))
    app.control("POST", "clock", {"advance_seconds": 4 * 60})
    assert redeem(app, in_time).status_code == 200
    app.control("POST", "clock", {"advance_seconds": 2 * 60})
    assert redeem(app, late).json() == {"error": "invalid_grant"}


def test_a_code_is_bound_to_its_redirect_and_used_up_by_a_wrong_one(app: XeroClient) -> None:
    code = answer_of(consent(app))["code"]
    wrong = redeem(app, code, redirect_uri="http://localhost:5411/callback")
    assert wrong.json() == redeem(app, code).json() == {"error": "invalid_grant"}


def test_a_code_with_a_challenge_needs_its_verifier(app: XeroClient) -> None:
    codes = [answer_of(consent(app, **CHALLENGE))["code"] for _thrice in range(3)]
    assert redeem(app, codes[0]).json() == {"error": "invalid_grant"}
    other = redeem(app, codes[1], code_verifier=VERIFIER.swapcase())
    assert other.json() == {"error": "invalid_grant"}
    assert redeem(app, codes[2], code_verifier=VERIFIER).status_code == 200


def test_a_verifier_that_was_never_announced_is_refused(app: XeroClient) -> None:
    code = answer_of(consent(app))["code"]
    assert redeem(app, code, code_verifier=VERIFIER).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"redirect_uri": "http://127.0.0.1:5410/callback"}, "invalid_request"),
        ({"redirect_uri": f"{CALLBACK}/"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:5411/callback"}, "invalid_request"),
        ({"response_type": "token"}, "invalid_request"),
        ({**CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "accounting.transactions"}, "invalid_scope"),
        ({"client_id": "nobody"}, "unauthorized_client"),
        ({"client_id": "tieout-harbor_and_pine"}, "unauthorized_client"),
    ],
)
def test_a_request_that_is_refused_tells_the_person_and_not_the_app(
    app: XeroClient, query: Json, code: str
) -> None:
    for answer in (authorize(app, **query), consent(app, **query)):
        assert answer.status_code == 400
        assert f"Error: {code}" in answer.text
        assert "location" not in answer.headers


def test_other_redirects_count_once_they_are_registered_unless_to_127_0_0_1(
    app: XeroClient,
) -> None:
    uri = "https://books.example/connected"
    assert consent(app, redirect_uri=uri).status_code == 400
    body = {"ClientID": app.client_id, "RedirectURI": uri}
    assert app.control("POST", "redirects", body).status_code == 200
    assert consent(app, redirect_uri=uri).headers["location"].startswith(f"{uri}?code=")
    bad = {**body, "RedirectURI": "http://127.0.0.1:5410/callback"}
    assert app.control("POST", "redirects", bad).status_code == 400


def test_the_page_shows_who_asks_for_what_and_where_to_decide(app: XeroClient) -> None:
    page = authorize(app, state='"><script>1</script>')
    assert page.status_code == 200
    for part in ("tieout-app", SCOPE, HPS, LLT, 'value="allow"', 'value="deny"'):
        assert part in page.text
    assert "<script>" not in page.text


def test_a_denied_consent_says_so_to_the_app(app: XeroClient) -> None:
    denied = authorize(app, "POST", decision="deny")
    assert answer_of(denied) == {"error": "access_denied", "state": "s1"}


def test_a_consent_may_be_for_one_organisation(start: Start) -> None:
    with start() as base:
        app = web_app(base)
        token = granted(app, tenants=LLT)["access_token"]
        app.headers = {"Authorization": f"Bearer {token}"}
        listed = app.connections().json()
    assert [connection["tenantId"] for connection in listed] == [LLT]


def test_the_control_decides_in_the_place_of_a_person(start: Start) -> None:
    with start() as base:
        app = web_app(base)
        app.control("POST", "consent", {"Answer": "deny"})
        assert answer_of(authorize(app))["error"] == "access_denied"
        app.control("POST", "consent", {"Answer": "allow", "Tenants": [HPS]})
        assert redeem(app, answer_of(authorize(app))["code"]).status_code == 200
        app.control("POST", "consent", {"Answer": "ask"})
        assert authorize(app).status_code == 200
        assert app.control("POST", "consent", {"Answer": "perhaps"}).status_code == 400


def test_a_revoked_token_takes_its_whole_consent_and_the_connections_with_it(start: Start) -> None:
    with start() as base:
        app = web_app(base)
        old = granted(app)["refresh_token"]
        new = app.token(grant_type="refresh_token", refresh_token=old).json()
        form = {"token": new["refresh_token"]}
        url, basic = f"{base}/connect/revocation", (app.client_id, app.secret)
        revoked = requests.post(url, data=form, auth=basic, timeout=TIMEOUT_S)
        app.headers = {"Authorization": f"Bearer {new['access_token']}"}
        listed = app.connections().json()
        refused = [
            app.token(grant_type="refresh_token", refresh_token=token).json()
            for token in (old, new["refresh_token"])
        ]
    assert (revoked.status_code, listed) == (200, [])
    assert refused == [{"error": "invalid_grant"}] * 2


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


def test_a_refresh_token_that_nobody_uses_lasts_60_days_and_every_use_begins_them_anew(
    start: Start,
) -> None:
    with start() as base:
        app = web_app(base)
        unused, used = granted(app)["refresh_token"], granted(app)["refresh_token"]
        app.control("POST", "clock", {"advance_seconds": 59 * 86_400})
        used = app.token(grant_type="refresh_token", refresh_token=used).json()["refresh_token"]
        app.control("POST", "clock", {"advance_seconds": 2 * 86_400})
        late = app.token(grant_type="refresh_token", refresh_token=unused)
        in_time = app.token(grant_type="refresh_token", refresh_token=used)
    assert late.json() == {"error": "invalid_grant"}
    assert in_time.status_code == 200


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
    answer = observed(requests.get(url, headers=xero.headers, timeout=TIMEOUT_S)).json()
    assert [c["tenantId"] for c in answer] == [HPS]
    assert set(answer[0]) == {
        *("id", "authEventId", "tenantId", "tenantType", "tenantName"),
        *("createdDateUtc", "updatedDateUtc"),
    }


def test_a_disconnected_organisation_is_forbidden(app: XeroClient) -> None:
    token = granted(app)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    app.headers = headers
    listed = app.connections().json()
    gone = app.connections("DELETE", f"/{listed[0]['id']}")
    app.headers = headers | {"xero-tenant-id": listed[0]["tenantId"]}
    forbidden = app.get("Organisation")
    app.headers = headers | {"xero-tenant-id": listed[1]["tenantId"]}
    allowed = app.get("Organisation")
    assert sorted(c["tenantId"] for c in listed) == sorted([HPS, LLT])
    statuses = (gone.status_code, forbidden.status_code, allowed.status_code)
    assert statuses == (204, 403, 200)
