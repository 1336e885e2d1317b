"""Money at the bank without an invoice: bank transactions, and transfers between bank accounts."""

from collections.abc import Iterator, Sequence
from datetime import date

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import SaidBankTransaction, SaidBankTransfer, amount_text
from tieout.connectors.xero.client import any_of, on_days
from tieout.connectors.xero.targets.base import KEY_WINDOW_S, ONE_BY_ONE, Found, Key, day, text
from tieout.connectors.xero.targets.invoices import PLACES
from tieout.connectors.xero.targets.kinds import DocumentTarget, UnguardedTarget, totals
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.xero import BANK_TRANSACTION, BANK_TRANSFER


class BankTransactionTarget(DocumentTarget, UnguardedTarget):
    """Money spent and received, over- and prepayments too, told apart by type and Reference.

    One of an over- or prepayment type makes that credit, whose id is in the answer that is kept.
    """

    entity = "bank_transaction"
    model = "BankTransaction"
    resource = Resource(
        "BankTransactions", "BankTransactions", "PUT", "BankTransactionID", {**ONE_BY_ONE, **PLACES}
    )
    echoed = ("Reference",)

    @override
    def _key(self, payload: Json) -> Key:
        return text(payload, "Type"), text(payload, "Reference")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        references = sorted({reference for _type, reference in keys})
        for where in any_of("Reference", references):
            for row in self.client.all_rows("BankTransactions", params={"where": where, **PLACES}):
                said = SaidBankTransaction.of(row)
                landed = Landed(
                    external_id=said.bank_transaction_id,
                    external_no=said.reference,
                    figures={**totals(said), "account": said.bank_account.code},
                    answer=plain_json(row),
                )
                yield Found(
                    (said.type, said.reference),
                    landed,
                    is_live=not BANK_TRANSACTION.is_gone(said.status),
                )


class BankTransferTarget(UnguardedTarget):
    """Transfers from one bank account to another, such as payouts, told apart by day and Reference.

    Xero judges the elements of a request of transfers together, so each goes alone.
    """

    entity = "bank_transfer"
    batch_max = 1
    key_window_s: float | None = KEY_WINDOW_S
    model = "BankTransfer"
    resource = Resource("BankTransfers", "BankTransfers", "PUT", "BankTransferID", {})
    echoed = ("Reference",)

    @override
    def _key(self, payload: Json) -> Key:
        return day(payload, "Date"), text(payload, "Reference")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for where in on_days("Date", [date.fromisoformat(on) for on, _reference in keys]):
            for row in self.client.rows("BankTransfers", "BankTransfers", params={"where": where}):
                said = SaidBankTransfer.of(row)
                landed = Landed(
                    external_id=said.bank_transfer_id,
                    external_no=said.reference,
                    figures={
                        "amount": amount_text(said.amount, said.from_bank_account.currency_code),
                        "from": said.from_bank_account.code,
                        "to": said.to_bank_account.code,
                    },
                    answer=plain_json(row),
                )
                on = said.date.isoformat() if said.date else ""
                yield Found(
                    (on, said.reference), landed, is_live=not BANK_TRANSFER.is_gone(said.status)
                )
