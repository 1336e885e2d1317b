"""Two ledgers' lists of customers, made up: mostly the same people, written by other hands.

Written from what people do when they enter customers, and from nothing of the matcher: its words,
forms and weights are not imported here, and nothing of this is there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import yaml

WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("town_words.yaml").read_text("utf-8")
)
GIVEN, COMMON, TRADES, QUALITIES = (
    WORDS[name] for name in ("given", "common", "trades", "qualities")
)
LEGAL, LEGAL_OF = WORDS["legal"], WORDS["legal_of"]
STREET_TYPES = tuple(WORDS["street_types"].items())
SISTERS, CHAINS, PERSONS = 0.012, 0.005, 0.3
"""How often a next one is several companies of one owner, shops of one name, up to where a person.

About one record in thirty has sisters at its own phone and address, one in fifty is of a chain.
"""
NAME_LENGTH = 30
"""How long a customer's name was in Sage 100 when many were entered."""


@dataclass(frozen=True)
class Written:
    """A customer as somebody entered it; ``who`` says who it really is."""

    who: int
    name: str
    email: str
    phone: str
    street: str
    city: str
    state: str
    zip_code: str
    is_company: bool


@dataclass(frozen=True)
class Lists:
    """Both ledgers' lists."""

    xero: list[Written]
    sage100: list[Written]

    @property
    def same(self) -> set[int]:
        """Return who is in both."""
        return {one.who for one in self.xero} & {one.who for one in self.sage100}


def lists(seed: int, *, each: int, same: int, gaps: float = 1.0) -> Lists:
    """Return two lists of ``each``, of whom ``same`` are in both.

    ``gaps`` says how many fields nobody filled in: 1 as many as in lists that nobody tends.
    """
    random = Random(seed)  # noqa: S311 - nothing secret is made up here
    everybody = list(_Town(random, 2 * each - same).everybody())
    random.shuffle(everybody)
    xero = [_by_hand(random, one, _in_xero, gaps) for one in everybody[:each]]
    sage = [_by_hand(random, one, _in_sage100, gaps) for one in everybody[each - same :]]
    random.shuffle(xero)
    random.shuffle(sage)
    return Lists(xero, sage)


class _Town:
    """Who there really is."""

    def __init__(self, random: Random, count: int) -> None:
        self.random = random
        self.count = count
        surnames = sorted({self._surname() for _ in range(max(200, count // 12))})
        random.shuffle(surnames)
        self.surnames = [*COMMON, *surnames]
        self.cities = [
            (
                f"{self._surname()}{random.choice((' Falls', 'ville', 'burg', '', ' City'))}",
                state,
                zone,
            )
            for state, zone in (
                (random.choice(WORDS["states"]), f"{random.randrange(1000, 99999):05}")
                for _ in range(max(12, count // 300))
            )
        ]
        self.streets = [
            f"{random.choice((self._surname(), random.choice(QUALITIES)))}"
            for _ in range(max(60, count // 60))
        ]
        self.phones: list[str] = []
        self.mailboxes: set[str] = set()

    def _surname(self) -> str:
        random = self.random
        return (
            random.choice(WORDS["onsets"])
            + random.choice(WORDS["nuclei"])
            + random.choice(WORDS["codas"])
            + random.choice(WORDS["endings"])
        )

    def _frequent(self, names: list[str]) -> str:
        """Return a name; the first ones are far more frequent, as in any town."""
        if self.random.random() < 0.5:
            return self.random.choice(names)
        return names[min(int(self.random.paretovariate(0.45)) - 1, len(names) - 1)]

    def everybody(self) -> Iterator[Written]:
        who = 0
        while who < self.count:
            kind = self.random.random()
            if kind < SISTERS:
                family = list(self._sisters(who))
            elif kind < SISTERS + CHAINS:
                family = list(self._chain(who))
            elif kind < PERSONS:
                family = [self._person(who)]
            else:
                family = [self._company(who)]
            yield from family[: self.count - who]
            who += len(family)

    def _place(self) -> tuple[str, str, str, str]:
        random = self.random
        city, state, zone = random.choice(self.cities)
        house = random.randrange(1, 2400)
        street = f"{house} {random.choice(self.streets)} {random.choice(STREET_TYPES)[0]}"
        if random.random() < 0.2:
            street += f", Suite {random.randrange(1, 400)}"
        return street, city, state, f"{int(zone) // 10 * 10 + random.randrange(4):05}"

    def _phone(self) -> str:
        """Return a number; some are those of an office that many share."""
        random = self.random
        if self.phones and random.random() < 0.02:
            return random.choice(self.phones[:: max(1, len(self.phones) // 200)])
        number = (
            f"{random.randrange(201, 989)}{random.randrange(200, 999)}{random.randrange(10000):04}"
        )
        self.phones.append(number)
        return number

    def _company_name(self) -> str:
        random = self.random
        trade = random.choice(TRADES)
        return random.choice(
            (
                lambda: f"{self._frequent(self.surnames)} {trade}",
                lambda: (
                    f"{self._frequent(self.surnames)} & {self._frequent(self.surnames)} {trade}"
                ),
                lambda: f"{self._frequent(self.surnames)} Brothers {trade}",
                lambda: f"{self._frequent(self.surnames)} & Associates",
                lambda: f"{random.choice(QUALITIES)} {trade}",
                lambda: f"{random.choice(QUALITIES)} {self._frequent(self.surnames)} {trade}",
                lambda: f"{random.choice(self.cities)[0]} {trade}",
                lambda: f"{''.join(random.choices('ABCDEFGHJKLMPRSTW', k=3))} {trade}",
                lambda: f"The {random.choice(QUALITIES)} {random.choice(QUALITIES)} {trade}",
            )
        )()

    def _company(self, who: int) -> Written:
        name = self._company_name()
        ending = self.random.choice((".com", ".com", ".net", ".co"))
        host = self._free("".join(sign for sign in name.lower() if sign.isalnum())[:18], ending)
        local = self.random.choice(
            ("info", "accounts", "ap", "office", "sales", self.random.choice(GIVEN).lower())
        )
        legal = self.random.choice(LEGAL)
        written = f"{name}, {legal}" if legal and self.random.random() < 0.3 else f"{name} {legal}"
        return Written(
            who, written.strip(), f"{local}@{host}", self._phone(), *self._place(), is_company=True
        )

    def _person(self, who: int) -> Written:
        random = self.random
        given, surname = random.choice(GIVEN), self._frequent(self.surnames)
        middle = f" {random.choice('ABCDEJKLMRST')}." if random.random() < 0.15 else ""
        local = random.choice(
            (
                f"{given}.{surname}",
                f"{given[0]}{surname}{random.randrange(100)}",
                f"{surname}{random.randrange(1950, 2005)}",
            )
        )
        email = self._free(local.lower(), f"@{random.choice(WORDS['public'])}")
        return Written(
            who,
            f"{given}{middle} {surname}",
            email,
            self._phone(),
            *self._place(),
            is_company=False,
        )

    def _free(self, start: str, ending: str) -> str:
        """Return a mailbox or a host that nobody has yet."""
        made = f"{start}{ending}"
        while made in self.mailboxes:
            made = f"{start}{self.random.randrange(1, 9999)}{ending}"
        self.mailboxes.add(made)
        return made

    def _sisters(self, who: int) -> Iterator[Written]:
        """Companies of one owner: one office, one phone, and names that begin alike."""
        first = self._company(who)
        stem = first.name.split()[0]
        trades = self.random.sample(TRADES, self.random.randrange(2, 5))
        for number, trade in enumerate(trades):
            local = (
                first.email
                if self.random.random() < 0.3
                else f"{trade.split()[0].lower()}@{first.email.partition('@')[2]}"
            )
            yield replace(
                first,
                who=who + number,
                name=f"{stem} {trade} {self.random.choice(LEGAL)}".strip(),
                email=local,
            )

    def _chain(self, who: int) -> Iterator[Written]:
        """Shops of one name in several towns."""
        first = self._company(who)
        for number in range(self.random.randrange(2, 7)):
            street, city, state, zip_code = self._place()
            yield replace(
                first,
                who=who + number,
                phone=self._phone(),
                street=street,
                city=city,
                state=state,
                zip_code=zip_code,
                email=f"shop{number + 1}@{first.email.partition('@')[2]}",
            )


Hand = Callable[[Random, Written, float], Written]


def _by_hand(random: Random, one: Written, hand: Hand, gaps: float) -> Written:
    """Return what somebody entered; what happens to any entry, then what one ledger's people do."""
    name = one.name
    if random.random() < 0.035:
        name = _mistyped(random, name)
    if one.is_company and random.random() < 0.25:
        name = _other_form(random, name)
    if random.random() < 0.3:
        name = name.replace(" & ", " and ")
    phone = one.phone if random.random() > 0.02 else _mistyped_digit(random, one.phone)
    made = replace(one, name=name, phone=_written_phone(random, phone))
    if random.random() < 0.05:
        made = _moved(random, made)
    made = replace(made, street=_written_street(random, made.street))
    if one.is_company and random.random() < 0.12:
        local = random.choice(
            ("billing", "accounting", "hello", "orders", random.choice(GIVEN).lower())
        )
        made = replace(made, email=f"{local}@{made.email.partition('@')[2]}")
    elif random.random() < 0.02:
        made = replace(made, email=_mistyped(random, made.email))
    return hand(random, made, gaps)


def _in_xero(random: Random, one: Written, gaps: float) -> Written:
    if one.is_company and random.random() < 0.04:
        owner = f"{random.choice(GIVEN)} {random.choice(COMMON)} Holdings LLC"
        sign = random.choice(("t/a", "dba", "trading as", "d/b/a"))
        one = replace(one, name=f"{owner} {sign} {one.name}")
    return _with_gaps(random, one, email=0.12 * gaps, phone=0.25 * gaps, street=0.2 * gaps)


def _in_sage100(random: Random, one: Written, gaps: float) -> Written:
    name = one.name
    if one.is_company and random.random() < 0.3:
        name = " ".join(WORDS["shortened"].get(word, word) for word in name.split())
    if not one.is_company and random.random() < 0.35:
        *given, surname = name.split()
        name = f"{surname}, {' '.join(given)}"
    if random.random() < 0.6:
        name = name[:NAME_LENGTH].strip()
    if random.random() < 0.45:
        one = replace(one, street=one.street.upper(), city=one.city.upper())
        name = name.upper()
    if random.random() < 0.3:
        one = replace(one, zip_code=f"{one.zip_code}-{random.randrange(1000, 9999)}")
    return _with_gaps(
        random, replace(one, name=name), email=0.3 * gaps, phone=0.15 * gaps, street=0.05 * gaps
    )


def _with_gaps(
    random: Random, one: Written, *, email: float, phone: float, street: float
) -> Written:
    if random.random() < email:
        one = replace(one, email="")
    if random.random() < phone:
        one = replace(one, phone="")
    if random.random() < street:
        one = replace(one, street="", city="", state="", zip_code="")
    return one


def _moved(random: Random, one: Written) -> Written:
    street = (
        f"{random.randrange(1, 2400)} {random.choice(QUALITIES)} {random.choice(STREET_TYPES)[0]}"
    )
    if random.random() < 0.6:
        return replace(one, street=street)
    return replace(
        one, street=street, city=f"New {one.city}", zip_code=f"{random.randrange(1000, 99999):05}"
    )


def _other_form(random: Random, name: str) -> str:
    stem, _, last = name.rpartition(" ")
    if last in LEGAL_OF:
        return f"{stem.rstrip(',')} {random.choice(LEGAL_OF[last])}".strip()
    return name if last in LEGAL else f"{name} {random.choice(LEGAL)}".strip()


def _mistyped(random: Random, text: str) -> str:
    if len(text) < 4:
        return text
    at = random.randrange(1, len(text) - 1)
    return random.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            text[:at] + random.choice("aeiorstn") + text[at + 1 :],
        )
    )


def _mistyped_digit(random: Random, number: str) -> str:
    at = random.randrange(len(number))
    return f"{number[:at]}{random.randrange(10)}{number[at + 1 :]}"


def _written_phone(random: Random, number: str) -> str:
    area, exchange, line = number[:3], number[3:6], number[6:]
    return random.choice(
        (
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"+1 {area} {exchange} {line}",
            f"{area}.{exchange}.{line}",
            f"1-{area}-{exchange}-{line}",
            number,
            f"({area}) {exchange}-{line} x{random.randrange(10, 99)}",
        )
    )


def _written_street(random: Random, street: str) -> str:
    if random.random() < 0.5:
        for long, short in STREET_TYPES:
            street = street.replace(f" {long}", f" {short}{random.choice(('', '.'))}")
    if random.random() < 0.4:
        street = street.replace(", Suite ", random.choice((" Ste ", " #", ", Ste. ")))
    return _mistyped(random, street) if random.random() < 0.02 else street
