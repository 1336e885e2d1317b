"""The steps over one batch: merge, write to each ledger, settle. Each may be repeated."""

from collections.abc import Callable
from functools import partial

from tieout.domain.base import BatchId, System
from tieout.usecases.flow import Flow, StepReport
from tieout.usecases.in_step.entities import SYSTEMS, Entity
from tieout.usecases.in_step.merging import merge_records
from tieout.usecases.in_step.writing import settle_records, write_records


def steps_of(entity: Entity) -> dict[str, Callable[[Flow, BatchId], StepReport]]:
    """Return the steps over a batch of such records by their names, in their order."""

    def merging(flow: Flow, batch_id: BatchId) -> StepReport:
        return merge_records(flow, entity, batch_id)

    def writing(system: System, flow: Flow, batch_id: BatchId) -> StepReport:
        return write_records(flow, entity, system, batch_id)

    def settling(flow: Flow, batch_id: BatchId) -> StepReport:
        return settle_records(flow, entity, batch_id)

    return {
        f"{entity.name}_merge": merging,
        **{f"{entity.name}_to_{system}": partial(writing, system) for system in SYSTEMS},
        f"{entity.name}_settle": settling,
    }
