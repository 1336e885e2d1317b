"""``--seed N``: run one seed again, with its trace; known when this folder is named."""

import os

import pytest

SEED_VARIABLE = "TIEOUT_SEED"


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=None, help="simulate this one seed")


@pytest.fixture
def only_seed(request):
    """The one seed to run, by option or environment; None for all."""
    told = request.config.getoption("--seed", default=None)
    return int(os.environ[SEED_VARIABLE]) if told is None and SEED_VARIABLE in os.environ else told
