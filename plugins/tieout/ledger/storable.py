"""Bring words of other systems into a form that PostgreSQL can hold.

Text columns hold no NUL and no lone surrogate, jsonb no NaN either. Records that must be kept
whatever they say (dead letters, answers of targets) show those as U+FFFD. Nothing else changes.
"""

import math

_REPLACEMENT = "\ufffd"


def storable(value: object) -> object:
    """Return a value, or a whole JSON tree, without what PostgreSQL cannot hold."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_text(str(name)): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def storable_columns(values: dict[str, object]) -> dict[str, object]:
    """Return the columns of one row, each brought into form."""
    return {name: storable(value) for name, value in values.items()}


def _text(text: str) -> str:
    encodable = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return encodable.replace("\x00", _REPLACEMENT)
