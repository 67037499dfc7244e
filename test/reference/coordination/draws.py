"""Who is in which session of an attempt with cohorts (section Cohorts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from secagg.cohorts import assign, enrolment_digest, session_name
from secagg.derivation import digest
from secagg.encoding import u8, u32, u64
from secagg.refusal import require

from . import attempts
from .certificates import Authority
from .documents import VERSION, Fields, open_document, sign_document
from .tasks import from_base64, to_base64


@dataclass(frozen=True)
class Draw:
    """Which cohort of which draw."""

    enrolment: bytes
    seed: bytes
    index: int

    def context(self, task: bytes, announcement: bytes, attempt: int, roster: attempts.Digest) -> str:
        """The context of the cohort's session, for the aggregate `integers` (section Cohorts)."""
        shared = attempts.session_name(task, announcement, attempt, attempts.NOBODY).hex()
        own = attempts.session_name(task, announcement, attempt, roster).hex()
        return session_name(self.enrolment, self.seed, self.index, 0, f"{shared} {own}".encode())

    def to_json(self) -> dict[str, Any]:
        """As it stands in the certificate of a run (section Run certificates)."""
        return {"enrolment": to_base64(self.enrolment), "seed": to_base64(self.seed), "index": self.index}


def read_draw(written: Mapping[str, Any]) -> Draw:
    """A draw in the certificate of a run."""
    require(written.keys() == {"enrolment", "seed", "index"}, "a draw with other fields")
    draw = Draw(from_base64(written["enrolment"]), from_base64(written["seed"]), written["index"])
    require(len(draw.enrolment) == len(draw.seed) == 32, "a digest or seed of the wrong length")
    return draw


def encode_enrolment(seed_at: int, user_ids: Sequence[int]) -> bytes:
    """The body of the response `enrolled` (section Cohorts)."""
    return u64(seed_at) + u32(len(user_ids)) + b"".join(u64(user_id) for user_id in user_ids)


def read_enrolment(data: bytes) -> tuple[int, list[int]]:
    """The time of the seed, and who is enrolled."""
    fields = Fields(data)
    seed_at, count = fields.u64(), fields.u32()
    require(len(data) == 12 + 8 * count, "another number of ids")
    user_ids = [fields.u64() for _ in range(count)]
    require(all(left < right for left, right in pairwise(user_ids)), "ids that do not ascend")
    return seed_at, user_ids


def cohort_sizes(enrolled: int, group: Mapping[str, Any], min_users: int) -> list[int] | None:
    """The sizes of the cohorts, the larger ones first; None if so many participants cannot be divided (section Cohorts)."""
    cohorts = group["cohorts"]
    count = max(cohorts["least"], -(-enrolled // group["maxUsers"]))
    size, larger = divmod(enrolled, count)
    if count > cohorts["most"] or size < min_users:
        return None
    return [size + 1] * larger + [size] * (count - larger)


def draw_cohorts(user_ids: Sequence[int], sizes: Sequence[int], seed: bytes) -> tuple[bytes, list[list[int]]]:
    """The digest of the enrolment, and the members of each cohort (section Cohorts)."""
    return enrolment_digest(user_ids, sizes), assign(user_ids, sizes, seed)


def encode_seed(authority: Authority, secret_key: bytes, seed_at: int) -> bytes:
    """The registrar's document for the seed of a time (section Cohorts)."""
    return sign_document("seed document", u8(VERSION) + authority.digest + u64(seed_at), secret_key)


def seed_in(data: bytes, authority: Authority, seed_at: int) -> bytes:
    """The seed of a time, if the registrar has signed the document for it (section Cohorts)."""
    fields = open_document("seed document", data, authority.public_key)
    require(fields.take(32) == authority.digest, "a seed of another registrar")
    require(fields.u64() == seed_at, "the seed of another time")
    fields.end()
    return digest("seed of a draw", data)
