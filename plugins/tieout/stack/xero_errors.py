"""Every error of Xero and what Tieout does with it, as the tables in docs/reference/xero-errors.md.

``python -m tieout.stack.xero_errors`` prints them; a test compares. They say what the connector
acts by, and decide only the words.
"""

import sys
from collections.abc import Sequence

from tieout.connectors.http import error_of
from tieout.connectors.xero.refusals import (
    DIFFERS,
    MISUSES,
    OTHER,
    STATUSES,
    TAKEN,
    TEXTS,
    UNFIT,
    WARNED,
    ErrorRow,
    Then,
)

ANSWERS = {
    302: "a redirect: the connection's address is wrong",
    401: "the token is not valid (any more)",
    403: "the organization is disconnected, the tenant is another, or a scope is missing",
    429: "a limit, named by X-Rate-Limit-Problem: `minute`, `day`, `concurrent` or the app's",
    500: "Xero is unwell, or its store of idempotency keys is",
    501: "Xero does not do that",
    502: "something between us is unwell",
    503: "maintenance, or the organization is offline; often a page in HTML",
    504: "something between us gave up; the write may still land",
}
"""What any system may answer, and what Xero means by it (domain/xero README, 2.5)."""


def answers_table() -> str:
    """Return the answers that say nothing of a record, with the error that each becomes."""
    header = ("answer", "what Xero means", "of a read", "of a write")
    answers = [
        (f"HTTP {status}", means, _error(status, is_write=False), _error(status, is_write=True))
        for status, means in ANSWERS.items()
    ]
    return _markdown([header, *answers])


def refusals_table() -> str:
    """Return the refusals of a write, in the order in which they count."""
    statuses = [
        _row(f"HTTP {status}, {MISUSES.get(status, 'without words')}: {row.says}", row)
        for status, row in STATUSES.items()
    ]
    return _markdown(
        [
            ("Xero says", "then", "cause of the dead letter", "what to do"),
            *(_row(f'"{row.says}"', row) for row in TEXTS),
            *statuses,
            _row("any other no", OTHER),
            _row(WARNED.says, WARNED),
            _row(f"nothing, though {TAKEN.says} (bills, purchase orders, files)", TAKEN),
            _row(f"nothing, though the record {DIFFERS.says} (a change)", DIFFERS),
            _row("nothing: its model, or a rule of ours, refuses it before it is sent", UNFIT),
        ]
    )


def legend() -> str:
    """Return what the second column of the refusals means."""
    return "\n".join(f"- **{_name(then)}**: {then.value}" for then in Then)


def _error(status: int, *, is_write: bool) -> str:
    error = error_of(status, is_write=is_write)
    return f"`{error.__name__}`" if error else "a refusal"


def _row(said: str, row: ErrorRow) -> tuple[str, ...]:
    return said, _name(row.then), f"`{row.cause}`" if row.cause else "", row.remedy


def _name(then: Then) -> str:
    return then.name.lower().replace("_", " ")


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    header, *rest = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rest))


if __name__ == "__main__":
    sys.stdout.write(f"{answers_table()}\n\n{legend()}\n\n{refusals_table()}\n")
