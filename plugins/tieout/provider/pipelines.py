"""The task graphs that DAG files wire: use case by use case, one task group per pair."""

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronDataIntervalTimetable,
    TriggerRule,
    chain,
    task_group,
)
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from tieout.domain.pair import FlowName
from tieout.provider.hint_operators import (
    CheckWebhooksOperator,
    DrainShopsOperator,
    ListHintedPairsOperator,
    ListPollsOperator,
    LookIntoHintsOperator,
    XeroPollOperator,
)
from tieout.provider.notifiers import deadline_missed
from tieout.provider.operators import (
    DoublesSweepOperator,
    GreatExpectationsGateOperator,
    ListPairsOperator,
    Sage100WriteOperator,
    ShopifyCaptureOperator,
    ShopifyWriteOperator,
    XeroHistoryNoteOperator,
    XeroPaymentOperator,
    XeroUpsertOperator,
)
from tieout.provider.triggers import CONTACTS, HINTS, ORDERS, VENDORS, InboxTrigger
from tieout.settings import sweep_cron

RUN_DEADLINE = timedelta(minutes=30)
"""How long a run may take from being queued until people are told."""


def inbox_or_time() -> AssetOrTimeSchedule:
    """Return the schedule of a flow of orders: when a shop has news, and a sweep by the clock."""
    return _or_time("inbox", ORDERS)


def hints_or_time() -> AssetOrTimeSchedule:
    """Return the schedule of the hints: some time after they come, and by the clock."""
    return _or_time("hints", HINTS)


def contacts_or_time() -> AssetOrTimeSchedule:
    """Return the schedule of customers: when Xero tells of a contact, and by the clock."""
    return _or_time("contacts", CONTACTS)


def vendors_or_time() -> AssetOrTimeSchedule:
    """Return the schedule of vendors: when a contact that changed is one's, and by the clock."""
    return _or_time("vendors", VENDORS)


def _or_time(name: str, waking: str) -> AssetOrTimeSchedule:
    watcher = AssetWatcher(name=f"tieout_{name}_watcher", trigger=InboxTrigger(waking=waking))
    asset = Asset(name=f"tieout_{name}", uri=f"tieout://ledger/{name}", watchers=[watcher])
    return AssetOrTimeSchedule(timetable=at_sweeps(), assets=[asset])


def at_sweeps() -> CronDataIntervalTimetable:
    """Return the clock of every sweep and poll."""
    return CronDataIntervalTimetable(sweep_cron(os.environ), timezone="UTC")


def run_deadline() -> DeadlineAlert:
    """Return the deadline of a run, the heir of the SLA."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=RUN_DEADLINE,
        callback=AsyncCallback(deadline_missed),
    )


def order_to_cash() -> None:
    """Build the tasks of order-to-cash: capture, gate, and every write, pair by pair."""

    @task_group(group_id="pair")
    def post_orders(pair: str) -> None:
        capture = ShopifyCaptureOperator(task_id="capture_orders", pair=pair)
        given: dict[str, Any] = {"pair": pair, "batch_id": capture.output}
        gate = GreatExpectationsGateOperator(task_id="gate_orders", entity="shop_order", **given)
        contacts = XeroUpsertOperator(task_id="write_contacts", entity="contact", **given)
        customers = Sage100WriteOperator(task_id="write_customers", entity="customer", **given)
        invoices = XeroUpsertOperator(task_id="write_invoices", entity="invoice", **given)
        sales_orders = Sage100WriteOperator(
            task_id="write_sales_orders", entity="sales_order", **given
        )
        deposits = Sage100WriteOperator(
            task_id="write_order_deposits", entity="order_deposit", **given
        )
        inventory = ShopifyWriteOperator(
            task_id="push_inventory", entity="inventory_level", **given
        )
        payments = XeroPaymentOperator(task_id="write_payments", **given)
        receipts = Sage100WriteOperator(
            task_id="write_cash_receipts", entity="cash_receipt", **given
        )
        notes = XeroHistoryNoteOperator(task_id="write_invoice_notes", **given)
        status = ShopifyWriteOperator(task_id="report_status", entity="order_status", **given)
        chain(capture, gate, [contacts, customers], invoices, sales_orders)
        chain(sales_orders, [inventory, payments, deposits, notes])
        chain(payments, receipts)
        chain([inventory, receipts, deposits, notes], status)
        # Whatever became of the writes: a copy that a failing task made is found all the same.
        sweep = DoublesSweepOperator(
            task_id="sweep_doubles", pair=pair, trigger_rule=TriggerRule.ALL_DONE
        )
        chain([receipts, notes], sweep)

    listed = ListPairsOperator(task_id="list_pairs", flow=FlowName.ORDER_TO_CASH)
    post_orders.expand(pair=listed.output)


def hints() -> None:
    """Build the tasks of the hints: each by itself, so that none waits for another's system."""

    @task_group(group_id="pair")
    def look_into(pair: str) -> None:
        LookIntoHintsOperator(task_id="look_into_hints", pair=pair)
        DrainShopsOperator(task_id="drain_shops", pair=pair)

    look_into.expand(pair=ListHintedPairsOperator(task_id="list_pairs").output)
    CheckWebhooksOperator(task_id="check_webhooks")


def polls() -> None:
    """Build the tasks of the polls: one for each list, so that none waits for another's trouble."""

    @task_group(group_id="list")
    def read(pair: str, resource: str) -> None:
        XeroPollOperator(task_id="poll", pair=pair, resource=resource)

    read.expand_kwargs(ListPollsOperator(task_id="list_polls").output)
