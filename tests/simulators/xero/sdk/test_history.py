"""xero-python adds notes and files to the records that take them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.xero.sdk.records import (
    account,
    batch,
    credit,
    item,
    journal,
    order,
    overpayment,
    payment,
    prepayment,
    received,
    transfer,
)
from simulators.xero.sdk.sdk import Sdk

Make = Callable[[Sdk], Any]
NOTE = "Sage order 0001234"
NOTED = [
    (Sdk.contact, "contact_id", "create_contact_history", "get_contact_history"),
    (Sdk.invoice, "invoice_id", "create_invoice_history", "get_invoice_history"),
    (credit, "credit_note_id", "create_credit_note_history", "get_credit_note_history"),
    (order, "purchase_order_id", "create_purchase_order_history", "get_purchase_order_history"),
    (item, "item_id", "create_item_history", "get_item_history"),
    (prepayment, "prepayment_id", "create_prepayment_history", "get_prepayment_history"),
    (
        received,
        "bank_transaction_id",
        "create_bank_transaction_history_record",
        "get_bank_transactions_history",
    ),
    (
        transfer,
        "bank_transfer_id",
        "create_bank_transfer_history_record",
        "get_bank_transfer_history",
    ),
    (
        batch,
        "batch_payment_id",
        "create_batch_payment_history_record",
        "get_batch_payment_history",
    ),
    (
        journal,
        "manual_journal_id",
        "create_manual_journal_history_record",
        "get_manual_journals_history",
    ),
]
NOT_NOTED = [
    (payment, "payment_id", "create_payment_history", "get_payment_history"),
    (overpayment, "overpayment_id", "create_overpayment_history", "get_overpayment_history"),
]
FILED = [
    (Sdk.contact, "contact_id", "contact"),
    (Sdk.invoice, "invoice_id", "invoice"),
    (credit, "credit_note_id", "credit_note"),
    (order, "purchase_order_id", "purchase_order"),
    (received, "bank_transaction_id", "bank_transaction"),
    (account, "account_id", "account"),
    (transfer, "bank_transfer_id", "bank_transfer"),
    (journal, "manual_journal_id", "manual_journal"),
]


@pytest.mark.parametrize(("make", "key", "add", "read"), NOTED)
def test_a_note_is_added_and_read(sdk: Sdk, make: Make, key: str, add: str, read: str) -> None:
    record_id = getattr(make(sdk), key)
    getattr(sdk, add)(record_id, sdk.note(NOTE))
    listed = getattr(sdk, read)(record_id).history_records
    assert [record.changes for record in listed if record.details == NOTE] == ["Note"]


@pytest.mark.parametrize(("make", "key", "add", "read"), NOT_NOTED)
def test_what_takes_no_note_refuses_it_and_keeps_a_history(
    sdk: Sdk, make: Make, key: str, add: str, read: str
) -> None:
    from xero_python.exceptions import AccountingBadRequestException

    record_id = getattr(make(sdk), key)
    with pytest.raises(AccountingBadRequestException) as refusal:
        getattr(sdk, add)(record_id, sdk.note(NOTE))
    listed = getattr(sdk, read)(record_id).history_records
    assert "not able to create HistoryRecord" in refusal.value.reason
    assert NOTE not in [record.details for record in listed]


@pytest.mark.parametrize(("make", "key", "kind"), FILED)
def test_a_file_is_attached_replaced_and_read_back(
    sdk: Sdk, make: Make, key: str, kind: str
) -> None:
    record_id = getattr(make(sdk), key)
    by_name = f"{kind}_attachment_by_file_name"
    created = getattr(sdk, f"create_{by_name}")(record_id, "proof.txt", b"sent")
    replaced = getattr(sdk, f"update_{by_name}")(record_id, "proof.txt", b"delivered")
    listed = getattr(sdk, f"get_{kind}_attachments")(record_id).attachments
    (file_id,) = {one.attachments[0].attachment_id for one in (created, replaced)}
    read = getattr(sdk, f"get_{by_name}")(record_id, "proof.txt", "text/plain")
    again = getattr(sdk, f"get_{kind}_attachment_by_id")(record_id, file_id, "text/plain")
    assert [one.attachment_id for one in listed] == [file_id]
    assert listed[0].content_length == len(b"delivered")
    assert [content(path) for path in (read, again)] == [b"delivered"] * 2


def content(path: str) -> bytes:
    """Return what a file holds that the client put down, and remove it."""
    kept = Path(path)
    held = kept.read_bytes()
    kept.unlink()
    return held
