"""Vectors of enrolments, seeds, and the sessions of cohorts."""

from __future__ import annotations

from typing import Any

from coordination.attempts import encode_roster, roster_digest
from coordination.draws import (
    Draw,
    cohort_sizes,
    draw_cohorts,
    encode_enrolment,
    encode_seed,
    read_enrolment,
    seed_in,
)
from coordination.tasks import read_task

from .parties import ANNOUNCED, AUTHORITY, NEW_YEAR, REGISTRAR, REVOCATIONS, certified, definition

GROUP = {
    "threshold": 3,
    "maxUsers": 5,
    "adversary": "malicious",
    "colluders": 0,
    "cohorts": {"least": 2, "most": 4, "seed": {"min": 10, "max": 60, "grace": 0}},
    "graph": None,
}
DEFINITION = definition(group=GROUP, minUsers=3)
TASK = read_task({"secagg": "task", "version": 1, "definition": DEFINITION})


def draw(user_ids: list[int], attempt: int) -> dict[str, Any]:
    sizes = cohort_sizes(len(user_ids), GROUP, 3)
    assert sizes is not None
    enrolment = encode_enrolment(NEW_YEAR, user_ids)
    assert read_enrolment(enrolment) == (NEW_YEAR, user_ids)
    document = encode_seed(AUTHORITY, REGISTRAR.secret_key, NEW_YEAR)
    seed = seed_in(document, AUTHORITY, NEW_YEAR)
    digest, cohorts = draw_cohorts(user_ids, sizes, seed)
    return {
        "attempt": attempt,
        "enrolment": enrolment.hex(),
        "seedDocument": document.hex(),
        "seed": seed.hex(),
        "enrolmentDigest": digest.hex(),
        "sessions": [session(Draw(digest, seed, index), ids, attempt) for index, ids in enumerate(cohorts)],
    }


def session(drawn: Draw, ids: list[int], attempt: int) -> dict[str, Any]:
    certificates = [certified(user_id) for user_id in ids]
    return {
        "ids": ids,
        "roster": encode_roster(certificates, REVOCATIONS).hex(),
        "context": drawn.context(TASK.digest, ANNOUNCED, attempt, roster_digest(certificates)),
    }


def make_draws() -> dict[str, Any]:
    """The content of draws.json."""
    return {
        "task": TASK.json,
        "announcement": ANNOUNCED.hex(),
        "seedAt": NEW_YEAR,
        "registrar": {"publicKey": AUTHORITY.public_key.hex(), "scope": AUTHORITY.scope},
        "sizes": [[enrolled, cohort_sizes(enrolled, GROUP, 3)] for enrolled in range(2, 24)],
        "draws": [draw([*range(5), 2**53 - 1], 1), draw(list(range(3, 42, 2)), 2)],
    }
