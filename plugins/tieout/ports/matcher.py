"""Saying which records of two lists are the same thing."""

from collections.abc import Sequence
from typing import Protocol

from tieout.domain.matching import Match, Profile


class Matcher(Protocol):
    """Compares records by their fields; learns from the lists alone, without anybody's labels."""

    def best(self, entity: str, left: Sequence[Profile], right: Sequence[Profile]) -> list[Match]:
        """Return the matches of two whole lists, each record in one at the most.

        The surest first. A record that is like several others is sure of none.

        Raises:
            ConfigurationError: Records of that kind are not matched.
        """

    def alike(self, entity: str, new: Sequence[Profile], known: Sequence[Profile]) -> list[Match]:
        """Return for each new record the known one that it is most like, if any.

        Several new records may be like the same known one. The lists are small.

        Raises:
            ConfigurationError: Records of that kind are not matched.
        """
