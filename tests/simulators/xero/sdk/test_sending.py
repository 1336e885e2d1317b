"""xero-python prints documents, and sends invoices by mail and by link."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.xero.sdk.records import credit, order
from simulators.xero.sdk.sdk import Sdk


@pytest.mark.parametrize(
    ("make", "key", "read"),
    [
        (Sdk.invoice, "invoice_id", "get_invoice_as_pdf"),
        (credit, "credit_note_id", "get_credit_note_as_pdf"),
        (order, "purchase_order_id", "get_purchase_order_as_pdf"),
    ],
)
def test_a_document_is_printed(sdk: Sdk, make: Callable[[Sdk], Any], key: str, read: str) -> None:
    kept = Path(getattr(sdk, read)(getattr(make(sdk), key)))
    printed = kept.read_bytes()
    kept.unlink()
    assert printed.startswith(b"%PDF-")


def test_an_invoice_is_mailed_and_linked(sdk: Sdk) -> None:
    contact = sdk.of(sdk.contact(email_address="buyer@shop.example"))
    invoice_id = sdk.invoice(contact=contact).invoice_id
    sdk.email_invoice(invoice_id, sdk.models.RequestEmpty())
    link = sdk.get_online_invoice(invoice_id).online_invoices[0].online_invoice_url
    assert sdk.get_invoice(invoice_id).invoices[0].sent_to_contact
    assert link.startswith("https://in.xero.com/")
