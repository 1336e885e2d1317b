"""The one hypothesis profile of these tests: the same examples in every run."""

from hypothesis import settings

REPEATABLE = settings(derandomize=True, deadline=None, max_examples=100, database=None)
