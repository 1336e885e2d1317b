"""All five sets of one pair, read and judged."""

from collections.abc import Iterator
from pathlib import Path

from tieout_oracle.connections import PairOfSystems, read_connections, read_pairs
from tieout_oracle.judge import Verdict, judge
from tieout_oracle.ledger import read_ledger
from tieout_oracle.sets import Sets, SourceRecord
from tieout_oracle.systems import XeroReader, read_sage100, read_shop

LEDGER = "tieout_ledger"
READ = frozenset(
    {
        ("xero", "invoice"),
        ("xero", "payment"),
        ("sage100", "sales_order"),
        ("sage100", "cash_receipt"),
    }
)


def judge_installation(
    connections: Path, pairs: Path, *, pair: str = "", acked: frozenset[str] = frozenset()
) -> dict[str, Verdict]:
    """Return the verdict on each pair, or on one.

    The ledger is read before the targets, so that what is written meanwhile is at worst a phantom:
    judge while nothing moves. ``acked`` are the events that senders were told are safe.
    """
    known = read_connections(connections)
    chosen = [one for one in read_pairs(pairs, known) if pair in ("", one.pair)]
    ledger = known[LEDGER]
    verdicts = {}
    for one in chosen:
        inbox, documents, deliveries, audit = read_ledger(ledger, one.pair, one.currency)
        order_keys = {row.external_id: row.key for row in deliveries if row.entity == "sales_order"}
        orders, receipts = read_sage100(one, order_keys)
        xero = XeroReader(one.xero)
        verdicts[one.pair] = judge(
            Sets(
                source=tuple(_source(one)),
                inbox=tuple(inbox),
                documents=tuple(documents),
                deliveries=tuple(deliveries),
                targets=(*xero.invoices(), *xero.payments(), *orders, *receipts),
                audit=tuple(audit),
                acked=acked,
                read=READ,
            )
        )
    return verdicts


def _source(pair: PairOfSystems) -> Iterator[SourceRecord]:
    for domain, shop in pair.shops.items():
        yield from read_shop(domain, shop)
