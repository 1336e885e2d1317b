"""Another made-up trade's lists of customers, with other habits than those of town_lists.py.

What happens in offices: one bookkeeper's address on many customers, one switchboard for a building,
shops and branches of one company in one town, fathers and sons of one name in one house, post boxes
beside streets, traders under another name, names cut at 30 or 50 signs. It shares with the first
generator the record alone, and neither its words nor its rates; nothing of the matcher is here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import yaml

from matching.town_lists import Lists, Written

WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("trade_words.yaml").read_text("utf-8")
)
GIVEN, SURNAMES = WORDS["given"].split(), WORDS["surnames"].split()
NAME_LENGTHS = (30, 50, 50)
"""How long a customer's name is in Sage 100: now, and in the older companies."""
LINE_LENGTH = 30
HOUSEHOLDS, PERSONS, BRANCHES, GROUPS = 0.03, 0.25, 0.30, 0.33
"""Up to where a next one is a father with a son, a person, one with branches, one with sisters."""


@dataclass(frozen=True)
class _One:
    """Who there really is: one record, and how it is known besides."""

    real: Written
    trades_as: str = ""
    post_box: str = ""
    books: str = ""
    """The address of the bookkeeper who does the books of many."""


def trade_lists(seed: int, *, each: int, same: int) -> Lists:
    """Return two lists of ``each``, of whom ``same`` are in both."""
    random = Random(seed)  # noqa: S311 - nothing secret is made up here
    count = 2 * each - same
    everybody: list[_One] = []
    trade = _Trade(random, count)
    while len(everybody) < count:
        everybody += trade.next(len(everybody))
    del everybody[count:]
    random.shuffle(everybody)
    xero = [_in_xero(random, one) for one in everybody[:each]]
    sage = [_in_sage100(random, one) for one in everybody[each - same :]]
    random.shuffle(xero)
    random.shuffle(sage)
    return Lists(xero, sage)


class _Trade:
    """Who there is to trade with."""

    def __init__(self, random: Random, count: int) -> None:
        self.random = random
        self.blocks = [(self._street(), self._local()) for _ in range(max(2, count // 200))]
        """Office buildings: a street and the number of their switchboard."""
        self.books = [
            f"{random.choice(GIVEN).lower()}@{random.choice(WORDS['books'])}"
            for _ in range(max(2, count // 250))
        ]

    def next(self, who: int) -> list[_One]:
        """Return the next customers, who have something to do with one another if several."""
        kind = self.random.random()
        if kind < HOUSEHOLDS:
            return list(self._household(who))
        if kind < PERSONS:
            return [self._person(who)]
        if kind < BRANCHES:
            return list(self._branches(who))
        if kind < GROUPS:
            return list(self._group(who))
        return [self._company(who)]

    def _street(self) -> str:
        random = self.random
        side = random.choice(("", "", "", "North ", "South ", "East ", "West "))
        long = random.choice(WORDS["street_types"])[0]
        return f"{random.randrange(1, 9900)} {side}{random.choice(WORDS['streets'])} {long}"

    def _local(self) -> str:
        return f"{self.random.randrange(200, 999)}{self.random.randrange(10_000):04}"

    def _place(self, who: int, name: str, email: str, *, is_company: bool) -> Written:
        random = self.random
        town, state, area, zone = random.choice(WORDS["towns"])
        street, local = self._street(), self._local()
        if is_company and random.random() < 0.06:
            street, local = random.choice(self.blocks)
            street = f"{street} Suite {random.randrange(100, 900)}"
        zip_code = f"{zone:03}{random.randrange(12):02}"
        return Written(
            who, name, email, f"{area}{local}", street, town, state, zip_code, is_company=is_company
        )

    def _person(self, who: int) -> _One:
        random = self.random
        given, surname = random.choice(GIVEN), random.choice(SURNAMES)
        middle = random.choice(("", "", f" {random.choice('ABCDEFGHJKLMPRSTW')}"))
        local = random.choice(
            (f"{given}{surname}", f"{given[0]}.{surname}", f"{surname}.{given}{who % 89}")
        )
        email = f"{local.lower()}@{random.choice(WORDS['mail'])}"
        return _One(self._place(who, f"{given}{middle} {surname}", email, is_company=False))

    def _household(self, who: int) -> Iterator[_One]:
        """A father and a son of one house; half of them have one name."""
        father = self._person(who).real
        given, _, surname = father.name.partition(" ")
        is_namesake = self.random.random() < 0.5
        junior = given if is_namesake else self.random.choice(GIVEN)
        ends = (" Sr", " Jr") if is_namesake else ("", "")
        mail = (
            f"{junior.lower()}{self.random.randrange(70, 99)}@{self.random.choice(WORDS['mail'])}"
        )
        yield _One(replace(father, name=f"{father.name}{ends[0]}"))
        yield _One(replace(father, who=who + 1, name=f"{junior} {surname}{ends[1]}", email=mail))

    def _name(self) -> str:
        random = self.random
        trade = random.choice(WORDS["trades"])
        surname, other = random.sample(SURNAMES, 2)
        noun, town = random.choice(WORDS["nouns"]), random.choice(WORDS["towns"])[0]
        letters = "".join(random.sample("ABCDEFGHJKLMNPRSTVW", 2))
        return str(
            random.choice(
                (
                    f"{surname} & Sons {trade}",
                    f"{surname} {trade}",
                    f"{surname} & {other}",
                    f"{noun} {trade}",
                    f"{noun} {trade}",
                    f"{town} {trade}",
                    f"{random.choice(GIVEN)}'s {trade}",
                    f"{letters[0]} & {letters[1]} {trade}",
                    f"{letters[0]}.{letters[1]}. {surname} {trade}",
                    f"The {noun} {random.choice(WORDS['nouns'])} {trade}",
                )
            )
        )

    def _company(self, who: int) -> _One:
        random = self.random
        name = self._name()
        host = "".join(sign for sign in name.lower() if sign.isalnum())[:22]
        local = random.choice(("ap", "office", "contact", "payables", random.choice(GIVEN).lower()))
        real = self._place(who, name, f"{local}@{host}.com", is_company=True)
        legal = random.choice(WORDS["legal"])
        return _One(
            replace(real, name=f"{name} {legal}".strip()),
            trades_as=self._name() if random.random() < 0.05 else "",
            post_box=f"PO Box {random.randrange(10, 9000)}" if random.random() < 0.25 else "",
            books=random.choice(self.books) if random.random() < 0.08 else "",
        )

    def _branches(self, who: int) -> Iterator[_One]:
        """Shops of one company in one town, told apart by a number, a side of town or a street."""
        head = self._company(who)
        stem = head.real.name
        how = self.random.randrange(3)
        for number in range(self.random.randrange(2, 5)):
            street = self._street()
            ending = (
                f"#{number + 1}",
                ("North", "South", "East", "West")[number],
                f"- {street.split()[-2]}",
            )[how]
            shop = replace(head.real, who=who + number, name=f"{stem} {ending}", street=street)
            if self.random.random() < 0.6:
                shop = replace(shop, phone=shop.phone[:3] + self._local())
            yield replace(head, real=shop, trades_as="")

    def _group(self, who: int) -> Iterator[_One]:
        """A parent and what it owns: one desk, one number, names that begin alike."""
        head = self._company(who)
        stem = head.real.name.split()[0]
        endings = ("Holdings LLC", *self.random.sample(WORDS["trades"], 2))
        for number, ending in enumerate(endings):
            yield replace(
                head,
                real=replace(head.real, who=who + number, name=f"{stem} {ending}"),
                trades_as="",
            )


def _in_xero(random: Random, one: _One) -> Written:
    made = _lived(random, one)
    name = made.name
    if one.trades_as:
        name = f"{name} {random.choice(('t/a', 'DBA', 'trading as'))} {one.trades_as}"
    elif made.is_company and random.random() < 0.08:
        name = f"{name} ({random.choice(GIVEN)} {random.choice(SURNAMES)})"
    if one.books and random.random() < 0.8:
        made = replace(made, email=one.books)
    made = replace(made, name=name, phone=_said(random, made.phone, "+1 ({}) {}-{}", "{}-{}-{}"))
    return _left_out(random, made, email=0.15, phone=0.2, street=0.15)


def _in_sage100(random: Random, one: _One) -> Written:
    made = _lived(random, one)
    name = made.name
    if one.trades_as and random.random() < 0.6:
        name = one.trades_as
    if not made.is_company:
        given, *middle, surname = name.removesuffix(" Jr").removesuffix(" Sr").split()
        generation = name[-3:] if name.endswith((" Jr", " Sr")) else ""
        name = random.choice(
            (
                name,
                f"{surname}, {' '.join((given, *middle))}{generation}",
                f"{surname} {given}{generation}",
                f"{given[0]} {surname}{generation}",
                f"{given} {surname}{generation}",
            )
        )
    name = name.replace(" & ", random.choice((" & ", " AND ", "&", " + ")))
    if one.books and random.random() < 0.5:
        made = replace(made, email=one.books)
    if one.post_box and random.random() < 0.7:
        made = replace(made, street=one.post_box)
    name = name[: random.choice(NAME_LENGTHS)].strip()
    if random.random() < 0.6:
        name, made = (
            name.upper(),
            replace(made, street=made.street.upper(), city=made.city.upper()),
        )
    made = replace(made, name=name, phone=_said(random, made.phone, "({}) {}-{}", "{}{}{}"))
    made = replace(made, street=made.street[:LINE_LENGTH].strip())
    return _left_out(random, made, email=0.35, phone=0.12, street=0.05)


def _lived(random: Random, one: _One) -> Written:
    """Return a customer as of some day, entered by somebody in a hurry."""
    made = one.real
    if random.random() < 0.06:
        street = f"{random.randrange(1, 9900)} {random.choice(WORDS['streets'])} Street"
        made = replace(made, street=street)
    if random.random() < 0.5:
        for long, short in WORDS["street_types"]:
            made = replace(made, street=made.street.replace(f" {long}", f" {short}"))
    if random.random() < 0.1 and made.is_company:
        *stem, last = made.name.split()
        if f" {last}" in {f" {legal}" for legal in WORDS["legal"] if legal} and len(stem) > 1:
            made = replace(made, name=" ".join(stem).removesuffix(" Pty"))
    if random.random() < 0.03:
        made = replace(made, name=_slip(random, made.name))
    if random.random() < 0.02:
        made = replace(made, phone=made.phone[:-1] + str(random.randrange(10)))
    if made.is_company and random.random() < 0.1:
        desk = random.choice(("accounting", "bills", "hello", random.choice(GIVEN).lower()))
        made = replace(made, email=f"{desk}@{made.email.partition('@')[2]}")
    elif random.random() < 0.04:
        local = f"{random.choice(SURNAMES).lower()}{made.who % 97}"
        made = replace(made, email=f"{local}@{random.choice(WORDS['mail'])}")
    return made


def _slip(random: Random, text: str) -> str:
    at = random.randrange(1, len(text) - 1)
    slips: tuple[Callable[[], str], ...] = (
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + text[at] + text[at:],
        lambda: text[:at] + text[at + 1] + text[at] + text[at + 2 :],
    )
    return random.choice(slips)()


def _said(random: Random, number: str, *ways: str) -> str:
    return random.choice(ways).format(number[:3], number[3:6], number[6:])


def _left_out(
    random: Random, one: Written, *, email: float, phone: float, street: float
) -> Written:
    if random.random() < email:
        one = replace(one, email="")
    if random.random() < phone:
        one = replace(one, phone="")
    if random.random() < street:
        one = replace(one, street="", city="", state="", zip_code="")
    return one
