"""What the gate costs beside Great Expectations alone, and in a process forked as workers are."""

import os
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from figures.report import record
from tieout.domain.records import SalesInvoice
from tieout.usecases.rows.trade import sales_invoice_row
from tieout.validation.gate import GreatExpectationsGate, preload
from unit.validation.test_rules import EXPECTATIONS, GOLDEN, known_of, read

SUITE = "sales_invoice"
EXPECTATIONS_COUNT = 12
ROWS, BAD = 100_000, 1_000
ROUNDS = 5
RATIO_MAX = 1.3
WARM_ROWS = 100
WARM_MAX_S = 1.0


def suite_in(folder: Path) -> list[dict[str, Any]]:
    """Keep the first rules of the suite of invoices in a folder, and return them."""
    rules: list[dict[str, Any]] = read(EXPECTATIONS / f"{SUITE}.yaml")["expectations"]
    kept = rules[:EXPECTATIONS_COUNT]
    (folder / f"{SUITE}.yaml").write_text(yaml.safe_dump({"expectations": kept}), "utf-8")
    return kept


def rows_of(count: int, bad: int) -> list[dict[str, object]]:
    """Return rows of invoices: the bad ones have an amount and a warehouse that are wrong."""
    told = read(GOLDEN / f"rules/{SUITE}.yaml")
    invoice = SalesInvoice.model_validate(told["record"])
    row = sales_invoice_row("0", invoice, known_of({**read(GOLDEN / "rules/known.yaml")}))
    wrong = {"total_difference": Decimal("0.01"), "unknown_warehouse": "009"}
    return [
        {
            **row,
            "row_key": str(number),
            "number": f"INV-{number}",
            "min_line_amount": Decimal(number) / 100,
            **(wrong if number < bad else {}),
        }
        for number in range(count)
    ]


def bare(rules: Sequence[dict[str, Any]], rows: Sequence[dict[str, object]]) -> int:
    """Judge the rows with Great Expectations alone, as its documentation shows; amounts as floats.

    Returns how many failures it names.
    """
    import great_expectations as gx
    import pandas as pd
    from great_expectations.expectations.row_conditions import Column

    frame = pd.DataFrame(rows)
    amounts = [name for name, value in rows[0].items() if isinstance(value, Decimal)]
    frame[amounts] = frame[amounts].astype(float)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("bare").add_dataframe_asset("invoices")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="bare")
    for rule in rules:
        kind = getattr(gx.expectations, rule["type"].title().replace("_", ""))
        conditions = [Column(name) > above for name, above in rule.get("only_above", {}).items()]
        where = {"row_condition": conditions[0]} if conditions else {}
        suite.add_expectation(kind(**rule["kwargs"], **where))
    result = batch.validate(suite, result_format="COMPLETE")
    return sum(len(one.result["unexpected_index_list"]) for one in result.results)


def cpu_s(act: Callable[[], object]) -> float:
    """Return the processor's seconds: other processes of the machine are no part of it."""
    started_s = time.process_time()
    act()
    return time.process_time() - started_s


@pytest.mark.bench
def test_a_hundred_thousand_rows_cost_little_more_than_great_expectations(tmp_path: Path) -> None:
    preload()
    rules, rows = suite_in(tmp_path), rows_of(ROWS, BAD)
    gate = GreatExpectationsGate(tmp_path, tmp_path / "data_docs")
    found = len(gate.validate(SUITE, rows, page="warm").findings)
    assert found == bare(rules, rows) == 2 * BAD
    gate_s, bare_s = [], []
    for _round in range(ROUNDS):
        bare_s.append(cpu_s(lambda: bare(rules, rows)))
        gate_s.append(cpu_s(lambda: gate.validate(SUITE, rows, page="1")))
    ratio = min(gate_s) / min(bare_s)
    record(
        "a hundred thousand rows, twelve expectations",
        gate_cpu_s=min(gate_s),
        great_expectations_cpu_s=min(bare_s),
        times=ratio,
        failures=found,
    )
    assert ratio <= RATIO_MAX


@pytest.mark.bench
def test_a_warm_gate_on_a_hundred_rows_takes_less_than_a_second(tmp_path: Path) -> None:
    preload()
    rows = rows_of(WARM_ROWS, 3)
    took_s, worked_s = [], []
    for _round in range(ROUNDS):
        started_s = time.perf_counter()
        child = os.fork()
        if child == 0:
            GreatExpectationsGate(EXPECTATIONS, tmp_path).validate(SUITE, rows, page="1")
            os._exit(0)
        _child, status, used = os.wait4(child, 0)
        assert status == 0
        worked_s.append(used.ru_utime + used.ru_stime)
        took_s.append(time.perf_counter() - started_s)
    record(
        "a warm gate on a hundred rows, in a forked process",
        took_s=min(took_s),
        cpu_s=min(worked_s),
    )
    assert min(took_s) < WARM_MAX_S
