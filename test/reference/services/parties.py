"""The parties of the vectors: keys that are drawn from names, one task, and the participants' certificates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from coordination.announcements import Announcement
from coordination.certificates import Authority, Certificate, RevocationList
from coordination.tasks import Task, read_task, to_base64
from secagg.signatures import ed25519_public_key

NEW_YEAR = 1_767_225_600
"""2026-01-01, in seconds since 1970."""
WEEK = 7 * 86_400


def drawn(name: str, size: int = 32) -> bytes:
    """Bytes that depend on a name."""
    return hashlib.shake_256(b"secagg coordination\x00" + name.encode()).digest(size)


@dataclass(frozen=True)
class Party:
    """Somebody who signs."""

    secret_key: bytes

    @property
    def public_key(self) -> bytes:
        return ed25519_public_key(self.secret_key)


def party(name: str) -> Party:
    return Party(drawn(name))


REGISTRAR, PUBLISHER, COORDINATOR, STRANGER = map(party, ("registrar", "publisher", "coordinator", "stranger"))
AUTHORITY = Authority(REGISTRAR.public_key, "müsli app")
OTHER_SCOPE = Authority(REGISTRAR.public_key, "other app")
WINDOW = {"min": 1, "max": 60, "grace": 0}


def definition(**changes: Any) -> dict[str, Any]:
    """The definition of a task with changes."""
    fields = {
        "name": "numbers",
        "aggregate": {"kind": "integers", "vecLen": 3, "bits": 17},
        "group": {"threshold": 3, "maxUsers": 5, "adversary": "malicious", "colluders": 0, "cohorts": None, "graph": None},
        "minUsers": 3,
        "windows": {"checkIn": WINDOW, "training": WINDOW, "round": {**WINDOW, "enough": 90}},
        "attempts": 3,
        "retention": 3600,
        "publisher": to_base64(PUBLISHER.public_key),
        "registrar": {"publicKey": to_base64(AUTHORITY.public_key), "scope": AUTHORITY.scope},
        "development": False,
    }
    return fields | changes


def task_of(**changes: Any) -> Task:
    return read_task({"secagg": "task", "version": 1, "definition": definition(**changes)})


TASK = task_of()


def certificate_of(user_id: int) -> Certificate:
    """The certificate of a participant, whose key is drawn from its id."""
    return Certificate(user_id, participant(user_id).public_key, 100 + user_id % 100, NEW_YEAR, NEW_YEAR + WEEK)


def participant(user_id: int) -> Party:
    return party(f"participant {user_id}")


def certified(user_id: int) -> bytes:
    return certificate_of(user_id).encode(AUTHORITY, REGISTRAR.secret_key)


REVOCATIONS = RevocationList(5, NEW_YEAR + 100, [3, 99, 2**53 - 1]).encode(AUTHORITY, REGISTRAR.secret_key)
ANNOUNCEMENT = Announcement(TASK.digest, "scale 7", 12, NEW_YEAR + 86_400)
ANNOUNCED = ANNOUNCEMENT.encode(PUBLISHER.secret_key)
