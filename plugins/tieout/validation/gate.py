"""The gate: judges a batch's rows with Great Expectations and says which rows failed what, and why.

One validation per batch, on a pandas frame, in a context of its own that lives no longer. Importing
Great Expectations takes seconds: only inside of functions, and ``preload`` is for whoever forks.
"""

import importlib
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from tieout.domain.hashing import folder_hash
from tieout.errors import ConfigurationError, FatalError
from tieout.ports.gate import ROW_KEY, Finding, Gate, GateResult, Row
from tieout.validation.data_docs import write_page
from tieout.validation.frame import frame_of
from tieout.validation.suite import VALUE, Expectation, Suite, load_suite

if TYPE_CHECKING:
    from great_expectations.core import (
        ExpectationSuite,
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )

RULE = "rule"
PRELOADED = (
    "pandas",
    "great_expectations",
    "great_expectations.render.renderer.page_renderer",
    "great_expectations.render.view.view",
)
GX_SEVERITY = {"warn": "warning", "park": "critical", "halt": "critical"}
RESULT_FORMAT = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
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
    def validate(self, suite: str, rows: Sequence[Row], *, page: str = "") -> GateResult:
        """Validate rows, each with a ``row_key`` of its own, against ``suite``.

        Findings come in the order of the rows, then of the suite. Without ``page`` there are no
        Data Docs.

        Raises:
            ConfigurationError: The suite does not fit the rows.
            FatalError: A rule could not be judged; then no row may pass.
        """
        if not rows:
            return GateResult(suite=suite, findings=())
        path = self._expectations / f"{suite}.yaml"
        loaded = load_suite(path, set.intersection(*map(set, set(map(tuple, rows)))))
        preload()
        result = _run(suite, loaded, rows)
        rules = {one.rule: one for one in loaded.expectations}
        failed = {rule: _failed(verdict, rules[rule]) for rule, verdict in _by_rule(result)}
        findings = _findings(loaded, failed, rows)
        written = ""
        if self._data_docs is not None and page:
            keys = [str(row[ROW_KEY]) for row in rows]
            written = str(write_page(self._data_docs / suite, page, result, keys))
        return GateResult(suite=suite, findings=tuple(findings), data_docs=written)


def _run(name: str, suite: Suite, rows: Sequence[Row]) -> "ExpectationSuiteValidationResult":
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    frame = frame_of(rows, suite.columns)
    # Without this configuration, GX would make a temporary folder for a site that nobody builds.
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=stores, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    gx_suite = gx.ExpectationSuite(name=name)
    for expectation in suite.expectations:
        _add(name, gx_suite, expectation)
    asset = context.data_sources.add_pandas("tieout").add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": frame})
    # A validation definition would also store the result, which copies each failed row several
    # times.
    return batch.validate(gx_suite, result_format=RESULT_FORMAT)


def _by_rule(
    result: "ExpectationSuiteValidationResult",
) -> "Iterator[tuple[str, ExpectationValidationResult]]":
    for verdict in result.results:
        meta = verdict.expectation_config.meta if verdict.expectation_config else None
        yield str((meta or {}).get(RULE)), verdict


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


def _failed(verdict: "ExpectationValidationResult", expectation: Expectation) -> list[int]:
    """Return the places of the rows that failed."""
    if verdict.exception_info and verdict.exception_info.get("raised_exception"):
        raise _unjudged(expectation.rule, str(verdict.exception_info.get("exception_message")))
    places = {int(place) for place in verdict.result.get("unexpected_index_list") or []}
    if len(places) != verdict.result.get("unexpected_count") or bool(places) is verdict.success:
        raise _unjudged(expectation.rule, "the failed rows were not all named")
    return sorted(places)


def _findings(
    suite: Suite, failed: Mapping[str, Sequence[int]], rows: Sequence[Row]
) -> list[Finding]:
    unjudged = sorted({expectation.rule for expectation in suite.expectations} - set(failed))
    if unjudged:
        raise _unjudged(", ".join(unjudged), "there is no verdict")
    found = [
        (place, number, expectation)
        for number, expectation in enumerate(suite.expectations)
        for place in failed[expectation.rule]
    ]
    found.sort(key=lambda one: one[:2])
    return [_finding(expectation, rows[place]) for place, _number, expectation in found]


def _unjudged(rules: str, problem: str) -> FatalError:
    return FatalError(
        f"The gate could not judge {rules}: {problem}. No row was let through.",
        remedy="Correct the expectation, or report this as a defect of Tieout.",
    )


def _finding(expectation: Expectation, row: Row) -> Finding:
    column = expectation.columns[0]
    value = _text(row[column])
    shown = _Shown(row, value)
    return Finding(
        row_key=_text(row[ROW_KEY]),
        rule=expectation.rule,
        severity=expectation.severity,
        owner=expectation.owner,
        column=column,
        value=value,
        message=expectation.message.format_map(shown),
        remedy=expectation.remedy.format_map(shown),
    )


class _Shown(dict[str, str]):
    """A row as messages show it: each column's text, made when it is asked for."""

    def __init__(self, row: Row, value: str) -> None:
        super().__init__({VALUE: value})
        self._row = row

    def __missing__(self, column: str) -> str:
        return _text(self._row[column])


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
