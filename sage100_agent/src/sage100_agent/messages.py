"""What Sage says, and what the agent does about it: a table of patterns, and nothing else.

BOI has no codes: a message is known by its words alone. Most of the words are to be confirmed on a
site, so a site may put rows of its own before ours (``--messages``). The table is messages.json;
docs/reference/sage100-messages.md is made from it.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from sage100_agent.errors import RefusedError


class Policy(StrEnum):
    """What is done about a message."""

    ACCEPT = "accept"
    """Go on; the text stays with the document."""
    HOLD = "hold"
    """Write nothing: a person decides in Sage, and the document is replayed."""
    REJECT = "reject"
    """Write nothing: the document cannot be right as it is."""
    RETRY = "retry"
    """Write nothing now; the same command may work in a moment."""


class When(StrEnum):
    """With which return code a message came."""

    WARNING = "warning"
    FAILURE = "failure"


ALLOWED = {
    When.WARNING: {Policy.ACCEPT, Policy.HOLD, Policy.REJECT},
    When.FAILURE: {Policy.RETRY, Policy.REJECT},
}


@dataclass(frozen=True)
class Rule:
    """One row of the table; the first whose pattern is found in a message counts."""

    when: When
    pattern: str
    policy: Policy
    cause: str = "held"
    remedy: str = ""
    meaning: str = ""
    source: str = "this site"

    def fits(self, text: str) -> bool:
        """Say whether the row is about a message."""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


class Messages:
    """The table, with a site's own rows first."""

    def __init__(self, site: Iterable[Rule] = ()) -> None:
        """Put the rows together."""
        self._rules = (*site, *ours())

    def rule(self, when: When, text: str) -> Rule:
        """Return the row that is about a message; the last of each kind is about any."""
        return next(one for one in self._rules if one.when is when and one.fits(text))

    def judge(self, warnings: Iterable[str]) -> None:
        """Let a document be written, or not.

        Raises:
            RefusedError: A warning is held or rejected; nothing of the document was written.
        """
        for warning in warnings:
            rule = self.rule(When.WARNING, warning)
            if rule.policy is not Policy.ACCEPT:
                verb = "holds" if rule.policy is Policy.HOLD else "rejects"
                message = f"{rule.remedy} The agent {verb} what Sage warns of: {warning}".lstrip()
                raise RefusedError(rule.cause, message)


@cache
def ours() -> tuple[Rule, ...]:
    """Return the rows that come with the agent."""
    return read_rules(files("sage100_agent").joinpath("messages.json").read_text(encoding="utf-8"))


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read rows.

    Raises:
        ValueError: A row has a member that we do not know, a pattern that is none, or a policy
            that does not go with its return code.
    """
    rules = []
    for row in json.loads(text):
        try:
            rule = Rule(**{**row, "when": When(row["when"]), "policy": Policy(row["policy"])})
            re.compile(rule.pattern)
        except (KeyError, TypeError, re.error) as error:
            message = f"not a row of messages: {row}"
            raise ValueError(message) from error
        if rule.policy not in ALLOWED[rule.when]:
            message = f"{rule.policy} does not go with a {rule.when}: {row}"
            raise ValueError(message)
        rules.append(rule)
    return tuple(rules)
