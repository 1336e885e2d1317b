"""xero-python's own retries, limits and keys, as measured (domain/xero README, section 3)."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from urllib3.exceptions import ProtocolError

from simulators.xero.client import HPS, TIMEOUT_S, XeroClient, unique
from simulators.xero.sdk.sdk import Sdk, calm, client_with

INVOICES = "/api.xro/2.0/Invoices"


@pytest.fixture
def patient(base: str, xero: XeroClient) -> Sdk:
    """Return the client without retries of its own."""
    client = client_with(xero.token(grant_type="client_credentials").json(), xero)
    calm(client)
    return Sdk(base, client)


@pytest.fixture
def faulty(base: str) -> Iterator[str]:
    """Return the address of the faults, which are gone afterwards."""
    url = f"{base}/_faults"
    yield url
    requests.delete(url, timeout=TIMEOUT_S)


def armed(url: str, **fault: Any) -> None:
    requests.post(url, json={"path": INVOICES, **fault}, timeout=TIMEOUT_S).raise_for_status()


def made(sdk: Sdk, reference: str) -> int:
    return len(sdk.get_invoices(where=f'Reference=="{reference}"').invoices)


@pytest.mark.parametrize(("keyed", "invoices"), [(True, 1), (False, 2)])
def test_its_blind_second_try_doubles_an_invoice_unless_it_has_a_key(
    sdk: Sdk, models: Any, faulty: str, *, keyed: bool, invoices: int
) -> None:
    reference = unique("blind")
    body = models.Invoices(invoices=[sdk.sale(reference=reference)])
    armed(faulty, kind="drop_answer", method="PUT")
    key = {"idempotency_key": reference} if keyed else {}
    assert sdk.create_invoices(body, **key).invoices[0].reference == reference
    assert made(sdk, reference) == invoices


def test_without_its_retries_a_lost_answer_is_an_error_and_the_key_brings_it_back(
    patient: Sdk, models: Any, faulty: str
) -> None:
    reference = unique("calm")
    body = models.Invoices(invoices=[patient.sale(reference=reference)])
    armed(faulty, kind="drop_answer", method="PUT")
    with pytest.raises(ProtocolError):
        patient.create_invoices(body, idempotency_key=reference)
    assert made(patient, reference) == 1
    patient.create_invoices(body, idempotency_key=reference)
    assert made(patient, reference) == 1


def test_without_its_retries_a_full_minute_is_said_at_once(patient: Sdk, faulty: str) -> None:
    from xero_python.exceptions import RateLimitException

    headers = {"X-Rate-Limit-Problem": "minute", "Retry-After": "26"}
    armed(faulty, kind="status", status=429, headers=headers, method="GET")
    with pytest.raises(RateLimitException) as refusal:
        patient.get_invoices()
    assert refusal.value.rate_limit == "minute"
    assert refusal.value.headers["Retry-After"] == "26"


def test_the_real_limit_of_a_minute_reaches_it_in_its_form(start: Any) -> None:
    from xero_python.exceptions import RateLimitException

    with start("--minute-limit", "3") as base:
        xero = XeroClient(base)
        client = client_with(xero.token(grant_type="client_credentials").json(), xero)
        calm(client)
        sdk = Sdk(base, client)
        left = [
            sdk.get_currencies(_return_http_data_only=False)[2]["X-MinLimit-Remaining"]
            for _ in range(3)
        ]
        with pytest.raises(RateLimitException) as refusal:
            sdk.get_currencies()
    assert left == ["2", "1", "0"]
    assert (refusal.value.rate_limit, refusal.value.body) == ("minute", b"")


def test_a_key_with_another_request_is_refused(sdk: Sdk, models: Any) -> None:
    from xero_python.exceptions import AccountingBadRequestException

    key = unique("key")
    for_one, for_another = (
        models.Contacts(contacts=[models.Contact(name=unique("Keyed"))]) for _ in range(2)
    )
    sdk.create_contacts(for_one, idempotency_key=key)
    with pytest.raises(AccountingBadRequestException) as refusal:
        sdk.create_contacts(for_another, idempotency_key=key)
    assert "is used with a different request" in refusal.value.error_data["Message"]


def test_an_unavailable_service_is_an_error_with_its_status(patient: Sdk, faulty: str) -> None:
    from xero_python.exceptions import HTTPStatusException

    armed(faulty, kind="status", status=503, method="GET")
    with pytest.raises(HTTPStatusException) as refusal:
        patient.get_invoices()
    assert refusal.value.status == 503
    assert patient.get_organisations().organisations[0].organisation_id == HPS
