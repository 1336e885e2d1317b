"""Vendors kept in step between Xero and Sage 100, both ways.

When Xero tells of a vendor's contact, and every 15 minutes, for each pair that has `vendor_sync`
among its `flows`: read what changed in both lists, read the records of which anything was told,
merge them field by field against what both ledgers agreed on last (`include/in_step/vendor.yaml`),
and write to each what the other one says. What policy does not decide waits as a conflict (`tieout
conflicts`). A backfill reads past intervals again; with the param `plan_only` a run writes nothing,
and its log says what it would.
"""

from airflow.sdk import DAG

from tieout.domain.pair import FlowName
from tieout.provider.in_step_dags import in_step_dag

dag: DAG = in_step_dag(FlowName.VENDOR_SYNC, docs=__doc__)
