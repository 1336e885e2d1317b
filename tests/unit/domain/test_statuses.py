"""Statuses of documents: what the tables must be in themselves, and what they say to people."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.base import System
from tieout.domain.books import SageState
from tieout.domain.ledger import LANDED
from tieout.domain.statuses import sage100, xero
from tieout.domain.statuses.machine import By, Phase, Statuses
from tieout.domain.statuses.table import ALL, STATUSES, in_own_words
from tieout.errors import ConfigurationError
from tieout.stack.status_reference import reference
from tieout.usecases.catalog import WRITE_KINDS, Posting

ROOT = Path(__file__).parents[3]
TABLES = ROOT / "include/mappings/tables"
NOTHING = "nothing"
KINDS = pytest.mark.parametrize("statuses", ALL, ids=lambda one: f"{one.system} {one.name}")


def test_the_reference_is_made_from_the_tables() -> None:
    page = (ROOT / "docs/reference/statuses.md").read_text("utf-8")
    assert reference(TABLES) in page, "python -m tieout.stack.status_reference"


@KINDS
def test_a_table_names_each_status_once_and_leads_to_all_of_them(statuses: Statuses) -> None:
    words = statuses.words()
    moves = [(move.before, move.after) for move in statuses.moves]
    assert len(set(words)) == len(words)
    assert len(set(moves)) == len(moves)
    assert set(statuses.first) <= set(words)
    for word in words:
        assert any(not statuses.why_never(first, word) for first in statuses.first), word


@KINDS
def test_what_was_taken_back_stays_so(statuses: Statuses) -> None:
    for gone in statuses.words(Phase.GONE):
        for word in set(statuses.words()) - set(statuses.words(Phase.GONE)):
            assert statuses.why_never(gone, word), (gone, word)


@settings(max_examples=60)
@given(st.data())
def test_whatever_happened_is_possible_and_the_rest_is_explained(data: st.DataObject) -> None:
    statuses = data.draw(st.sampled_from(ALL))
    before = word = data.draw(st.sampled_from(statuses.first))
    for _step in range(data.draw(st.integers(0, 4))):
        ways = [move for move in statuses.moves if move.before == word]
        if not ways:
            break
        move = data.draw(st.sampled_from(ways))
        is_askable = not statuses.why_not(word, move.after)
        assert is_askable == (move.by is By.ASKED)
        word = move.after
    assert statuses.why_never(before, word) == ""
    assert not (statuses.is_live(word) and statuses.is_gone(word))
    wanted = data.draw(st.sampled_from(statuses.words()))
    refusal = statuses.why_not(word, wanted)
    is_move = any((move.before, move.after) == (word, wanted) for move in statuses.moves)
    assert bool(refusal) or word == wanted or is_move
    if refusal:
        assert f"{statuses.name} that is {word} (" in refusal
        assert f"cannot become {wanted} (" in refusal


@pytest.mark.parametrize(
    ("statuses", "before", "after", "says"),
    [
        (
            xero.INVOICE,
            "PAID",
            "VOIDED",
            (
                "An invoice that is PAID (in the books and paid in full) cannot become VOIDED "
                "(taken out of the books). Delete its payments and take credits off it first; then "
                "it is AUTHORISED again, and can be voided."
            ),
        ),
        (
            xero.INVOICE,
            "AUTHORISED",
            "PAID",
            (
                "An invoice that is AUTHORISED (approved: in the books) cannot become PAID (in "
                "the books and paid in full). Xero alone can do that: nothing of it is left, it is "
                "paid."
            ),
        ),
        (
            xero.PURCHASE_ORDER,
            "DELETED",
            "BILLED",
            (
                "A purchase order that is DELETED (it counts for nothing any more) cannot become "
                "BILLED (ordered and billed). It stays so for good: enter a new one."
            ),
        ),
        (
            sage100.REGISTERED,
            "entered",
            "updated",
            (
                "A document that a register posts that is entered (typed in, in no ledger yet) "
                "cannot become updated (its register is updated: in the sub-ledger and in stock). "
                "People alone can do that: its register is printed and updated."
            ),
        ),
        (
            xero.PAYMENT,
            "AUTHORISED",
            "PENDING",
            "Xero has no status 'PENDING' of payments that we know; we know AUTHORISED, DELETED.",
        ),
    ],
)
def test_a_refused_move_is_explained(
    statuses: Statuses, before: str, after: str, says: str
) -> None:
    assert statuses.why_not(before, after) == says


def test_a_status_that_nobody_knows_counts_for_nothing_and_was_not_taken_back() -> None:
    assert not xero.INVOICE.is_live("FROZEN")
    assert not xero.INVOICE.is_gone("FROZEN")
    assert xero.INVOICE.told("FROZEN") == "FROZEN"
    assert xero.INVOICE.told("") == "without a status"


def test_what_people_post_stands_in_the_states_that_deliveries_have() -> None:
    followed = {
        kind for kind in WRITE_KINDS if kind.posting in (Posting.ON_UPDATE, Posting.BY_INVOICE)
    }
    assert {(kind.target, kind.entity) for kind in followed} == {
        (one.system, entity)
        for one in (sage100.REGISTERED, sage100.INVOICED_ORDER)
        for entity in one.entities
    }
    for kind in followed:
        statuses = STATUSES[kind.target, kind.entity]
        assert {*statuses.words()} == {*SageState, sage100.DELETED} == {*LANDED, sage100.DELETED}


def test_what_is_at_once_in_xeros_books_has_statuses() -> None:
    at_once = {
        kind.entity
        for kind in WRITE_KINDS
        if kind.target is System.XERO and kind.posting is Posting.AT_ONCE
    }
    assert at_once <= {entity for system, entity in STATUSES if system is System.XERO}


@pytest.mark.parametrize(
    ("table", "source", "target", "kinds"),
    [
        (
            "xero_to_sage100_statuses",
            System.XERO,
            System.SAGE100,
            {"invoice", "bill", "credit_note", "payment", "purchase_order"},
        ),
        (
            "sage100_to_xero_statuses",
            System.SAGE100,
            System.XERO,
            {"sales_order", "ap_invoice", "credit_memo", "cash_receipt", "purchase_order"},
        ),
    ],
)
def test_a_crosswalk_has_each_status_of_its_documents_and_only_such(
    table: str, source: System, target: System, kinds: set[str]
) -> None:
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["from"] for row in rows} == {
        f"{kind} {word}" for kind in kinds for word in in_own_words(source, kind).words()
    }
    for row in rows:
        assert row["note"], row
        if row["to"] != NOTHING:
            kind, word = row["to"].split(" ")
            assert word in in_own_words(target, kind).words(), row


def test_a_document_that_has_no_statuses_is_named_with_those_that_have() -> None:
    with pytest.raises(ConfigurationError, match="statuses of 'shipment' in Sage 100") as raised:
        in_own_words(System.SAGE100, "shipment")
    assert "cash_receipt" in raised.value.remedy
