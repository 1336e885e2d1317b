"""The oracle reads a real installation: clean as it is; each fault planted at the wire is named."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from acceptance.orders import PLACED_DAYS_AGO, maker, paid
from tieout.wiring.connections import connections_in, ledger_url
from tieout_oracle.__main__ import main
from tieout_oracle.systems import SCOPES
from world import CALL_TIMEOUT_S, HARBOR, INCLUDE, World, fresh_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """A world with three orders posted."""
    with fresh_world(tmp_path_factory.mktemp("judged"), postgres_url) as running:
        make = maker()
        drafts = [
            make.draft(
                9000 + number,
                make.known[number],
                make.line("LAMP-01", 1),
                at=make.at(PLACED_DAYS_AGO, "12:00"),
            )
            for number in range(3)
        ]
        running.post(*(paid(draft) for draft in drafts))
        yield running


def as_xero_user(world: World, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Call Xero as somebody else with access would."""
    connection = connections_in(world.configuration.connections)("xero_harbor_and_pine")
    answer = requests.request(
        method,
        f"{connection.text('base_url')}/api.xro/2.0/{path}",
        json=body,
        headers={
            "Authorization": f"Bearer {as_xero_user_token(world)}",
            "xero-tenant-id": connection.text("tenant_id"),
            "Accept": "application/json",
        },
        timeout=CALL_TIMEOUT_S,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def as_xero_user_token(world: World) -> str:
    connection = connections_in(world.configuration.connections)("xero_harbor_and_pine")
    answer = requests.post(
        f"{connection.text('identity_url')}/connect/token",
        data={"grant_type": "client_credentials", "scope": SCOPES},
        auth=(connection.login, connection.password),
        timeout=CALL_TIMEOUT_S,
    )
    return str(answer.json()["access_token"])


def execute(world: World, statement: str) -> None:
    lookup = connections_in(world.configuration.connections)
    url = ledger_url(lookup("tieout_ledger")).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(statement.encode())


def test_a_world_as_it_should_be_is_clean(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = world.verdict()
    assert verdict.is_clean, verdict.text()
    assert verdict.counts["target documents"] == 12
    given = ["--connections", str(world.configuration.connections)]
    assert main([*given, "--pairs", str(INCLUDE / "pairs.yaml"), "--pair", HARBOR]) == 0
    assert "lost 0, doubled 0, phantom 0" in capsys.readouterr().out


def test_a_connection_that_lives_on_a_consent_is_read_by_the_token_that_is_given(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own credentials mint nothing: those of the app of all organizations here."""
    token = as_xero_user_token(world)
    known = json.loads(world.configuration.connections.read_text("utf-8"))
    xero = known["xero_harbor_and_pine"]
    known["xero_harbor_and_pine"] = {**xero, "login": "tieout-app", "password": "xero-secret-app"}
    connections = tmp_path / "connections.json"
    connections.write_text(json.dumps(known), "utf-8")
    given = ["--connections", str(connections), "--pairs", str(INCLUDE / "pairs.yaml")]
    assert main([*given, "--pair", HARBOR]) == 2
    monkeypatch.setenv("TIEOUT_ORACLE_XERO_TOKEN", token)
    assert main([*given, "--pair", HARBOR]) == 0


def test_a_forged_state_is_unaudited(world: World) -> None:
    execute(
        world,
        "SET session_replication_role = replica; "
        "UPDATE tieout.documents SET state = 'skipped', rule = 'x' WHERE document_id = 1",
    )
    assert world.verdict().unaudited
    execute(
        world,
        "SET session_replication_role = replica; "
        "UPDATE tieout.documents SET state = 'done', rule = '' WHERE document_id = 1",
    )
    assert world.verdict().is_clean


def test_an_order_that_the_ledger_forgot_is_lost(world: World) -> None:
    make = maker()
    at = make.at(PLACED_DAYS_AGO, "13:00")
    world.place(paid(make.draft(9100, make.known[5], make.line("LAMP-01", 1), at=at)))
    assert len(world.verdict().lost) == 1
    world.run()
    assert world.verdict().is_clean


def test_a_second_copy_at_the_wire_is_doubled_and_a_cent_is_a_gap(world: World) -> None:
    invoices = as_xero_user(world, "GET", "Invoices?page=1")["Invoices"]
    invoice = next(one for one in invoices if one["InvoiceNumber"] == "HP-9000")
    line = {"Description": "copy", "Quantity": "1", "UnitAmount": "5.00", "AccountCode": "400"}
    copy = {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": invoice["Contact"]["ContactID"]},
        "InvoiceNumber": "COPY-1",
        "Reference": invoice["Reference"],
        "Date": "2026-11-20",
        "DueDate": "2026-11-20",
        "LineItems": [line],
    }
    as_xero_user(world, "PUT", "Invoices", {"Invoices": [copy]})
    verdict = world.verdict()
    assert len(verdict.doubled) == 1
    assert verdict.gaps["USD invoice"] > Decimal(0)
    assert (
        main(
            [
                "--connections",
                str(world.configuration.connections),
                "--pairs",
                str(INCLUDE / "pairs.yaml"),
            ]
        )
        == 1
    )
