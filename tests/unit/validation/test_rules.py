"""The accounting rule pack by example: tests/golden/rules has a failing and a passing one of each.

An example changes a good record, or what the ledgers hold, at places named by dotted paths; below
``known`` stands what the ledgers hold. The examples of a suite are one batch of the real gate.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tieout.domain.pair import Pair
from tieout.domain.records import KnownBill
from tieout.ports.systems import Credit, Sage100Reference, XeroReference
from tieout.settings import load_pairs
from tieout.stack.rule_reference import reference
from tieout.usecases.rows.facts import Known, Row
from tieout.usecases.rows.meanings import FACTS
from tieout.usecases.rows.table import ROW_KINDS
from tieout.validation.gate import GreatExpectationsGate

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/golden"
EXPECTATIONS = ROOT / "include/expectations"
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
FAILS, PASSES, TWIN = "fails", "passes", "fails again"


@dataclass(frozen=True)
class Example:
    """One change of a good record, under the row key that tells it from the others."""

    key: str
    record: dict[str, Any]
    known: Known


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content


def rules_of(suite: str) -> list[str]:
    return [one["rule"] for one in read(EXPECTATIONS / f"{suite}.yaml")["expectations"]]


def examples(told: Mapping[str, Any]) -> Iterator[Example]:
    base = told.get("record") or json.loads((GOLDEN / told["record_file"]).read_text("utf-8"))
    known = {**read(GOLDEN / "rules/known.yaml"), **told.get("known", {})}
    for number, (rule, example) in enumerate(told["rules"].items()):
        cases = [(FAILS, example[FAILS], 2 * number), (PASSES, example[PASSES], 2 * number + 1)]
        if example.get("twice"):
            cases.append((TWIN, example[FAILS], 2 * number))
        for case, changes, mark in cases:
            record = copy.deepcopy({**base, "known": known})
            record[told["number"]] += f"-{mark}"
            for path, value in changes.items():
                put(record, path.split("."), copy.deepcopy(value))
            yield Example(f"{rule} {case}", record, known_of(record.pop("known")))


def put(place: Any, path: list[str], value: object) -> None:
    name: str | int = int(path[0]) if isinstance(place, list) else path[0]
    if len(path) > 1:
        put(place.setdefault(name, {}) if isinstance(place, dict) else place[name], path[1:], value)
    elif isinstance(place, list) and name == len(place):
        place.append(value)
    else:
        place[name] = value


def known_of(told: Mapping[str, Any]) -> Known:
    return Known(
        pair=Pair.model_validate({**PAIR.model_dump(), **told["pair"]}),
        xero=XeroReference.model_validate(told["xero"]),
        sage100=Sage100Reference.model_validate(told["sage100"]),
        today=told["today"],
        owing=told["owing"],
        rounded={one: Decimal(amount) for one, amount in told["rounded"].items()},
        credits={no: Credit.model_validate(one) for no, one in told["credits"].items()},
        vendor_nos=told["vendor_nos"],
        vendor_terms_codes=told["vendor_terms_codes"],
        bills={
            vendor: [KnownBill.model_validate(one) for one in held]
            for vendor, held in told["bills"].items()
        },
        mismatches=told["mismatches"],
        due={number: Decimal(amount) for number, amount in told["due"].items()},
    )


def row_of(suite: str, example: Example) -> Row:
    kind = ROW_KINDS[suite]
    return kind.build(example.key, kind.record.model_validate(example.record), example.known)


@pytest.mark.parametrize("suite", ROW_KINDS)
def test_each_rule_has_an_example_that_fails_it_alone_and_one_that_passes(suite: str) -> None:
    told = read(GOLDEN / f"rules/{suite}.yaml")
    rules = rules_of(suite)
    assert list(told["rules"]) == rules
    rows = [row_of(suite, example) for example in examples(told)]
    assert len(rows) >= 2 * len(rules)

    findings = GreatExpectationsGate(EXPECTATIONS, None).validate(suite, rows).findings

    broken: dict[str, list[str]] = {}
    for finding in findings:
        broken.setdefault(finding.row_key, []).append(finding.rule)
    expected = {}
    for rule, example in told["rules"].items():
        for case in (FAILS, TWIN) if example.get("twice") else (FAILS,):
            both = {rule, *example.get("also", [])}
            expected[f"{rule} {case}"] = [one for one in rules if one in both]
    assert broken == expected
    for rule, example in told["rules"].items():
        (found,) = [one for one in findings if (one.row_key, one.rule) == (f"{rule} {FAILS}", rule)]
        assert example["says"] in found.message


def test_every_suite_has_rows_and_examples() -> None:
    assert {path.stem for path in EXPECTATIONS.glob("*.yaml")} == set(ROW_KINDS)
    assert {path.stem for path in (GOLDEN / "rules").glob("*.yaml")} == {*ROW_KINDS, "known"}


def test_every_fact_of_a_row_says_what_it_means() -> None:
    told = {suite: read(GOLDEN / f"rules/{suite}.yaml") for suite in ROW_KINDS}
    rows = [row_of(suite, example) for suite in ROW_KINDS for example in examples(told[suite])]
    assert {fact for row in rows for fact in row} == set(FACTS)


def test_the_document_is_what_the_suites_say() -> None:
    page = (ROOT / "docs/reference/rules.md").read_text("utf-8")
    assert reference(EXPECTATIONS) in page


@pytest.mark.parametrize("suite", ROW_KINDS)
def test_every_message_is_a_sentence_and_every_remedy_begins_with_what_to_do(suite: str) -> None:
    for rule in read(EXPECTATIONS / f"{suite}.yaml")["expectations"]:
        assert re.match(r"(\{|[A-Z]).*[.]$", rule["message"], re.DOTALL), rule["rule"]
        assert re.match(r"[A-Z][a-z]+\b.*\.$", rule["remedy"], re.DOTALL), rule["rule"]
        assert not re.search(r"[a-z]_[a-z]", re.sub(r"\{\w+\}", "", rule["message"])), rule["rule"]
