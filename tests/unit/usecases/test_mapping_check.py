"""Mapping files against what both sides can hold: each misfit is told with file, line and fix."""

import shutil
from pathlib import Path

import pytest
from typing_extensions import override

from fakes import EMPTY_SAGE100, EMPTY_XERO
from tieout.connectors.sage100.schema import Sage100Schemas, by_table
from tieout.connectors.shopify.schema import ShopifySchemas
from tieout.connectors.xero.schema import XeroSchemas
from tieout.domain.base import System
from tieout.ports.schemas import SchemaField
from tieout.usecases.mapping_check import (
    SchemasOf,
    check,
    check_codes,
    coverage,
    is_own_field,
    load_checked,
    moved_nowhere,
    own_fields,
)
from unit.usecases.test_steps import PAIR, ROOT

SCHEMAS: SchemasOf = {
    System.XERO: XeroSchemas(),
    System.SAGE100: Sage100Schemas(),
    System.SHOPIFY: ShopifySchemas(),
}


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "include" / "mappings", tmp_path / "mappings")
    return tmp_path / "mappings"


def problems(mappings: Path) -> list[str]:
    specs, found = load_checked(mappings, PAIR.pair)
    return found + check(specs, SCHEMAS)


def changed(mappings: Path, name: str, old: str, new: str) -> int:
    """Change a file and return the line of the change."""
    path = mappings / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_our_own_files_fit_both_sides(mappings: Path) -> None:
    assert problems(mappings) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("to_xero/contact", "EmailAddress:", "EMailAdress:", "Did you mean EmailAddress?"),
        ("to_sage100/customer", "header.TermsCode:", "header.TermCode:", "header.TermsCode?"),
        ("from_xero/contact", "node.EmailAddress", "node.EmailAdress", "mean EmailAddress?"),
        ("to_xero/invoice", "Status: {constant", "Status: {constnat", "Did you mean 'constant'?"),
        ("to_xero/payment", "{function: money,", "{function: monet,", "Did you mean 'money'?"),
    ],
)
def test_a_misfit_is_told_with_file_and_fix(
    mappings: Path, name: str, old: str, new: str, said: str
) -> None:
    line = changed(mappings, name, old, new)
    (problem,) = problems(mappings)
    assert f"{name}.yaml" in problem
    assert said in problem
    assert name.startswith("from_") or f"line {line}" in problem


def test_a_length_that_the_target_does_not_hold_is_told(mappings: Path) -> None:
    old = "{when_present: buyer.email}"
    line = changed(mappings, "to_xero/contact", old, "{when_present: buyer.email, length: 300}")
    (problem,) = problems(mappings)
    assert f"line {line}" in problem
    assert "xero holds 255. Write length: 255." in problem


PRICE = "UnitPrice: {function: sage100_unit_price, from: item.line"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("to_xero/payment", "from: payment.amount", "from: payment.amount, type: text", "a number"),
        ("to_xero/payment", " payment.book_date", " {from: book_date, type: number}", "a date"),
        ("to_sage100/sales_order", "Amt: deposit", "Amt: {from: deposit, type: date}", "a number"),
        ("to_sage100/sales_order", PRICE, f"{PRICE}, decimals: 7", "keeps 6. Write decimals: 6."),
    ],
)
def test_a_form_that_the_target_does_not_hold_is_told(
    mappings: Path, name: str, old: str, new: str, said: str
) -> None:
    line = changed(mappings, name, old, new)
    (problem,) = problems(mappings)
    assert f"{name}.yaml, line {line}: " in problem
    assert said in problem


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("UDF_ROUTE: {from: customer_no, length: 20}", "holds 10. Write length: 10."),
        ("UDF_REBATE_PCT: {constant: '2.50'}", "holds a number at this site. Write type: number."),
        ("UDF_CLUB_SINCE: {constant: x, type: text}", "Write type: date."),
        ("UDF_NOWHERE: customer_no", "Let an administrator add it in Sage 100"),
    ],
)
def test_a_field_of_a_sites_own_is_checked_by_that_sites_catalog(
    mappings: Path, rule: str, said: str
) -> None:
    old = "  header.UDF_TIEOUT_ID:"
    line = changed(mappings, "to_sage100/customer", old, f"  header.{rule}\n{old}")
    specs, _problems = load_checked(mappings, PAIR.pair)
    site: SchemasOf = {System.SAGE100: OwnSite()}
    (problem,) = check(specs, site, concerns=is_own_field)
    assert f"to_sage100/customer.yaml, line {line}" in problem
    assert said in problem


def test_what_fits_a_sites_own_fields_is_no_problem_and_is_asked_for(mappings: Path) -> None:
    old = "  tieout_id:"
    changed(mappings, "from_sage100/customer", old, f"  website: node.UDF_ROUTE\n{old}")
    specs, _problems = load_checked(mappings, PAIR.pair)
    assert check(specs, {System.SAGE100: OwnSite()}, concerns=is_own_field) == []
    assert by_table(own_fields(specs)) == {"AR_Customer": {"UDF_ROUTE", "UDF_TIEOUT_ID"}}


class OwnSite(Sage100Schemas):
    """A site that added fields to its customers."""

    @override
    def fields(self, entity: str) -> list[SchemaField]:
        own = [
            SchemaField(path="header.UDF_ROUTE", type="text", length=10),
            SchemaField(path="header.UDF_REBATE_PCT", type="number", length=5),
            SchemaField(path="header.UDF_CLUB_SINCE", type="date"),
        ]
        return [*super().fields(entity), *(own if entity == "customer" else [])]


def test_every_wrong_file_is_told_not_only_the_first(mappings: Path) -> None:
    for name in ("to_xero/contact", "to_sage100/customer"):
        changed(mappings, name, "target:", "tarjet:")
    assert len(problems(mappings)) == 2


def test_codes_that_a_ledger_lacks_are_told_once_each() -> None:
    codes = {account.xero for account in PAIR.accounts} - {""}
    xero = EMPTY_XERO.model_copy(
        update={
            "account_codes": frozenset(codes - {"200"}),
            "tax_types": frozenset(tax.xero_tax_type for tax in PAIR.taxes),
        }
    )
    sage100 = EMPTY_SAGE100.model_copy(
        update={
            "accounts": frozenset(account.sage100 for account in PAIR.accounts),
            "bank_codes": frozenset(one.sage100_bank_code for one in PAIR.gateways),
        }
    )
    (problem,) = check_codes(PAIR, xero, sage100)
    assert "Xero has no active account 200." in problem


def test_coverage_tells_what_is_moved_and_what_goes_nowhere(mappings: Path) -> None:
    specs, _problems = load_checked(mappings, PAIR.pair)
    before = {one.mapping: one for one in coverage(specs, SCHEMAS)}
    assert before.keys() == specs.keys()
    assert "order.note" in moved_nowhere(specs)
    assert "header.Comment" in before["to_sage100/sales_order"].target.left
    changed(
        mappings,
        "to_sage100/sales_order",
        "  header.FreightAmt:",
        "  header.Comment: {from: order.note, length: 30}\n  header.FreightAmt:",
    )
    specs, _problems = load_checked(mappings, PAIR.pair)
    after = {one.mapping: one for one in coverage(specs, SCHEMAS)}["to_sage100/sales_order"]
    assert "order.note" not in moved_nowhere(specs)
    assert "header.Comment" in after.target.moved
    assert after.target.percent is not None
    assert after.target.percent > (before["to_sage100/sales_order"].target.percent or 0)
