import shutil
from pathlib import Path

import pytest

from tieout.domain.items import Part
from tieout.domain.pair import BY_DEFAULT
from tieout.errors import ConfigurationError
from tieout.settings import load_pairs

ROOT = Path(__file__).parents[2]
PAIRS = "pairs.yaml"
ACCOUNTS = "mappings/accounts/harbor_and_pine.yaml"
ALIASES = "mappings/item_aliases.csv"
RATES = "exchange_rates.csv"


@pytest.fixture
def include(tmp_path):
    return shutil.copytree(ROOT / "include", tmp_path / "include")


def replace(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def refusal(include):
    with pytest.raises(ConfigurationError) as caught:
        load_pairs(include)
    return caught.value


def test_the_shipped_pairs_load():
    pairs = load_pairs(ROOT / "include")

    assert sorted(pairs) == ["harbor_and_pine", "lotus_lane"]
    assert pairs["harbor_and_pine"].account("sales").xero == "200"
    assert pairs["harbor_and_pine"].taxes[0].rate.as_tuple().exponent == -2
    assert pairs["lotus_lane"].item_aliases["50398373085484"] == (Part(item_code="LL-TEA-01"),)


def test_a_pair_has_the_flows_on_that_it_lists(include):
    replace(include / PAIRS, "fx: reject}\n", "fx: reject}\n    flows: []\n")

    assert load_pairs(include)["harbor_and_pine"].flows == ()


def test_what_a_pair_does_not_say_is_on_by_default(include):
    assert load_pairs(include)["harbor_and_pine"].flows == BY_DEFAULT


def test_a_role_that_nobody_mapped_is_named(include):
    pair = load_pairs(include)["lotus_lane"]

    with pytest.raises(ConfigurationError, match="no account to the role 'tips'"):
        pair.account("tips")


@pytest.mark.parametrize(
    ("file", "old", "new", "message", "remedy"),
    [
        (PAIRS, "    currency: USD\n", "", "pairs.harbor_and_pine.currency: field required", "Add"),
        (PAIRS, "currency: USD", "curency: USD", "harbor_and_pine.currency: field required", "Add"),
        (PAIRS, "currency: USD", "currency: USX", "currency: 'USX' is no ISO currency", "letter"),
        (PAIRS, "New_York", "Gotham", "time_zone: 'America/Gotham' is no time zone", "IANA"),
        (PAIRS, '"00"', "0", "sage100_division: input should be a valid string", "quotes"),
        (PAIRS, "fx: reject", "fx: guess", "policies.fx: input should be 'reject'", "Correct"),
        (
            PAIRS,
            "fx: reject}\n",
            "fx: reject}\n    flows: [cash]\n",
            "flows.0: input should",
            "Correct",
        ),
        (PAIRS, "lotus_lane:", "harbor_and_pine:", "harbor_and_pine is given twice", "Correct"),
        (PAIRS, "    currency: USD", "    color: red", "harbor_and_pine.currency: field", "Add"),
        (PAIRS, "\npairs:", "\npeers:", "names no pair", "List at least one"),
        (PAIRS, "    currency: USD", "  - no: yaml", "is not valid YAML", "Correct the file"),
        (PAIRS, "xero_lotus_lane", "xero_harbor_and_pine", "xero_connection: 'xero_har", "Keep"),
        (PAIRS, "sage100_lotus_lane", "sage100_harbor_and_pine", "sage100_connection", "Keep"),
        (PAIRS, "lotus-lane.my", "harbor-and-pine.my", "shops.domain: 'harbor-and", "Keep one"),
        (ACCOUNTS, "{role: sales,", "{rôle: sales,", "accounts.1.role: field required", "Add"),
        (ACCOUNTS, 'xero: "200",', "xero: 200,", "accounts.1.xero: input should be", "quotes"),
        (ACCOUNTS, ', xero: "200"', "", "'sales' is mirrored: a mirrored role needs", "Correct"),
        (ACCOUNTS, ", reason: stock is perpetual in Sage 100 only", "", "say why", "Correct"),
        (
            ACCOUNTS,
            "role: freight,",
            "role: sales,",
            "accounts.role: 'sales' is given more",
            "Keep",
        ),
        (
            ACCOUNTS,
            "clearing_role: clearing_paypal",
            "clearing_role: till",
            "plays 'till'",
            "Add it",
        ),
        (ACCOUNTS, "gateway: paypal", "gateway: manual", "gateways.gateway: 'manual'", "Keep one"),
        (ACCOUNTS, "taxes:", "fees: []\ntaxes:", "fees: extra inputs are not permitted", "Delete"),
        (ACCOUNTS, 'rate: "0.07"', "rate: seven", "taxes.0.rate: input should be", "Correct"),
        (
            ACCOUNTS,
            "taxes:",
            "account_rules: [{item_class: LITE, role: lighting}]\ntaxes:",
            "account_rules.0.role: no mirrored account plays 'lighting'",
            "Add it under 'accounts:'",
        ),
        (
            ACCOUNTS,
            "taxes:",
            (
                "account_rules: [{channel: web, role: sales}, "
                "{channel: web, tax: none, role: sales}]\ntaxes:"
            ),
            "account_rules: rule 2 can never count, because rule 1 matches all that it does",
            "Put it before",
        ),
        (
            ACCOUNTS,
            "taxes:",
            "account_rules: [{colour: red, role: sales}]\ntaxes:",
            "account_rules.0.colour: extra inputs are not permitted",
            "Delete the field",
        ),
        (
            ACCOUNTS,
            "taxes:",
            (
                "tracking_rules: [{tracking: A, option: a}, {tracking: B, option: b}, "
                "{tracking: C, option: c}]\ntaxes:"
            ),
            "A, B, C are more than Xero's two categories",
            "Keep two",
        ),
        (
            ACCOUNTS,
            "taxes:",
            (
                "tracking_rules: [{tracking: A, option: a}, {tracking: A, option: b, tax: none}]"
                "\ntaxes:"
            ),
            "tracking_rules of A: rule 2 can never count",
            "Put it before",
        ),
        (
            ACCOUNTS,
            "gateways:",
            '  - {role: other, xero: "201", sage100: 400-00}\ngateways:',
            "Sage 100's 400-00 goes to Xero's 200 and to 201",
            "many to one",
        ),
        (
            ALIASES,
            "pair,sold_as",
            "pair,variant",
            "does not begin with the header",
            "first line",
        ),
        (
            ALIASES,
            "lotus_lane,5039",
            "lotos_lane,5039",
            "line 2: there is no pair 'lotos",
            "Name a",
        ),
        (ALIASES, ",LL-TEA-01", ",", "line 2: sold_as or item_code is empty", "Fill both"),
        (ALIASES, "50451770802476", "50398373085484", "line 3: 50398373085484 is given", "Keep"),
        (ALIASES, ",LL-TEA-01", ",LL-TEA-01,x", "line 2: 4 values for 3 columns", "Give pair"),
        (ALIASES, ",LL-TEA-01", ",ll-tea", "line 2, item_code: 'll-tea' is none", "at most 30"),
    ],
)
def test_a_wrong_setting_names_its_file_its_field_and_the_fix(
    include, file, old, new, message, remedy
):
    replace(include / file, old, new)

    error = refusal(include)

    assert str(include / file) in error.message
    assert message in error.message
    assert remedy in error.remedy


PARTS = "pair,sold_as,item_code,pieces,unit,share\n"


def test_an_alias_says_how_much_of_which_items_is_sold(include):
    lines = "lotus_lane,set,POT,,,60\nlotus_lane,set,CUP,4,,40\nlotus_lane,cup-1,CUP,1/12,CASE,\n"
    (include / ALIASES).write_text(f"{PARTS}{lines}", "utf-8")

    aliases = load_pairs(include)["lotus_lane"].item_aliases

    cup = Part(item_code="CUP", pieces=4, share=40)
    assert aliases["SET"] == (Part(item_code="POT", share=60), cup)
    assert aliases["CUP-1"] == (Part(item_code="CUP", pieces=1, per=12, unit="CASE"),)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("set,POT,,,60\nlotus_lane,SET,CUP,,,", "line 3: SET is given an item twice"),
        ("set,POT,,,60\nlotus_lane,set,POT,,,40", "line 3: set is given an item twice"),
        ("set,POT,0,,", "line 2, pieces: input should be greater than 0"),
        ("set,POT,1/0,,", "line 2, pieces: input should be greater than 0"),
        ("set,POT,a dozen,,", "line 2, pieces: input should be a valid decimal"),
        ("set,POT,,,-1", "line 2, share: input should be greater than"),
    ],
)
def test_a_wrong_part_is_named(include, lines, message):
    (include / ALIASES).write_text(f"{PARTS}lotus_lane,{lines}\n", "utf-8")

    assert message in refusal(include).message


@pytest.mark.parametrize("file", [PAIRS, ACCOUNTS, ALIASES])
def test_a_missing_file_is_named(include, file):
    (include / file).unlink()

    assert f"{include / file} cannot be read" in refusal(include).message


def test_a_file_in_another_encoding_is_named(include):
    (include / ALIASES).write_bytes(
        "pair,sold_as,item_code\nlotus_lane,1,caf\xe9\n".encode("cp1252")
    )

    assert "is not valid CSV in UTF-8" in refusal(include).message


def test_an_empty_file_is_named(include):
    (include / PAIRS).write_text("", "utf-8")

    assert "holds no fields" in refusal(include).message


def test_a_pair_without_fields_is_named(include):
    (include / PAIRS).write_text("pairs: {harbor_and_pine: yes, lotus_lane: }", "utf-8")
    (include / ALIASES).write_text("pair,sold_as,item_code\n", "utf-8")

    assert "pairs.harbor_and_pine: has no fields" in refusal(include).message


def test_a_pair_without_a_shop_is_refused(include):
    text = (include / PAIRS).read_text("utf-8")
    head = text.split("  lotus_lane:")[0].split("    shops:")[0]
    (include / PAIRS).write_text(f"{head}    shops: []\n    policies: {{}}\n", "utf-8")
    (include / ALIASES).write_text("pair,sold_as,item_code\n", "utf-8")

    assert "harbor_and_pine.shops: the pair has no shop" in refusal(include).message


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (
            "    currency: USD",
            "    xero_legal_entity: Other Ltd\n    currency: USD",
            "xero_legal_entity",
        ),
        (
            "    currency: USD",
            "    sage100_legal_entity: Other Ltd\n    currency: USD",
            "sage100_legal_entity",
        ),
        (
            "        invoice_prefix: HP-",
            "        legal_entity: Other Ltd\n        invoice_prefix: HP-",
            "shops[0].legal_entity",
        ),
    ],
)
def test_two_legal_entities_are_no_pair(include, old, new, field):
    replace(include / PAIRS, old, new)

    error = refusal(include)

    assert f"pairs.harbor_and_pine.{field}: 'Other Ltd' is not the pair's" in error.message
    assert "Two legal entities are no pair." in error.message
    assert "Harbor & Pine Supply, Inc." in error.message


def test_a_side_may_name_the_pairs_own_entity(include):
    own = "legal_entity: Harbor & Pine Supply, Inc."
    replace(include / PAIRS, "    currency: USD", f"    xero_{own}\n    currency: USD")
    replace(
        include / PAIRS,
        "        invoice_prefix: HP-",
        f"        {own}\n        invoice_prefix: HP-",
    )

    assert load_pairs(include)["harbor_and_pine"].shops[0].invoice_prefix == "HP-"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("USD,EUR,2026-11-29,0,ECB", "line 2, rate: input should be greater than 0"),
        ("USD,EUR,2026-11-29,-0.9,ECB", "line 2, rate: input should be greater than 0"),
        ("USD,EUR,2026-11-29,0.9216591,ECB", "line 2, rate: decimal input should have no more"),
        ("USD,EUR,29.11.2026,0.921659,ECB", "line 2, day: input should be a valid date"),
        ("USD,EUR,2026-11-29,0.921659,", "line 2, source: string should have at least 1"),
        ("USD,EUR,2026-11-29,0.9,A\nUSD,EUR,2026-11-29,0.8,B", "'USD EUR 2026-11-29' is given"),
    ],
)
def test_a_wrong_exchange_rate_is_refused_with_its_line(include, rows, message):
    (include / RATES).write_text(f"base,currency,day,rate,source\n{rows}\n", "utf-8")

    assert message in refusal(include).message


def test_a_pair_has_the_rates_into_its_own_currency(include):
    rows = "USD,EUR,2026-11-29,0.921659,ECB\nHKD,EUR,2026-11-29,0.118,ECB\n"
    (include / RATES).write_text(f"base,currency,day,rate,source\n{rows}", "utf-8")

    pairs = load_pairs(include)

    assert [str(one.rate) for one in pairs["harbor_and_pine"].exchange_rates] == ["0.921659"]
    assert [str(one.rate) for one in pairs["lotus_lane"].exchange_rates] == ["0.118"]


@pytest.mark.parametrize(
    ("policy", "old", "role"),
    [
        ("fx: base", '{role: exchange_gains, xero: "499", sage100: 695-00}', "exchange_gains"),
        (
            "fx: reject, sage_tax: charge_line",
            "{role: sales_tax, item_code: /SALESTAX}",
            "sales_tax",
        ),
        ("fx: reject, sage_tax: rounding", "{role: rounding, item_code: /ROUNDING}", "rounding"),
    ],
)
def test_a_policy_without_the_account_or_item_that_it_needs_is_refused(include, policy, old, role):
    replace(include / PAIRS, "fx: reject", policy)
    load_pairs(include)
    replace(include / ACCOUNTS, f"  - {old}\n", "")

    assert f"nothing plays {role!r}" in refusal(include).message
