"""What people can meet is documented: commands, errors, states, settings, causes, classes."""

import re

import pytest
import yaml

from architecture.probing import ROOT
from tieout import errors
from tieout.connectors.sage100.details import DETAILS
from tieout.connectors.tokens import LOST, REFUSALS
from tieout.connectors.xero import limits
from tieout.connectors.xero.resources import RESOURCES, Way
from tieout.connectors.xero.tiers import Tier
from tieout.domain.budget import Lane, Limit
from tieout.domain.ledger import DeliveryState, DocumentState, InboxState
from tieout.domain.streams import StreamCause, StreamState
from tieout.domain.tie_out import DifferenceClass
from tieout.stack.configuration import PORT_NAMES, port_setting
from tieout.stack.promises import table

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
CAUSE = re.compile(r"cause=\"([a-z_]+)\"")
SETTING = re.compile(r"\"(TIEOUT_[A-Z_]+[A-Z])\"")
COMMANDS = (
    "tieout demo",
    "tieout stack start",
    "tieout stack stop",
    "tieout stack status",
    "tieout simulate",
    "tieout status",
    "tieout tie-out",
    "tieout follow",
    "tieout held",
    "tieout hold",
    "tieout release",
    "tieout plan",
    "tieout apply",
    "tieout dead-letters",
    "tieout gaps",
    "tieout variances list",
    "tieout variances show",
    "tieout variances assign",
    "tieout variances accept",
    "tieout variances resolve",
    "tieout dead-letters show",
    "tieout correct",
    "tieout dismiss",
    "tieout resolve",
    "tieout replay",
    "tieout budget",
    "tieout streams",
    "tieout resume",
    "tieout webhooks",
    "tieout webhooks give-up",
    "tieout webhooks dismiss",
    "tieout replay-jobs",
    "tieout connect xero",
    "tieout connect sage100",
    "tieout audit seal",
    "tieout audit verify",
    "tieout audit export",
    "tieout audit anchors",
    "tieout audit redact",
)


def text_of(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def missing(names: list[str], document: str) -> list[str]:
    known = text_of(document)
    return sorted({name for name in names if f"`{name}`" not in known})


def sources(*folders: str) -> str:
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_command_is_documented() -> None:
    known = text_of("cli.md")

    assert [command for command in COMMANDS if f"`{command}" not in known] == []


def test_every_error_class_is_documented() -> None:
    classes = [
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, errors.TieoutError)
    ]

    assert missing(classes, "errors.md") == []


def test_every_ledger_state_is_documented() -> None:
    states = [str(state) for kind in (InboxState, DocumentState, DeliveryState) for state in kind]

    assert missing(states, "ledger.md") == []


def test_every_state_and_cause_of_a_stream_is_documented() -> None:
    assert missing([*map(str, StreamState), *filter(None, StreamCause)], "streams.md") == []


def test_every_limit_lane_tier_and_header_of_the_budget_is_documented() -> None:
    names = [*map(str, Limit), *map(str, Lane), *map(str, Tier), *limits.HEADERS]

    assert missing(names, "budget.md") == []


def test_every_refusal_of_a_token_is_documented() -> None:
    assert missing([LOST, *REFUSALS], "tokens.md") == []


def test_every_difference_class_is_documented() -> None:
    assert missing([str(name) for name in DifferenceClass], "accounting.md") == []


def test_every_cause_of_a_dead_letter_is_documented() -> None:
    suite = yaml.safe_load((ROOT / "include/expectations/shop_order.yaml").read_text("utf-8"))
    rules = [expectation["rule"] for expectation in suite["expectations"]]
    code = sources("plugins/tieout/usecases", "plugins/tieout/mapping", "plugins/tieout/connectors")

    assert missing([*rules, *CAUSE.findall(code)], "dead-letters.md") == []


def test_sage_100s_documents_are_listed() -> None:
    rows = [
        f"| `{header}` | `{detail.table}` | `{detail.amount}` | `{detail.total}` |"
        for header, detail in DETAILS.items()
    ]
    assert "\n".join(rows) in text_of("sage100-reading.md")


def test_the_table_of_xeros_lists_is_the_codes() -> None:
    rows = [
        (
            f"`{one.name}`",
            f"`{one.id_member}`",
            str(one.way),
            ", ".join(f"`{name}={value}`" for name, value in one.params),
            ", ".join([*one.tombstones, *(["gone"] if one.way is Way.WHOLE else [])]),
            f"`{one.scope}`",
        )
        for one in RESOURCES
    ]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    table = text_of("xero-reading.md").partition("<!-- lists: begin -->\n")[2]

    assert table.partition("\n<!-- lists: end -->")[0].split("\n", 2)[2] == lines


def test_every_setting_is_documented() -> None:
    named = [name for name in SETTING.findall(sources("plugins")) if not name.startswith("UDF_")]
    ports = [port_setting(name) for name in PORT_NAMES]

    assert missing([*named, *ports], "settings.md") == []


def test_every_dag_is_documented() -> None:
    assert missing([path.stem for path in (ROOT / "dags").glob("*.py")], "dags.md") == []


def test_every_link_between_documents_leads_somewhere() -> None:
    documents = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert broken == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "adr").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", ["requirements.txt", "tests/peers/tap-xero.txt"])
def test_a_lock_pins_every_package_with_hashes_and_names_no_host(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9].*$", lock, flags=re.MULTILINE)

    assert "://" not in lock
    assert [pin for pin in pins if not re.fullmatch(r"\S+==\S+ \\", pin)] == []
    assert (ROOT / name).with_suffix(".in").exists()


def test_the_table_of_promises_is_the_codes() -> None:
    assert table() in (ROOT / "docs/exactly-once.md").read_text("utf-8")
