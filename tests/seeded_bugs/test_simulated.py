"""Each simulated bug is caught by the very seeds that the sound parts pass."""

import pytest

from figures.report import record
from seeded_bugs.bugs import BUGS, SIMULATED, Bug
from seeded_bugs.variants import VARIANTS
from simulation.seeds import run_seed
from simulation.test_seeds import SEEDS

SIMULATED_BUGS = [bug for bug in BUGS if bug.caught_in == SIMULATED]


@pytest.mark.parametrize("bug", SIMULATED_BUGS, ids=lambda bug: bug.name)
def test_a_seeded_bug_is_caught_within_the_seeds_of_every_run(bug: Bug) -> None:
    for seed in SEEDS:
        outcome = run_seed(seed, VARIANTS[bug.name])
        signs = [wrong.strip() for wrong in outcome.wrongs if bug.sign in wrong]
        if signs:
            faults = sorted(name for name, hits in outcome.hits.items() if hits)
            record(f"seeded bug: {bug.name}", seed=seed, said=signs[0], faults=faults)
            return
    pytest.fail(f"{bug.name}: {len(SEEDS)} seeds went by and nothing was found")
