"""Checks outgoing payloads with xero-python's models: names, lengths and closed lists of values.

The models serve as a checklist, never as transport. Also turns the amounts of a payload, which
travel as text, into exact numbers. xero-python is imported when first used: it takes 0.3 s.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from tieout.domain.base import Json

AMOUNT_MEMBERS = frozenset(
    {
        "Amount",
        "BankAmount",
        "CurrencyRate",
        "DiscountAmount",
        "DiscountRate",
        "LineAmount",
        "Quantity",
        "TaxAmount",
        "UnitAmount",
        "UnitPrice",
    }
)
"""The members that Xero wants as JSON numbers."""

_LIST_OF = re.compile(r"list\[(\w+)\]")


def element_of(model: str, payload: Json) -> dict[str, object]:
    """Return the payload as it goes to Xero: amounts as numbers, checked against ``model``.

    Raises:
        ValueError: A member is unknown, too long, of another form, not in its list of values or
            not an amount.
    """
    element = {name: _with_numbers(name, value) for name, value in payload.items()}
    try:
        _check(model, element)
    except (AttributeError, TypeError) as error:
        # The models take a member's form for granted: a number has no length.
        message = f"a member of {model} has another form: {error}"
        raise ValueError(message) from error
    return element


def _with_numbers(name: str, value: object) -> object:
    if isinstance(value, dict):
        return {inner: _with_numbers(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(name, item) for item in value]
    if name in AMOUNT_MEMBERS and isinstance(value, str):
        return _amount(name, value)
    return value


def _amount(name: str, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        message = f"{name} {text!r} is not an amount"
        raise ValueError(message) from error
    if not amount.is_finite():
        message = f"{name} {text!r} is not an amount"
        raise ValueError(message)
    return Decimal(format(amount, "f"))


def _check(model: str, element: Mapping[str, object]) -> Any:  # noqa: ANN401 - untyped package
    """Build the model called ``model`` from an element; its setters raise ValueError."""
    from xero_python.accounting import models

    kind = getattr(models, model)
    attributes = {member: attribute for attribute, member in kind.attribute_map.items()}
    unknown = sorted(set(element) - set(attributes))
    if unknown:
        message = f"{model} has no member {unknown[0]!r}"
        raise ValueError(message)
    return kind(
        **{
            attributes[member]: _value(kind.openapi_types[attributes[member]], value)
            for member, value in element.items()
        }
    )


def _value(kind: str, value: object) -> object:
    """Return one member's value in the form that the model wants."""
    from xero_python.accounting import models

    of = _LIST_OF.fullmatch(kind)
    if of is not None and isinstance(value, list):
        return [_value(of[1], item) for item in value]
    model = getattr(models, kind, None)
    if isinstance(model, type) and issubclass(model, Enum):
        return model(value)
    if model is not None and isinstance(value, dict):
        return _check(kind, value)
    if kind.startswith("date[") and isinstance(value, str):
        return date.fromisoformat(value)
    return value
