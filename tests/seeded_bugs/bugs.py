"""The twelve seeded bugs: parts broken on purpose, each of which the harness must catch.

A programme of tests that cannot fail proves nothing (RELIABILITY, section 6). No bug is a switch in
the product: each is a variant of one part, made beside its test.
"""

from dataclasses import dataclass

SIMULATED = "test_simulated.py"
RECEIVER = "test_receiver_bugs.py"
TOKENS = "test_token_bugs.py"
SIMULATED_TEST = "test_a_seeded_bug_is_caught_within_the_seeds_of_every_run"


@dataclass(frozen=True)
class Bug:
    """One seeded bug: what is broken, which test beside this file catches it, and by which words.

    ``sign`` is in what the verdict says when the bug shows, for those that are simulated.
    """

    name: str
    breaks: str
    caught_in: str = SIMULATED
    caught_by: str = SIMULATED_TEST
    sign: str = ""
    is_built: bool = True


BUGS = (
    Bug("naive retry", "what was sent is forgotten: no look-up, another key", sign="doubled: "),
    Bug("random key", "every attempt has another idempotency key", sign="doubled: "),
    Bug("no look-up", "what is in doubt is sent again unread", sign="doubled: "),
    Bug("no quiesce", "it is sent anew before it can no longer land", sign="doubled: "),
    Bug("key window ignored", "a key is trusted once it is forgotten", sign="doubled: xero "),
    Bug("no target uniqueness", "the target takes a number twice", sign="doubled: "),
    Bug(
        "ack-first webhook",
        "the receiver answers 200 before its commit",
        RECEIVER,
        "test_a_receiver_that_answers_before_it_stores_is_caught_and_the_real_one_is_not",
    ),
    Bug(
        "> watermark",
        "a sweep reads past the watermark, without overlap",
        sign="version is an old one",
    ),
    Bug(
        "watermark outside the transaction",
        "it moves before the rows are stored",
        sign="not in the ledger",
    ),
    Bug(
        "refresh without lock",
        "two workers refresh one token at once",
        TOKENS,
        "test_a_refresh_without_the_lock_is_caught",
    ),
    Bug(
        "HMAC on re-serialized JSON",
        "the signature is over a re-written body",
        RECEIVER,
        "test_a_receiver_that_signs_what_it_read_is_caught_and_the_real_one_is_not",
    ),
    Bug(
        "dead-letter insert outside the transaction",
        "the record is set aside, and its dead letter opened after that",
        sign="set aside without an open dead letter",
    ),
)
