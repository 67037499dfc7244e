"""Assignments of users to cohorts, as test vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from secagg.cohorts import assign, enrolment_digest, session_name, shuffle, words
from secagg.encoding import u32

from .describing import to_json


@dataclass(frozen=True)
class Assignment:
    """One case; the seed is expanded from its name."""

    name: str
    user_ids: Sequence[int]
    sizes: Sequence[int]
    context: str
    # Index and attempt.
    sessions: Sequence[tuple[int, int]] = ((0, 0),)
    # Words that the shuffle draws in vain.
    in_vain: int = 0

    @property
    def seed(self) -> bytes:
        return hashlib.shake_256(b"secagg cohorts\x00" + self.name.encode()).digest(32)


ASSIGNMENTS = [
    Assignment("one cohort", [9, 4, 7], [3], ""),
    Assignment("ids far apart", [2**53 - 1, 0, 24, 2**32, 256, 65536, 2**40 + 5], [3, 2, 2], "Zählung № 7", [(0, 0), (2, 0), (2, 1)]),
    Assignment("sixty users", range(1, 61), [12] * 5, "week 7", [(4, 0), (4, 2**32 - 1)]),
    Assignment("two sizes", range(10_000, 0, -1), [182] * 45 + [181] * 10, "run 1", [(0, 0), (54, 3)]),
    Assignment("a word in vain 3", range(17, 210_017, 3), [700] * 100, "run 2", [(99, 0)], in_vain=1),
]


def describe_members(cohorts: Sequence[Sequence[int]]) -> dict[str, Any]:
    """All of them, or where they are many the SHA-256 of each user's cohort in the order of ids."""
    cohort_of = {user_id: index for index, members in enumerate(cohorts) for user_id in members}
    if len(cohort_of) <= 100:
        return {"cohorts": [list(members) for members in cohorts]}
    joined = b"".join(u32(cohort_of[user_id]) for user_id in sorted(cohort_of))
    return {"cohortsDigest": hashlib.sha256(joined).hexdigest()}


def describe_ids(user_ids: Sequence[int]) -> dict[str, Any]:
    if isinstance(user_ids, range):
        return {"userIds": {"from": user_ids.start, "step": user_ids.step, "count": len(user_ids)}}
    return {"userIds": list(user_ids)}


def describe_assignment(case: Assignment) -> dict[str, Any]:
    enrolment = enrolment_digest(case.user_ids, case.sizes)
    context = case.context.encode()
    assert shuffle(sorted(case.user_ids), words(enrolment, case.seed)) == case.in_vain, case.name
    return {
        "name": case.name,
        **describe_ids(case.user_ids),
        "sizes": list(case.sizes),
        "seed": case.seed.hex(),
        "enrolment": enrolment.hex(),
        **describe_members(assign(case.user_ids, case.sizes, case.seed)),
        "context": context.hex(),
        "sessions": [
            {"cohort": cohort, "attempt": attempt, "session": session_name(enrolment, case.seed, cohort, attempt, context)}
            for cohort, attempt in case.sessions
        ],
    }


def make_assignments() -> bytes:
    """The contents of the file of assignments."""
    return (to_json([describe_assignment(case) for case in ASSIGNMENTS]) + "\n").encode()
