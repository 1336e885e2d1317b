"""The gate: judges a batch's rows with Great Expectations and says which rows failed what, and why.

One validation per batch, on a pandas frame, in a context of its own that lives no longer. Importing
Great Expectations takes seconds: only inside of functions, and ``preload`` is for whoever forks.
"""

import hashlib
import importlib
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from tieout.domain.hashing import folder_hash
from tieout.errors import ConfigurationError, FatalError
from tieout.ports.gate import Finding, Gate, GateResult
from tieout.validation.exact import Exact
from tieout.validation.suite import VALUE, Expectation, Suite, load_suite

if TYPE_CHECKING:
    from great_expectations.core import (
        ExpectationSuite,
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from pandas import DataFrame

Row = Mapping[str, object]

ROW_KEY = "row_key"
RULE = "rule"
PRELOADED = (
    "pandas",
    "great_expectations",
    "great_expectations.render.renderer.page_renderer",
    "great_expectations.render.view.view",
)
GX_SEVERITY = {"warn": "warning", "park": "critical", "halt": "critical"}
RESULT_FORMAT = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW_KEY]}
"""On a pandas frame, COMPLETE names every failed row; shorter formats keep 20."""


def preload() -> None:
    """Import Great Expectations and pandas, so that processes forked from this one have them."""
    # Analytics would call home; it is read when the package is imported.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # Great Expectations imports a module that Python deprecates (sre_constants).
        warnings.simplefilter("ignore", DeprecationWarning)
        for module in PRELOADED:
            importlib.import_module(module)


class GreatExpectationsGate(Gate):
    """Judges rows by ``expectations``/<suite>.yaml and writes Data Docs below ``data_docs``."""

    def __init__(self, expectations: Path, data_docs: Path | None) -> None:
        """Keep where suites are and where Data Docs go, None for nowhere; imports nothing."""
        self._expectations = expectations
        self._data_docs = data_docs
        self.version = folder_hash(expectations)

    @override
    def validate(self, suite: str, rows: Sequence[Row]) -> GateResult:
        """Validate rows, each with a unique ``row_key``, against ``suite``.

        Findings come in the order of the rows, then of the suite. The same rows give the same page.

        Raises:
            ConfigurationError: The suite does not fit the rows.
            FatalError: A rule could not be judged; then no row may pass.
        """
        if not rows:
            return GateResult(suite=suite, findings=())
        path = self._expectations / f"{suite}.yaml"
        loaded = load_suite(path, set.intersection(*(set(row) for row in rows)))
        _check_rows(loaded, rows)
        preload()
        result, by_id = _run(suite, loaded, rows)
        findings = _findings(loaded, result, by_id, rows)
        page = self._write_page(self._data_docs, suite, rows, result) if self._data_docs else ""
        return GateResult(suite=suite, findings=tuple(findings), data_docs=str(page))

    @staticmethod
    def _write_page(
        data_docs: Path, suite: str, rows: Sequence[Row], result: "ExpectationSuiteValidationResult"
    ) -> Path:
        """Write one page per batch; a whole site would cost 4 MB and drop the batches before."""
        from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
        from great_expectations.render.view.view import DefaultJinjaPageView

        document = ValidationResultsPageRenderer().render(result)
        page = DefaultJinjaPageView().render(document)  # type: ignore[no-untyped-call]
        content = json.dumps([dict(row) for row in rows], sort_keys=True, default=str)
        name = hashlib.sha256(content.encode()).hexdigest()[:16]
        folder = data_docs / suite
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        return path


def _check_rows(suite: Suite, rows: Sequence[Row]) -> None:
    """Great Expectations passes over empty values: a row that lacks one must not slip through."""
    keys = {row.get(ROW_KEY) for row in rows}
    if len(keys) != len(rows) or None in keys:
        message = f"The rows of the gate do not each have a {ROW_KEY} of their own."
        raise FatalError(message, remedy="Report this as a defect of Tieout.")
    judged = {column for rule in suite.expectations for column in rule.columns}
    for row in rows:
        empty = sorted(column for column in judged if row[column] is None)
        if empty:
            message = f"Row {row[ROW_KEY]} of the gate has no {', '.join(empty)}."
            raise FatalError(message, remedy="Report this as a defect of Tieout.")


def _run(
    name: str, suite: Suite, rows: Sequence[Row]
) -> "tuple[ExpectationSuiteValidationResult, dict[str, Expectation]]":
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    # Without this configuration, GX would make a temporary folder for a site that nobody builds.
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=stores, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("tieout").add_dataframe_asset(name)
    gx_suite = context.suites.add(gx.ExpectationSuite(name=name))
    for expectation in suite.expectations:
        _add(name, gx_suite, expectation)
    gx_suite.save()
    rules = {expectation.rule: expectation for expectation in suite.expectations}
    by_id = {str(saved.id): rules[(saved.meta or {})[RULE]] for saved in gx_suite.expectations}
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=name, data=asset.add_batch_definition_whole_dataframe(name), suite=gx_suite
        )
    )
    result = definition.run(
        batch_parameters={"dataframe": _frame(rows)}, result_format=RESULT_FORMAT
    )
    return result, by_id


def _add(name: str, gx_suite: "ExpectationSuite", expectation: Expectation) -> None:
    from great_expectations.exceptions.exceptions import InvalidExpectationConfigurationError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    try:
        gx_suite.add_expectation_configuration(
            ExpectationConfiguration(
                type=expectation.type,
                kwargs=_arguments(expectation),
                severity=FailureSeverity(GX_SEVERITY[expectation.severity]),
                meta={RULE: expectation.rule},
                notes=f"{expectation.rule}: {expectation.remedy}",
            )
        )
    except (InvalidExpectationConfigurationError, ValueError) as error:
        message = f"Suite {name}, rule {expectation.rule}: {' '.join(str(error).split())}."
        remedy = "Correct its type and kwargs, as Great Expectations documents them."
        raise ConfigurationError(message, remedy=remedy) from error


def _arguments(expectation: Expectation) -> dict[str, object]:
    from great_expectations.expectations.row_conditions import Column

    conditions = [Column(name) > above for name, above in expectation.only_above.items()]
    return {**expectation.kwargs, **({"row_condition": conditions[0]} if conditions else {})}


def _frame(rows: Sequence[Row]) -> "DataFrame":
    """Make the frame, of objects, so that pandas computes with no amount."""
    import pandas as pd

    return pd.DataFrame(
        [{name: _cell(value) for name, value in row.items()} for row in rows], dtype=object
    )


def _cell(value: object) -> object:
    return Exact(value) if isinstance(value, Decimal) else value


def _findings(
    suite: Suite,
    result: "ExpectationSuiteValidationResult",
    by_id: Mapping[str, Expectation],
    rows: Sequence[Row],
) -> list[Finding]:
    failed: dict[str, set[str]] = {}
    for verdict in result.results:
        expectation = by_id[_id(verdict)]
        failed[expectation.rule] = _failed_keys(verdict, expectation)
    unjudged = sorted({expectation.rule for expectation in suite.expectations} - set(failed))
    if unjudged:
        raise _unjudged(", ".join(unjudged), "there is no verdict")
    return [
        _finding(expectation, row)
        for row in rows
        for expectation in suite.expectations
        if str(row[ROW_KEY]) in failed[expectation.rule]
    ]


def _id(verdict: "ExpectationValidationResult") -> str:
    return str(verdict.expectation_config.id) if verdict.expectation_config else ""


def _failed_keys(verdict: "ExpectationValidationResult", expectation: Expectation) -> set[str]:
    if verdict.exception_info and verdict.exception_info.get("raised_exception"):
        raise _unjudged(expectation.rule, str(verdict.exception_info.get("exception_message")))
    found = verdict.result.get("unexpected_index_list") or []
    keys = {str(index[ROW_KEY]) for index in found}
    if len(keys) != verdict.result.get("unexpected_count") or bool(keys) is verdict.success:
        raise _unjudged(expectation.rule, "the failed rows were not all named")
    return keys


def _unjudged(rules: str, problem: str) -> FatalError:
    return FatalError(
        f"The gate could not judge {rules}: {problem}. No row was let through.",
        remedy="Correct the expectation, or report this as a defect of Tieout.",
    )


def _finding(expectation: Expectation, row: Row) -> Finding:
    column = expectation.columns[0]
    texts = {name: _text(value) for name, value in row.items()}
    return Finding(
        row_key=texts[ROW_KEY],
        rule=expectation.rule,
        severity=expectation.severity,
        owner=expectation.owner,
        column=column,
        value=texts[column],
        message=expectation.message.format(**{**texts, VALUE: texts[column]}),
        remedy=expectation.remedy,
    )


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
