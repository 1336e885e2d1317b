"""Whatever people do, and however runs die: both ledgers agree in the end, or it is known why."""

import os
import sys
import time

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from figures.report import record
from stateful.in_step_histories import Event, check, events

HISTORIES = 12
SOAK_VARIABLE = "TIEOUT_SOAK_MINUTES"
SOAK_MINUTES = 10
HISTORIES_AT_A_TIME = 100
LONGEST = 60


@settings(max_examples=HISTORIES, derandomize=True, deadline=None)
@given(st.lists(events, min_size=8, max_size=20))
def test_in_the_end_they_agree_or_it_is_known(happened: list[Event]) -> None:
    check(happened)


@pytest.mark.soak
def test_in_the_end_they_agree_or_it_is_known_for_long(capsys: pytest.CaptureFixture[str]) -> None:
    until_s = time.monotonic() + 60 * float(os.environ.get(SOAK_VARIABLE, SOAK_MINUTES))
    began_s = time.monotonic()
    first, told = time.time_ns(), [0, 0]

    def one(happened: list[Event]) -> None:
        check(happened)
        told[0] += 1
        told[1] += len(happened)

    part = 0
    while time.monotonic() < until_s:
        part += 1
        some = given(st.lists(events, min_size=5, max_size=LONGEST))(one)
        checked = settings(
            max_examples=HISTORIES_AT_A_TIME,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(some)
        seed(first + part)(checked)()
        with capsys.disabled():
            minutes = (time.monotonic() - began_s) / 60
            print(f"{minutes:.1f} min: {told[0]:,} histories, none failed", file=sys.stderr)  # noqa: T201
    record(
        "histories of two ledgers kept in step",
        histories=told[0],
        events=told[1],
        failed=0,
        seconds=time.monotonic() - began_s,
    )
