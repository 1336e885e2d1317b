"""Customers: AR_Customer."""

from collections.abc import Mapping

from typing_extensions import override

from tieout.connectors.sage100.own_fields import MARK
from tieout.connectors.sage100.targets.base import AgentTarget, header_of
from tieout.domain.base import Json
from tieout.domain.ledger import Landed


class CustomerTarget(AgentTarget):
    """AR_Customer, found by UDF_TIEOUT_ID."""

    entity = "customer"
    kind = "customer.create"
    looks_up_first = True

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        return self._read(key)

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        mark = header_of(payload).get(MARK, "")
        if not mark or not self._company.config.has_tieout_udf:
            return None
        division = self._company.config.division
        return self._read({"ARDivisionNo": division, MARK: mark})

    def _read(self, where: Mapping[str, str]) -> Landed | None:
        among = {name: [value] for name, value in where.items()}
        for row in self._company.reader.rows("AR_Customer", "CustomerName", among=among):
            number = row.text("CustomerNo")
            return Landed(
                external_id=f"{row.text('ARDivisionNo')}-{number}",
                external_no=number,
                figures={"name": row.text("CustomerName")},
            )
        return None
