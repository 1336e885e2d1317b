"""Survivorship: which value of a field is left of a thing, and why. Pure.

It says beforehand what the three-way merge does, because it asks the merge.
"""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import JsonValue

from tieout.domain.base import Frozen, System
from tieout.domain.in_step.likeness import is_empty
from tieout.domain.in_step.merge import LEDGERS, Merged, Reason, Side, merge
from tieout.domain.in_step.policy import Policy


class Why(StrEnum):
    """Why a value survives."""

    SAME = "both ledgers say it"
    ONLY = "the other ledger says nothing"
    CHANGED = "it alone was changed since both agreed"
    OWNER = "its ledger owns the field"
    NEWEST = "its record was changed last"
    ANSWERED = "a person said so"
    OPEN = "a person must say which counts; until then both stay"
    LEFT = "policy writes nothing here, so both stay"


_BY_REASON = {Reason.OWNER: Why.OWNER, Reason.NEWEST: Why.NEWEST, Reason.ANSWERED: Why.ANSWERED}


class Survival(Frozen):
    """The value that is left of a field, and why; None where both ledgers keep their own."""

    value: JsonValue
    why: Why


def survivorship(policy: Policy, sides: Mapping[System, Side]) -> dict[str, Survival]:
    """Return by field what is left of a thing that both ledgers show, seen for the first time.

    A thing that one ledger alone has keeps what that one says.
    """
    if len(sides) < len(LEDGERS):
        (only,) = sides.values()
        return {name: Survival(value=only.values.get(name), why=Why.ONLY) for name in policy.fields}
    merged = merge(policy, {}, sides[System.XERO], sides[System.SAGE100])
    return {name: _of_field(name, sides, merged) for name in policy.fields}


def _of_field(name: str, sides: Mapping[System, Side], merged: Merged) -> Survival:
    values = {system: sides[system].values.get(name) for system in LEDGERS}
    conflict = next((one for one in merged.conflicts if one.field == name), None)
    target = next((system for system in LEDGERS if name in merged.writes.get(system, {})), None)
    if conflict is not None and conflict.winner is None:
        return Survival(value=None, why=Why.OPEN)
    if target is None:
        if name in merged.agreed:
            return Survival(value=values[System.XERO], why=Why.SAME)
        return Survival(value=None, why=Why.LEFT)
    source = System.SAGE100 if target is System.XERO else System.XERO
    if conflict is not None:
        return Survival(value=values[source], why=_BY_REASON.get(conflict.reason, Why.CHANGED))
    why = Why.ONLY if is_empty(values[target]) else Why.CHANGED
    return Survival(value=values[source], why=why)
