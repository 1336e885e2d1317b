"""Orders of acceptance tests in the shop's form, and what people call them in both ledgers."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import Draft, build, sale
from tieout.simulators.shopify.demo_maker import Maker

HERE = ZoneInfo(COMPANIES["HPS"].time_zone)
TODAY = datetime.now(HERE).date()  # noqa: TID251 - orders are placed on the company's real days
PLACED_DAYS_AGO = 2


def maker() -> Maker:
    return Maker(COMPANIES["HPS"], TODAY)


def placed(draft: Draft, *transactions: Any, **more: Any) -> dict[str, Any]:
    """Return the order in the shop's form, with the money taken for it."""
    return {**build(draft), "transactions": list(transactions), **more}


def paid(draft: Draft, amount: str = "", **more: Any) -> dict[str, Any]:
    return placed(draft, sale(build(draft), amount), **more)


def number_of(draft: Draft) -> str:
    return f"HP-{draft.number}"
