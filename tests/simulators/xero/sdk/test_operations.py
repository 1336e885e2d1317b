"""No operation of xero-python that the simulator serves goes untried in the tests beside this."""

import re
from pathlib import Path

NOT_SERVED = re.compile(
    r"""quote|receipt|expense_claim|linked_transaction|repeating_invoice|budget|get_journal
    |_users?$|branding_theme|payment_services?$|post_setup|cis_settings
    |invoice_reminders|reports_list
    |report_(aged|balance|budget|executive|from|profit|ten)""",
    re.VERBOSE,
)
OPERATION = re.compile(r"^(get|create|update|delete|email|post)_")
NO_OPERATIONS = {"get_resource_url", "get_model_finder"}


def test_every_operation_on_what_the_simulator_serves_is_called() -> None:
    from xero_python.accounting import AccountingApi

    offered = {name for name in dir(AccountingApi) if OPERATION.match(name)} - NO_OPERATIONS
    served = {name for name in offered if not NOT_SERVED.search(name)}
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    written = set(re.findall(r"\w+", text))
    by_kind = {
        name.format(kind)
        for kind in (
            *("contact", "invoice", "credit_note", "purchase_order", "bank_transaction"),
            *("account", "bank_transfer", "manual_journal"),
        )
        for name in (
            "create_{}_attachment_by_file_name",
            "update_{}_attachment_by_file_name",
            "get_{}_attachment_by_file_name",
            "get_{}_attachment_by_id",
            "get_{}_attachments",
        )
    }
    assert served - written - by_kind == set()
