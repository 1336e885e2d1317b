"""Whatever a mapping gives: a bad payload is a refused record and never a crash, and the same batch
is the same request.
"""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from deliveries import make_delivery
from tieout.connectors.xero.check import element_of
from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.config import XeroConfig
from tieout.connectors.xero.targets.table import TARGETS, target_of
from tieout.domain.base import Json
from tieout.domain.ledger import Delivery, Refused
from tieout.errors import OutcomeUnknownError, UnavailableError
from wire import SetClock, Wire, json_reply, serving

TOKEN = json_reply({"access_token": "jwt", "expires_in": 1800, "token_type": "Bearer"})
NOWHERE = "http://127.0.0.1:9"
ID = "60aa5d55-a47e-4665-a974-874bb50263b9"
MEMBERS = (
    *("Type", "Contact", "ContactID", "Name", "ContactNumber", "LineItems", "JournalLines"),
    *("Description", "Quantity", "UnitAmount", "LineAmount", "AccountCode", "TaxType", "Amount"),
    *("Date", "DueDate", "Status", "InvoiceNumber", "Reference", "Invoice", "InvoiceID", "Account"),
    *("Code", "CurrencyCode", "Payments", "Narration", "BankAccount", "Url", "Tracking", "Phones"),
    *(
        "CreditNote",
        "CreditNoteID",
        "Details",
        "SalesDetails",
        "resource",
        "record_id",
        "file_name",
    ),
    *("mime_type", "content", "invoice_id", "details", "PaymentID", "PurchaseOrderNumber", "X"),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.text(max_size=8),
    st.sampled_from(["", "1.00", "NaN", "1E+40", "-", "2026-11-29", "AUTHORISED", "ACCREC", ID]),
)
ANYTHING: st.SearchStrategy[JsonValue] = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    ),
    max_leaves=12,
)
PAYLOADS: st.SearchStrategy[dict[str, JsonValue]] = st.dictionaries(
    st.sampled_from(MEMBERS), ANYTHING, max_size=8
)


def client(url: str) -> XeroClient:
    clock = SetClock()
    config = XeroConfig.model_validate(
        {
            "client_id": "app",
            "client_secret": "s3cret",
            "tenant_id": ID,
            "base_url": url,
            "identity_url": url,
        }
    )
    return XeroClient(config, clock=clock, sleep=clock.sleep)


@pytest.mark.parametrize("model", sorted({kind.model for kind in TARGETS.values()}))
@given(payload=PAYLOADS)
@settings(max_examples=100, deadline=None)
def test_the_models_say_no_in_one_way_only(model: str, payload: Json) -> None:
    try:
        element = element_of(model, payload)
    except ValueError:
        return
    assert set(element) == set(payload)


@pytest.mark.parametrize("entity", TARGETS)
@given(payload=PAYLOADS)
@settings(max_examples=60, deadline=None)
def test_a_bad_payload_is_a_refused_record_and_nothing_is_sent(entity: str, payload: Json) -> None:
    delivery = make_delivery(entity, payload)
    try:
        outcomes = target_of(entity, client(NOWHERE), settle_s=600).send([delivery])
    except UnavailableError:
        return  # it was fit to go, or to be looked for
    outcome = outcomes[delivery.delivery_id]
    assert isinstance(outcome, Refused)
    assert outcome.cause == "bad_payload"


def payments() -> list[Delivery]:
    return [
        make_delivery(
            "payment",
            {
                "Invoice": {"InvoiceID": ID},
                "Account": {"Code": "091"},
                "Date": "2026-11-29",
                "Amount": f"{number}.10",
                "Reference": f"HP-{number} T1",
            },
            key=str(number),
        )
        for number in range(1, 6)
    ]


def shuffled(value: JsonValue, order: Mapping[str, int]) -> JsonValue:
    """Return an object with its members in another order, as a database may keep it."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: order.get(name, 0))
        return {name: shuffled(value[name], order) for name in names}
    return value


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_same_batch_is_the_same_bytes_under_the_same_key(data: st.DataObject) -> None:
    batch = payments()
    names = [*batch[0].payload, "InvoiceID", "Code"]
    order = dict(zip(names, data.draw(st.permutations(range(len(names)))), strict=True))
    kept = [
        one.model_copy(update={"payload": json.loads(json.dumps(shuffled(one.payload, order)))})
        for one in data.draw(st.permutations(batch))
    ]
    nothing = json_reply({"Payments": []})
    with serving(TOKEN, nothing, TOKEN, nothing) as wire:
        first, second = (_sent(wire, some) for some in (batch, kept))
    assert first == second


def _sent(wire: Wire, batch: list[Delivery]) -> tuple[bytes, str]:
    with pytest.raises(OutcomeUnknownError):
        target_of("payment", client(wire.url), settle_s=600).send(batch)
    request = wire.received[-1]
    return request.body, request.headers["idempotency-key"]
