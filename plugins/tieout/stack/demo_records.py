"""The demo's customers, items and vendors: what its people do to them, and what comes of it.

The pair goes live as docs/howto/go-live.md says: what both ledgers have already is matched and
accepted, and what had been set aside until then is put back. People create and change records in
either ledger; what both then show is asked of them by witness.py. The sweep that brings it over is
started by hand, as nobody likes to wait for the next quarter of an hour.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Literal

import requests

from tieout.domain.base import Frozen
from tieout.domain.in_step.merge import in_words
from tieout.domain.in_step.records import KeptConflict
from tieout.domain.pair import FlowName
from tieout.errors import UnavailableError
from tieout.simulators.company import COMPANIES
from tieout.stack import environment, witness
from tieout.stack.configuration import StackConfiguration
from tieout.stack.secrets import load_or_create
from tieout.stack.tables import text_table
from tieout.usecases.first_match import Decision
from tieout.wiring.connections import connections_in
from tieout.wiring.first_match import open_first_match
from tieout.wiring.installation import Tieout

PAIR, COMPANY = "lotus_lane", "LLT"
TENANT = str(COMPANIES[COMPANY].xero_tenant_id)
KEPT = (FlowName.CUSTOMER_SYNC, FlowName.ITEM_SYNC, FlowName.VENDOR_SYNC)
MATCHED = ("customer", "item")
"""What both ledgers begin with; vendors are in Sage 100 alone."""
BOOKKEEPER = "the demo's bookkeeper"
WAITED_FOR = "possible_duplicate"
"""Why the first sweep sets aside what the other ledger has too, before anybody matched the two."""
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
ARRIVED_WITHIN_S = 240.0
LOOK_S = 5.0
"""A look takes calls of Xero's 60 a minute, which what is waited for needs as well."""
CALL_TIMEOUT_S = 60.0
DIVISION = "00"
Say = Callable[[str], None]


class Act(Frozen):
    """A record that a person creates or changes in one ledger: both are to say this of it."""

    kind: str
    made_in: Literal["Xero", "Sage 100"]
    says: witness.Record


ACTS = (
    Act(
        kind="customer",
        made_in="Xero",
        says=witness.Record(
            name="Celadon Studio", email="orders@celadonstudio.example", phone="852 5550 1301"
        ),
    ),
    Act(
        kind="customer",
        made_in="Sage 100",
        says=witness.Record(
            name="Aberdeen Chandlery", email="stores@chandlery.example", phone="852 5550 1402"
        ),
    ),
    Act(
        kind="item",
        made_in="Xero",
        says=witness.Record(code="LL-TIN-01", name="Osmanthus cake tin", price="128.00"),
    ),
    Act(
        kind="item",
        made_in="Sage 100",
        says=witness.Record(code="LL-HOLD-01", name="Rosewood incense holder", price="56.50"),
    ),
    Act(
        kind="vendor",
        made_in="Sage 100",
        says=witness.Record(name="Tai Ping Kiln", email="sales@taipingkiln.example"),
    ),
)
VENDOR_CHANGED = Act(
    kind="vendor",
    made_in="Xero",
    says=witness.Record(name="Valley Linen Mills", email="ledger@valleylinen.example"),
)
"""A vendor of Sage 100 that becomes a contact, of which Xero then tells by an event."""


class Shown(Frozen):
    """One record as both ledgers show it."""

    act: Act
    xero: tuple[witness.Record, ...]
    sage100: tuple[witness.Record, ...]

    @property
    def is_in_step(self) -> bool:
        """Say whether either ledger has it once, and both say the same of it.

        That is what the person said, or what people have made of it since.
        """
        if (len(self.xero), len(self.sage100)) != (1, 1):
            return False
        one, other = self.xero[0], self.sage100[0]
        is_as_said = one.agrees_with(self.act.says) and other.agrees_with(self.act.says)
        return is_as_said or (one.agrees_with(other) and other.agrees_with(one))


def is_kept(tieout: Tieout) -> bool:
    """Say whether the demo's pair keeps all these records in step."""
    return set(KEPT) <= set(tieout.pair(PAIR).flows)


def create(configuration: StackConfiguration) -> None:
    """Let people create records in either ledger; what is there already stays."""
    for act in ACTS:
        if act.made_in == "Xero":
            _create_in_xero(configuration, act)
        else:
            _create_in_sage100(configuration, act)


def bring_in_step(configuration: StackConfiguration, tieout: Tieout, say: Say) -> None:
    """Go live, start the sweep, and see everything arrive; then have an event bring a change.

    What does not arrive in time shows in the report.
    """
    if all(one.is_in_step for one in shown(configuration)) and _vendor_was_changed(configuration):
        return
    say(f"{PAIR}: {_go_live(tieout)}")
    start_sweeps(configuration)
    _wait(lambda: all(one.is_in_step for one in _of(configuration, ACTS)))
    _wait(lambda: bool(_of(configuration, [VENDOR_CHANGED])[0].xero))
    _change_vendor(configuration)
    _wait(lambda: all(one.is_in_step for one in shown(configuration)))


def _vendor_was_changed(configuration: StackConfiguration) -> bool:
    """Say whether an earlier demo came to its last act."""
    (vendor,) = _of(configuration, [VENDOR_CHANGED])
    return any(record.agrees_with(VENDOR_CHANGED.says) for record in vendor.xero)


def start_sweeps(
    configuration: StackConfiguration, flows: Sequence[FlowName] = KEPT
) -> dict[FlowName, str]:
    """Start a run of each DAG, as a person does in Airflow's pages, and return the runs' ids."""
    url = configuration.url("airflow")
    login = {
        "username": environment.UI_USER,
        "password": load_or_create(configuration.home).ui_password,
    }
    token = _demand(requests.post(f"{url}/auth/token", json=login, timeout=CALL_TIMEOUT_S))
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    started = {}
    for flow in flows:
        answer = requests.post(
            f"{url}/api/v2/dags/{flow}/dagRuns",
            json={"logical_date": None},
            headers=headers,
            timeout=CALL_TIMEOUT_S,
        )
        started[flow] = str(_demand(answer).json()["dag_run_id"])
    return started


def shown(configuration: StackConfiguration) -> list[Shown]:
    """Return what both ledgers show of every record that people touched."""
    return _of(configuration, [*ACTS, VENDOR_CHANGED])


def report(found: Sequence[Shown]) -> str:
    """Return a line on what is in step, and a table of what was made where."""
    kinds = Counter(one.act.kind for one in found if one.is_in_step)
    total = ", ".join(f"{count} {kind}s" for kind, count in kinds.items()) or "nothing"
    headers = ("made in", "record", "Xero", "Sage 100", "state")
    cells = [
        (
            one.act.made_in,
            f"{one.act.kind} {one.act.says.name}",
            "; ".join(record.text() for record in one.xero) or "-",
            "; ".join(record.text() for record in one.sage100) or "-",
            "in step" if one.is_in_step else "WRONG",
        )
        for one in found
    ]
    return f"\nIn step: {total} of {PAIR}\n{text_table(headers, cells)}"


def conflicts_text(waiting: Sequence[KeptConflict]) -> str:
    """Return a line on what the ledgers disagree on, which is no fault: a person decides."""
    told = [
        f"{one.field} of {one.entity} {one.key} ({in_words(one.values.xero)} in Xero, "
        f"{in_words(one.values.sage100)} in Sage 100)"
        for one in waiting
    ]
    return f"Conflicts for a person to decide (tieout conflicts): {'; '.join(told) or 'none'}"


def problems(found: Sequence[Shown]) -> list[str]:
    """Return what is not in step, a sentence each."""
    return [
        f"{PAIR} {one.act.kind} {one.act.says.name}: {one.act.made_in}'s people wrote "
        f"{one.act.says.text()}, and the ledgers do not both say so, once"
        for one in found
        if not one.is_in_step
    ]


def _go_live(tieout: Tieout) -> str:
    """Accept what the first match is certain of, and put back what waited for that."""
    bound = 0
    for entity in MATCHED:
        match = open_first_match(tieout, PAIR, entity)
        rows = [row for row in match.propose() if row.decision is Decision.SAME]
        bound += match.accept(rows, by=BOOKKEEPER).bound
    letters = [one for one in tieout.dead_letters() if one.pair == PAIR and one.cause == WAITED_FOR]
    for letter in letters:
        tieout.desk.put_back(letter.dead_letter_id, by=BOOKKEEPER)
    return f"{bound} records of both ledgers matched, {len(letters)} put back"


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ARRIVED_WITHIN_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(LOOK_S)


def _of(configuration: StackConfiguration, acts: Sequence[Act]) -> list[Shown]:
    lookup = connections_in(configuration.connections)
    in_xero = witness.xero_records(lookup(f"xero_{PAIR}"))
    in_sage100 = witness.sage_records(lookup(f"sage100_{PAIR}"))
    return [
        Shown(
            act=act,
            xero=witness.named(in_xero["item" if act.kind == "item" else "contact"], act.says),
            sage100=witness.named(in_sage100[act.kind], act.says),
        )
        for act in acts
    ]


def _create_in_xero(configuration: StackConfiguration, act: Act) -> None:
    says = act.says
    if act.kind == "item":
        body: Mapping[str, object] = {
            "Code": says.code,
            "Name": says.name,
            "SalesDetails": {"UnitPrice": float(says.price)},
        }
    else:
        body = {
            "Name": says.name,
            "EmailAddress": says.email,
            "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": says.phone}],
        }
    name = "create_item" if act.kind == "item" else "create_contact"
    _act(configuration, "xero", TENANT, name, body)


def _change_vendor(configuration: StackConfiguration) -> None:
    says = VENDOR_CHANGED.says
    (contact,) = _of(configuration, [VENDOR_CHANGED])[0].xero or (None,)
    if contact is not None:
        body: Mapping[str, object] = {"ContactID": contact.record_id, "EmailAddress": says.email}
        _act(configuration, "xero", TENANT, "change_contact", body)


def _create_in_sage100(configuration: StackConfiguration, act: Act) -> None:
    says = act.says
    party = {"EmailAddress": says.email, "TelephoneNo": says.phone}
    table, key, values = {
        "customer": (
            "AR_Customer",
            {"ARDivisionNo": DIVISION, "CustomerNo": "0000601"},
            {"CustomerName": says.name, "TermsCode": "00", **party},
        ),
        "item": (
            "CI_Item",
            {"ItemCode": says.code},
            {
                "ItemType": "1",
                "ProductLine": "GIFT",
                "ItemCodeDesc": says.name,
                "StandardUnitOfMeasure": "EACH",
                "StandardUnitPrice": says.price,
            },
        ),
        "vendor": (
            "AP_Vendor",
            {"APDivisionNo": DIVISION, "VendorNo": "0000400"},
            {"VendorName": says.name, "TermsCode": "30", **party},
        ),
    }[act.kind]
    filled = {name: value for name, value in values.items() if value}
    body: Mapping[str, object] = {"table": table, "key": key, "values": filled}
    _act(configuration, "sage100", COMPANY, "create_record", body)


def _act(
    configuration: StackConfiguration,
    simulator: str,
    who: str,
    act: str,
    body: Mapping[str, object],
) -> None:
    """Let a person act in a ledger, which may say that the record is there already."""
    url = f"{configuration.url(simulator)}/_people/{who}/{act}"
    answer = requests.post(url, json=body, timeout=CALL_TIMEOUT_S)
    if not (answer.status_code in REFUSED and "already" in answer.text):
        _demand(answer)


def _demand(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise UnavailableError(
            f"{answer.url} answers {answer.status_code}: {answer.text[:300]}",
            remedy="Look at the log of whoever that is, then run the demo again.",
        )
    return answer
