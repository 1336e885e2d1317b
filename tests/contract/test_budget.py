"""What every implementation of the CallBudget port keeps, the one in memory included."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

import psycopg
import pytest
from sqlalchemy import literal_column, make_url

from fakes import FakeClock
from tieout.connectors.turns import MemoryApp, MemoryCallBudget
from tieout.connectors.xero.tiers import Tier, allowed_by
from tieout.domain.admission import LIVE_DAY_SHARE
from tieout.domain.budget import Allowed, Answered, Caller, Lane, Limit, Permit, Wait
from tieout.domain.calls import CALL_MAX_S, DAY_PROBE_S
from tieout.ledger.budget import PostgresCallBudget, app_usage
from tieout.ledger.grants import Work, grants
from tieout.ledger.session import Database
from tieout.ports.budget import CallBudget

ALLOWED = allowed_by(Tier.CUSTOM)
APP = "xero app"
EVENT = Caller(flow="order_to_cash", lane=Lane.EVENT)
HISTORY = Caller(flow="order_to_cash", lane=Lane.BACKFILL)
HOUR_S = 3600.0
DAY = date(2026, 11, 29)


@dataclass
class Scene:
    """A way to open budgets, a way to let time pass for them, and the one that tests mostly use.

    Each lane has one caller, who keeps its place in the line from one question to the next.
    """

    opened: Callable[[str, Allowed], CallBudget]
    pass_s: Callable[[float], None]

    def __post_init__(self) -> None:
        self.budget = self.opened("one", ALLOWED)
        self.since: dict[Lane, datetime] = {}

    def admit(self, lane: Lane = Lane.EVENT) -> Permit:
        answer = self.budget.admit(lane, since=self.since.pop(lane, None))
        assert isinstance(answer, Permit), answer
        return answer

    def refuse(self, lane: Lane = Lane.EVENT) -> Wait:
        answer = self.budget.admit(lane, since=self.since.get(lane))
        assert isinstance(answer, Wait), answer
        self.since[lane] = answer.since
        return answer

    def call(self, answered: Answered | None = None, caller: Caller = EVENT) -> None:
        self.budget.settle(self.admit(caller.lane), caller, answered or Answered())


@pytest.fixture
def memory() -> Scene:
    clock, app = FakeClock(), MemoryApp()
    return Scene(
        lambda _name, allowed: MemoryCallBudget(allowed, clock=clock, app=app), clock.advance
    )


@pytest.fixture
def database(emptied_ledger_url: str) -> Iterator[Database]:
    database = Database(emptied_ledger_url, pool_size=8, application_name="test")
    yield database
    database.close()


@pytest.fixture
def postgres(database: Database, emptied_ledger_url: str) -> Iterator[Scene]:
    with psycopg.connect(plain(emptied_ledger_url), autocommit=True) as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS public.present (at timestamptz NOT NULL)")
        admin.execute("DELETE FROM public.present")
        admin.execute("INSERT INTO public.present VALUES (%s)", [FakeClock().now()])

        def opened(name: str, allowed: Allowed) -> CallBudget:
            return PostgresCallBudget(
                database,
                app=APP,
                organization=f"{APP} {name}",
                allowed=allowed,
                present=literal_column("(SELECT at FROM public.present)"),
            )

        yield Scene(
            opened,
            lambda seconds: void(
                admin.execute(
                    "UPDATE public.present SET at = at + %s", [timedelta(seconds=seconds)]
                )
            ),
        )


@pytest.fixture(params=["memory", "postgres"])
def scene(request: pytest.FixtureRequest) -> Scene:
    chosen: Scene = request.getfixturevalue(request.param)
    return chosen


def void(_nothing: object) -> None:
    return


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def test_five_calls_run_at_once_and_one_that_ends_makes_room(scene: Scene) -> None:
    permits = [scene.admit() for _call in range(5)]
    assert scene.refuse().limit is Limit.CONCURRENT
    scene.budget.settle(permits[2], EVENT, Answered())
    scene.admit()
    assert scene.refuse().limit is Limit.CONCURRENT


def test_of_many_that_ask_at_once_five_get_a_permit(scene: Scene) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _one: scene.budget.admit(Lane.EVENT), range(24)))
    permits = [one.number for one in answers if isinstance(one, Permit)]
    assert len(permits) == len(set(permits)) == 5


def test_the_place_of_a_worker_that_died_is_free_again(scene: Scene) -> None:
    for _call in range(5):
        scene.admit()
    scene.pass_s(CALL_MAX_S - 1)
    scene.refuse()
    scene.pass_s(1)
    scene.admit()


def test_what_is_settled_late_counts_once(scene: Scene) -> None:
    late = scene.admit()
    scene.pass_s(CALL_MAX_S + 1)
    scene.budget.settle(late, EVENT, Answered())
    assert (scene.budget.standing().running, scene.budget.standing().minute_used) == (0, 1)


def test_sixty_calls_a_minute_and_the_next_when_the_first_is_a_minute_old(scene: Scene) -> None:
    for _call in range(60):
        scene.call()
    wait = scene.refuse()
    assert wait.limit is Limit.MINUTE
    assert 59 <= wait.opens_in_s <= 61
    scene.pass_s(wait.opens_in_s)
    scene.call()


def test_a_call_counts_until_a_minute_after_its_answer(scene: Scene) -> None:
    slow = scene.admit()
    for _call in range(59):
        scene.call()
    scene.pass_s(30)
    scene.budget.settle(slow, EVENT, Answered())
    scene.pass_s(31)
    for _call in range(59):
        scene.call()
    assert scene.refuse().limit is Limit.MINUTE


def test_polls_and_backfills_leave_places_and_calls_to_events(scene: Scene) -> None:
    for _call in range(3):
        scene.pass_s(1)
        scene.admit(Lane.BACKFILL)
    scene.pass_s(1)
    assert scene.refuse(Lane.BACKFILL).limit is Limit.CONCURRENT
    scene.admit(Lane.POLL)
    assert scene.refuse(Lane.POLL).limit is Limit.CONCURRENT
    scene.admit(Lane.EVENT)


def test_a_backfill_is_spread_over_the_minute_and_an_event_is_not(scene: Scene) -> None:
    scene.call(caller=HISTORY)
    wait = scene.refuse(Lane.BACKFILL)
    assert (wait.limit, wait.opens_in_s) == (Limit.MINUTE, 1.0)
    for _call in range(10):
        scene.call()
    scene.pass_s(1)
    scene.call(caller=HISTORY)
    assert scene.refuse(Lane.BACKFILL).opens_in_s == 1.0


def test_who_waits_longest_goes_first_and_a_higher_lane_before(scene: Scene) -> None:
    running = [scene.admit() for _call in range(5)]
    first = scene.refuse(Lane.BACKFILL)
    scene.pass_s(0.1)
    urgent = scene.refuse(Lane.EVENT)
    for permit in running[:3]:
        scene.budget.settle(permit, EVENT, Answered())
    scene.pass_s(0.1)
    assert isinstance(scene.budget.admit(Lane.BACKFILL, since=first.since), Wait)
    assert isinstance(scene.budget.admit(Lane.EVENT), Wait)
    assert isinstance(scene.budget.admit(Lane.EVENT, since=urgent.since), Permit)
    assert isinstance(scene.budget.admit(Lane.EVENT), Permit)


def test_who_does_not_come_back_loses_the_place(scene: Scene) -> None:
    running = [scene.admit() for _call in range(5)]
    scene.refuse()
    scene.budget.settle(running[0], EVENT, Answered())
    assert isinstance(scene.budget.admit(Lane.POLL), Wait)
    scene.budget.settle(running[1], EVENT, Answered())
    scene.pass_s(10)
    assert isinstance(scene.budget.admit(Lane.POLL), Permit)


@pytest.mark.parametrize("limit", [Limit.MINUTE, Limit.APP_MINUTE])
def test_a_refusal_closes_the_budget_for_as_long_as_it_says(scene: Scene, limit: Limit) -> None:
    scene.call(Answered(limited_by=limit, retry_after_s=26))
    wait = scene.refuse()
    assert wait.limit is limit
    assert wait.opens_in_s == 27
    scene.pass_s(27)
    scene.call()


@pytest.mark.parametrize("limit", [Limit.CONCURRENT, Limit.MINUTE, Limit.DAY])
def test_what_one_organization_has_used_up_is_there_for_another(scene: Scene, limit: Limit) -> None:
    other = scene.opened("other", ALLOWED)
    scene.call(Answered(limited_by=limit, retry_after_s=500))
    scene.refuse()
    assert isinstance(other.admit(Lane.BACKFILL), Permit)


def test_a_refusal_for_concurrency_says_no_time_and_closes_it_for_a_moment(scene: Scene) -> None:
    scene.call(Answered(limited_by=Limit.CONCURRENT))
    assert scene.refuse().opens_in_s == 1
    scene.pass_s(1)
    scene.call()


def test_a_day_that_is_used_up_opens_when_its_refusal_says(scene: Scene) -> None:
    scene.call(Answered(limited_by=Limit.DAY, retry_after_s=66975, day_left=0))
    wait = scene.refuse()
    assert (wait.limit, wait.opens_in_s) == (Limit.DAY, 66976)
    scene.pass_s(66976)
    scene.call(Answered(day_left=4999))
    assert scene.budget.standing().per_day == 5000


def test_when_nobody_knows_when_a_day_ends_one_call_finds_out(scene: Scene) -> None:
    scene.call(Answered(day_left=1))
    scene.call(Answered(day_left=0))
    probe = scene.admit()
    wait = scene.refuse()
    assert (wait.limit, wait.opens_in_s) == (Limit.DAY, DAY_PROBE_S)
    scene.budget.settle(probe, EVENT, Answered(day_left=4999))
    scene.call()


def test_a_new_day_is_seen_and_ends_a_day_later(scene: Scene) -> None:
    scene.call(Answered(day_left=700))
    scene.call(Answered(day_left=4999))
    known = scene.budget.standing()
    assert (known.per_day, known.day_left) == (5000, 4999)
    assert known.day_ends_at == known.at + timedelta(days=1)


def test_an_answer_that_comes_late_gives_no_calls_back(scene: Scene) -> None:
    older, newer = scene.admit(), scene.admit()
    scene.budget.settle(newer, EVENT, Answered(day_left=10))
    scene.budget.settle(older, EVENT, Answered(day_left=11))
    assert scene.budget.standing().day_left == 9


def test_lower_lanes_leave_of_the_day_what_higher_ones_will_need(scene: Scene) -> None:
    scene.call(Answered(day_left=1200))
    wait = scene.refuse(Lane.BACKFILL)
    assert (wait.limit, wait.opens_in_s) == (Limit.DAY, HOUR_S)
    scene.call(Answered(day_left=200))
    assert scene.refuse(Lane.POLL).limit is Limit.DAY
    scene.call()


def test_what_is_left_to_live_flows_shrinks_with_the_day(scene: Scene) -> None:
    scene.call(Answered(day_left=700))
    scene.call(Answered(day_left=4999))
    scene.pass_s(20 * HOUR_S)
    scene.call(Answered(day_left=600))
    scene.call(caller=HISTORY)
    assert LIVE_DAY_SHARE * 5000 > 600


def test_what_live_flows_used_on_the_busiest_day_is_left_to_them(scene: Scene) -> None:
    scene.budget = scene.opened("one", ALLOWED.model_copy(update={"per_day": (100,)}))
    for left in range(99, 59, -1):
        scene.call(Answered(day_left=left))
    scene.pass_s(24 * HOUR_S)
    scene.call(Answered(day_left=39))
    assert LIVE_DAY_SHARE * 100 < 39
    assert scene.refuse(Lane.BACKFILL).limit is Limit.DAY


def test_what_others_use_of_the_minute_is_not_there_for_us(scene: Scene) -> None:
    scene.call(Answered(minute_left=4))
    for _call in range(4):
        scene.call()
    assert scene.refuse().limit is Limit.MINUTE
    scene.pass_s(61)
    scene.call()


def test_a_limit_that_is_lifted_is_learnt_and_one_that_comes_back_too(scene: Scene) -> None:
    scene.call(Answered(minute_left=5999))
    for _call in range(100):
        scene.call()
    assert scene.budget.standing().per_minute == 5999
    scene.call(Answered(minute_left=2))
    scene.call()
    scene.call()
    scene.refuse()
    scene.pass_s(61)
    scene.call(Answered(minute_left=59))
    assert scene.budget.standing().per_minute == 60


def test_the_apps_minute_is_one_for_all_organizations(scene: Scene) -> None:
    allowed = ALLOWED.model_copy(update={"app_per_minute": 6})
    one, other = scene.opened("one", allowed), scene.opened("other", allowed)
    for number, budget in zip(range(6), [one, other] * 3, strict=True):
        permit = budget.admit(Lane.EVENT)
        assert isinstance(permit, Permit), number
        budget.settle(permit, EVENT, Answered())
    for budget in (one, other):
        wait = budget.admit(Lane.EVENT)
        assert isinstance(wait, Wait)
        assert wait.limit is Limit.APP_MINUTE
    scene.pass_s(66)
    assert isinstance(other.admit(Lane.EVENT), Permit)


def test_what_others_use_of_the_apps_minute_is_not_there_for_us(scene: Scene) -> None:
    scene.call(Answered(app_minute_left=0))
    assert scene.refuse().limit is Limit.APP_MINUTE


def test_use_is_added_up_by_day_flow_and_lane(scene: Scene) -> None:
    packed = Answered(received_bytes=100, unpacked_bytes=1000)
    scene.call(packed)
    scene.call(packed)
    scene.call(Answered(limited_by=Limit.CONCURRENT))
    scene.pass_s(24 * HOUR_S)
    scene.call(packed, caller=HISTORY)
    used = [
        (
            one.day,
            one.flow,
            one.lane,
            one.calls,
            one.limited,
            one.received_bytes,
            one.unpacked_bytes,
        )
        for one in scene.budget.usage(DAY)
    ]
    assert used == [
        (DAY, "order_to_cash", "event", 3, 1, 200, 2000),
        (DAY + timedelta(days=1), "order_to_cash", "backfill", 1, 0, 100, 1000),
    ]
    assert len(scene.budget.usage(DAY + timedelta(days=1))) == 1


def test_the_use_of_an_app_is_that_of_all_its_organizations(
    postgres: Scene, database: Database
) -> None:
    for name in ("one", "other"):
        budget = postgres.opened(name, ALLOWED)
        permit = budget.admit(Lane.POLL)
        assert isinstance(permit, Permit)
        budget.settle(permit, EVENT, Answered())
    assert sum(one.calls for one in app_usage(database, APP, DAY)) == 2


def test_the_workers_role_may_do_all_of_it(postgres: Scene, emptied_ledger_url: str) -> None:
    postgres.call()
    names = count(1)
    grants(emptied_ledger_url, f"budget_{next(names)}", "secret", work=Work.WORKER)
    url = make_url(emptied_ledger_url).set(username="budget_1", password="secret")  # noqa: S106
    as_role = Database(
        url.render_as_string(hide_password=False), pool_size=1, application_name="role"
    )
    theirs = PostgresCallBudget(as_role, app=APP, organization=f"{APP} one", allowed=ALLOWED)
    permit = theirs.admit(Lane.EVENT)
    assert isinstance(permit, Permit)
    theirs.settle(permit, EVENT, Answered())
    assert theirs.usage(DAY)
    as_role.close()
