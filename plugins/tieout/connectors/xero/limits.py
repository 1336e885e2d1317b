"""What Xero says of its limits in the headers of an answer.

https://developer.xero.com/documentation/guides/oauth2/limits names the headers. A refusal of 429
has an empty body; for too many calls at once it has no Retry-After. The value of
X-Rate-Limit-Problem is written in several ways, so it is looked through for words.
"""

import math
from collections.abc import Mapping
from http import HTTPStatus

from tieout.connectors.http import Answer
from tieout.domain.budget import DAY_S, MINUTE_S, Answered, Limit

PROBLEM = "X-Rate-Limit-Problem"
RETRY_AFTER = "Retry-After"
MINUTE_LEFT = "X-MinLimit-Remaining"
DAY_LEFT = "X-DayLimit-Remaining"
APP_MINUTE_LEFT = "X-AppMinLimit-Remaining"
HEADERS = (PROBLEM, RETRY_AFTER, MINUTE_LEFT, DAY_LEFT, APP_MINUTE_LEFT)
"""All that are read."""

UNBILLED = "/Organisation"
"""What an app may read as often as it likes, to see that its connection lives: of that, Xero counts
no bytes (https://developer.xero.com/pricing). That it counts no calls is nowhere said.
"""
_WORDS = (
    ("concurrent", Limit.CONCURRENT),
    ("app", Limit.APP_MINUTE),
    ("dai", Limit.DAY),
    ("day", Limit.DAY),
    ("min", Limit.MINUTE),
)
"""In the order in which they are looked for: ``appminute`` has the word of the minute in it too."""


def said(answer: Answer) -> Answered:
    """Return what an answer says of the limits, and how large it is where that is billed."""
    read = said_of(answer.status, answer.headers)
    if answer.request.url.endswith(UNBILLED):
        return read
    sizes = {"received_bytes": answer.received_bytes, "unpacked_bytes": len(answer.body)}
    return read.model_copy(update=sizes)


def said_of(status: int, headers: Mapping[str, str]) -> Answered:
    """Return what status and headers say; what is not said in numbers is not known."""
    named = {name.lower(): value for name, value in headers.items()}
    retry_after_s = _seconds(named.get(RETRY_AFTER.lower(), ""))
    is_refused = status == HTTPStatus.TOO_MANY_REQUESTS
    problem = named.get(PROBLEM.lower(), "")
    return Answered(
        limited_by=_limit(problem, retry_after_s) if is_refused else None,
        retry_after_s=retry_after_s if is_refused else None,
        minute_left=_count(named.get(MINUTE_LEFT.lower(), "")),
        day_left=_count(named.get(DAY_LEFT.lower(), "")),
        app_minute_left=_count(named.get(APP_MINUTE_LEFT.lower(), "")),
    )


def _limit(problem: str, retry_after_s: float | None) -> Limit:
    """Return which limit a refusal is for; an unknown word is told by how long it lasts."""
    for word, limit in _WORDS:
        if word in problem.lower():
            return limit
    is_long = retry_after_s is not None and retry_after_s > MINUTE_S
    return Limit.DAY if is_long else Limit.MINUTE


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), DAY_S)
