"""Import files: balanced, whole, and no document in two of them, wherever a worker dies."""

import csv
import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from typing_extensions import override

from tieout.connectors.sage100.config import Sage100Config
from tieout.connectors.sage100.import_files import (
    LAYOUTS,
    FileState,
    ImportFolder,
    Manifest,
    Record,
)
from tieout.errors import RejectedError, UnavailableError

BILLS = LAYOUTS["ap_invoice"]
WORKERS, ROUNDS_MAX, BILLS_AT_ONCE = 6, 50, 12


def record(number: int, amount: str = "10.00") -> Record:
    header = {
        "APDivisionNo": "00",
        "VendorNo": "0000100",
        "InvoiceNo": f"B-{number}",
        "InvoiceDate": "2026-11-20",
        "InvoiceAmt": amount,
        "Comment": 'Gas, "green"',
    }
    lines = [{"AccountKey": "000000029", "DistributionAmt": amount}]
    return Record(f"ap_invoice {number}", header, lines, Decimal(amount))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "outgoing").glob("*.csv"))


def rows(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="cp1252") as stream:
        return list(csv.reader(stream))


def held(folder: Path) -> Counter[str]:
    """Count the files that hold each bill, by its number."""
    place = BILLS.header.index("InvoiceNo") + 1
    return Counter(row[place] for file in files(folder) for row in rows(file) if row[0] == "H")


def test_a_batch_is_one_file_of_documents_with_their_lines(tmp_path: Path) -> None:
    ImportFolder(tmp_path).hand_over(BILLS, [record(1), record(2, "-2.50")])
    (file,) = files(tmp_path)
    found = rows(file)
    assert [row[0] for row in found] == ["H", "L", "H", "L"]
    first = dict(zip(["", *BILLS.header], found[0], strict=True))
    assert (first["InvoiceNo"], first["InvoiceDate"], first["InvoiceAmt"], first["Comment"]) == (
        *("B-1", "20261120", "10.00"),
        'Gas, "green"',
    )
    assert dict(zip(["", *BILLS.line], found[3], strict=True))["DistributionAmt"] == "-2.50"


def test_the_manifest_has_columns_totals_and_the_hash_of_the_file(tmp_path: Path) -> None:
    ImportFolder(tmp_path).hand_over(BILLS, [record(1), record(2, "-2.50")])
    (file,) = files(tmp_path)
    manifest = json.loads((tmp_path / "manifests" / f"{file.stem}.json").read_text())
    assert manifest["columns"] == {"H": [*BILLS.header], "L": [*BILLS.line]}
    assert (manifest["table"], manifest["control_total"]) == ("AP_Invoice", "7.50")
    assert manifest["amounts"] == {"ap_invoice 1": "10.00", "ap_invoice 2": "-2.50"}
    assert manifest["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_document_goes_into_one_file_for_ever_picked_up_or_not(tmp_path: Path) -> None:
    folder = ImportFolder(tmp_path)
    assert folder.find("ap_invoice 1") is None
    folder.hand_over(BILLS, [record(1)])
    folder.hand_over(BILLS, [record(1), record(2)])
    assert held(tmp_path) == {"B-1": 1, "B-2": 1}
    assert state(folder, 1) is FileState.WAITING
    for file in files(tmp_path):
        file.unlink()
    assert state(folder, 1) is FileState.PICKED_UP
    folder.hand_over(BILLS, [record(1), record(2)])
    assert files(tmp_path) == []


def state(folder: ImportFolder, number: int) -> FileState:
    found = folder.find(f"ap_invoice {number}")
    assert found is not None
    return found[1]


class StoppedError(Exception):
    """The worker ended here."""


class Doomed(ImportFolder):
    """A worker that ends before or after one of its lasting steps."""

    def __init__(self, path: Path, steps: int) -> None:
        super().__init__(path)
        self.steps = steps

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise StoppedError

    @override
    def _create(self, path: Path, content: bytes) -> bool:
        self._step()
        made = super()._create(path, content)
        self._step()
        return made

    @override
    def _publish(self, file: str) -> None:
        self._step()
        super()._publish(file)
        self._step()


STEPS = 10
"""Two claims, the manifest and the publication, each with a before and an after; and the end."""


@pytest.mark.parametrize("steps", range(STEPS))
@pytest.mark.parametrize("again", [[1, 2], [2, 3], [2]])
def test_wherever_a_worker_dies_each_document_ends_in_one_file(
    tmp_path: Path, steps: int, again: list[int]
) -> None:
    with suppress(StoppedError):
        Doomed(tmp_path, steps).hand_over(BILLS, [record(1), record(2)])
    before = held(tmp_path)
    assert set(before.values()) <= {1}
    folder = ImportFolder(tmp_path)
    folder.hand_over(BILLS, [record(number) for number in again])
    folder.hand_over(BILLS, [record(number) for number in (1, 2, 3)])
    assert held(tmp_path) == {"B-1": 1, "B-2": 1, "B-3": 1}


@pytest.mark.parametrize("steps", range(STEPS))
def test_a_worker_that_slept_publishes_nothing_that_another_took_over(
    tmp_path: Path, steps: int
) -> None:
    class Sleeper(Doomed):
        """Instead of ending, it sleeps while another worker does the same work."""

        @override
        def _step(self) -> None:
            self.steps -= 1
            if self.steps == -1:
                ImportFolder(tmp_path).hand_over(BILLS, [record(2), record(3)])

    with suppress(UnavailableError):
        Sleeper(tmp_path, steps).hand_over(BILLS, [record(1), record(2)])
    ImportFolder(tmp_path).hand_over(BILLS, [record(1), record(2), record(3)])
    assert held(tmp_path) == {"B-1": 1, "B-2": 1, "B-3": 1}


def test_workers_at_one_moment_hand_each_document_over_once(tmp_path: Path) -> None:
    def work(first: int) -> None:
        wanted = [record((first + step) % BILLS_AT_ONCE) for step in range(BILLS_AT_ONCE // 2)]
        for _ in range(ROUNDS_MAX):
            with suppress(UnavailableError):
                ImportFolder(tmp_path).hand_over(BILLS, wanted)
                return
        message = "the workers hold each other up"
        raise AssertionError(message)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(0, BILLS_AT_ONCE, 2)))
    assert held(tmp_path) == {f"B-{number}": 1 for number in range(BILLS_AT_ONCE)}


@pytest.mark.parametrize("entity", LAYOUTS)
def test_amounts_balance_at_each_level(entity: str) -> None:
    layout = LAYOUTS[entity]
    header = {layout.total: "10.00"}
    assert layout.check(header, [{layout.amount: "4.00"}, {layout.amount: "6.00"}]) == 10
    with pytest.raises(RejectedError, match=r"add up to 10\.01"):
        layout.check(header, [{layout.amount: "10.01"}])


def test_freight_tax_and_discount_count_into_the_balance() -> None:
    parts = {"InvoiceAmt": "12.00", "FreightAmt": "1.50", "SalesTaxAmt": "0.50"}
    assert BILLS.check(parts, [{"DistributionAmt": "10.00"}]) == 12
    checks = LAYOUTS["manual_check"]
    paid = {"InvoiceAmt": "10.00", "DiscountAmt": "0.20"}
    assert checks.check({"CheckAmt": "9.80"}, [paid]) == Decimal("9.80")


@pytest.mark.parametrize("text", ["\u0160koda", "two\nlines", "\u4f60"])
def test_text_that_sage_does_not_store_is_refused(text: str) -> None:
    with pytest.raises(RejectedError, match="does not store"):
        BILLS.check({"InvoiceAmt": "0", "Comment": text}, [])


def test_a_column_that_the_job_does_not_take_is_refused() -> None:
    with pytest.raises(RejectedError, match="no column Account"):
        BILLS.check({"InvoiceAmt": "0"}, [{"Account": "620-00", "DistributionAmt": "0"}])


def test_a_folder_that_cannot_be_used_is_a_trouble_of_now(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = ImportFolder(tmp_path / "file")
    with pytest.raises(UnavailableError, match="cannot be used"):
        folder.hand_over(BILLS, [record(1)])


def test_a_void_file_says_nothing_of_documents() -> None:
    assert Manifest(file="ap_invoice-1", is_void=True).amounts == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"import_kinds": {"customer"}, "import_folder": "x"}, "not customer"),
        ({"import_kinds": {"ap_invoice"}}, "needs an import_folder"),
    ],
)
def test_the_settings_name_what_can_go_by_file(given: dict[str, object], said: str) -> None:
    values = {"company": "ABC", "agent_url": "", "agent_key": "k", **given}
    with pytest.raises(ValueError, match=said):
        Sage100Config.model_validate(values)
