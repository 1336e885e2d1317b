"""Clues: what fits a new record well enough to be compared with it closely."""

import pytest

from tieout.domain.clues import Clues


def party(name: str, email: str = "", phone: str = "") -> dict[str, str]:
    return {"name": name, "email": email, "phone": phone}


@pytest.mark.parametrize(
    ("new", "known"),
    [
        (party("Jon Smith"), party("SMITH, JOHN")),
        (party("Harbor Lighting Supplies Ltd"), party("Harbour Lightin")),
        (party("The Bay Company"), party("Bay Limited")),
        (party("Ann Other", "A@example.com"), party("Somebody Else", "a@EXAMPLE.com")),
        (party("Ann Other", phone="+1 (503) 555-0100"), party("Else", phone="5550100 ")),
        (party("林"), party("林")),
        ({"code": "LAMP-01", "description": ""}, {"code": "lamp 01", "description": "Brass"}),
        (
            {"code": "A", "description": "Brass lamp"},
            {"code": "B", "description": "Lamp of brass"},
        ),
    ],
)
def test_what_may_be_one_fits(new: dict[str, str], known: dict[str, str]) -> None:
    assert Clues.of([new, party("Peter Pan")]).fit(known)


@pytest.mark.parametrize(
    "known",
    [party("David Jones"), party("Ann Smith"), party(""), party("Dan", "other@example.com", "12")],
)
def test_what_has_little_in_common_does_not(known: dict[str, str]) -> None:
    assert not Clues.of([party("David Smith", "ds@example.com", "503 555 0100")]).fit(known)


def test_records_that_say_nothing_have_no_clues() -> None:
    assert Clues.of([party(""), {"code": "", "description": ""}]) == Clues()
    assert not Clues().fit(party("", "", ""))
