"""Reconciles so many payments with as many open invoices, and says what it took: argument, count.

A process of its own, so that its memory and its processor's time are its own.
"""

import gc
import json
import resource
import sys
import time

from reconciling import TODAY, by_chance, counted, given, totals
from tieout.domain.reconciliation.variances import reconcile

SEED = 8
KIB = 1024


def main() -> None:
    """Print the figures as one JSON object."""
    books = by_chance(int(sys.argv[1]), SEED)
    gc.collect()
    began_cpu, began = time.process_time(), time.perf_counter()
    reconciled = reconcile(books.money, books.items, today=TODAY)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    told = {
        "payments": len(books.money),
        "invoices": len(books.items),
        "settlements": len(reconciled.settlements),
        "variances": len(reconciled.variances),
        "conserved": totals(reconciled) == given(books),
        "as_planted": counted(reconciled) == books.expected,
        "seconds": seconds,
        "cpu_s": cpu_s,
        "rss_bytes_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB,
    }
    print(json.dumps(told))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main()
