"""Many seeds: run them, add up what was injected, and say what was never injected."""

import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from simulation.installation import SOUND, Parts
from simulation.seeds import DIRECTED, ODDS, Outcome, run_seed

HITS_MIN = 3
POINTS_MIN = 40
"""At how many distinct points of the code a worker must have had the chance to die."""


@dataclass
class Sum:
    """What many seeds came to."""

    seeds: int = 0
    documents: int = 0
    excused: int = 0
    drained_max_s: float = 0.0
    hits: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add one seed."""
        self.seeds += 1
        self.documents += outcome.documents
        self.excused += outcome.excused
        self.drained_max_s = max(self.drained_max_s, outcome.drained_s)
        self.hits += outcome.hits
        self.points += outcome.points
        if outcome.wrongs:
            self.failed.append(outcome)

    @property
    def not_injected(self) -> list[str]:
        """Return the faults that hardly struck, and whether workers passed by enough points."""
        missing = [name for name in (*ODDS, *DIRECTED) if self.hits[name] < HITS_MIN]
        return missing + (["points"] if len(self.points) < POINTS_MIN else [])

    def figures(self) -> dict[str, object]:
        """Return what is published."""
        return {
            "seeds": self.seeds,
            "documents": self.documents,
            "kills": self.hits["killed"],
            "pauses": self.hits["paused"] + self.hits["paused before the socket"],
            "points": len(self.points),
            "faults": dict(sorted(self.hits.items())),
            "failed": len(self.failed),
            "doubled_where_nothing_refuses": self.excused,
            "drained_max_s": round(self.drained_max_s),
        }

    def text(self) -> str:
        """Return the first failures in full, and all their seeds."""
        shown = "\n\n".join(outcome.text() for outcome in self.failed[:2])
        return f"failed: {[outcome.seed for outcome in self.failed]}\n{shown}"


def run_seeds(seeds: Iterable[int], parts: Parts = SOUND) -> Sum:
    """Run seeds one after the other."""
    total = Sum()
    for seed in seeds:
        total.add(run_seed(seed, parts))
    return total


def run_seeds_at_once(seeds: range, processes: int) -> Sum:
    """Run seeds in several processes."""
    total = Sum()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for outcome in pool.map(partial(run_seed), seeds, chunksize=20):
            total.add(outcome)
    return total


PROCESSES = min(2, os.cpu_count() or 1)
