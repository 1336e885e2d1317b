"""Locks, armed faults, restarts, and several processes at once."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from processes import free_port, running
from simulators.sage100.boi_client import Boi, add_line, next_number, start_order, write_order_1042
from simulators.sage100.installation import Sage100
from tieout.simulators.sage100.com import ComError

ROOT = Path(__file__).parents[3]
SOURCES = os.pathsep.join(str(ROOT / name) for name in ("tests", "plugins"))
WRITE_ONE = """
import sys
from pathlib import Path
from simulators.sage100.boi_client import Boi, write_order_1042
boi = Boi(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    write_order_1042(boi)
"""


def test_a_locked_record_is_refused_until_the_lock_ends(sage100: Sage100, boi: Boi) -> None:
    number = write_order_1042(boi)
    sage100.done("lock", table="SO_SalesOrderHeader", key=number, seconds=60)
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", number)
    assert orders.nSetKey() == 0
    assert orders.sLastErrorMsg == "The record is in use by another workstation."
    sage100.done("lock", table="SO_SalesOrderHeader", key=number, seconds=0)
    assert orders.nSetKey() == 1


def test_a_locked_stock_record_holds_up_the_line(sage100: Sage100, boi: Boi) -> None:
    sage100.done("lock", table="IM_ItemWarehouse", key="LAMP-01/000", seconds=60)
    orders = boi.sales_orders()
    start_order(orders)
    orders.oLines.nAddLine()
    orders.oLines.nSetValue("ItemCode$", "LAMP-01")
    orders.oLines.nSetValue("QuantityOrdered", 1)
    assert orders.oLines.nWrite() == 0


def test_a_lock_fault_strikes_as_often_as_it_says(sage100: Sage100, boi: Boi) -> None:
    sage100.arm(**{"kind": "lock", "class": "SO_SalesOrder_bus", "count": 2})
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", next_number(orders))
    assert [orders.nSetKey(), orders.nSetKey(), orders.nSetKey()] == [0, 0, 2]


def test_killed_before_the_write_nothing_is_stored(sage100: Sage100, boi: Boi) -> None:
    sage100.arm(**{"kind": "kill_before_write", "class": "SO_SalesOrder_bus"})
    with pytest.raises(ComError):
        write_order_1042(boi)
    assert sage100.query("SELECT * FROM SO_SalesOrderHeader") == []


def test_dropped_after_the_write_the_order_is_stored(sage100: Sage100, boi: Boi) -> None:
    sage100.arm(**{"kind": "drop_after_write", "class": "SO_SalesOrder_bus"})
    with pytest.raises(ComError):
        write_order_1042(boi)
    assert len(sage100.query("SELECT * FROM SO_SalesOrderHeader")) == 1


def test_after_a_com_error_only_a_new_session_works(sage100: Sage100, boi: Boi) -> None:
    sage100.arm(**{"kind": "com_error", "class": "SO_SalesOrder_bus"})
    orders = boi.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", "0000077")
    with pytest.raises(ComError):
        orders.nSetKey()
    with pytest.raises(ComError):
        boi.session.nLogon()
    fresh = Boi(sage100.home)
    assert write_order_1042(fresh)
    fresh.session.nCleanup()


def test_a_fault_can_end_the_clients_process(
    sage100: Sage100, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = {"kind": "drop_after_write", "class": "SO_SalesOrder_bus", "ends_process": True}
    sage100.arm(**fault)
    monkeypatch.setenv("PYTHONPATH", SOURCES)
    ended = subprocess.run(
        [sys.executable, "-c", WRITE_ONE, str(sage100.home), "2"], check=False, timeout=30
    )
    assert ended.returncode == 137
    assert len(sage100.query("SELECT * FROM SO_SalesOrderHeader")) == 1


def test_disarmed_faults_do_not_strike(sage100: Sage100, boi: Boi) -> None:
    sage100.arm(**{"kind": "com_error", "class": "*", "count": 99})

    requests.delete(f"{sage100.url}/_boi_faults", timeout=10)
    assert write_order_1042(boi)


def test_an_order_deleted_meanwhile_does_not_come_back(sage100: Sage100, boi: Boi) -> None:
    number = write_order_1042(boi)
    other = Boi(sage100.home)
    orders = other.sales_orders()
    orders.nSetKeyValue("SalesOrderNo$", number)
    orders.nSetKey()
    assert orders.nDelete() == 1
    again = boi.sales_orders()
    again.nSetKeyValue("SalesOrderNo$", number)
    assert again.nSetKey() == 0
    other.session.nCleanup()


def test_two_processes_write_while_people_post_and_readers_read(
    sage100: Sage100, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", SOURCES)
    command = [sys.executable, "-c", WRITE_ONE, str(sage100.home), "10"]
    writers = [subprocess.Popen(command), subprocess.Popen(command)]
    while any(writer.poll() is None for writer in writers):
        sage100.query("SELECT COUNT(*) FROM SO_SalesOrderDetail")
        sage100.done("post_cash_receipts", posting_date="2026-11-29")
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(sage100.query("SELECT * FROM SO_SalesOrderHeader")) == 20
    assert sage100.stock("LAMP-01") == (Decimal(240), Decimal(60))


def test_state_survives_a_restart(tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "home"
    arguments = ["-m", "tieout.simulators.sage100", "--port", str(port), "--state", str(home)]
    ready_url = f"http://127.0.0.1:{port}/_health"
    with running(arguments, ready_url=ready_url):
        boi = Boi(home)
        number = write_order_1042(boi)
        boi.session.nCleanup()
    with running(arguments, ready_url=ready_url):
        boi = Boi(home)
        orders = boi.sales_orders()
        orders.nSetKeyValue("SalesOrderNo$", number)
        assert orders.nSetKey() == 1
        add_line(orders, "LAMP-01", 1)
        assert orders.nWrite() == 1
        boi.session.nCleanup()
