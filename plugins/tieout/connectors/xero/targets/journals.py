"""Manual journals, such as deferred revenue, told apart by their narration."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import DEFAULT_CURRENCY, SaidJournal, SaidLine, amount_text
from tieout.connectors.xero.client import any_of
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, text
from tieout.connectors.xero.targets.kinds import UnguardedTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.xero import MANUAL_JOURNAL


class ManualJournalTarget(UnguardedTarget):
    """Manual journals; the narration must say which one it is.

    Xero takes a draft whose account it does not know, without the account and with a warning: so
    what is read back says for each account how much.
    """

    entity = "manual_journal"
    model = "ManualJournal"
    resource = Resource("ManualJournals", "ManualJournals", "PUT", "ManualJournalID", ONE_BY_ONE)
    echoed = ("Narration",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "Narration"),)

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for where in any_of("Narration", [narration for (narration,) in keys]):
            for row in self.client.all_rows("ManualJournals", params={"where": where}):
                journal = SaidJournal.of(row)
                landed = Landed(
                    external_id=journal.manual_journal_id,
                    external_no="",
                    figures={
                        "status": journal.status,
                        "accounts": accounts_text(journal.journal_lines),
                    },
                    answer=plain_json(row),
                )
                yield Found(
                    (journal.narration,), landed, is_live=not MANUAL_JOURNAL.is_gone(journal.status)
                )


def accounts_text(lines: Sequence[SaidLine]) -> str:
    """Return how much is debited to each account, credits negative, in the order of the codes."""
    amounts: dict[str, Decimal] = {}
    for line in lines:
        amounts[line.account_code] = amounts.get(line.account_code, Decimal(0)) + line.line_amount
    return ", ".join(
        f"{code} {amount_text(amount, DEFAULT_CURRENCY)}"
        for code, amount in sorted(amounts.items())
    )
