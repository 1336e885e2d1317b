"""Two parties that are hardly one thing, though some of what is said of them is the same.

Companies of one owner share phone, street and mail host: what they are called tells them apart.
Namesakes share a name, as shops of one company do: where they are reached tells them apart.
Asked of pairs that weigh something already, so it is not said in SQL as well.
"""

from itertools import product

from rapidfuzz.distance import JaroWinkler

from tieout.domain.matching import CONTRARY, IDENTIFYING, SUPPORTING
from tieout.matching.comparisons import ADDRESS, EMAIL, PHONE, RATHER_ALIKE_MIN, TAX_ID, Form

OWN = ("email", "tax_id")
"""Columns that two companies of one owner rather do not share, whatever they are called."""
SHARED = ("phone", "house", "street")
"""What a person shares with a company of another name that is the person's own."""
REACHED = ("email", "phone", "street")
NAMESAKES_MIN = 2
"""In how many ways in which two of one name are reached they differ at least, if not in all."""


def strangers(left: Form, right: Form) -> bool:
    """Say whether two parties are hardly one thing."""
    return _are_reached_elsewhere(left, right) or _are_named_as_two(left, right)


def _are_reached_elsewhere(left: Form, right: Form) -> bool:
    """Say whether two ways to reach them differ and none is alike; one is enough of a shop's.

    A numbered mailbox is that of one of a company's shops, of which others have the name as well.
    """
    least = 1 if _is_shop(left) or _is_shop(right) else NAMESAKES_MIN
    if sum(_differ(left[column], right[column]) for column in REACHED) < least:
        return False
    levels = (comparison.level(left, right) for comparison in (EMAIL, PHONE, TAX_ID, ADDRESS))
    said = [level.reason for level in levels if level is not None and level.reason is not None]
    against = sum(reason in CONTRARY for reason in said)
    return against >= least and not (IDENTIFYING | SUPPORTING).intersection(said)


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _is_shop(form: Form) -> bool:
    local = (form["email"] or "").partition("@")[0]
    return form["email_host"] is not None and any(sign.isdigit() for sign in local)


def _are_named_as_two(left: Form, right: Form) -> bool:
    """Say whether no word of two names is like one of the other, but the same first word."""
    if any(_are_same(left[column], right[column]) for column in OWN):
        return False
    is_first_same = _are_same(left["first_word"], right["first_word"])
    is_perhaps_a_person = not (left["legal_form"] and right["legal_form"])
    if is_perhaps_a_person and not is_first_same and _share_all(left, right):
        return False
    names, others = (_names(form, skips=is_first_same) for form in (left, right))
    return not any(_are_alike(one, other) for one, other in product(names, others))


def _share_all(left: Form, right: Form) -> bool:
    return all(_are_same(left[column], right[column]) for column in SHARED)


def _are_same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _names(form: Form, *, skips: bool) -> list[list[str]]:
    """Return the words of a party's names, without the first where both have the same."""
    own = (form["name"] or "").split()[int(skips) :]
    trading = (form["trade_name"] or "").split()
    return [name for name in (own, trading) if name]


def _are_alike(one: list[str], other: list[str]) -> bool:
    """Say whether two names have words that are alike, run together or as initials too."""
    if not {*one}.isdisjoint(other):
        return True
    spellings, others = (
        {*name, "".join(name), "".join(word[0] for word in name)} for name in (one, other)
    )
    return any(
        JaroWinkler.similarity(word, another, score_cutoff=RATHER_ALIKE_MIN) >= RATHER_ALIKE_MIN
        for word, another in product(spellings, others)
    )
