"""A world for tests of bills: people in Xero and Sage 100, the agent, and a ledger on PostgreSQL.

What Airflow would call task by task is called here step by step; everything beneath is real.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from deliveries import make_delivery
from fake_streams import FakeStreams
from sage100_simulator import Sage, today
from sage100_sites import RealClock
from tieout.connectors.xero.config import SCOPES
from tieout.domain.base import Json, System
from tieout.domain.in_step.records import AgreedRecord
from tieout.domain.ledger import DeadLetter, Landed, NewBinding, Origin
from tieout.domain.pair import Account, FlowName, Pair
from tieout.ledger.landing import PostgresLanding
from tieout.ledger.postgres import PostgresLedger
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.settings import load_pairs
from tieout.usecases.extract import extract
from tieout.usecases.flow import Flow, StepReport
from tieout.usecases.payees import VENDOR
from tieout.usecases.steps import FLOWS, run_step
from tieout.validation.gate import GreatExpectationsGate
from wire import SetClock
from xero_simulator import MORE_SCOPES, TENANT, XeroSimulator

INCLUDE = Path(__file__).parents[1] / "include"
BRIGHT, VALLEY, CASCO = "0000100", "0000200", "0000300"
"""Vendors of Sage 100; bills of the second come in through receipt of invoice."""
MORE_ACCOUNTS = (
    Account(role="bank", xero="090", sage100="100-00"),
    Account(role="payables", xero="800", sage100="200-00"),
    Account(role="light", xero="445", sage100="620-00"),
    Account(role="office", xero="453", sage100="625-00"),
    Account(role="freight_in", xero="425", sage100="615-00"),
    Account(role="equipment", xero="710", sage100="150-00"),
)
REPORTS = "accounting.reports.trialbalance.read"
LISTS = ("Bills", "VendorCredits", "BillPayments")
DAY = today()


def pair_of(**changes: Any) -> Pair:
    """Return the shipped pair with accounts for what it buys."""
    pair = load_pairs(INCLUDE)["harbor_and_pine"]
    accounts = (*pair.accounts, *MORE_ACCOUNTS)
    return pair.model_copy(
        update={"accounts": accounts, "flows": (FlowName.PROCURE_TO_PAY,), **changes}
    )


@dataclass
class Buying:
    """Both ledgers with their people, and what brings bills from one to the other."""

    simulator: XeroSimulator
    sage: Sage
    ledger: PostgresLedger
    pair: Pair = field(default_factory=pair_of)
    numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        clock, scopes = SetClock(), (*SCOPES, *MORE_SCOPES, REPORTS)
        self.client = self.simulator.client(clock)
        self.xero = self.simulator.connector(clock, scopes=scopes)
        self.sage100 = self.sage.connector()
        self.contacts: dict[str, str] = {}
        self.flow = Flow(
            pair=self.pair,
            ledger=self.ledger,
            streams=FakeStreams(RealClock()),
            xero=self.xero,
            sage100=self.sage100,
            shops={},
            mapper=YamlMapper(INCLUDE, self.pair),
            matcher=ProbabilityMatcher(),
            gate=GreatExpectationsGate(INCLUDE / "expectations", None),
            clock=RealClock(),
        )

    def decide(self, **changes: Any) -> None:
        """Go on with other policies of the pair."""
        self.pair = self.pair.model_copy(update=changes)
        mapper = YamlMapper(INCLUDE, self.pair)
        self.flow = replace(self.flow, pair=self.pair, mapper=mapper)

    def bound(self, vendor_no: str) -> str:
        """Let a vendor be in step, and return the id of its contact."""
        if vendor_no not in self.contacts:
            made = self.simulator.call(
                "POST",
                f"/_people/{TENANT}/create_contact",
                {"Name": f"Vendor {vendor_no} {next(self.numbers)}"},
            )
            self.contacts[vendor_no] = made["ContactID"]
            ids = {System.XERO: made["ContactID"], System.SAGE100: f"00-{vendor_no}"}
            for system, external_id in ids.items():
                self.ledger.bind(
                    NewBinding(
                        pair=self.pair.pair,
                        entity=VENDOR,
                        key=f"V-{vendor_no}",
                        system=system,
                        external_id=external_id,
                        external_no=vendor_no,
                        provenance="test",
                    )
                )
            self.ledger.agree(
                AgreedRecord(pair=self.pair.pair, entity=VENDOR, key=f"V-{vendor_no}")
            )
        return self.contacts[vendor_no]

    def enter(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Let a person enter or change something in Xero."""
        answer = self.client.write(
            method, path, body=body, idempotency_key=f"people {next(self.numbers)}"
        )
        said = json.loads(answer.body)
        assert answer.status == 200, said
        (made,) = said[path.split("/", maxsplit=1)[0]]
        return dict(made)

    def bill(
        self,
        vendor_no: str,
        number: str,
        *lines: tuple[str, str],
        tax: str = "",
        **changes: Any,
    ) -> str:
        """Let a person enter a bill, approved unless said otherwise, and return its id."""
        items = [
            {
                "Description": "Something",
                "Quantity": "1",
                "UnitAmount": amount,
                "AccountCode": account,
                **({"TaxType": "TAX001", "TaxAmount": tax} if tax and not place else {}),
                **({} if tax and not place else {"TaxType": "NONE"}),
            }
            for place, (account, amount) in enumerate(lines)
        ]
        body = {
            "Type": "ACCPAY",
            "Contact": {"ContactID": self.bound(vendor_no)},
            "InvoiceNumber": number,
            "Date": DAY.isoformat(),
            "DueDate": DAY.isoformat(),
            "LineAmountTypes": "Exclusive",
            "Status": "AUTHORISED",
            "LineItems": items,
            **changes,
        }
        if body["Type"] == "ACCPAYCREDIT":
            body["CreditNoteNumber"] = body.pop("InvoiceNumber")
            del body["DueDate"]
            return str(self.enter("PUT", "CreditNotes", body)["CreditNoteID"])
        return str(self.enter("PUT", "Invoices", body)["InvoiceID"])

    def run(self, flow: FlowName = FlowName.PROCURE_TO_PAY) -> dict[str, StepReport]:
        """Read Xero's lists, and run the flow over what they told, as one DAG run does."""
        landing = PostgresLanding(self.ledger.database)
        for resource in LISTS:
            extract(self.xero.lists, landing, self.pair.pair, resource)
        checks = self.sage100.lists()
        extract(checks, landing, self.pair.pair, "AP_CheckHistoryHeader")
        steps = FLOWS[flow]
        batch = steps.capture(
            self.flow,
            interval=None,
            origin=Origin.SWEEP,
            claimed_by=f"run {next(self.numbers)}",
        )
        if batch is None:
            return {}
        return {step: run_step(self.flow, step, batch) for step in steps.steps}

    def pay(self, *paid: tuple[str, str], account: str = "090") -> list[str]:
        """Let a person pay bills in Xero, several in one batch, and return the payments' ids."""
        if len(paid) == 1:
            ((bill_id, amount),) = paid
            body = {
                "Invoice": {"InvoiceID": bill_id},
                "Account": {"Code": account},
                "Date": DAY.isoformat(),
                "Amount": amount,
            }
            return [str(self.enter("PUT", "Payments", body)["PaymentID"])]
        rows = self.client.rows("Accounts", "Accounts")
        (bank,) = [row["AccountID"] for row in rows if row.get("Code") == account]
        batch = {
            "Account": {"AccountID": bank},
            "Date": DAY.isoformat(),
            "Payments": [
                {"Invoice": {"InvoiceID": bill_id}, "Amount": amount} for bill_id, amount in paid
            ],
        }
        made = self.enter("PUT", "BatchPayments", batch)
        return [str(one["PaymentID"]) for one in made["Payments"]]

    def open_in_xero(self, bill_id: str) -> str:
        """Return what is due on a bill in Xero."""
        (row,) = self.client.rows(f"Invoices/{bill_id}", "Invoices")
        return f"{Decimal(str(row['AmountDue'])):.2f}"

    def open_in_sage100(self, number: str) -> str:
        """Return what is due on a bill in Sage 100."""
        rows = self.sage100._reader.rows(  # noqa: SLF001 - as its people see it
            "AP_OpenInvoice", "Balance", among={"InvoiceNo": [number]}
        )
        return f"{sum((row.amount('Balance') for row in rows), Decimal(0)):.2f}"

    def checks(self) -> list[str]:
        """Return the amounts of the posted checks of Sage 100."""
        rows = self.sage100._reader.rows("AP_CheckHistoryHeader", "CheckAmt")  # noqa: SLF001
        return [f"{row.amount('CheckAmt'):.2f}" for row in rows]

    def reverse(self, payment_id: str, number: str, amount: str) -> None:
        """Let a person take back in Sage 100 the posted check of a payment of Xero."""
        bound = self.ledger.bindings(self.pair.pair, "bill_payment", [payment_id], System.SAGE100)
        bank, check_no = bound[payment_id].external_id.split("/")
        self._enter_check("check_reversal", bank, check_no, number, f"-{amount}")

    def check(self, check_no: str, number: str, amount: str) -> None:
        """Let a person pay a bill in Sage 100."""
        self._enter_check("manual_check", "A", check_no, number, amount)

    def _enter_check(self, entity: str, bank: str, check_no: str, number: str, amount: str) -> None:
        header: Json = {
            "BankCode": bank,
            "CheckNo": check_no,
            "CheckDate": DAY.isoformat(),
            "APDivisionNo": "00",
            "VendorNo": CASCO,
            "CheckAmt": amount,
            "Comment": "by hand",
        }
        line: Json = {"InvoiceNo": number, "InvoiceAmt": amount}
        made = make_delivery(
            entity,
            {"header": header, "lines": [line]},
            key=f"{entity} {check_no}",
            target=System.SAGE100,
        )
        (outcome,) = self.sage100.target(entity).send([made]).values()
        assert isinstance(outcome, Landed), outcome

    def post(self, *registers: str, on: date = DAY) -> None:
        """Let people update registers of Sage 100, and the general ledger after them."""
        for register in (*registers, "post_daily_transaction_register"):
            self.sage.do(register, {"posting_date": on.isoformat()})

    def letters(self) -> dict[str, DeadLetter]:
        """Return the open dead letters by what they are of."""
        return {
            one.trace_key.partition(" ")[2]: one for one in self.ledger.dead_letters(self.pair.pair)
        }

    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return what every mirrored account holds, debits less credits, in Xero and Sage 100."""
        codes = {
            row["AccountID"]: row.get("Code") for row in self.client.rows("Accounts", "Accounts")
        }
        trial_balance = self.xero.reports.trial_balance(DAY)
        in_xero = {codes[one.account_id]: one.balance for one in trial_balance}
        in_sage100: dict[str, Decimal] = {}
        for one in self.sage100.postings():
            held = in_sage100.get(one.account, Decimal(0))
            in_sage100[one.account] = held + one.amount
        return {
            account.role: (
                in_xero.get(account.xero, Decimal(0)),
                in_sage100.get(account.sage100, Decimal(0)),
            )
            for account in self.pair.accounts
            if account.xero
        }
