"""Two writings of one thing have one form."""

import pytest

from tieout.matching import words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harbor & Pine Supply, Inc.", "HARBOR AND PINE SUPPLY"),
        ("Acme Mfg. Co.", "Acme Manufacturing Company"),
        ("The Smith Bros. L.L.C.", "Smith Brothers"),
        ("Müller GmbH", "Muller"),
    ],
)
def test_legal_forms_and_short_words_are_no_part_of_a_name(one: str, other: str) -> None:
    assert words.name_words(one) == words.name_words(other)


def test_a_name_that_is_a_legal_form_stays() -> None:
    assert words.name_words("Limited") == ["limited"]


def test_numbers_and_generations_mark_a_name() -> None:
    assert words.marks(words.name_words("Marlow Junior & Sons, Store #12")) == ["12", "jr"]
    assert words.marks(words.name_words("Marlow & Sons")) == []


@pytest.mark.parametrize("sign", ["t/a", "T/A", "dba", "d/b/a", "trading as", "DBA:"])
def test_a_trading_name_is_the_other_name(sign: str) -> None:
    own, trading = words.names(f"Jane Doe Holdings LLC {sign} Blue Door Bakery")

    assert (own, trading) == (["jane", "doe", "holdings"], ["blue", "door", "bakery"])


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("(617) 555-0123", "US"),
        ("+1 617 555 0123", ""),
        ("1-617-555-0123 x12", "US"),
        ("16175550123", ""),
        ("001 617 555 0123", "HK"),
        ("617.555.0123", ""),
    ],
)
def test_a_number_is_the_same_however_it_is_written(text: str, country: str) -> None:
    assert words.phone(text, country) == "6175550123"


@pytest.mark.parametrize(
    ("text", "country"), [("+852 2345 6789", "US"), ("2345 6789", "HK"), ("852 23456789", "HK")]
)
def test_a_number_of_another_country_is_too(text: str, country: str) -> None:
    assert words.phone(text, country) == "23456789"


def test_what_is_no_number_says_nothing() -> None:
    assert words.phone("n/a", "US") == words.phone("ext 12", "") == ""


def test_a_mailbox_is_the_same_with_a_tag_and_in_capitals() -> None:
    assert words.email(" Ada+shop@Example.com; bob@example.com") == "ada@example.com"
    assert words.email("none") == ""


def test_a_public_host_says_nothing_of_a_company() -> None:
    assert words.company_host("ada@gmail.com") == ""
    assert words.company_host("ada@lovelace.com") == "lovelace.com"


def test_a_street_is_the_same_in_words_of_the_post_and_without_its_unit() -> None:
    assert words.street("12 North Main Street, Suite 4") == words.street(
        "12 N MAIN ST #4".replace("#", "Ste ")
    )
    assert words.street("PO Box 77") == ("77", "po box")
