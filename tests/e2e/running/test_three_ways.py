"""One DAG, three ways: an event, the sweep, a backfill; on real Airflow with PostgreSQL.

Orders are read back from the simulators over HTTP and ODBC. Which run posted an order is the
ledger's word: the batch says who claimed it.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import psycopg
import pytest
import requests

from e2e.gate_task import data_docs
from e2e.running.sweeps import (
    SWEEP_EVERY,
    ask_airflow,
    interval_begin,
    next_sweep_in,
    now,
    pause,
)
from installation import Installation, wait_for
from simulators.xero.client import XeroClient
from tieout.domain.pair import FlowName
from tieout.ledger.audit_anchors import ANCHORS_NAME
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import build, sale
from tieout.simulators.shopify.demo_maker import Maker
from tieout.stack.demo_records import KEPT
from tieout.wiring.connections import connections_in, ledger_url
from tieout.wiring.installation import Tieout
from tieout_oracle.reading import judge_installation
from world import INCLUDE

pytestmark = pytest.mark.e2e

PAIR = "harbor_and_pine"
SHOP = "harbor-and-pine.myshopify.com"
NUMBERS = count(7001)
POSTED_WAIT_S = 180
SWEPT_WAIT_S = POSTED_WAIT_S + SWEEP_EVERY.total_seconds()
QUIET_BEFORE_SWEEP = timedelta(seconds=30)
DAY = datetime(2026, 3, 5, tzinfo=UTC)
"""A day in the past, long before any sweep began."""

EVENT = "asset_triggered__"
EVENTS_MAX = 4
BACKFILL_STATES = "SELECT state FROM dag_run WHERE run_type = 'backfill'"
BACKFILLS_UNDER_WAY = "SELECT id FROM backfill WHERE completed_at IS NULL"
"""Airflow takes one at a time, and closes it some seconds after its last run."""
ORDER_RUNS_ACTIVE = """
    SELECT run_id FROM dag_run
    WHERE dag_id = 'order_to_cash' AND state IN ('queued', 'running')
"""
CLEARED_STATES = "SELECT state FROM dag_run WHERE clear_number > 0"
ORIGINS = "SELECT DISTINCT origin FROM tieout.inbox WHERE resource_id = %s"
BROUGHT_BY = "SELECT origin FROM tieout.inbox WHERE resource_id = %s ORDER BY inbox_id LIMIT 1"
NIGHTS = "SELECT state FROM dag_run WHERE dag_id = 'nightly'"
NIGHTS_TASKS = "SELECT task_id FROM task_instance WHERE dag_id = 'nightly' AND state = 'success'"
SENT = """
    SELECT delivery.entity || ' ' || delivery.attempts
    FROM tieout.deliveries AS delivery JOIN tieout.documents AS document USING (document_id)
    WHERE document.source_id = %s ORDER BY 1
"""
ECHOES = """
    SELECT state FROM tieout.inbox WHERE topic = 'orders/updated' AND resource_id = %s
"""
INVOICE_ID = """
    SELECT external_id FROM tieout.deliveries WHERE entity = 'invoice' AND document_key = %s
"""
EVENT_RUNS = """
    SELECT queued_at FROM dag_run WHERE dag_id = '{dag}' AND run_type = 'asset_triggered'
"""
POLL_STATES = "SELECT state FROM dag_run WHERE dag_id = 'polls'"
ENTERED_RECEIPTS = """
    SELECT external_id FROM tieout.deliveries
    WHERE pair = %s AND entity = 'cash_receipt' AND state = 'entered'
"""
POSTINGS_NOTED = """
    SELECT split_part(document_key, ' ', 2) FROM tieout.deliveries
    WHERE pair = %s AND entity = 'posting_note' AND state = 'entered'
"""
CLAIMED_BY = """
    SELECT batch.claimed_by FROM tieout.batches AS batch
    JOIN tieout.documents AS document USING (batch_id)
    WHERE document.source_id = %s
"""

DOCUMENT_CLAIMED_BY = """
    SELECT batch.claimed_by FROM tieout.batches AS batch
    JOIN tieout.documents AS document USING (batch_id)
    WHERE document.document_id = %s::bigint
"""


def make_order(placed_at: datetime, *, status: str = "paid") -> dict[str, Any]:
    """Return a fresh order of one lamp, placed and last changed at a given time."""
    make = Maker(COMPANIES["HPS"], placed_at.date())
    draft = make.draft(next(NUMBERS), make.known[3], make.line("LAMP-01"), at=placed_at)
    order = build(replace(draft, status=status))
    return {**order, "transactions": [sale(order)] if status == "paid" else []}


def control(installation: Installation, act: str, body: dict[str, Any], **query: str) -> Any:
    url = f"http://127.0.0.1:{installation.ports['shopify']}/_shops/{SHOP}/{act}"
    answer = requests.post(url, json=body, params=query, timeout=60)
    answer.raise_for_status()
    return answer.json()


def invoice_numbers(tieout: Tieout) -> list[str]:
    return [one.number for one in tieout.xero(PAIR).invoices()]


def number_of(order: dict[str, Any]) -> str:
    return f"HP-{order['name'].lstrip('#')}"


def documents_of(tieout: Tieout, order: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return how many invoices, payments, sales orders and receipts the order has."""
    number = number_of(order)
    xero, sage100 = tieout.xero(PAIR), tieout.sage100(PAIR)
    invoices = [one for one in xero.invoices() if one.number == number]
    payments = [one for one in xero.payments() if one.reference.startswith(f"{number} ")]
    orders = [one for one in sage100.orders() if one.customer_po == number]
    customers = {one.customer_no for one in orders}
    checks = {one.check_no for one in sage100.receipts() if one.customer_no in customers}
    wanted = {f"T{_base36(one.reference.split(' ')[1])}" for one in payments}
    return len(invoices), len(payments), len(orders), len(checks & wanted)


def _base36(digits: str) -> str:
    number, text = int(digits), ""
    while number:
        number, rest = divmod(number, 36)
        text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + text
    return text


def ask_ledger(installation: Installation, question: str, order: dict[str, Any]) -> list[Any]:
    connection = connections_in(installation.connections)("tieout_ledger")
    url = ledger_url(connection).replace("+psycopg", "")
    with psycopg.connect(url) as database:
        return [row[0] for row in database.execute(question, [str(order["id"])]).fetchall()]


def wait_until_posted(tieout: Tieout, order: dict[str, Any]) -> None:
    number = number_of(order)
    wait_for(
        lambda: number in invoice_numbers(tieout) and settled(tieout),
        limit_s=SWEPT_WAIT_S,
        what=f"{number} to be posted",
    )


def settled(tieout: Tieout) -> bool:
    return tieout.status().is_settled


def is_quiet(installation: Installation) -> bool:
    """Say whether no run of orders is under way and none will be soon by the clock."""
    is_late = next_sweep_in() < QUIET_BEFORE_SWEEP
    return not is_late and not ask_airflow(installation, ORDER_RUNS_ACTIVE)


class ThreeWays(NamedTuple):
    """Four orders, each told to us in its own way, all posted."""

    by_event: dict[str, Any]
    by_sweep: dict[str, Any]
    by_backfill: dict[str, Any]
    by_all_three: dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def only_orders(installation: Installation, tieout: Tieout) -> None:
    """Let the sweeps of what else is kept in step cost nothing from here on."""
    wait_for(lambda: settled(tieout), limit_s=POSTED_WAIT_S, what="the demo's last messages")
    pause(installation, *KEPT, FlowName.STOCK_SYNC)


@pytest.fixture(scope="module")
def orders(installation: Installation, tieout: Tieout) -> ThreeWays:
    past = DAY + timedelta(hours=10, seconds=30)
    by_all_three, by_backfill, by_sweep = make_order(past), make_order(past), make_order(now())
    control(installation, "orders", by_all_three, deliver="orders/create")
    wait_until_posted(tieout, by_all_three)
    control(installation, "touch", {"order_id": by_all_three["id"]})
    control(installation, "orders", {**by_sweep, "updated_at": now().isoformat()})
    by_event = posted_by_event(installation, tieout)  # while the next sweep is still to come
    control(installation, "orders", by_backfill)
    backfill(installation, DAY + timedelta(hours=10))
    wait_until_posted(tieout, by_backfill)
    wait_until_posted(tieout, by_sweep)
    touched = tieout.shop(PAIR, SHOP).orders([str(by_all_three["id"])])
    (last,) = touched.values()
    backfill(installation, interval_begin(datetime.fromisoformat(str(last["updatedAt"]))))
    return ThreeWays(by_event, by_sweep, by_backfill, by_all_three)


def posted_by_event(installation: Installation, tieout: Tieout) -> dict[str, Any]:
    """Return an order that an event's run has posted; on a slow machine a sweep may be first."""
    order: dict[str, Any] = {}
    for _attempt in range(EVENTS_MAX):
        wait_for(lambda: is_quiet(installation), limit_s=POSTED_WAIT_S, what="a quiet moment")
        order = make_order(now() - timedelta(minutes=1))
        control(installation, "orders", order, deliver="orders/create")
        wait_until_posted(tieout, order)
        if claimed_by(installation, order).startswith(EVENT):
            break
    return order


def claimed_by(installation: Installation, order: dict[str, Any]) -> str:
    """Return the run that claimed the order first."""
    return str(ask_ledger(installation, CLAIMED_BY, order)[0])


def backfill(installation: Installation, start: datetime) -> None:
    """Backfill one interval, as an operator does after an outage; see it end."""
    created = installation.airflow(
        "backfill",
        "create",
        "--dag-id=order_to_cash",
        f"--from-date={start.isoformat()}",
        f"--to-date={start.isoformat()}",
        "--reprocess-behavior=completed",
    )
    assert created.returncode == 0, created.stdout + created.stderr
    wait_for(
        lambda: not ask_airflow(installation, BACKFILLS_UNDER_WAY),
        limit_s=POSTED_WAIT_S,
        what="the backfill to end",
    )
    assert set(ask_airflow(installation, BACKFILL_STATES)) == {"success"}


def test_an_event_starts_a_run_that_posts_the_order(
    installation: Installation, tieout: Tieout, orders: ThreeWays
) -> None:
    assert documents_of(tieout, orders.by_event) == (1, 1, 1, 1)
    assert claimed_by(installation, orders.by_event).startswith(EVENT)


def test_the_sweep_posts_an_order_of_which_no_webhook_came(
    installation: Installation, tieout: Tieout, orders: ThreeWays
) -> None:
    assert documents_of(tieout, orders.by_sweep) == (1, 1, 1, 1)
    assert ask_ledger(installation, BROUGHT_BY, orders.by_sweep) == ["sweep"]


def test_a_backfill_posts_an_order_of_a_past_interval(
    installation: Installation, tieout: Tieout, orders: ThreeWays
) -> None:
    assert documents_of(tieout, orders.by_backfill) == (1, 1, 1, 1)
    assert ask_ledger(installation, BROUGHT_BY, orders.by_backfill) == ["backfill"]


def test_all_three_over_the_same_order_post_it_once(
    installation: Installation, tieout: Tieout, orders: ThreeWays
) -> None:
    assert documents_of(tieout, orders.by_all_three) == (1, 1, 1, 1)
    ways = ask_ledger(installation, ORIGINS, orders.by_all_three)
    assert "webhook" in ways
    assert {"sweep", "backfill"} & set(ways)
    assert tieout.status().is_conserved


def test_the_gates_task_links_the_page_of_its_batch_for_whoever_is_logged_in(
    installation: Installation, tieout: Tieout
) -> None:
    letters = tieout.ledger.dead_letters(PAIR)  # of the demo's bad orders
    letter = next(one for one in letters if one.cause == "unknown_item")
    (claim,) = ask_ledger(installation, DOCUMENT_CLAIMED_BY, {"id": letter.document_id})
    link = data_docs(installation, claim)
    assert link.path.startswith("/tieout/data-docs/order_to_cash/shop_order/")
    assert (link.page.status_code, link.for_strangers.status_code) == (200, 401)
    assert "<title>shop_order</title>" in link.page.text
    assert letter.value in link.page.text
    assert str(letter.document_id) in link.page.text  # which row it was
    assert letter.value not in link.for_strangers.text


def deliver(installation: Installation, order: dict[str, Any], **how: Any) -> list[int]:
    answer: list[int] = control(installation, "deliver", {"order_id": order["id"], **how})
    return answer


@pytest.mark.tier2
def test_repeated_reordered_and_replayed_webhooks_leave_one_order(
    installation: Installation, tieout: Tieout
) -> None:
    order = make_order(now() - timedelta(minutes=1))
    control(installation, "orders", order)
    assert deliver(installation, order, topic="orders/updated", webhook_id="w-2") == [200]
    assert deliver(installation, order, topic="orders/create", webhook_id="w-1", copies=3) == [
        200,
        200,
        200,
    ]
    wait_until_posted(tieout, order)
    assert deliver(installation, order, topic="orders/create", webhook_id="w-9") == [200]
    wait_for(lambda: settled(tieout), limit_s=POSTED_WAIT_S, what="the replay")
    assert documents_of(tieout, order) == (1, 1, 1, 1)
    assert tieout.status().is_conserved


@pytest.mark.tier2
def test_a_run_cleared_in_airflow_runs_again_and_writes_nothing_again(
    installation: Installation, tieout: Tieout, orders: ThreeWays
) -> None:
    sent = ask_ledger(installation, SENT, orders.by_backfill)
    day = DAY.isoformat(), (DAY + timedelta(days=1)).isoformat()
    cleared = installation.airflow(
        "tasks", "clear", "--yes", "--start-date", day[0], "--end-date", day[1], "order_to_cash"
    )
    assert cleared.returncode == 0, cleared.stdout + cleared.stderr
    wait_for(
        lambda: set(ask_airflow(installation, CLEARED_STATES)) <= {"success", "failed"},
        limit_s=POSTED_WAIT_S,
        what="the cleared runs to be over",
    )
    assert set(ask_airflow(installation, CLEARED_STATES)) == {"success"}  # and there are some
    assert documents_of(tieout, orders.by_backfill) == (1, 1, 1, 1)
    assert ask_ledger(installation, SENT, orders.by_backfill) == sent
    assert tieout.status().is_conserved


def test_a_forged_webhook_is_refused_and_leaves_no_trace(
    installation: Installation, tieout: Tieout
) -> None:
    order = make_order(DAY)
    control(installation, "orders", order)
    before = tieout.ledger.conservation(PAIR).received
    forged = {"topic": "orders/create", "secret": "not the secret"}
    assert deliver(installation, order, **forged) == [401]
    assert tieout.ledger.conservation(PAIR).received == before
    assert number_of(order) not in invoice_numbers(tieout)


def test_both_ledgers_tie_out_after_all_of_it(tieout: Tieout) -> None:
    assert tieout.tie_out(PAIR).unknown == 0


@pytest.mark.tier2
def test_the_night_finds_everything_in_order(installation: Installation, tieout: Tieout) -> None:
    unseen = make_order(DAY)  # of a past that no sweep of these runs reads, and no webhook tells of
    control(installation, "orders", unseen)
    assert tieout.compare_source(PAIR).landed > 0
    wait_until_posted(tieout, unseen)
    wait_for(lambda: is_quiet(installation), limit_s=POSTED_WAIT_S, what="a quiet moment")
    triggered = installation.airflow("dags", "trigger", "nightly")
    assert triggered.returncode == 0, triggered.stdout + triggered.stderr
    wait_for(
        lambda: set(ask_airflow(installation, NIGHTS)) & {"success", "failed"},
        limit_s=POSTED_WAIT_S,
        what="the night to be over",
    )
    assert ask_airflow(installation, NIGHTS) == ["success"]  # none ran by itself at the start
    done = Counter(ask_airflow(installation, NIGHTS_TASKS))
    each_pair = ["pair.ask_oracle", "pair.compare_source", "pair.sweep_doubles"]
    assert Counter(["list_pairs", "seal_audit", *each_pair * len(tieout.pairs)]) <= done
    assert (installation.home / ANCHORS_NAME).stat().st_size > 0
    assert documents_of(tieout, unseen) == (1, 1, 1, 1)
    verdicts = judge_installation(installation.connections, INCLUDE / "pairs.yaml")
    assert {pair: one.text() for pair, one in verdicts.items() if not one.is_clean} == {}
    told = installation.airflow("dags", "trigger", "postings")  # takes up what the night saw posted
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.tier2
def test_our_own_writes_that_come_back_start_no_run_of_orders(
    installation: Installation, tieout: Tieout
) -> None:
    event_runs = EVENT_RUNS.format(dag="order_to_cash")
    wait_for(lambda: is_quiet(installation), limit_s=POSTED_WAIT_S, what="a quiet moment")
    before = ask_airflow(installation, event_runs)
    order = make_order(now() - timedelta(minutes=1))
    control(installation, "orders", order, deliver="orders/create")
    wait_until_posted(tieout, order)
    wait_for(
        lambda: ask_ledger(installation, ECHOES, order) and settled(tieout),
        limit_s=POSTED_WAIT_S,
        what="our status to come back and to be looked into",
    )
    wait_for(lambda: is_quiet(installation), limit_s=POSTED_WAIT_S, what="a quiet moment")
    started = Counter(ask_airflow(installation, event_runs)) - Counter(before)
    assert started.total() <= 1  # the order's own event, which a sweep may have been ahead of
    assert ask_airflow(installation, EVENT_RUNS.format(dag="hints"))
    skipped = tieout.ledger.conservation(PAIR).skipped
    assert skipped["own_write"] > 0  # the invoice that we created
    assert tieout.webhook_alarms() == []


def test_the_lists_of_which_xero_tells_nothing_are_polled(
    installation: Installation, tieout: Tieout
) -> None:
    states = wait_for(
        lambda: set(ask_airflow(installation, POLL_STATES)) - {"queued", "running"},
        limit_s=POSTED_WAIT_S,
        what="a poll to be over",
    )
    assert states == {"success"}
    position = (
        "SELECT count(*) FROM tieout.watermarks WHERE %s <> '' AND resource LIKE 'Payments%%'"
    )
    assert ask_ledger(installation, position, {"id": PAIR}) == [len(tieout.pairs)]


@pytest.mark.tier2
@pytest.mark.usefixtures("orders")
def test_what_people_post_in_sage_is_followed_and_noted_in_xero(
    installation: Installation, tieout: Tieout
) -> None:
    receipts = ask_ledger(installation, ENTERED_RECEIPTS, {"id": PAIR})
    assert receipts, "not injected"
    day = {"posting_date": now().date().isoformat()}
    for act in ("post_cash_receipts", "post_daily_transaction_register"):
        url = f"http://127.0.0.1:{installation.ports['sage100']}/_people/HPS/{act}"
        requests.post(url, json=day, timeout=60).raise_for_status()
    triggered = installation.airflow("dags", "trigger", "postings")
    assert triggered.returncode == 0, triggered.stdout + triggered.stderr
    wait_for(
        lambda: set(receipts) <= set(ask_ledger(installation, POSTINGS_NOTED, {"id": PAIR})),
        limit_s=POSTED_WAIT_S,
        what="a note of each posting",
    )
    assert tieout.status().is_conserved


@pytest.mark.tier2
def test_an_invoice_that_people_void_in_xero_is_a_dead_letter_soon(
    installation: Installation, tieout: Tieout
) -> None:
    order = make_order(now() - timedelta(minutes=1), status="pending")
    control(installation, "orders", order, deliver="orders/create")
    wait_until_posted(tieout, order)
    (invoice_id,) = ask_ledger(installation, INVOICE_ID, order)
    xero = XeroClient(installation.configuration.url("xero"))
    voided = {"InvoiceID": invoice_id, "Status": "VOIDED"}
    xero.post(f"Invoices/{invoice_id}", voided).raise_for_status()
    (letter,) = wait_for(
        lambda: [one for one in tieout.dead_letters() if one.cause == "taken_back"],
        limit_s=POSTED_WAIT_S,
        what="the dead letter of the voided invoice",
    )
    assert letter.value == invoice_id
    assert "VOIDED" in letter.message
    assert tieout.status().is_conserved
