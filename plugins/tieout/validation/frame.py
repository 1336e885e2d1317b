"""A batch's rows as the frame that Great Expectations judges: only what the rules look at.

Numbers become floats wherever a float compares as the number itself does, so that pandas compares
a whole column at once: Decimals, one by one, take thirty times as long. Nothing is computed with
these: findings show the row's own value.
"""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tieout.errors import FatalError
from tieout.ports.gate import ROW_KEY, Row
from tieout.validation.exact import Exact

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame, Series

DIGITS_MAX = 15
"""Of two numbers of no more digits than a float holds, the greater one is the greater float."""
FLOAT_MIN, FLOAT_MAX = 1e-300, 1e300
"""Between these a float has all its digits."""
WHOLE_MAX = 2**53
"""Up to here every whole number is a float."""
REMEDY = "Report this as a defect of Tieout."


def frame_of(rows: Sequence[Row], columns: Iterable[str]) -> "DataFrame":
    """Return the columns of the rows, indexed by the rows' places.

    Raises:
        FatalError: The rows have no keys of their own, or one of them has no value in a column:
            Great Expectations passes over empty values, so that it would slip through.
    """
    import pandas as pd

    keys = {row.get(ROW_KEY) for row in rows}
    if len(keys) != len(rows) or None in keys:
        message = f"The rows of the gate do not each have a {ROW_KEY} of their own."
        raise FatalError(message, remedy=REMEDY)
    return pd.DataFrame({name: _column(rows, name) for name in columns})


def _column(rows: Sequence[Row], name: str) -> "Series[Any]":
    import pandas as pd

    values: list[Any] = list(map(itemgetter(name), rows))
    kinds = set(map(type, values))
    if kinds & {type(None), float} or (Decimal in kinds and not all(map(_is_finite, values))):
        for row, value in zip(rows, values, strict=True):
            if value is None or not _is_finite(value):
                message = f"Row {row[ROW_KEY]} of the gate has no {name}."
                raise FatalError(message, remedy=REMEDY)
    numbers = _numbers(values) if kinds <= {int, Decimal} else None
    if numbers is not None:
        return pd.Series(numbers)
    if Decimal in kinds:
        values = [Exact(value) if isinstance(value, Decimal) else value for value in values]
    return pd.Series(values, dtype=object)


def _is_finite(value: object) -> bool:
    return not isinstance(value, float | Decimal) or math.isfinite(value)


def _numbers(values: Sequence[int | Decimal]) -> "NDArray[Any] | None":
    """Return the numbers as whole ones or floats; None where a float would compare otherwise."""
    import numpy as np  # noqa: PLC0415 - comes with pandas

    try:
        floats = np.fromiter(map(float, values), dtype=np.float64, count=len(values))
    except OverflowError:
        return None
    sizes = np.abs(floats[floats != 0])
    if len(sizes) != sum(map(bool, values)):
        return None
    if all(isinstance(value, int) for value in values):
        return floats.astype(np.int64) if sizes.max(initial=0) < WHOLE_MAX else None
    is_normal = sizes.min(initial=1) > FLOAT_MIN and sizes.max(initial=1) < FLOAT_MAX
    # A number's text is at least as long as its digits are many; only a zero's may be longer.
    digits = max((len(str(value)) for value in values if value), default=0)
    return floats if is_normal and digits <= DIGITS_MAX else None
