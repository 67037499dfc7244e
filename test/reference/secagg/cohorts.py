"""Users in cohorts, and the contexts of their sessions (docs/cohorts.md, section For clients in other languages)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from .derivation import digest
from .encoding import split, u32, u64
from .refusal import require

WORDS = 2**32


def enrolment_digest(user_ids: Sequence[int], sizes: Sequence[int]) -> bytes:
    """What is settled before the seed is known: the users, ascending, and the size of each cohort."""
    require(sum(sizes) == len(user_ids) == len(set(user_ids)), "cohorts for another number of users")
    return digest(
        "enrolment",
        u32(len(user_ids)) + b"".join(u64(user_id) for user_id in sorted(user_ids)),
        u32(len(sizes)) + b"".join(u32(size) for size in sizes),
    )


def words(enrolment: bytes, seed: bytes) -> Iterator[int]:
    """Integers below 2^32 without end, eight from each block."""
    for block in itertools.count():
        for word in split(digest("cohort order", enrolment, seed, u32(block)), 4):
            yield int.from_bytes(word, "big")


def shuffle(items: list[int], drawn: Iterator[int]) -> int:
    """Fisher and Yates' shuffle in place; returns how many words were drawn in vain."""
    in_vain = 0
    for last in range(len(items) - 1, 0, -1):
        bound = last + 1
        while (word := next(drawn)) >= WORDS - WORDS % bound:
            in_vain += 1
        j = word % bound
        items[last], items[j] = items[j], items[last]
    return in_vain


def assign(user_ids: Sequence[int], sizes: Sequence[int], seed: bytes) -> list[list[int]]:
    """The members of each cohort, ascending."""
    require(len(seed) == 32, "a seed of the wrong length")
    order = sorted(user_ids)
    shuffle(order, words(enrolment_digest(user_ids, sizes), seed))
    ends = list(itertools.accumulate(sizes))
    return [sorted(order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def session_name(enrolment: bytes, seed: bytes, cohort: int, attempt: int, context: bytes) -> str:
    """The context of one session of one cohort."""
    return digest("cohort session", enrolment, seed, u32(cohort), u32(attempt), u32(len(context)), context).hex()
