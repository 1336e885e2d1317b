"""xero-python renews, mints and revokes its tokens, and lists and ends connections.

It has no call for the exchange of a code: an app's own web pages do that, here the test.
"""

# mypy: disable-error-code="no-untyped-call"
# The vendor ships no types.

import gc
import time
import warnings

import pytest

from simulators.xero.client import HPS, LLT, SCOPE, Json, XeroClient, granted, web_app
from simulators.xero.sdk.sdk import Sdk, client_with


@pytest.fixture
def app(base: str, monkeypatch: pytest.MonkeyPatch) -> XeroClient:
    """Return the app with both organisations; the client's token service is the simulator's."""
    from xero_python.api_client.oauth2 import TokenApi

    for name in ("client_credentials_token_url", "refresh_token_url"):
        monkeypatch.setattr(TokenApi, name, f"{base}/connect/token")
    monkeypatch.setattr(TokenApi, "revoke_token_url", f"{base}/connect/revocation")
    return web_app(base)


@pytest.fixture
def token(app: XeroClient) -> Json:
    """Return the tokens of a consent."""
    return granted(app)


def test_the_token_of_a_consent_opens_both_organisations(
    base: str, app: XeroClient, token: Json
) -> None:
    client = client_with(token, app)
    names = {
        Sdk(base, client, tenant).get_organisations().organisations[0].organisation_id
        for tenant in (HPS, LLT)
    }
    assert names == {HPS, LLT}


def test_a_token_that_has_expired_is_renewed_before_the_call(
    base: str, app: XeroClient, token: Json
) -> None:
    saved: list[Json] = []
    client = client_with({**token, "expires_at": time.time() - 1}, app, save=saved.append)
    sdk = Sdk(base, client)
    sdk.get_organisations()
    sdk.get_currencies()
    (new,) = saved
    assert new["refresh_token"] != token["refresh_token"]
    assert set(new["scope"]) == set(SCOPE.split())
    assert new["expires_at"] > time.time() + 1700


def test_a_refresh_token_that_is_none_is_refused(base: str, app: XeroClient, token: Json) -> None:
    from xero_python.exceptions import HTTPStatusException

    lost = {**token, "refresh_token": "lost", "expires_at": time.time() - 1}
    with pytest.raises(HTTPStatusException) as refusal:
        Sdk(base, client_with(lost, app)).get_organisations()
    assert refusal.value.status == 400
    assert b"invalid_grant" in refusal.value.body


def test_a_custom_connection_mints_its_own_token(base: str, app: XeroClient) -> None:
    custom = XeroClient(base)
    saved: list[Json] = []
    assert app.client_id != custom.client_id
    unusable = {"access_token": "", "scope": "", "expires_in": 0, "token_type": "Bearer"}
    client = client_with(unusable, custom, save=saved.append)
    held = client.configuration.oauth2_token
    assert held.get_client_credentials_access_token(client, app_store_billing=False)
    organisation = Sdk(base, client).get_organisations().organisations[0]
    assert organisation.organisation_id == HPS
    assert "refresh_token" not in saved[0]


def test_a_revoked_token_opens_nothing(base: str, app: XeroClient, token: Json) -> None:
    from xero_python.exceptions import HTTPStatusException

    client = client_with(token, app)
    Sdk(base, client).get_organisations()
    with warnings.catch_warnings():
        # It leaves the answer unread, and so its connection open.
        warnings.simplefilter("ignore", ResourceWarning)
        assert client.configuration.oauth2_token.revoke_access_token(client)
        gc.collect()
    with pytest.raises(HTTPStatusException) as refusal:
        Sdk(base, client_with(token, app)).get_organisations()
    assert refusal.value.status == 403
    refused = app.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert refused.json() == {"error": "invalid_grant"}


def test_a_token_that_is_none_of_ours_is_unauthorized(base: str, app: XeroClient) -> None:
    from xero_python.exceptions import HTTPStatusException

    forged = {"access_token": "a.b.c", "scope": "", "expires_in": 1800, "token_type": "Bearer"}
    with pytest.raises(HTTPStatusException) as refusal:
        Sdk(base, client_with(forged, app)).get_organisations()
    assert refusal.value.status == 401


def test_it_lists_the_connections_and_ends_one(base: str, app: XeroClient, token: Json) -> None:
    from xero_python.exceptions import HTTPStatusException
    from xero_python.identity import IdentityApi

    client = client_with(token, app)
    identity = IdentityApi(client, base_url=base)
    listed = {one.tenant_id: one for one in identity.get_connections()}
    identity.delete_connection(listed[LLT].id)
    left = [one.tenant_id for one in identity.get_connections()]
    with pytest.raises(HTTPStatusException) as refusal:
        Sdk(base, client, LLT).get_organisations()
    assert (set(listed), left, refusal.value.status) == ({HPS, LLT}, [HPS], 403)
    assert listed[HPS].tenant_type == "ORGANISATION"
