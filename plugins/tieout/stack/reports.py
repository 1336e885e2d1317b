"""Reports as text for people and as plain values for programs.

Renders what use cases return and decides nothing, except what ``is_good`` means for an exit code.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from tieout.domain.base import Json
from tieout.domain.catch_up import PACE_WINDOW_S, CatchUp
from tieout.domain.ledger import Conservation, Parent
from tieout.domain.tie_out import TieOut
from tieout.stack.tables import text_table

LETTERS_NAMED_MAX = 5
NO_ESTIMATE = "when they will be done cannot be said before some are"


def conservation_json(pairs: Sequence[Conservation]) -> Json:
    """Return the counts of each pair, and whether they add up."""
    return {
        "is_conserved": all(pair.is_conserved for pair in pairs),
        "pairs": [
            {**pair.model_dump(mode="json"), "is_conserved": pair.is_conserved} for pair in pairs
        ],
    }


def conservation_text(pairs: Sequence[Conservation]) -> str:
    """Return where every message from a shop and from Xero is, pair by pair."""
    headers = ("pair", "received", "pending", "done", "dead letters", "skipped", "conserved")
    cells = [
        (
            pair.pair,
            str(pair.received),
            str(pair.pending),
            str(pair.done),
            str(pair.dead_letter),
            str(sum(pair.skipped.values())),
            "yes" if pair.is_conserved else "NO",
        )
        for pair in pairs
    ]
    rules = Counter[str]()
    for pair in pairs:
        rules.update(pair.skipped)
    lines = [text_table(headers, cells, right=" rrrrr")]
    if rules:
        named = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items()))
        lines.append(f"skipped by rule: {named}")
    doubts = sum(pair.in_doubt for pair in pairs)
    if doubts:
        lines.append(f"in doubt, to be looked up at the target: {doubts}")
    return "\n".join(lines)


def parents_json(parents: Mapping[str, Sequence[Parent]]) -> JsonValue:
    """Return, by pair, what records wait for, how many, and the dead letters that tell of it."""
    return {
        pair: [one.model_dump(mode="json") for one in waited]
        for pair, waited in parents.items()
        if waited
    }


def parents_text(parents: Mapping[str, Sequence[Parent]]) -> str:
    """Return a line for each customer or item that something waits for."""
    lines = []
    for pair, waited in parents.items():
        for one in waited:
            letters = ", ".join(map(str, one.dead_letters[:LETTERS_NAMED_MAX]))
            more = len(one.dead_letters) - LETTERS_NAMED_MAX
            named = f"{letters}{f' and {more} more' if more > 0 else ''}"
            told = f" (dead letter {named})" if letters else ""
            lines.append(f"{pair}: {_waiting(one)} for {one.name}{told}")
    return "\n".join(lines)


def _waiting(parent: Parent) -> str:
    """Return how many wait for a parent: of a customer the orders beside the one with the letter.

    Of an item each has a letter of its own.
    """
    count = parent.documents or len(parent.dead_letters)
    return f"{count} {'waits' if count == 1 else 'wait'}"


def catch_up_text(estimates: Sequence[CatchUp]) -> str:
    """Return of each pair in which something waits how fast it is done, and until when."""
    lines = []
    for one in estimates:
        if not one.waiting:
            continue
        pace = f"{one.done} done in the last {PACE_WINDOW_S / 60:.0f} min ({one.per_minute}/min)"
        end = f"all done about {one.done_at:%Y-%m-%d %H:%M} UTC" if one.done_at else NO_ESTIMATE
        lines.append(f"{one.pair}: {one.waiting} wait, {pace}; {end}")
    return "\n".join(lines)


def is_good(proof: TieOut) -> bool:
    """Say whether nothing is unknown and no difference is an error."""
    return not tie_out_problems(proof)


def tie_out_problems(proof: TieOut) -> list[str]:
    """Return why a tie-out is not good."""
    return proof.problems


def tie_out_json(proofs: Sequence[TieOut]) -> JsonValue:
    """Return the proofs and whether all are good."""
    return {
        "is_good": all(is_good(proof) for proof in proofs),
        "pairs": [proof.model_dump(mode="json") for proof in proofs],
    }


def tie_out_text(proof: TieOut) -> str:
    """Return a proof: its light, the accounts, and the differences by class."""
    title = (
        f"{proof.pair} in {proof.currency}, as of {proof.as_of}: {proof.light}, "
        f"unknown {proof.unknown:.2f}"
    )
    accounts = [
        (one.role, f"{one.xero:.2f}", f"{one.sage100:.2f}", f"{one.difference:.2f}")
        for one in proof.accounts
    ]
    parts = [title, text_table(("account", "Xero", "Sage 100", "X - S"), accounts, right=" rrr")]
    parts += [f"NOT READ: {one.name}. {one.problem}" for one in proof.unread]
    parts += [f"not proven: {area}, as {why}" for area, why in sorted(proof.unproven.items())]
    if proof.items:
        items = [
            (
                str(item.difference_class),
                item.document,
                ", ".join(f"{role} {amount:+.2f}" for role, amount in sorted(item.amounts.items())),
            )
            for item in proof.items
        ]
        parts.append(text_table(("class", "document", "effect"), items))
    return "\n".join(parts)
