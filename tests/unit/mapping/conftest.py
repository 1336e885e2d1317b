"""The mapper of the first pair, and ``--golden-update``, which rewrites tests/golden.

The option is known when this folder is named: ``pytest tests/unit/mapping --golden-update``.
"""

from pathlib import Path

import pytest

from tieout.mapping.mapper import YamlMapper
from tieout.settings import load_pairs

ROOT = Path(__file__).parents[3]


def pytest_addoption(parser):
    parser.addoption(
        "--golden-update", action="store_true", help="rewrite the expected files in tests/golden"
    )


@pytest.fixture
def is_golden_update(request):
    return request.config.getoption("--golden-update", default=False)


@pytest.fixture(scope="session")
def pairs():
    return load_pairs(ROOT / "include")


@pytest.fixture(scope="session")
def mapper(pairs):
    return YamlMapper(ROOT / "include", pairs["harbor_and_pine"])
