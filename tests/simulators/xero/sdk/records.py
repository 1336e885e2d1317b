"""Records of every kind, made by xero-python alone."""

from datetime import date
from typing import Any

from simulators.xero.client import unique
from simulators.xero.sdk.sdk import DAY, Sdk


def credit(sdk: Sdk, contact: Any = None, **values: Any) -> Any:
    wanted = sdk.models.CreditNote(
        **{
            "type": "ACCRECCREDIT",
            "contact": sdk.of(contact or sdk.contact()),
            "date": DAY,
            "status": "AUTHORISED",
            "line_items": [sdk.line(unit_amount=60.0)],
            **values,
        }
    )
    notes = sdk.models.CreditNotes(credit_notes=[wanted])
    return sdk.create_credit_notes(notes).credit_notes[0]


def order(sdk: Sdk) -> Any:
    wanted = sdk.models.PurchaseOrder(
        purchase_order_number=unique("PO"),
        contact=sdk.models.Contact(contact_number="WEB-GUEST"),
        date=DAY,
        delivery_date=date(2026, 12, 1),
        line_items=[sdk.line(account_code="453", unit_amount=1.2345)],
    )
    orders = sdk.models.PurchaseOrders(purchase_orders=[wanted])
    return sdk.create_purchase_orders(orders).purchase_orders[0]


def payment(sdk: Sdk) -> Any:
    invoice = sdk.models.Invoice(invoice_id=sdk.invoice().invoice_id)
    return sdk.pay(40.0, invoice=invoice)


def received(sdk: Sdk, kind: str = "RECEIVE", **values: Any) -> Any:
    """Return a bank transaction of this kind, an overpayment or prepayment among them."""
    account = "610" if kind.endswith("OVERPAYMENT") else "200"
    wanted = sdk.models.BankTransaction(
        **{
            "type": kind,
            "contact": sdk.of(sdk.contact()),
            "bank_account": sdk.models.Account(code="090"),
            "date": DAY,
            "line_items": [sdk.line(unit_amount=50.0, account_code=account)],
            **values,
        }
    )
    transactions = sdk.models.BankTransactions(bank_transactions=[wanted])
    return sdk.create_bank_transactions(transactions).bank_transactions[0]


def overpayment(sdk: Sdk) -> Any:
    over = received(sdk, "RECEIVE-OVERPAYMENT").overpayment_id
    return sdk.get_overpayment(over).overpayments[0]


def prepayment(sdk: Sdk) -> Any:
    pre = received(sdk, "RECEIVE-PREPAYMENT").prepayment_id
    return sdk.get_prepayment(pre).prepayments[0]


def transfer(sdk: Sdk) -> Any:
    ends = {
        "from_bank_account": sdk.models.Account(code="091"),
        "to_bank_account": sdk.models.Account(code="090"),
    }
    wanted = sdk.models.BankTransfer(**ends, amount=12.5, date=DAY)
    transfers = sdk.models.BankTransfers(bank_transfers=[wanted])
    return sdk.create_bank_transfer(transfers).bank_transfers[0]


def journal(sdk: Sdk, **values: Any) -> Any:
    lines = [
        sdk.models.ManualJournalLine(line_amount=amount, account_code=code)
        for amount, code in ((5.0, "840"), (-5.0, "200"))
    ]
    plain = {"narration": "deferral", "date": DAY, "status": "POSTED", "journal_lines": lines}
    wanted = sdk.models.ManualJournal(**{**plain, **values})
    journals = sdk.models.ManualJournals(manual_journals=[wanted])
    return sdk.create_manual_journals(journals).manual_journals[0]


def batch(sdk: Sdk) -> Any:
    parts = [
        sdk.models.Payment(
            invoice=sdk.models.Invoice(invoice_id=sdk.invoice().invoice_id), amount=10.0
        )
        for _ in range(2)
    ]
    account = sdk.models.Account(code="090")
    wanted = sdk.models.BatchPayment(account=account, date=DAY, payments=parts)
    batches = sdk.models.BatchPayments(batch_payments=[wanted])
    return sdk.create_batch_payment(batches).batch_payments[0]


def account(sdk: Sdk) -> Any:
    kind = sdk.models.AccountType.EXPENSE
    wanted = sdk.models.Account(code=unique("PY"), name=unique("Account"), type=kind)
    return sdk.create_account(wanted).accounts[0]


def item(sdk: Sdk) -> Any:
    wanted = sdk.models.Item(code=unique("PY"), name="Lamp")
    return sdk.create_items(sdk.models.Items(items=[wanted])).items[0]
