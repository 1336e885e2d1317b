"""The files of a tie-out: the same items in each, and a hash that the proof can be checked by."""

import csv
import hashlib
import json
from pathlib import Path

from tie_out.books_of import agreeing, changed, proven
from tieout.domain.tie_out import TieOut
from tieout.stack.tie_out_files import save


def test_a_proof_is_saved_as_a_page_rows_and_sealed_json(tmp_path: Path) -> None:
    proof = proven([changed(agreeing(1001), receipts=[]), agreeing(1002)])
    sealed, rows, page = save(proof, tmp_path / "reports")
    told = json.loads(sealed.read_text())
    text = json.dumps(told["proof"], sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == told["sha256"]
    assert TieOut.model_validate(told["proof"]) == proof
    with rows.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert {(one["class"], one["document"]) for one in found} == {("missing", "HP-1001")}
    assert sum(float(one["amount"]) for one in found) == 0
    shown = page.read_text()
    assert "HP-1001" in shown
    assert told["sha256"] in shown
    assert "<script" not in shown
