"""Making Sage 100 customers of contacts: as fast as a model by hand, and in little memory."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from figures.report import record
from tieout.mapping.spec import load_spec

MAPPER = Path(__file__).parent / "mapping_customers.py"
ROOT = MAPPER.parents[2]
FEW, MANY = 300, 100_000
TURNS = 5
"""Each way is measured so often, in turn, and its best turn counts."""
RSS_BYTES_MAX = 500 * 10**6
SHARE_MIN = 1.0
"""Of the customers a second that the faster of pandas and plain pydantic makes in the same run."""
TIMEOUT_S = 1800
ADDRESS = (
    "ZipCode",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "City",
    "State",
    "CountryCode",
)
WITHOUT_ADDRESS = f"""\
target: Sage 100 customer without its address
extends: to_sage100/customer
without: [{", ".join(f"header.{name}" for name in ADDRESS)}]
fields: {{header.ARDivisionNo: division}}
"""


@dataclass(frozen=True)
class Took:
    """What a process took."""

    customers: int
    altered: int
    seconds: float
    rss_bytes_max: int
    hash: str

    @property
    def per_s(self) -> float:
        return self.customers / self.seconds


@pytest.fixture
def include(tmp_path: Path) -> Path:
    """Our mapping files, and beside them a pair's own without the address."""
    folder = shutil.copytree(ROOT / "include", tmp_path / "include")
    own = folder / "mappings/pairs/lotus_lane/to_sage100"
    own.mkdir(parents=True)
    (own / "customer.yaml").write_text(WITHOUT_ADDRESS, "utf-8")
    return folder


def mapped(include: Path, way: str, count: int) -> Took:
    """Map so many contacts one way, in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(MAPPER), str(include), way, str(count)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=TIMEOUT_S,
    )
    return Took(**json.loads(done.stdout))


def best(include: Path, form: str, count: int, turns: int) -> dict[str, Took]:
    """Return each way's best turn, after seeing that all made the same payloads."""
    ways = ("ours", "pydantic", "pandas")
    took = {way: [] for way in ways}
    for _ in range(turns):
        for way in ways:
            took[way].append(mapped(include, f"{way}{form}", count))
    whole = [one for turn in took.values() for one in turn]
    assert {(one.customers, one.hash, one.altered) for one in whole} == {
        (count, whole[0].hash, whole[0].altered)
    }
    assert whole[0].altered > 0
    return {way: max(turn, key=lambda one: one.per_s) for way, turn in took.items()}


def test_every_way_makes_the_same_customers(include: Path) -> None:
    best(include, "", FEW, 1)


def test_the_pairs_own_mapping_leaves_out_the_address_alone(include: Path) -> None:
    mappings = include / "mappings"
    shared = load_spec(mappings / "to_sage100/customer.yaml")
    own = load_spec(mappings / "pairs/lotus_lane/to_sage100/customer.yaml", mappings)

    assert set(shared.fields) - set(own.fields) == {f"header.{name}" for name in ADDRESS}


@pytest.mark.bench
def test_a_hundred_thousand_contacts_become_customers(include: Path) -> None:
    plain = best(include, "-plain", MANY, TURNS)
    whole = best(include, "", MANY, 1)
    share = plain["ours"].per_s / max(plain["pydantic"].per_s, plain["pandas"].per_s)
    record(
        "a hundred thousand contacts to Sage 100 customers",
        without_address_per_s={way: one.per_s for way, one in plain.items()},
        with_address_per_s={way: one.per_s for way, one in whole.items()},
        share_of_the_faster=share,
        altered=whole["ours"].altered,
        rss_mb=whole["ours"].rss_bytes_max / 10**6,
    )
    assert max(plain["ours"].rss_bytes_max, whole["ours"].rss_bytes_max) < RSS_BYTES_MAX
    assert share >= SHARE_MIN
