"""The golden cases of every mapping: what the flows give it, out of orders and customers in files.

A case is a golden order or customer, or one with some members changed (a merge patch as in RFC
7396, but null stays null, and a list is patched by the numbers of its elements): the folders orders
and customers of tests/golden/mapping. What no order goes through stands in plain.json there.
"""

import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from tieout.domain.account_rules import AccountRule, TrackingRule
from tieout.domain.base import DocumentId, System
from tieout.domain.ledger import Document, DocumentState
from tieout.domain.order import Address
from tieout.errors import RejectedError
from tieout.mapping.master_data import FILES
from tieout.mapping.recording import RecordingMapper
from tieout.usecases.mapping_trial import try_mappings
from unit.mapping.conftest import ROOT
from unit.usecases.test_steps import PAIR, SHOP, make_flow

GOLDEN = ROOT / "tests" / "golden"
FOLDER = GOLDEN / "mapping"
ORDERS = GOLDEN / "order"
CUSTOMERS = {system: files.reads for system, files in FILES["customer"].items()}
PLAIN = FOLDER / "plain.json"
"""Records of the mappings that no order goes through, as they are given."""
RULED = PAIR.model_copy(
    update={
        "account_rules": (AccountRule(channel="web", role="sales"),),
        "tracking_rules": (TrackingRule(tracking="Channel", option="Web", channel="web"),),
    }
)
"""A pair whose bookkeeper has rules, which the shipped pairs have not."""


def patched(value, patch):
    """Return the value with the patch merged into it."""
    if isinstance(value, list) and isinstance(patch, dict):
        changed = list(value)
        for place, one in patch.items():
            changed[int(place)] = patched(changed[int(place)], one)
        return changed
    if isinstance(value, dict) and isinstance(patch, dict):
        return {**value, **{name: patched(value.get(name), one) for name, one in patch.items()}}
    return patch


def order_nodes():
    """Return the shop's node of every case, by its name."""
    nodes = {
        path.name.removesuffix(".shopify.json"): json.loads(path.read_text("utf-8"))
        for path in sorted(ORDERS.glob("*.shopify.json"))
    }
    for path in sorted((FOLDER / "orders").glob("*.json")):
        case = json.loads(path.read_text("utf-8"))
        nodes[path.stem] = patched(nodes[case["base"]], case["patch"])
    return nodes


def customer_nodes():
    """Return case, ledger and record of every customer."""
    nodes = {
        (path.name.split(".")[0], system): json.loads(path.read_text("utf-8"))
        for system in CUSTOMERS
        for path in sorted((GOLDEN / "customer").glob(f"*.{system}.json"))
    }
    for path in sorted((FOLDER / "customers").glob("*.json")):
        case = json.loads(path.read_text("utf-8"))
        base = nodes[case["base"], case["system"]]
        nodes[path.stem, case["system"]] = patched(base, case["patch"])
    return [(case, System(system), node) for (case, system), node in nodes.items()]


def applications(include=ROOT / "include"):
    """Return, by mapping and case, how the mapping was applied: its record, and what it made."""
    mapper = RecordingMapper(include, PAIR)
    flow = replace(make_flow(), mapper=mapper)
    found = defaultdict(dict)
    for case, node in order_nodes().items():
        try_mappings(flow, [_document(flow, node)])
        _take(mapper, found, case)
    try_mappings(replace(flow, pair=RULED), [_document(flow, order_nodes()["order_1042"])])
    _take(mapper, found, "account_and_tracking_rules")
    for case, system, node in customer_nodes():
        with suppress(RejectedError):
            mapper.customer_from(system, node)
        _take(mapper, found, case)
    text = PLAIN.read_text("utf-8")
    plain = json.loads(text, parse_float=Decimal, object_hook=_address)
    for mapping, cases in plain.items():
        for case, record in cases.items():
            with suppress(RejectedError):
                mapper.mapped(mapping, record)
            _take(mapper, found, case)
    return found


def _address(record):
    """Make an address of what has its members; anything else stays as it is."""
    return Address(**record) if "postal_code" in record else record


def _take(mapper, found, case):
    for one in mapper.applied:
        found[one.mapping].setdefault(case, []).append(one)
    mapper.applied.clear()


def _document(flow, node):
    return Document(
        document_id=DocumentId(1),
        state=DocumentState.RECEIVED,
        pair=PAIR.pair,
        document_type="shop_order",
        source="shopify",
        account=SHOP,
        source_id=str(node["legacyResourceId"]),
        name=str(node["name"]),
        version_at=flow.clock.now(),
        content_hash="0",
        payload=node,
    )
