"""What somebody may have meant: the candidates that look most like a word, best first.

Only likeness of texts, so that the same word gives the same list always. What is done with a
suggestion is for people to decide.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from tieout.domain.base import Frozen

SUGGESTIONS_MAX = 3
PERCENT_MIN = 65
"""Below this likeness a candidate is no suggestion."""
_WORDS = re.compile(r"[^\W_]+")


class Suggestion(Frozen):
    """One candidate, and how much it looks like what was asked for."""

    value: str
    percent: int


def ranked(wanted: str, candidates: Mapping[str, str]) -> tuple[Suggestion, ...]:
    """Return the candidates most like ``wanted``, by their value or the words said of them."""
    scored = (
        Suggestion(value=value, percent=max(_likeness(wanted, value), _shared(wanted, words)))
        for value, words in candidates.items()
    )
    good = [one for one in scored if one.percent >= PERCENT_MIN]
    return tuple(sorted(good, key=lambda one: (-one.percent, one.value))[:SUGGESTIONS_MAX])


def best_of(*several: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """Return suggestions that were found in several ways, each once, best first."""
    best: dict[str, Suggestion] = {}
    for one in (one for suggestions in several for one in suggestions):
        if one.value not in best or one.percent > best[one.value].percent:
            best[one.value] = one
    return tuple(sorted(best.values(), key=lambda one: (-one.percent, one.value)))


def in_words(suggestions: Iterable[Suggestion]) -> str:
    """Return suggestions as the end of a message, '' when there is none."""
    named = listed(suggestions)
    return f"; nearest: {named}" if named else ""


def listed(suggestions: Iterable[Suggestion]) -> str:
    """Return suggestions in words, each with how much it looks like what was asked for."""
    return ", ".join(f"{one.value} ({one.percent} %)" for one in suggestions)


def _likeness(one: str, other: str) -> int:
    """Return how much two texts have in common, in percent; bounds are computed first, cheaply."""
    matcher = SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False)
    least = PERCENT_MIN / 100
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0
    return int(matcher.ratio() * 100)


def _shared(wanted: str, words: str) -> int:
    """Return how well the words of one text are found among those of another, in percent."""
    asked, said = _words(wanted), _words(words)
    if not asked or not said:
        return 0
    return max(_likeness(one, other) for one in asked for other in said)


def _words(text: str) -> list[str]:
    """Return the words of a text that tell something."""
    return [word for word in _WORDS.findall(text.casefold()) if len(word) > 2]  # noqa: PLR2004 - and, of
