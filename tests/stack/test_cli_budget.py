"""The command on Xero's budget, over a ledger in which calls were metered."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from architecture.probing import ROOT
from tieout.cli.main import main
from tieout.domain.budget import Answered, Caller, Lane, Limit, Permit
from tieout.ledger.postgres import PostgresLedger
from tieout.wiring.budget import XeroBudget
from tieout.wiring.connections import ConnectionSettings, xero_config

PAIRS = ("harbor_and_pine", "lotus_lane")
EVENT = Caller(flow="order_to_cash", lane=Lane.EVENT)


def connection(pair: str) -> dict[str, Any]:
    extra = {"tenant_id": pair, "tier": "core"}
    return {"conn_type": "xero", "login": "an app", "password": "none", "extra": extra}


@pytest.fixture
def options(tmp_path: Path, ledger_url: str) -> list[str]:
    """Options that name a connections file with the ledger and both organizations of one app."""
    url = make_url(ledger_url)
    known = {f"xero_{pair}": connection(pair) for pair in PAIRS}
    known["tieout_ledger"] = {
        "conn_type": "postgres",
        "host": url.host or url.query["host"],
        "port": url.port,
        "login": url.username,
        "password": url.password or "",
        "schema": url.database,
    }
    path = tmp_path / "connections.json"
    path.write_text(json.dumps(known), encoding="utf-8")
    return ["--connections", str(path), "--include", str(ROOT / "include")]


def call(ledger: PostgresLedger, pair: str, answered: Answered) -> None:
    config = xero_config(ConnectionSettings.model_validate(connection(pair)))
    budget = XeroBudget(ledger.database, config).calls
    permit = budget.admit(EVENT.lane)
    assert isinstance(permit, Permit)
    budget.settle(permit, EVENT, answered)


def test_a_budget_says_what_is_used_left_and_to_come(
    options: list[str], ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    for pair in PAIRS:
        call(ledger, pair, Answered(day_left=4200, received_bytes=2_000_000, unpacked_bytes=10**7))
    assert main(["budget", *options, "--pair", PAIRS[0]]) == 0
    text = capsys.readouterr().out
    assert "800   5000  801 by" in text
    assert "0.004 GB received" in text
    assert "(of 10.000 GB)" in text
    assert "35.00 AUD" in text
    assert text.splitlines()[-1].split() == [
        "order_to_cash",
        "event",
        "1",
        "0",
        "2000.0",
        "10000.0",
    ]


def test_as_json_every_pair_has_its_own(
    options: list[str], ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    call(ledger, PAIRS[0], Answered(day_left=4200))
    assert main(["budget", *options, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["is_good"] is True
    first, second = said["pairs"]
    assert (first["pair"], first["standing"]["day_left"]) == (PAIRS[0], 4200)
    assert (second["standing"]["day_left"], second["usage"]) == (None, [])


def test_a_day_that_is_used_up_is_not_good(
    options: list[str], ledger: PostgresLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    used_up = Answered(limited_by=Limit.DAY, retry_after_s=7200, day_left=0)
    call(ledger, PAIRS[0], used_up)
    assert main(["budget", *options]) == 1
    assert "Xero refuses calls (day limit) until" in capsys.readouterr().out


def test_a_tier_that_there_is_none_of_is_said_so(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "connections.json"
    known = json.loads(path.read_text())
    known["xero_lotus_lane"]["extra"]["tier"] = "gold"
    path.write_text(json.dumps(known))
    assert main(["budget", *options, "--pair", "lotus_lane"]) == 2
    assert "tier" in capsys.readouterr().err
