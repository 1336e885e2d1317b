"""The seeds of a run of the crash matrix."""

import os
import secrets

SEEDS = "TIEOUT_MATRIX_SEEDS"
SEED_BELOW = 10**6


def seeds(how_many: int) -> list[int]:
    """Return the seeds that TIEOUT_MATRIX_SEEDS lists (``4711,4712``), else fresh ones."""
    given = [int(one) for one in os.environ.get(SEEDS, "").split(",") if one]
    fresh = [secrets.randbelow(SEED_BELOW) for _seed in range(how_many)]
    return (given + fresh)[:how_many]
