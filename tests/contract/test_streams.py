"""What every implementation of the Streams port keeps, the fake included."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import make_url

from fake_streams import FakeStreams
from fakes import FakeClock
from tieout.domain.base import System
from tieout.domain.ramps import RAMPS, STEP_S
from tieout.domain.streams import (
    BAD_IN_A_ROW_MAX,
    FAILURES_IN_A_ROW_MAX,
    JUDGED_MIN,
    PROBE_EVERY_S,
    USUAL_MIN,
    WINDOW_RECORDS_MAX,
    Stream,
    StreamCause,
    StreamState,
    read_stream,
    source_stream,
    target_stream,
)
from tieout.errors import RejectedError
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.streams import PostgresStreams
from tieout.ports.streams import Streams

PAIR = "harbor_and_pine"
ORDERS = source_stream(PAIR, "shop_order")
PAYMENTS = target_stream(PAIR, System.XERO, "payment")


@dataclass
class Scene:
    """An implementation, a way to let time pass for it, and what its audit says."""

    streams: Streams
    pass_s: Callable[[float], None]
    audited: Callable[[], list[tuple[str, str]]]


@pytest.fixture
def fake() -> Scene:
    clock = FakeClock()
    streams = FakeStreams(clock)
    return Scene(
        streams, clock.advance, lambda: [(event.actor, event.action) for event in streams.audit]
    )


@pytest.fixture
def postgres(emptied_ledger_url: str) -> Iterator[Scene]:
    ledger = PostgresLedger(emptied_ledger_url)
    url = make_url(emptied_ledger_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as admin:
        # Nobody can move the database's clock: what was is moved back instead.
        yield Scene(
            PostgresStreams(ledger.database),
            lambda seconds: moved_back(admin, seconds),
            lambda: admin.execute(
                "SELECT actor, action FROM tieout.audit ORDER BY audit_id"
            ).fetchall(),
        )
    ledger.close()


def moved_back(admin: psycopg.Connection, seconds: float) -> None:
    by = timedelta(seconds=seconds)
    admin.execute(
        "UPDATE tieout.streams SET since = since - %(by)s, probed_at = probed_at - %(by)s,"
        " told_at = told_at - %(by)s, back_at = back_at - %(by)s",
        {"by": by},
    )


@pytest.fixture(params=["fake", "postgres"])
def scene(request: pytest.FixtureRequest) -> Scene:
    chosen: Scene = request.getfixturevalue(request.param)
    return chosen


def fail(scene: Scene, times: int = FAILURES_IN_A_ROW_MAX) -> None:
    for _ in range(times):
        scene.streams.failed(PAYMENTS, reason="Xero does not answer.")


def test_a_stream_that_nothing_happened_to_is_open(scene: Scene) -> None:
    stream = scene.streams.stream(ORDERS)
    assert (stream.state, stream.pair, scene.streams.admit(ORDERS).is_admitted) == (
        StreamState.OPEN,
        PAIR,
        True,
    )
    assert scene.streams.streams() == []


def test_bad_records_in_a_row_pause_the_stream_before_the_last_is_set_aside(scene: Scene) -> None:
    allowed = [
        scene.streams.judged(ORDERS, good=0, is_bad=True) for _ in range(BAD_IN_A_ROW_MAX + 10)
    ]
    assert allowed == [True] * (BAD_IN_A_ROW_MAX - 1) + [False] * 11
    stream = scene.streams.stream(ORDERS)
    assert (stream.state, stream.cause) == (StreamState.PAUSED, StreamCause.TOO_MANY_BAD)


def test_a_good_record_breaks_the_row_of_bad_ones(scene: Scene) -> None:
    for _ in range(3):
        for _bad in range(15):
            scene.streams.judged(ORDERS, good=0, is_bad=True)
        scene.streams.judged(ORDERS, good=1, is_bad=False)
    assert scene.streams.stream(ORDERS).state is StreamState.OPEN


def test_a_fifth_of_bad_records_is_borne_and_one_more_is_not(scene: Scene) -> None:
    scene.streams.judged(ORDERS, good=JUDGED_MIN * 4 // 5, is_bad=False)
    fifth = [scene.streams.judged(ORDERS, good=0, is_bad=True) for _ in range(JUDGED_MIN // 5)]
    assert all(fifth)
    assert not scene.streams.judged(ORDERS, good=0, is_bad=True)


def test_few_records_say_nothing_of_the_share(scene: Scene) -> None:
    for _ in range(JUDGED_MIN // 4):
        assert scene.streams.judged(ORDERS, good=1, is_bad=True)


def usually(scene: Scene, bad: int) -> None:
    """Let the stream judge twice as many records as make a share usual, ``bad`` of them bad."""
    for _ in range(bad):
        scene.streams.judged(ORDERS, good=2 * USUAL_MIN // bad - 1, is_bad=True)
    scene.streams.judged(ORDERS, good=WINDOW_RECORDS_MAX, is_bad=False)


def bad_until_it_pauses(scene: Scene) -> Stream:
    """Let every sixth record be bad: that is less than a fifth."""
    for _ in range(JUDGED_MIN):
        if not scene.streams.judged(ORDERS, good=5, is_bad=True):
            break
    return scene.streams.stream(ORDERS)


def test_a_share_that_jumps_pauses_the_stream_though_it_is_less_than_a_fifth(scene: Scene) -> None:
    usually(scene, bad=20)
    stream = bad_until_it_pauses(scene)
    assert (stream.state, stream.cause) == (StreamState.PAUSED, StreamCause.TOO_MANY_BAD)
    assert "That is a jump:" in stream.reason


def test_the_same_share_is_no_jump_where_nothing_or_much_is_usual(scene: Scene) -> None:
    assert bad_until_it_pauses(scene).state is StreamState.OPEN
    usually(scene, bad=100)
    assert bad_until_it_pauses(scene).state is StreamState.OPEN


def test_who_resumes_a_stream_vouches_for_its_share(scene: Scene) -> None:
    usually(scene, bad=20)
    bad_until_it_pauses(scene)
    scene.streams.resume(ORDERS, by="wanda", reason="They are bad indeed.")
    assert bad_until_it_pauses(scene).state is StreamState.OPEN


def test_a_stream_that_goes_on_by_itself_knows_what_is_usual(scene: Scene) -> None:
    usually(scene, bad=20)
    bad_until_it_pauses(scene)
    scene.streams.succeeded(ORDERS)
    assert bad_until_it_pauses(scene).state is StreamState.PAUSED


def test_failures_in_a_row_pause_the_stream_and_say_why(scene: Scene) -> None:
    fail(scene, FAILURES_IN_A_ROW_MAX - 1)
    assert scene.streams.stream(PAYMENTS).state is StreamState.OPEN
    stream = scene.streams.failed(PAYMENTS, reason="Xero does not answer.")
    assert (stream.state, stream.cause) == (StreamState.PAUSED, StreamCause.UNAVAILABLE)
    assert stream.reason == "Xero does not answer."
    assert stream == scene.streams.stream(PAYMENTS)


def test_a_success_in_between_starts_the_count_anew(scene: Scene) -> None:
    fail(scene, FAILURES_IN_A_ROW_MAX - 1)
    scene.streams.succeeded(PAYMENTS)
    fail(scene, FAILURES_IN_A_ROW_MAX - 1)
    assert scene.streams.stream(PAYMENTS).state is StreamState.OPEN


def test_a_paused_stream_admits_one_probe_a_minute(scene: Scene) -> None:
    fail(scene)
    refused = scene.streams.admit(PAYMENTS)
    assert not refused.is_admitted
    assert 0 < refused.wait_s <= PROBE_EVERY_S
    scene.pass_s(PROBE_EVERY_S)
    probe, second = scene.streams.admit(PAYMENTS), scene.streams.admit(PAYMENTS)
    assert (probe.is_admitted, probe.is_probe) == (True, True)
    assert not second.is_admitted
    fail(scene, 1)
    scene.pass_s(PROBE_EVERY_S)
    assert scene.streams.admit(PAYMENTS).is_probe


def test_a_peek_says_what_an_admission_would_and_takes_no_probe(scene: Scene) -> None:
    assert scene.streams.peek(PAYMENTS).is_admitted
    fail(scene)
    refused = scene.streams.peek(PAYMENTS)
    assert (refused.is_admitted, refused.is_probe) == (False, False)
    assert 0 < refused.wait_s <= PROBE_EVERY_S
    scene.pass_s(PROBE_EVERY_S)
    for _ in range(2):
        due = scene.streams.peek(PAYMENTS)
        assert (due.is_admitted, due.is_probe, due.wait_s) == (True, True, 0)
    assert scene.streams.admit(PAYMENTS).is_probe
    assert not scene.streams.peek(PAYMENTS).is_admitted
    scene.streams.hold(PAYMENTS, reason="Xero holds HP-1042 twice.")
    assert not scene.streams.peek(PAYMENTS).is_admitted


def test_the_first_success_resumes_and_forgets(scene: Scene) -> None:
    fail(scene)
    scene.streams.succeeded(PAYMENTS)
    stream = scene.streams.stream(PAYMENTS)
    assert (stream.state, stream.cause, stream.failures) == (StreamState.OPEN, StreamCause.NONE, 0)
    assert not scene.streams.admit(PAYMENTS).is_probe


def test_a_system_that_lets_us_in_no_more_pauses_at_once_and_a_success_resumes(
    scene: Scene,
) -> None:
    stopped = scene.streams.access_refused(PAYMENTS, reason="Xero needs consent again.")
    assert (stopped.state, stopped.cause) == (StreamState.PAUSED, StreamCause.ACCESS_REFUSED)
    assert not scene.streams.admit(PAYMENTS).is_admitted
    scene.pass_s(PROBE_EVERY_S)
    probe = scene.streams.admit(PAYMENTS)
    again = scene.streams.access_refused(PAYMENTS, reason="Still.")
    assert (probe.is_probe, again.reason, again.since) == (True, "Still.", probe.stream.since)
    assert not scene.streams.admit(PAYMENTS).is_admitted
    scene.streams.succeeded(PAYMENTS)
    assert scene.streams.stream(PAYMENTS).state is StreamState.OPEN


def test_a_held_stream_stays_held_when_the_system_lets_us_in_no_more(scene: Scene) -> None:
    scene.streams.hold(PAYMENTS, reason="Two payments.")
    assert scene.streams.access_refused(PAYMENTS, reason="No.").reason == "Two payments."


def test_a_held_stream_admits_nothing_and_no_success_opens_it(scene: Scene) -> None:
    scene.streams.hold(PAYMENTS, reason="Xero holds HP-1042 twice.")
    scene.streams.succeeded(PAYMENTS)
    scene.pass_s(PROBE_EVERY_S * 100)
    assert not scene.streams.admit(PAYMENTS).is_admitted
    stream = scene.streams.stream(PAYMENTS)
    assert (stream.state, stream.cause) == (StreamState.HELD, StreamCause.DOUBLE)


def test_a_stream_that_is_held_again_says_the_newest_reason(scene: Scene) -> None:
    scene.streams.hold(PAYMENTS, reason="one")
    since = scene.streams.stream(PAYMENTS).since
    scene.streams.hold(PAYMENTS, reason="two")
    stream = scene.streams.stream(PAYMENTS)
    assert (stream.reason, stream.since) == ("two", since)


def test_a_person_resumes_what_is_held_or_paused(scene: Scene) -> None:
    scene.streams.hold(PAYMENTS, reason="a double")
    scene.streams.resume(PAYMENTS, by="wanda", reason="The second copy is void.")
    assert scene.streams.admit(PAYMENTS).is_admitted
    fail(scene)
    scene.streams.resume(PAYMENTS, by="wanda", reason="Xero is back.")
    assert scene.streams.admit(PAYMENTS).is_admitted


@pytest.mark.parametrize("name", [PAYMENTS, "no such stream"])
def test_an_open_stream_cannot_be_resumed(scene: Scene, name: str) -> None:
    with pytest.raises(RejectedError) as rejected:
        scene.streams.resume(name, by="wanda", reason="why not")
    assert rejected.value.cause == "stream_open"
    assert scene.streams.streams() == []


def test_streams_are_listed_by_pair(scene: Scene) -> None:
    scene.streams.hold(PAYMENTS, reason="a double")
    scene.streams.hold(target_stream("lotus_lane", System.XERO, "payment"), reason="a double")
    assert [one.name for one in scene.streams.streams(PAIR)] == [PAYMENTS]
    assert len(scene.streams.streams()) == 2


def test_every_change_of_state_is_audited_and_a_persons_by_name(scene: Scene) -> None:
    fail(scene)
    scene.streams.succeeded(PAYMENTS)
    scene.streams.hold(PAYMENTS, reason="a double")
    scene.streams.hold(PAYMENTS, reason="the same double")
    scene.streams.resume(PAYMENTS, by="wanda", reason="void")
    said = scene.audited()
    assert [action for _actor, action in said] == [
        "stream.paused",
        "stream.open",
        "stream.held",
        "stream.open",
    ]
    assert said[-1][0] == "wanda"
    assert said[0][0] != "wanda"


def test_streams_pause_by_themselves(scene: Scene) -> None:
    fail(scene)
    assert scene.streams.admit(ORDERS).is_admitted


ORDERS_OUT = target_stream(PAIR, System.SAGE100, "sales_order")
RECEIPTS_OUT = target_stream(PAIR, System.SAGE100, "cash_receipt")
SAGE = read_stream(PAIR, System.SAGE100)
RAMP = RAMPS[System.SAGE100]


def away_and_back(scene: Scene, *names: str) -> None:
    """Let a system be away for a while, as some streams of it notice."""
    for name in names:
        for _ in range(FAILURES_IN_A_ROW_MAX):
            scene.streams.failed(name, reason="Sage 100 does not answer.")
    scene.pass_s(3600)
    for name in names:
        scene.streams.succeeded(name)


def granted(scene: Scene, name: str = ORDERS_OUT) -> int:
    """Send one by one until the minute is full; return how many that were."""
    count = 0
    while scene.streams.turn(name, 1) == 0.0:
        count += 1
        assert count <= RAMP.limit_per_minute, "no ramp"
    return count


def test_a_system_that_was_never_away_has_no_ramp(scene: Scene) -> None:
    assert not scene.streams.admit(ORDERS_OUT).is_ramping
    assert scene.streams.turn(ORDERS_OUT, 1000) == 0.0
    assert scene.streams.turn(ORDERS, 1000) == 0.0


def test_a_system_that_was_away_is_given_more_from_minute_to_minute(scene: Scene) -> None:
    away_and_back(scene, SAGE)
    rates = []
    while scene.streams.admit(ORDERS_OUT).is_ramping:
        rates.append(granted(scene))
        assert 0 < scene.streams.turn(ORDERS_OUT, 1) <= STEP_S
        scene.pass_s(STEP_S)
    wanted = [RAMP.start_per_minute]
    while wanted[-1] * RAMP.factor < RAMP.limit_per_minute:
        wanted.append(wanted[-1] * RAMP.factor)
    assert rates == wanted
    assert scene.streams.turn(ORDERS_OUT, 1000) == 0.0


def test_all_streams_of_a_system_share_its_ramp_whichever_notices_first(scene: Scene) -> None:
    away_and_back(scene, ORDERS_OUT, SAGE, RECEIPTS_OUT)
    assert granted(scene) == RAMP.start_per_minute
    assert scene.streams.turn(RECEIPTS_OUT, 1) > 0


def test_a_stream_that_goes_on_later_joins_the_ramp_and_another_absence_begins_anew(
    scene: Scene,
) -> None:
    for _ in range(FAILURES_IN_A_ROW_MAX):
        scene.streams.failed(RECEIPTS_OUT, reason="Sage 100 does not answer.")
    away_and_back(scene, SAGE)
    scene.pass_s(STEP_S)
    scene.streams.succeeded(RECEIPTS_OUT)
    assert granted(scene) == RAMP.start_per_minute * RAMP.factor
    away_and_back(scene, SAGE)
    assert granted(scene) == RAMP.start_per_minute


def test_a_system_that_lets_us_wait_otherwise_has_no_ramp(scene: Scene) -> None:
    away_and_back(scene, PAYMENTS)
    assert scene.streams.turn(PAYMENTS, 1000) == 0.0
    scene.streams.hold(ORDERS_OUT, reason="Twice.")
    scene.streams.resume(ORDERS_OUT, by="ana", reason="Voided.")
    assert not scene.streams.admit(ORDERS_OUT).is_ramping


def test_a_batch_larger_than_the_minute_goes_alone(scene: Scene) -> None:
    away_and_back(scene, SAGE)
    assert scene.streams.turn(ORDERS_OUT, 1000) == 0.0
    assert scene.streams.turn(ORDERS_OUT, 1) > 0


def test_of_a_system_that_is_away_people_are_told_once(scene: Scene) -> None:
    assert not scene.streams.tell(SAGE)
    for name in (SAGE, ORDERS_OUT):
        for _ in range(FAILURES_IN_A_ROW_MAX):
            scene.streams.failed(name, reason="Sage 100 does not answer.")
        scene.pass_s(60)
    assert [scene.streams.tell(name) for name in (ORDERS_OUT, SAGE, ORDERS_OUT)] == [
        True,
        False,
        False,
    ]
    scene.pass_s(3600)
    scene.streams.succeeded(SAGE)
    assert not scene.streams.tell(ORDERS_OUT)
    scene.pass_s(1)
    scene.streams.succeeded(ORDERS_OUT)
    scene.pass_s(1)
    for _ in range(FAILURES_IN_A_ROW_MAX):
        scene.streams.failed(RECEIPTS_OUT, reason="Away again.")
    assert [scene.streams.tell(RECEIPTS_OUT) for _ in range(2)] == [True, False]


def test_of_any_other_pause_people_are_told_once_for_each_stream(scene: Scene) -> None:
    for name in (PAYMENTS, ORDERS_OUT):
        scene.streams.access_refused(name, reason="No consent.")
    assert [scene.streams.tell(name) for name in (PAYMENTS, ORDERS_OUT, PAYMENTS)] == [
        True,
        True,
        False,
    ]
