"""Commands that put dead letters back: replay, of some or of many, and replay-jobs."""

import argparse
import sys
from typing import TYPE_CHECKING

from tieout.cli.common import (
    FAILED,
    NOT_GOOD,
    OK,
    actor,
    add_by,
    add_connections,
    add_letter_filters,
    letter_query,
    open_installation,
    say,
    show,
)
from tieout.errors import RejectedError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.desk import Case

NEXT_RUN = (
    "The next run of order_to_cash takes it from the start; the next sweep is at most 15 minutes "
    "away. Of an order that changed in the shop meanwhile, only the newest version is posted."
)
WORKED_BY = (
    "The DAG 'replay' works through it, at most 5 minutes from now; 'tieout replay-jobs' says how "
    "far it is."
)
PER_MINUTE, PER_MINUTE_MAX = 60, 600


def add(commands: "Commands") -> None:
    """Add the commands."""
    _add_replay(commands.add_parser("replay", help="put dead letters back for the next run"))
    _add_jobs(commands.add_parser("replay-jobs", help="list, pause or resume replays of many"))


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dead_letter_ids",
        type=int,
        nargs="*",
        metavar="ID",
        help="number of a dead letter, as dead-letters lists it; none = what the options name",
    )
    parser.add_argument(
        "--mapping",
        choices=("current", "original"),
        default="current",
        help="send what was mapped before as it was, instead of mapping it anew",
    )
    parser.add_argument(
        "--per-minute",
        type=_pace,
        default=PER_MINUTE,
        metavar="N",
        help=f"of many, how many a minute, default {PER_MINUTE}",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="write nothing; say what would be written, or why it would be set aside again",
    )
    add_letter_filters(parser)
    add_by(parser)
    parser.add_argument("--json", action="store_true", help="of a job or a dry run, print JSON")
    add_connections(parser)
    parser.set_defaults(run=_replay)


def _pace(text: str) -> int:
    number = int(text)
    if not 1 <= number <= PER_MINUTE_MAX:
        message = f"{number} is not from 1 to {PER_MINUTE_MAX}"
        raise argparse.ArgumentTypeError(message)
    return number


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pause", type=int, metavar="ID", help="pause this job")
    parser.add_argument("--resume", type=int, metavar="ID", help="let this job go on")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_by(parser)
    add_connections(parser)
    parser.set_defaults(run=_jobs)


def _replay(given: argparse.Namespace) -> int:
    is_filtered = any((given.pair, given.cause, given.flow, given.since, given.until))
    if bool(given.dead_letter_ids) == is_filtered:
        raise RejectedError(
            "Say which dead letters: by their numbers, or by options, and not by both.",
            remedy="Give numbers, or --cause, --flow, --since, --until or --pair.",
            cause="unknown_dead_letter",
        )
    if given.dry_run:
        return _try(given, is_filtered=is_filtered)
    return _replay_many(given) if is_filtered else _replay_some(given)


def _try(given: argparse.Namespace, *, is_filtered: bool) -> int:
    """Say what a replay would come to; good only if every record would be posted."""
    from tieout.domain.desk import MappingChoice
    from tieout.stack import letters

    tieout = open_installation(given)
    numbers = given.dead_letter_ids
    if is_filtered:
        numbers = [one.dead_letter_id for one in tieout.desk.letters(letter_query(given))]
    trials = tieout.try_replay(numbers, mapping=MappingChoice(given.mapping))
    show(given, letters.trials_json(trials), letters.trials_text(trials))
    return OK if trials and all(trial.ending == "post" for trial in trials) else NOT_GOOD


def _replay_some(given: argparse.Namespace) -> int:
    """Put back each dead letter by itself: one that cannot be does not hold up the others."""
    from tieout.domain.desk import MappingChoice

    desk = open_installation(given).desk
    mapping = MappingChoice(given.mapping)
    rejected = 0
    for number in given.dead_letter_ids:
        try:
            desk.put_back(number, by=actor(given), mapping=mapping)
        except RejectedError as error:
            sys.stderr.write(f"{error}\n")
            rejected += 1
        else:
            say(_told(desk.case(number)))
    if rejected < len(given.dead_letter_ids):
        say(NEXT_RUN)
    return FAILED if rejected else OK


def _told(case: "Case") -> str:
    """Say what became of a letter's record, and that a newer version overrules a correction."""
    named = f"{case.letter.dead_letter_id}  {case.letter.trace_key}"
    if case.newer_version_id is None:
        return f"{named}  put back"
    own = [c for c in case.corrections if c.dead_letter_id == case.letter.dead_letter_id]
    lost = "; its correction does not apply to that" if own else ""
    return f"{named}  closed: document {case.newer_version_id} is newer and counts{lost}"


def _replay_many(given: argparse.Namespace) -> int:
    """Make a job of what the options name; the DAG ``replay`` works through it."""
    from tieout.stack import letters
    from tieout.usecases.desk import JobWish, open_job

    wish = JobWish(
        pair=given.pair or "",
        cause=given.cause,
        flow=given.flow or "",
        since=given.since,
        until=given.until,
        mapping=given.mapping,
        per_minute=given.per_minute,
    )
    job = open_job(open_installation(given).desk, wish, by=actor(given))
    show(given, job.model_dump(mode="json"), f"{letters.jobs_text([job])}\n{WORKED_BY}")
    return OK


def _jobs(given: argparse.Namespace) -> int:
    from tieout.stack import letters

    desk = open_installation(given).desk
    if given.pause is not None:
        desk.pause(given.pause, by=actor(given))
    if given.resume is not None:
        desk.resume(given.resume, by=actor(given))
    jobs = desk.jobs()
    show(given, letters.jobs_json(jobs), letters.jobs_text(jobs))
    return OK
