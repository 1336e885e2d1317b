"""Passports on PostgreSQL: one record's rows and no other's, in one statement for each table."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

import records
from tieout.errors import RejectedError
from tieout.ledger.desk import PostgresDesk
from tieout.ledger.passports import passports
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.redaction import Record, redact


@pytest.fixture
def ledger(emptied_ledger_url: str) -> Iterator[PostgresLedger]:
    opened = PostgresLedger(emptied_ledger_url, writer_wait_s=0.2)
    yield opened
    opened.close()


def told(ledger: PostgresLedger) -> None:
    """Let two orders come in, one of them written, set aside and replayed."""
    ours = records.received(ledger, "1042")
    records.received(ledger, "1043")
    ledger.intend([records.delivery(ours)])
    ledger.bind(records.binding("1042", "inv-1"))
    ledger.set_aside(records.dead_letter(document_id=ours))
    (letter,) = ledger.dead_letters()
    PostgresDesk(ledger.database).put_back(letter.dead_letter_id, by="carla")


def test_any_name_gives_the_rows_of_its_record_alone(ledger: PostgresLedger) -> None:
    told(ledger)
    by_id, by_name, by_target = (
        passports(ledger.database, name) for name in ("1042", "#1042", "inv-1")
    )
    assert by_id == by_name == by_target
    (one,) = by_id
    assert (one.source_id, len(one.received), len(one.versions)) == ("1042", 1, 1)
    assert [letter["closed_by"] for letter in one.dead_letters] == ["carla"]
    assert [bound["external_id"] for bound in one.bindings] == ["inv-1"]
    assert len(one.writes) == 1
    subjects = {str(row["subject"]).partition("/")[0] for row in one.audit}
    assert subjects >= {"inbox", "document", "delivery", "dead_letter", "binding"}
    (other,) = passports(ledger.database, "1043")
    assert (other.writes, other.bindings, other.dead_letters) == ((), (), ())


def test_each_table_is_asked_once(ledger: PostgresLedger) -> None:
    told(ledger)
    asked: list[str] = []
    with ledger.database.transaction() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(str(told[2])))
    passports(ledger.database, "1042")
    tables = [one.partition("\nFROM ")[2].split()[0] for one in asked if "\nFROM " in one]
    assert sorted(tables) == sorted(set(tables))
    assert len(tables) == 9


def test_what_was_redacted_shows_as_redacted(ledger: PostgresLedger) -> None:
    told(ledger)
    (waiting, _other) = ledger.unsettled(records.PAIR, "shop_order")
    ledger.set_aside(records.dead_letter(document_id=waiting.document_id))
    (letter,) = ledger.dead_letters()
    PostgresDesk(ledger.database).dismiss(letter.dead_letter_id, by="carla", reason="asked for it")
    redact(ledger.database, Record(pair=records.PAIR, account=records.SHOP, source_id="1042"))
    (one,) = passports(ledger.database, "1042")
    assert one.versions[0]["payload"] == {"redacted": "true"}
    assert "first" not in str(one.versions)
    assert [write["payload"] for write in one.writes] == [{"redacted": "true"}]


@pytest.mark.parametrize("reference", ["nobody's", ""])
def test_what_nobody_knows_is_said_so(ledger: PostgresLedger, reference: str) -> None:
    told(ledger)
    with pytest.raises(RejectedError, match="Nothing is known as"):
        passports(ledger.database, reference)
