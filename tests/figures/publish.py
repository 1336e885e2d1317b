"""Publish what long runs showed: ``python -m figures.publish NAME REPORT...``.

Each report is what a run wrote to TIEOUT_REPORT. The newest line of every scenario is kept in
docs/figures, and the tables between the markers of a page are made from that file: no figure there
is written by hand, which a test makes sure of.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"crash-matrix": "exactly-once.md", "bench": "reference/performance.md"}
"""The page that is made from the figures of each name: of faults as tables, of costs as sheets."""
SHEETS = "bench"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
BOUND = 3
"""Zero faults in n independent trials bound the rate at 3/n with 95 % confidence."""
TRIALS = {
    "seeds_run": "simulated seeds",
    "acks": "acknowledgments",
    "kills": "kills",
    "pauses": "pauses",
    "sequences": "sequences",
    "histories": "histories",
    "strikes": "strikes",
}
"""What a scenario repeats, by its figure; the first one that it has is what its zeros are of."""
TENTHS_FROM = 3
"""Figures from here on are told to the tenth, smaller ones to three digits."""
FAULTS = ("lost", "doubled", "phantom")
HITS = ("kills_per_point", "faults")
"""Figures that count one by one where, or with what, a run was struck."""
IN_TABLE = {
    *TRIALS,
    *FAULTS,
    *HITS,
    "documents",
    "gaps",
    "seeds",
    "commit",
    "at",
    "scenario",
    "seconds",
}
COLUMNS = ("what", "how often", "documents", *FAULTS, "money gap", "bound", "seeds", "commit")

Figures = Mapping[str, Any]


def main(name: str, *reports: str) -> None:
    """Merge the reports into what is published, and write the page anew."""
    lines = [line for report in reports for line in Path(report).read_text("utf-8").splitlines()]
    merged = newest([*known(name), *read("\n".join(lines))])
    kept = "".join(json.dumps(one, sort_keys=True) + "\n" for one in merged)
    kept_in(name).write_text(kept, "utf-8")
    page = page_of(name)
    page.write_text(published(name, page.read_text("utf-8"), merged), "utf-8")


def page_of(name: str) -> Path:
    """Return the page that the figures are published on."""
    return DOCS / PAGES[name]


def kept_in(name: str) -> Path:
    """Return the file that the figures are kept in."""
    return DOCS / "figures" / f"{name}.jsonl"


def known(name: str) -> list[Figures]:
    """Return what is published already."""
    return read(kept_in(name).read_text("utf-8")) if kept_in(name).exists() else []


def read(text: str) -> list[Figures]:
    """Return the scenarios of a report; a number of seeds is so many runs."""
    scenarios = [json.loads(line) for line in text.splitlines() if line]
    for one in scenarios:
        if isinstance(one.get("seeds"), int):
            one["seeds_run"] = one.pop("seeds")
    return scenarios


def newest(scenarios: Iterable[Figures]) -> list[Figures]:
    """Return the last line of every scenario, in the order in which they first came."""
    return list({one["scenario"]: one for one in scenarios}.values())


def published(name: str, page: str, scenarios: Sequence[Figures]) -> str:
    """Return the page with its tables made of these scenarios.

    Raises:
        ValueError: The page has no place for them.
    """
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        message = f"the page needs the lines {BEGIN} and {END}"
        raise ValueError(message)
    made = sheets(scenarios) if name == SHEETS else tables(scenarios)
    return f"{before}{begin}\n{made}\n{end}{after}"


def sheets(scenarios: Iterable[Figures]) -> str:
    """Return a sheet for each scenario, one figure on a line."""
    return "\n\n".join(map(sheet, scenarios))


def sheet(one: Figures) -> str:
    """Return what one scenario measured, and of which commit."""
    named = {name: value for name, value in one.items() if name not in ("at", "commit", "scenario")}
    lines = [f"| {name} | {value} |" for name, value in sorted(_leaves(named))]
    title = str(one["scenario"])
    head = f"**{title[0].upper()}{title[1:]}** ({one['commit']})"
    return "\n".join([head, "", "| figure | value |", "|---|---|", *lines])


def _leaves(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        words = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{words}: ")
        else:
            yield words, _shown(value)


def tables(scenarios: Sequence[Figures]) -> str:
    """Return all tables: the faults of every scenario, what struck, and what else was counted."""
    rows = [row(one) for one in scenarios if not TRIALS.keys().isdisjoint(one)]
    parts = []
    if rows:
        parts.append("\n".join([f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}", *rows]))
    struck = [(one, name) for one in scenarios for name in HITS if name in one]
    parts += [hits(one["scenario"], one[name]) for one, name in struck]
    also = [f"| {one['scenario']} | {rest} |" for one in scenarios if (rest := remainder(one))]
    if also:
        parts.append("\n".join(["| what | also counted |", "|---|---|", *also]))
    return "\n\n".join(parts)


def row(one: Figures) -> str:
    """Return a scenario's row; a figure that it did not count stays empty."""
    cells = [
        one["scenario"],
        how_often(one),
        _number(one.get("documents")),
        _number(one.get("lost")),
        doubled(one),
        _number(one.get("phantom")),
        money(one.get("gaps")),
        bound(one),
        ", ".join(str(seed) for seed in one.get("seeds", ())),
        one.get("commit", ""),
    ]
    return f"| {' | '.join(cells)} |"


def how_often(one: Figures) -> str:
    """Return what was repeated, how many of it failed, and how long it took."""
    counted = [f"{one[name]:,} {words}" for name, words in TRIALS.items() if name in one]
    seconds = one.get("seconds")
    failed = [f"{one['failed']} failed"] if "failed" in one else []
    took = [f"{seconds:.0f} s"] if seconds is not None else []
    return ", ".join([*counted, *failed, *took])


def doubled(one: Figures) -> str:
    """Return the doubles, and apart from them those that no target refuses."""
    unrefused = one.get("doubled_unrefused", one.get("doubled_where_nothing_refuses", 0))
    if isinstance(unrefused, dict):
        unrefused = sum(unrefused.values())
    others = f"{unrefused:,} where no target refuses" if unrefused else ""
    return ", ".join(part for part in (_number(one.get("doubled")), others) if part)


def money(gaps: Mapping[str, str] | None) -> str:
    """Return the money gap of each currency."""
    return ", ".join(f"{gap} {currency}" for currency, gap in sorted((gaps or {}).items()))


def bound(one: Figures) -> str:
    """Return what the zeros of a scenario say, or nothing where there is none."""
    trials = next((name for name in TRIALS if name in one), "")
    zeros = [name for name in (*FAULTS, "failed") if one.get(name) == 0]
    if not trials or not one[trials] or not zeros:
        return ""
    share = BOUND / one[trials]
    said = f"= {100 * share:.2g} %" if share < 1 else "says nothing"
    return f"{BOUND}/{one[trials]:,} {said}"


def hits(scenario: str, counted: Mapping[str, int]) -> str:
    """Return how often a scenario was struck, by place or fault."""
    lines = [f"| {name} | {times:,} |" for name, times in sorted(counted.items())]
    return "\n".join([f"| {scenario}: struck | times |", "|---|---|", *lines])


def remainder(one: Figures) -> str:
    """Return what a scenario counted besides."""
    named = sorted((name, value) for name, value in one.items() if name not in IN_TABLE)
    return "; ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in named)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= TENTHS_FROM else f"{value:.3g}"
    return _number(value)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value or "")


if __name__ == "__main__":
    main(*sys.argv[1:])
