"""Whole lists compared by Splink: it learns from the lists what each likeness is worth.

Unsupervised: pairs that have an e-mail address in common teach what names of one thing look like,
pairs with a name in common what addresses do, and random pairs what chance is.
"""

import logging
import math
from contextlib import suppress

import numpy as np
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.exceptions import EMTrainingException

from tieout.matching.choosing import Weighed
from tieout.matching.comparisons import Comparison, Level
from tieout.matching.rarity import chances, rare_columns
from tieout.matching.tables import Forms, Key

COMMON_MAX = 1_000
"""How many pairs may have one block in common."""
RANDOM_PAIRS_MAX = 100_000
"""How many random pairs are looked at to see what chance is."""
LEARNED_PAIRS_MAX = 20_000
"""How many pairs with something in common are looked at to see what one thing looks like."""
SEED = 1
"""Of the random pairs: the same lists are matched the same every time."""
PRIOR = 1e-4
"""Of a pair in Splink's own reckoning; choosing.py works out the real one."""
PRIOR_BITS = math.log2(PRIOR / (1 - PRIOR))
WEIGHT_MIN = 0.0
"""Bits; a pair that weighs less is not kept."""


def weighed(forms: Forms) -> Weighed:
    """Return the pairs of two lists that are somewhat alike, with what Splink says they weigh."""
    blocks = [*forms.blocks(COMMON_MAX)]
    database = DuckDBAPI()
    frames = [
        database.register(_frame(forms.left, [left for left, _ in blocks], start=0)),
        database.register(
            _frame(forms.right, [right for _, right in blocks], start=len(forms.left))
        ),
    ]
    names = [*map(_block, range(len(blocks)))]
    del blocks
    settings = SettingsCreator(
        "link_only",
        comparisons=[_comparison(one) for one in forms.table.comparisons],
        blocking_rules_to_generate_predictions=[*map(block_on, names)],
        probability_two_random_records_match=PRIOR,
        retain_matching_columns=False,
    )
    linker = Linker(frames, settings, log_level=logging.ERROR)
    for column in rare_columns(forms.table.comparisons):
        known = chances(forms, column)
        values = {column: [*known], f"tf_{column}": [*known.values()]}
        types = pa.schema([(column, pa.string()), (f"tf_{column}", pa.float64())])
        frame = database.register(pa.table(values, schema=types))
        linker.table_management.register_term_frequency_lookup(frame, column)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=RANDOM_PAIRS_MAX, seed=SEED, num_chunks=1
    )
    for column in forms.table.learned_by:
        # No pair has such a column in common: the others teach what is to be learned.
        with suppress(EMTrainingException):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(column),
                estimate_without_term_frequencies=True,
                max_pairs=LEARNED_PAIRS_MAX,
                record_sample_proportion=1.0,
            )
    predicted = linker.inference.predict(
        threshold_match_weight=WEIGHT_MIN + PRIOR_BITS, warning_mode="never"
    )
    found = predicted.as_pyarrow_table()
    one = found["unique_id_l"].to_numpy().astype(np.int64)
    other = found["unique_id_r"].to_numpy().astype(np.int64)
    return Weighed(
        left=np.minimum(one, other),
        right=np.maximum(one, other) - len(forms.left),
        weight=found["match_weight"].to_numpy().astype(np.float64) - PRIOR_BITS,
    )


def _block(number: int) -> str:
    return f"block_{number}"


def _frame(forms: list[dict[str, Key]], blocks: list[list[int | None]], *, start: int) -> pa.Table:
    """Return the forms of a list as columns, numbered from ``start``."""
    numbers = pa.array(range(start, start + len(forms)), pa.int64())
    columns = {name: pa.array([form[name] for form in forms], pa.string()) for name in forms[0]}
    keys = {_block(number): pa.array(column, pa.int32()) for number, column in enumerate(blocks)}
    return pa.table({"unique_id": numbers, **columns, **keys})


def _comparison(comparison: Comparison) -> dict[str, object]:
    missing = {
        "sql_condition": comparison.missing_sql,
        "label_for_charts": "says nothing",
        "is_null_level": True,
    }
    levels = [missing, *(_level(level) for level in comparison.levels)]
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _level(level: Level) -> dict[str, object]:
    said: dict[str, object] = {
        "sql_condition": level.sql,
        "label_for_charts": level.sql,
        "m_probability": level.same,
        "u_probability": level.chance,
    }
    if level.rare:
        said |= {"tf_adjustment_column": level.rare, "disable_tf_exact_match_detection": True}
    return said
