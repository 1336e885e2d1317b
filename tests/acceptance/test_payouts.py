"""Payouts at the wire: accounting.md's A26 to A32, posted in both ledgers, and posted once.

The shop's own simulator is the gateway: what it pays out are the card payments of orders that were
posted before, and rows of its own.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from acceptance.orders import HERE, PLACED_DAYS_AGO, TODAY, maker, paid
from acceptance.test_money import POLICIES, trial_balance
from tieout.domain.ledger import LANDED
from tieout.domain.pair import FlowName
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import Draft
from tieout.usecases.steps import FLOWS, run_step
from tieout.usecases.tie_out_reading import BANK_ENTRIES
from tieout.wiring.installation import open_tieout
from tieout.wiring.payments import Payments
from world import HARBOR, INCLUDE, SHOPS, World

FLOW = "payment_reconciliation"
TENANT = COMPANIES["HPS"].xero_tenant_id
ACCOUNTS = {
    "bank": ("090", "100-00"),
    "clearing": ("091", "106-00"),
    "fees": ("404", "605-00"),
    "disputes": ("406", "606-00"),
    "reserve": ("640", "148-00"),
    "sales": ("200", "400-00"),
}
NUMBERS = count(9701)
RUNS = count(1)
ZERO = Decimal(0)
KINDS = ("bank_transaction", "bank_transfer", "payout_receipt")


@dataclass
class Office:
    """A world whose pair reconciles its payments, and what moved in both ledgers since."""

    world: World
    before: dict[str, tuple[Decimal, Decimal]]

    def pay_out(self, **more: Any) -> str:
        return str(self._gateway("pay-out", more)["id"])

    def change(self, payout_id: str, status: str) -> None:
        self._gateway("payout-status", {"payout_id": int(payout_id), "status": status})

    def keep(self, payout_id: int, net: str, *rows: dict[str, str]) -> str:
        payout = {
            "id": payout_id,
            "status": "PAID",
            "issued_at": f"{(TODAY - timedelta(days=1)).isoformat()}T12:00:00Z",
            "currency": "USD",
            "net": net,
        }
        return str(self._gateway("payout", {"payout": payout, "rows": list(rows)})["id"])

    def _gateway(self, act: str, body: dict[str, Any]) -> Any:
        shop = f"{self.world.configuration.url('shopify')}/_shops/{SHOPS[HARBOR]}"
        return self.world.call(f"{shop}/{act}", body)

    def run(self) -> bool:
        """Run the flow's steps, if a payout is new, and let people post what was entered."""
        tieout = self.world.tieout
        batch = Payments(tieout).capture(HARBOR, interval=None, claimed_by=f"run {next(RUNS)}")
        if batch is None:
            return False
        flow = tieout.flow(HARBOR)
        for step in FLOWS[FlowName.PAYMENT_RECONCILIATION].steps:
            run_step(flow, step, batch)
        day = TODAY.isoformat()
        self.world.people("post_cash_receipts", posting_date=day)
        self.world.people("post_daily_transaction_register", posting_date=day)
        return True

    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return what each account has in each ledger, debit less credit."""
        known = dict.fromkeys((sage for _xero, sage in ACCOUNTS.values()), ZERO)
        for one in self.world.tieout.sage100(HARBOR).postings():
            if one.account in known:
                known[one.account] += one.amount
        return {
            role: (trial_balance(self.world, xero), known[sage])
            for role, (xero, sage) in ACCOUNTS.items()
        }

    def moved(self) -> dict[str, str]:
        """Return what moved since the test began, the same in both ledgers, by account."""
        found = {}
        for role, now in self.balances().items():
            xero, sage = (after - was for after, was in zip(now, self.before[role], strict=True))
            if role != "sales":  # Sage 100 sells when it ships
                assert xero == sage, role
            if xero:
                found[role] = f"{xero}"
        return found


@pytest.fixture(scope="module")
def reconciling(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    include = tmp_path_factory.mktemp("include") / "include"
    shutil.copytree(INCLUDE, include)
    pairs = include / "pairs.yaml"
    flows = f"{POLICIES}\n    flows: [order_to_cash, postings, {FLOW}]"
    pairs.write_text(pairs.read_text("utf-8").replace(POLICIES, flows, 1), "utf-8")
    tieout = open_tieout(world.configuration.connections, include)
    yield replace(world, tieout=tieout)
    tieout.ledger.close()


@pytest.fixture
def office(reconciling: World) -> Office:
    made = Office(reconciling, {})
    made.before = made.balances()
    return made


def calls_by_path(world: World) -> dict[str, int]:
    calls = world.call(f"{world.configuration.url('xero')}/_calls", method="GET")
    return {str(path): int(count) for path, count in calls[TENANT]["by_path"].items()}


def sold(world: World) -> Draft:
    """Post order 1042, paid by card, in both ledgers."""
    make = maker()
    lines = make.line("LAMP-01", 3, discount="6.00"), make.line("SHADE-02", 1, discount="4.55")
    number, at = next(NUMBERS), make.at(PLACED_DAYS_AGO, "12:00")
    draft = make.draft(number, make.known[3], *lines, at=at)
    world.post(paid(draft))
    return draft


def entered(world: World, payout_id: str) -> dict[str, list[str]]:
    """Return what was written of a payout, by kind."""
    ledger = world.tieout.ledger
    whats = [
        f"payout {payout_id}, {what}"
        for what in (
            *("transfer to the bank", "transfer returned by the bank"),
            *(
                f"{kind} of {(TODAY - timedelta(days=days)).isoformat()}"
                for kind in ("fee", "dispute", "reserve")
                for days in range(-1, 4)
            ),
        )
    ]
    return {
        kind: sorted(
            one.external_id
            for one in ledger.deliveries_of(HARBOR, kind, whats)
            if one.state in LANDED
        )
        for kind in KINDS
    }


def test_a26_a29_a_payout_is_posted_once_and_leaves_the_gateways_balance(office: Office) -> None:
    sold(office.world)
    payout_id = office.pay_out()
    assert office.run()
    assert [one.message for one in office.world.tieout.ledger.dead_letters(HARBOR)] == []
    assert office.moved() == {"bank": "106.64", "fees": "3.49", "sales": "-94.92"}
    written = entered(office.world, payout_id)
    assert {kind: len(ids) for kind, ids in written.items()} == {
        "bank_transaction": 1,
        "bank_transfer": 1,
        "payout_receipt": 2,
    }
    fee_day = (TODAY - timedelta(days=PLACED_DAYS_AGO)).isoformat()
    [fee] = office.world.tieout.ledger.deliveries_of(
        HARBOR, "bank_transaction", [f"payout {payout_id}, fee of {fee_day}"]
    )
    assert (fee.payload["Date"], fee.payload["Type"]) == (fee_day, "SPEND")
    # A second run writes nothing, and what the payout moved is nobody's receipt.
    assert not office.run()
    assert entered(office.world, payout_id) == written
    found, _kept = Payments(office.world.tieout).keep(HARBOR)
    assert found.is_good
    proof = office.world.tie_out()
    assert (proof.unknown, proof.problems, proof.unread) == (ZERO, [], ())
    assert proof.counts[BANK_ENTRIES] == 2
    held = {one.role: (one.xero, one.sage100) for one in proof.accounts}
    clearing = held.get("clearing_shopify_payments", (ZERO, ZERO))
    assert (held["bank"], clearing) == (
        (Decimal("106.64"), Decimal("106.64")),
        (ZERO, ZERO),
    )


def test_money_at_the_bank_is_read_for_pairs_that_post_payouts_alone(
    world: World, office: Office
) -> None:
    def asked(of: World) -> dict[str, int]:
        before = calls_by_path(of)
        of.tie_out()
        return {path: count - before.get(path, 0) for path, count in calls_by_path(of).items()}

    without, withs = asked(world), asked(office.world)
    more = {path: count - without.get(path, 0) for path, count in withs.items()}
    assert {path: count for path, count in more.items() if count} == {
        "GET banktransactions": 1,
        "GET banktransfers": 1,
    }


@pytest.mark.tier2
def test_a30_a_payout_that_the_bank_returns_is_taken_back(office: Office) -> None:
    sold(office.world)
    payout_id = office.pay_out()
    office.run()
    office.change(payout_id, "FAILED")
    assert office.run()
    assert office.moved() == {"clearing": "106.64", "fees": "3.49", "sales": "-94.92"}
    assert len(entered(office.world, payout_id)["bank_transfer"]) == 2
    assert not office.run()
    proof = office.world.tie_out()
    assert (proof.unknown, proof.problems) == (ZERO, [])
    # It is paid out again, and both are even.
    office.pay_out()
    assert office.run()
    assert office.moved() == {"bank": "106.64", "fees": "3.49", "sales": "-94.92"}


@pytest.mark.tier2
def test_a31_a32_disputes_are_a_loss_until_won_and_a_reserve_comes_back(office: Office) -> None:
    at = datetime.now(HERE).isoformat()  # noqa: TID251 - the gateway's clock
    dispute = {"type": "DISPUTE_WITHDRAWAL", "amount": "-110.13", "fee": "15.00", "at": at}
    held = {"type": "RESERVED_FUNDS", "amount": "-42.00", "at": at}
    office.pay_out(rows=[dispute, held])
    assert office.run()
    # The gateway draws from the bank what it lacks.
    assert office.moved() == {
        "bank": "-167.13",
        "disputes": "110.13",
        "fees": "15.00",
        "reserve": "42.00",
    }
    office.pay_out(rows=[{"type": "RESERVED_FUNDS_REVERSAL", "amount": "42.00", "at": at}])
    assert office.run()
    assert office.moved() == {"bank": "-125.13", "disputes": "110.13", "fees": "15.00"}
    office.pay_out(
        rows=[{"type": "DISPUTE_REVERSAL", "amount": "110.13", "fee": "-15.00", "at": at}]
    )
    assert office.run()
    assert office.moved() == {}
    proof = office.world.tie_out()
    assert (proof.unknown, proof.problems) == (ZERO, [])


@pytest.mark.tier2
def test_a27_a28_what_does_not_add_up_is_parked_whole_and_nothing_of_it_is_posted(
    office: Office,
) -> None:
    office.keep(7_200_000_001, "41.90", {"type": "CHARGE", "amount": "81.38"})
    office.keep(
        7_200_000_002,
        "-1.75",
        {"type": "ADJUSTMENT", "amount": "-1.50", "fee": "-0.25", "net": "-1.75"},
    )
    assert office.run()
    assert office.moved() == {}
    letters = {
        one.trace_key.rpartition(" ")[2]: one
        for one in office.world.tieout.ledger.dead_letters(HARBOR)
    }
    assert "Its rows come to 81.38" in letters["7200000001"].message
    assert letters["7200000002"].field.startswith("row ")
