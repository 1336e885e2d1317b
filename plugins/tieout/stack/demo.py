"""The demo: real orders through every system, and a report that can say no.

It starts the stack, lets the shops speak, waits until nothing is pending, has the simulated
bookkeeper post, and then asks each system what it holds (witness.py), and our ledger what it set
aside. What is shown is what was found; the last line is the verdict (verdict.py). Orders and what
should become of them belong to tieout.simulators.shopify.demo_orders.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import requests
from pydantic import JsonValue

from tieout.domain.base import Frozen
from tieout.errors import UnavailableError
from tieout.simulators.company import COMPANIES
from tieout.stack import control, demo_records, reports, systems, tie_out_files, witness
from tieout.stack.configuration import StackConfiguration
from tieout.stack.letters import letters_text
from tieout.stack.subscriptions import subscribe
from tieout.stack.tables import text_table
from tieout.stack.verdict import (
    POSTED,
    Aside,
    Expected,
    aside,
    observed_state,
    order_problems,
    pair_problems,
    state_problems,
)
from tieout.usecases.flow import SHOP_ORDER
from tieout.wiring.connections import connections_in
from tieout.wiring.installation import Status, Tieout, open_tieout

SETTLE_WAIT_S = 420.0
SETTLED_LOOKS = 3
"""How many looks in a row must find nothing pending: a webhook may be on its way."""
LOOK_S = 1.0
PLACE_TIMEOUT_S = 180.0
PUBLISHED = Path("shared/data/shopify")
"""Where a checkout may have published orders beside it."""
PUBLISHED_ORDERS = (
    ("real_order_1070", "lotus_lane", "posted"),
    ("real_order_1071", "lotus_lane", "posted"),
    ("order", "harbor_and_pine", "dead_letter:unknown_item"),
    ("orders", "harbor_and_pine", "dead_letter:order_incomplete"),
)
Say = Callable[[str], None]


class OrderRow(Frozen):
    """One order as the three systems show it, and what is wrong with that."""

    pair: str
    source_id: str
    name: str
    shop_total: str
    xero_number: str
    xero_total: str
    sage_number: str
    sage_total: str
    payment: str
    state: str
    problems: tuple[str, ...] = ()


def run(configuration: StackConfiguration, say: Say) -> int:
    """Run the demo; return 0 when everything holds, else 1."""
    control.start(configuration, say)
    tieout = open_tieout(configuration.connections, configuration.include)
    subscribe(configuration, tieout)
    expected = place_orders(configuration, say)
    if demo_records.is_kept(tieout):
        demo_records.create(configuration)
    wait_until_settled(tieout, say)
    if demo_records.is_kept(tieout):
        demo_records.bring_in_step(configuration, tieout, say)
        wait_until_settled(tieout, say)
    post_by_bookkeeper(configuration)
    return report(configuration, tieout, expected, say)


def place_orders(configuration: StackConfiguration, say: Say) -> list[Expected]:
    """Have the shops place every demo order, and the published ones where they are at hand."""
    answer = requests.post(
        f"{configuration.url('shopify')}/_demo/orders",
        json={"extra": published_orders(configuration.root.parent / PUBLISHED)},
        timeout=PLACE_TIMEOUT_S,
    )
    _demand_ok(answer)
    pair_of = {COMPANIES[one.company].shop_domain: one.pair for one in systems.PAIRS}
    expected = [
        Expected(
            pair=pair_of[order["shop"]],
            source_id=str(order["order_id"]),
            name=order["name"],
            outcome=order["expected"],
        )
        for order in answer.json()
    ]
    say(f"{len(expected)} orders placed")
    return expected


def published_orders(folder: Path) -> list[JsonValue]:
    """Return real webhooks and published samples, each with what should become of it, if present.

    The samples are no real sales: they do not add up, so they must park. Two of them are versions
    of one order; the second gets a number of its own.
    """
    found: list[JsonValue] = []
    for number, (name, pair, outcome) in enumerate(PUBLISHED_ORDERS):
        path = folder / f"{name}.json"
        if not path.exists():
            continue
        body = json.loads(path.read_text(encoding="utf-8"))
        order = body["orders"][0] if "orders" in body else body.get("order", body)
        if outcome != "posted":
            order["id"] += number
        company = next(one.company for one in systems.PAIRS if one.pair == pair)
        shop = COMPANIES[company].shop_domain
        found.append({"shop": shop, "order": order, "expected": outcome})
    return found


def wait_until_settled(tieout: Tieout, say: Say) -> Status:
    """Wait until nothing is pending.

    Raises:
        UnavailableError: Something is still pending when the time is over.
    """
    deadline = time.monotonic() + SETTLE_WAIT_S
    quiet, said = 0, ""
    while True:
        status = tieout.status()
        quiet = quiet + 1 if status.is_settled else 0
        if quiet >= SETTLED_LOOKS:
            return status
        line = "; ".join(
            f"{pair.pair}: {pair.received} received, {pair.pending} pending, {pair.done} done, "
            f"{pair.dead_letter} dead letters"
            for pair in status.pairs
        )
        if line != said:
            say(line)
            said = line
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"Not everything was processed in {SETTLE_WAIT_S:.0f} s. {line}",
                remedy="Look at the DAG order_to_cash in the UI, and at 'tieout status'.",
            )
        time.sleep(LOOK_S)


def post_by_bookkeeper(configuration: StackConfiguration) -> None:
    """Have the simulated bookkeeper update the cash receipts and the transaction register.

    The receipts each on its own day, as the payments in Xero are: some orders are years old.
    """
    now = datetime.now(UTC)  # noqa: TID251 - an entry point
    for simulated in systems.PAIRS:
        company = COMPANIES[simulated.company]
        today = now.astimezone(ZoneInfo(company.time_zone)).date().isoformat()
        people = f"{configuration.url('sage100')}/_people/{simulated.company}"
        for act, days in (
            ("post_cash_receipts", {}),
            ("post_daily_transaction_register", {"posting_date": today}),
        ):
            _demand_ok(requests.post(f"{people}/{act}", json=days, timeout=PLACE_TIMEOUT_S))


def report(
    configuration: StackConfiguration, tieout: Tieout, expected: list[Expected], say: Say
) -> int:
    """Print what the systems hold and the verdict; return the exit code."""
    rows: list[OrderRow] = []
    problems: list[str] = []
    for simulated in systems.PAIRS:
        wanted = [order for order in expected if order.pair == simulated.pair]
        found = aside_in(tieout, simulated.pair)
        shown = order_rows(configuration, simulated.pair, wanted, found)
        rows += shown
        problems += pair_problems(wanted, found, {row.source_id for row in shown})
    problems += [f"{row.pair} {row.name}: {text}" for row in rows for text in row.problems]
    say(_orders_table(rows))
    if demo_records.is_kept(tieout):
        records = demo_records.shown(configuration)
        say(demo_records.report(records))
        say(demo_records.conflicts_text(tieout.ledger.conflicts()))
        problems += demo_records.problems(records)
    status = tieout.status()
    say("\nConservation: every message from a shop or from Xero is in exactly one state")
    say(reports.conservation_text(status.pairs))
    if not status.is_conserved:
        problems.append("conservation does not hold: something is in no state or in two")
    problems += tieout.webhook_alarms()
    for simulated in systems.PAIRS:
        proof = tieout.tie_out(simulated.pair)
        say(f"\nTie-out of {reports.tie_out_text(proof)}")
        page = tie_out_files.save(proof, configuration.home / "tie_out")[-1]
        say(f"Saved as {page}")
        problems += reports.tie_out_problems(proof)
    say(f"\nDead letters\n{letters_text(tieout.dead_letters())}")
    say(f"\n{control.login(configuration)}")
    if problems:
        say("\n".join(["THE DEMO FAILED:", *(f"  - {problem}" for problem in problems)]))
        return 1
    say("Everything ties out.")
    return 0


def aside_in(tieout: Tieout, pair: str) -> Aside:
    """Ask our ledger what it did not post for a pair."""
    return aside(
        tieout.ledger.dead_letters(pair),
        tieout.ledger.unsettled(pair, SHOP_ORDER),
        tieout.ledger.conservation(pair).skipped,
    )


def order_rows(
    configuration: StackConfiguration, pair: str, expected: Sequence[Expected], found: Aside
) -> list[OrderRow]:
    """Return the pair's orders as the three systems show them.

    An order in the shop that the demo did not place must be posted.
    """
    lookup = connections_in(configuration.connections)
    orders = witness.shop_orders(lookup(f"shopify_{pair}"))
    invoices = witness.xero_bookings(lookup(f"xero_{pair}"))
    sales_orders = witness.sage_bookings(lookup(f"sage100_{pair}"))
    outcomes = {order.source_id: order.outcome for order in expected}
    rows = []
    for order in orders:
        in_xero = invoices.get(order.source_id, [])
        in_sage = sales_orders.get(order.source_id, [])
        wanted = outcomes.get(order.source_id, POSTED)
        state = observed_state(order, in_xero, in_sage, found)
        problems = order_problems(order, in_xero, in_sage, is_wanted=wanted == POSTED)
        problems += state_problems(state, wanted)
        shown = f"{state}, WRONG" if problems else state
        row = _order_row(pair, order, in_xero, in_sage, shown)
        rows.append(row.model_copy(update={"problems": tuple(problems)}))
    return rows


def _order_row(
    pair: str,
    order: witness.ShopOrder,
    invoices: list[witness.XeroBooking],
    sales_orders: list[witness.SageBooking],
    state: str,
) -> OrderRow:
    paid = sum((one.paid for one in invoices[:1]), Decimal(0))
    return OrderRow(
        pair=pair,
        source_id=order.source_id,
        name=order.name,
        shop_total=f"{order.total:.2f} {order.currency}",
        xero_number=" ".join(one.number for one in invoices) or "-",
        xero_total=" ".join(f"{one.total:.2f}" for one in invoices) or "-",
        sage_number=" ".join(one.number for one in sales_orders) or "-",
        sage_total=" ".join(f"{one.total:.2f}" for one in sales_orders) or "-",
        payment=f"{paid:.2f} of {order.total:.2f}" if invoices else "-",
        state=state,
    )


def _demand_ok(answer: requests.Response) -> None:
    if not answer.ok:
        raise UnavailableError(
            f"{answer.url} answers {answer.status_code}: {answer.text[:300]}",
            remedy="Look at the simulator's log, then run the demo again.",
        )


def _orders_table(rows: list[OrderRow]) -> str:
    headers = ("pair", "shop", "shop total", "Xero", "total", "Sage 100", "total", "paid", "state")
    cells = [
        (
            row.pair,
            row.name,
            row.shop_total,
            row.xero_number,
            row.xero_total,
            row.sage_number,
            row.sage_total,
            row.payment,
            row.state,
        )
        for row in rows
    ]
    return "\nOrders, as each system shows them\n" + text_table(headers, cells, right="  r r r")
