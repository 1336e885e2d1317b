import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.order import Address
from tieout.errors import RejectedError
from tieout.mapping.addresses import fields
from tieout.mapping.addresses.changes import CUSTOMER, address_change
from tieout.mapping.addresses.streets import abbreviated
from tieout.mapping.texts import Altered, to_cp1252
from unit.mapping.profile import REPEATABLE

LENGTH = 40
CITY_LENGTH = 200
COUNTRIES = ("US", "CA", "AU", "NZ", "GB", "HK", "")
CASES = ("as_written", "postal")
STREETS = (
    "12 410 1/2 5th Dr. St. St Street Avenue Court Road N North NORTH West Northwest Broadway the"
)
UNITS = "#3 # Suite STE Apt Apartment Floor 4th Building The of Level Unit Parkway, Café Łódź ška µ"
SERVICES = "18-A Box box P.O. PO RR R.R. Route Rural Attn: c/o Locked Bag RD Terrace Tce Close"
PARTS = [word for words in (STREETS, UNITS, SERVICES) for word in words.split()]


def line_of(text, country="US", case="as_written", length=LENGTH):
    return said(lines(Address(line1=text, country_code=country), case, length)[0])


def lines(address, case="as_written", length=LENGTH, **options):
    return [
        fields.sage100_address_line(address, case, number=number, length=length, **options)
        for number in (1, 2, 3)
    ]


def said(value):
    return value.text if isinstance(value, Altered) else value


def in_sage100(address, case="as_written", length=LENGTH):
    """What Sage 100 holds of an address, as an address again."""
    line1, line2, line3 = map(said, lines(address, case, length))
    return Address(
        line1=line1,
        line2=line2,
        line3=line3,
        city=said(fields.sage100_city(address, case, length=CITY_LENGTH)),
        region_code=said(fields.sage100_state(address, case)),
        postal_code=said(fields.sage100_postal_code(address, case, length=CITY_LENGTH)),
        country_code=address.country_code,
    )


def in_xero(address, case="as_written"):
    """What Xero holds of an address, as an address again."""
    line1, line2 = (
        said(fields.xero_address_line(address, case, number=number)) for number in (1, 2)
    )
    return Address(
        name=said(fields.xero_attention(address, case, length=1000)),
        line1=line1,
        line2=line2,
        city=said(fields.xero_city(address, case)),
        region_code=said(fields.xero_region(address, case)),
        postal_code=said(fields.xero_postal_code(address, case)),
        country_code=address.country_code,
    )


written_lines = st.lists(st.sampled_from(PARTS), max_size=7).map(" ".join)
any_lines = written_lines | st.text(max_size=50)
addresses = st.builds(
    Address,
    name=st.sampled_from(["", "Dana Okafor", "dock 4"]),
    company=st.sampled_from(["", "Northwind Ltd."]),
    line1=any_lines,
    line2=any_lines,
    city=st.sampled_from(["", "Columbus", "sydney", "Sydney NSW", "Salem, OR", "Guildford,", "APO"])
    | st.text(max_size=20),
    region_code=st.sampled_from(["", "OH", "Ohio", "nsw", "ENG", "Surrey", "QC", "JP-13"])
    | st.text(max_size=8),
    postal_code=st.sampled_from(["", "43215", "432151234", "m5c2w1", "GU13AA", "2000"])
    | st.text(max_size=9),
    country_code=st.sampled_from(COUNTRIES),
)


@REPEATABLE
@given(addresses, st.sampled_from(CASES), st.sampled_from([30, 40]))
def test_a_second_pass_over_what_sage_100_holds_changes_nothing(address, case, length):
    try:
        held = in_sage100(address, case, length)
    except RejectedError:
        return

    assert max(len(held.line1), len(held.line2), len(held.line3)) <= length
    assert all(to_cp1252(text) == text for text in held.model_dump().values())
    assert in_sage100(held, case, length) == held


@REPEATABLE
@given(addresses, st.sampled_from(CASES))
def test_a_second_pass_over_what_xero_holds_changes_nothing(address, case):
    held = in_xero(address, case)

    assert in_xero(held, case) == held


@REPEATABLE
@given(st.lists(written_lines, min_size=2, max_size=2), st.sampled_from(COUNTRIES))
def test_no_number_of_an_address_is_lost(both, country):
    line1, line2 = both
    address = Address(line1=line1, line2=line2, country_code=country)
    held = in_sage100(address, length=200)

    digits = [sign for sign in f"{line1}{line2}" if sign.isdigit()]
    kept = f"{held.line1}{held.line2}{held.line3}"
    assert sorted(sign for sign in kept if sign.isdigit()) == sorted(digits)


@REPEATABLE
@given(st.lists(st.sampled_from(["12", "Dlouha", "Industrial", "Quarter"]), max_size=8))
def test_no_word_of_an_address_is_lost(words):
    address = Address(line1=" ".join(words), line2="Dock 3", country_code="US")

    kept = " ".join(map(said, lines(address)))
    assert kept.replace(",", "").split() == [*words, "Dock", "3"]


@REPEATABLE
@given(st.sampled_from(["US", "CA", "AU"]), written_lines)
def test_a_line_that_the_parser_saw_before_is_read_as_one_that_it_sees_first(country, line):
    """One parse serves all numbers of the same length: they must be read alike."""
    other = line.replace("410", "930").replace("12", "85")

    again = abbreviated(other, country).replace("930", "410").replace("85", "12")
    assert again == abbreviated(line, country)


@pytest.mark.parametrize(
    ("country", "written", "standard"),
    [
        ("US", "410 Example Street", "410 Example St"),
        ("US", "410 EXAMPLE STREET", "410 EXAMPLE ST"),
        ("US", "100 Court Street", "100 Court St"),
        ("US", "Harbor Court", "Harbor Court"),
        ("CA", "9 Maple Court", "9 Maple Crt"),
        ("AU", "9 Maple Court", "9 Maple Ct"),
        ("GB", "9 Maple Court", "9 Maple Court"),
        ("", "9 Maple Court", "9 Maple Court"),
    ],
)
def test_each_post_has_its_own_abbreviations(country, written, standard):
    assert line_of(written, country) == standard


def test_a_pair_may_have_the_capitals_that_the_post_prefers():
    address = Address(
        line1="410 Example St., #3", city="Columbus", region_code="oh", country_code="US"
    )

    assert in_sage100(address, "postal").line1 == "410 EXAMPLE ST # 3"
    assert in_sage100(address, "postal").city == "COLUMBUS"
    british = Address(line1="10 High Street", city="Guildford", country_code="GB")
    assert in_sage100(british, "postal").line1 == "10 High Street"
    assert in_sage100(british, "postal").city == "GUILDFORD"


def test_what_was_written_stands_beside_what_is_altered():
    address = Address(
        line1="410 Example Street",
        line2="Attn: Receiving",
        city="Sydney",
        region_code="NSW",
        postal_code="2000",
        country_code="AU",
    )
    original = "410 Example Street, Attn: Receiving"

    first, second, third = lines(address)

    assert first == "Attn: Receiving"
    assert second == Altered(text="410 Example St", original=original)
    assert third == ""
    assert fields.sage100_city(address, "as_written", length=30) == Altered(
        text="Sydney NSW", original="Sydney"
    )
    assert fields.sage100_state(address, "as_written") == ""
    assert fields.sage100_postal_code(address, "as_written", length=10) == "2000"


def test_a_region_that_no_post_writes_is_left_out_and_says_so():
    address = Address(line1="10 High Street", region_code="ENG", country_code="GB")

    assert fields.sage100_state(address, "as_written") == Altered(text="", original="ENG")
    assert fields.xero_region(address, "as_written") == Altered(text="", original="ENG")


def test_a_person_stands_under_the_companys_name_once():
    address = Address(name="Dana", company="Northwind", line1="1 Main St", country_code="US")
    addressed = address.model_copy(update={"line2": "attention dana"})

    assert lines(address, below_company=True) == ["Dana", "1 Main St", ""]
    assert lines(address) == ["1 Main St", "", ""]
    assert [said(line) for line in lines(addressed, below_company=True)] == [
        "Attn: Dana",
        "1 Main St",
        "",
    ]


def test_lines_share_one_where_a_site_has_shorter_ones():
    address = Address(
        name="Dock 4",
        company="Northwind",
        line1="Attn: Stores",
        line2="9000 Industrial Parkway, Building 12 North",
        country_code="US",
    )

    held = [said(line) for line in lines(address, length=30, below_company=True)]

    assert held == ["Attn: Stores, Dock 4", "9000 Industrial Pkwy", "Bldg 12 North"]


def test_an_address_that_does_not_fit_is_refused_and_never_cut():
    with pytest.raises(RejectedError, match="does not fit 3 lines of 40") as caught:
        lines(Address(line1="Word " * 30))

    assert (caught.value.cause, caught.value.value) == ("too_long", ("Word " * 30).strip())


@pytest.mark.parametrize(
    "field", [fields.xero_city, fields.xero_region, fields.xero_postal_code, fields.xero_attention]
)
def test_what_is_too_long_for_xero_is_refused(field):
    text = "x" * 300
    address = Address(name=text, city=text, region_code=text, postal_code=text)

    with pytest.raises(RejectedError, match="Xero takes"):
        field(address, "as_written")


def test_a_transliterated_line_says_so():
    first, second, _ = lines(Address(line1="Łódzka 5", country_code="PL"))

    assert first == Altered(text="Lódzka 5", original="Łódzka 5")
    assert second == ""


AGREED = {
    "AddressLine1": "410 Example St",
    "AddressLine2": "Ste 3",
    "City": "Columbus",
    "State": "OH",
    "ZipCode": "43215",
    "CountryCode": "USA",
}


def change(wanted, agreed):
    return address_change(
        CUSTOMER, wanted, agreed, country_code="US", case="as_written", lengths=(40, 30, 10)
    )


def test_an_address_is_changed_with_all_its_columns():
    made = change({**AGREED, "AddressLine2": "", "ZipCode": "43201"}, AGREED)

    assert made is not None
    assert made.header == {
        **AGREED,
        "AddressLine2": "",
        "AddressLine3": "",
        "ZipCode": "43201",
    }
    assert made.expected == {**AGREED, "AddressLine3": ""}


@pytest.mark.parametrize(
    "agreed",
    [
        AGREED,
        {**AGREED, "AddressLine1": "410 Example Street", "AddressLine2": "Suite 3"},
        {**AGREED, "City": "Columbus,", "State": "oh"},
    ],
)
def test_an_agreed_address_in_another_form_is_no_change(agreed):
    assert change(AGREED, agreed) is None


def test_another_country_is_a_change():
    made = change(AGREED, {**AGREED, "CountryCode": "CAN"})

    assert made is not None
    assert made.expected["CountryCode"] == "CAN"
