"""One behavior of every target at Xero: a real client on the simulator, a fake, a Demo Company."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import records
from deliveries import delivered
from fakes import FakeClock
from live_xero import NotADemoCompanyError, demo_company, opened
from tieout.connectors.xero.targets.table import TARGETS
from tieout.domain.base import Json, System
from tieout.domain.ledger import DeliveryState, Landed, NewDelivery, Refused
from tieout.domain.streams import StreamState, target_stream
from tieout.errors import OutcomeUnknownError
from tieout.usecases.catalog import OnChange, kind_of
from tieout.usecases.delivery import Writer
from tieout.usecases.doubles import sweep_doubles
from unit.usecases.test_steps import PAIR, make_flow, worked
from xero_places import (
    CASES,
    Case,
    FakePlace,
    FaultyPlace,
    Place,
    SimulatedPlace,
    contact,
    item,
    later,
    twin,
)
from xero_simulator import XeroSimulator, xero_simulator

MANY = [case for case in CASES if TARGETS[case.entity].batch_max > 1]
UNGUARDED = [case for case in CASES if TARGETS[case.entity].looks_up_first]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    with xero_simulator(tmp_path_factory.mktemp("xero")) as running:
        yield running


@pytest.fixture(scope="module")
def simulated(simulator: XeroSimulator) -> SimulatedPlace:
    return SimulatedPlace(simulator, run="S")


@pytest.fixture(params=["simulator", "fake", pytest.param("live", marks=pytest.mark.live)])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "live":
        return demo_company()
    return _place(request)


@pytest.fixture(params=["simulator", "fake"])
def faulty(request: pytest.FixtureRequest) -> FaultyPlace:
    return _place(request)


def _place(request: pytest.FixtureRequest) -> FaultyPlace:
    if request.param == "fake":
        return FakePlace()
    found: SimulatedPlace = request.getfixturevalue("simulated")
    return found


def every(cases: list[Case] | tuple[Case, ...] = CASES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.entity)


def test_every_target_has_a_case() -> None:
    assert [case.entity for case in CASES] == list(TARGETS)


@every()
def test_a_record_lands_once_and_is_found_by_its_key(place: Place, case: Case) -> None:
    delivery = case.good(place)
    target = place.target(case.entity)
    assert target.find([delivery]) == {}
    landed = place.landed(delivery)
    found = target.find([delivery])[delivery.delivery_id]
    assert found.external_id == landed.external_id
    assert {name: landed.figures.get(name) for name in delivery.expected} == delivery.expected
    assert len(target.copies_held([delivery])[delivery.delivery_id]) == 1
    assert target.present([delivery])[delivery.delivery_id].external_id == landed.external_id


@every()
def test_the_same_request_again_has_the_effect_of_one(place: Place, case: Case) -> None:
    delivery = case.good(place)
    first, second = place.landed(delivery), place.landed(delivery)
    assert first.external_id == second.external_id
    assert len(place.target(case.entity).copies_held([delivery])[delivery.delivery_id]) == 1


@every([case for case in CASES if case not in UNGUARDED])
def test_what_xero_guards_is_the_same_record_under_any_key(place: Place, case: Case) -> None:
    delivery = case.good(place)
    first, second = place.landed(delivery), place.landed(twin(delivery))
    assert first.external_id == second.external_id
    assert len(place.target(case.entity).copies_held([delivery])[delivery.delivery_id]) == 1


@every(UNGUARDED)
def test_a_second_copy_of_what_nothing_guards_is_seen(place: Place, case: Case) -> None:
    delivery, other = case.good(place), case.good(place)
    place.landed(delivery)
    place.landed(other)
    place.double(delivery)
    copies = place.target(case.entity).copies_held([delivery, other])
    assert len(set(copies[delivery.delivery_id])) == 2
    assert len(copies[other.delivery_id]) == 1


@every()
def test_a_refused_element_does_not_stop_its_neighbors(place: Place, case: Case) -> None:
    good, bad, also = case.good(place), case.bad(place), case.good(place)
    place.refuse(bad)
    target = place.target(case.entity)
    batch = [good, bad, also]
    outcomes = (
        dict(target.send(batch))
        if target.batch_max > 1
        else {one.delivery_id: place.send(one) for one in batch}
    )
    refused = outcomes[bad.delivery_id]
    assert isinstance(refused, Refused)
    assert refused.cause
    assert refused.remedy
    assert all(isinstance(outcomes[one.delivery_id], Landed) for one in (good, also))
    assert bad.delivery_id not in target.find([good, also])
    assert target.find([good, also]).keys() == {good.delivery_id, also.delivery_id}


@every(MANY)
def test_a_batch_is_the_same_in_any_order(place: Place, case: Case) -> None:
    batch = [case.good(place) for _ in range(3)]
    target = place.target(case.entity)
    first, second = target.send(batch), target.send(batch[::-1])
    for delivery in batch:
        one, again = first[delivery.delivery_id], second[delivery.delivery_id]
        assert isinstance(one, Landed)
        assert isinstance(again, Landed)
        assert one.external_id == again.external_id
        assert len(target.copies_held([delivery])[delivery.delivery_id]) == 1


@every()
def test_a_record_whose_answer_was_lost_is_found_and_adopted(
    faulty: FaultyPlace, case: Case
) -> None:
    delivery = case.good(faulty)
    faulty.lose_answer(case.entity)
    with pytest.raises(OutcomeUnknownError):
        faulty.send(delivery)
    target = faulty.target(case.entity)
    found = target.find([delivery])[delivery.delivery_id]
    assert {name: found.figures.get(name) for name in delivery.expected} == delivery.expected
    assert len(target.copies_held([delivery])[delivery.delivery_id]) == 1


@every()
def test_a_page_that_says_503_leaves_a_write_in_doubt(faulty: FaultyPlace, case: Case) -> None:
    delivery = case.good(faulty)
    faulty.be_unwell(case.entity)
    with pytest.raises(OutcomeUnknownError):
        faulty.send(delivery)
    assert faulty.target(case.entity).find([delivery]) == {}
    faulty.landed(delivery)


@every()
def test_what_lands_late_makes_no_second_copy_or_is_waited_for(
    faulty: FaultyPlace, case: Case
) -> None:
    delivery = case.good(faulty)
    target = faulty.target(case.entity)
    assert target.find([delivery]) == {}, "the first call takes longest: a token, a connection"
    land = faulty.send_late(delivery)
    assert target.find([delivery]) == {}
    if target.guard:
        faulty.landed(twin(delivery))
    else:
        assert target.settle_s > 0
        assert target.batch_max == 1 or target.key_window_s == 0
    land()
    assert delivery.delivery_id in target.find([delivery])
    assert len(target.copies_held([delivery])[delivery.delivery_id]) == 1


@pytest.mark.parametrize(
    ("good", "change", "shown"),
    [
        (contact, {"Name": "Dana Okafor-Lind"}, {"name": "Dana Okafor-Lind"}),
        (item, {"Name": "Desk lamp"}, {"name": "Desk lamp"}),
    ],
)
def test_master_data_is_updated_by_its_key(
    place: Place, good: object, change: Json, shown: dict[str, str]
) -> None:
    delivery = good(place)  # type: ignore[operator]  # a maker of deliveries
    change = {name: f"{value} {delivery.document_key}" for name, value in change.items()}
    shown = {name: f"{value} {delivery.document_key}" for name, value in shown.items()}
    created, updated = place.landed(delivery), place.landed(later(delivery, change, shown))
    assert updated.external_id == created.external_id
    assert {name: updated.figures[name] for name in shown} == shown


def intended(case: Case, place: Place) -> NewDelivery:
    made = case.good(place)
    fields = made.model_dump(include=set(NewDelivery.model_fields))
    return NewDelivery.model_validate({**fields, "pair": PAIR.pair})


@every(UNGUARDED)
def test_the_sweep_holds_what_was_sent_twice_and_is_there_twice(
    faulty: FaultyPlace, case: Case
) -> None:
    flow = replace(make_flow(worked()), xero=faulty.xero)
    wanted = intended(case, faulty)
    target = faulty.target(case.entity)
    writer = Writer(
        ledger=flow.ledger,
        target=target,
        fence=records.fence(flow.ledger),
        lease_s=900,
        binding_of=lambda _delivery, _landed: None,
    )
    faulty.be_unwell(case.entity)
    with pytest.raises(OutcomeUnknownError):
        delivered(writer, [wanted])
    assert isinstance(flow.clock, FakeClock)
    flow.clock.advance(target.settle_s + 1)
    (landed,) = delivered(writer, [wanted]).values()
    assert landed.delivery.state is DeliveryState.ENTERED
    assert sweep_doubles(flow).doubles == ()
    faulty.double(landed.delivery)
    (double,) = sweep_doubles(flow).doubles
    assert (double.entity, len(double.external_ids)) == (case.entity, 2)
    stream = target_stream(PAIR.pair, target.system, case.entity)
    assert flow.streams.stream(stream).state is StreamState.HELD
    assert kind_of(System.XERO, case.entity).on_change is not OnChange.SEND


def test_the_live_tests_write_to_nothing_but_a_demo_company(
    tmp_path: Path,
) -> None:
    with xero_simulator(tmp_path) as simulator:
        config = simulator.config()
        environ = {
            "TIEOUT_LIVE_XERO_CLIENT_ID": config.client_id,
            "TIEOUT_LIVE_XERO_CLIENT_SECRET": config.client_secret.get_secret_value(),
            "TIEOUT_LIVE_XERO_TENANT_ID": config.tenant_id,
            "TIEOUT_LIVE_XERO_URL": simulator.url,
        }
        with pytest.raises(NotADemoCompanyError):
            opened(environ)
        assert simulator.writes() == {}
        simulator.put("Organisations", IsDemoCompany=True)
        place = opened(environ)
        for case in CASES:
            place.landed(case.good(place))
