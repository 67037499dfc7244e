"""Who is in an attempt, and the context of its session (section The session of an attempt)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from secagg.derivation import DIGEST_BYTES, digest
from secagg.encoding import u32
from secagg.hash_tree import make_proof, proof_length, root_from_proof, subtree_root
from secagg.refusal import require

from .certificates import (
    CERTIFICATE_BYTES,
    CLOCK_SKEW,
    Authority,
    Certificate,
    RevocationList,
    read_certificate,
    read_revocation_list,
)
from .documents import Fields


NODE = "node of the roster of an attempt"
MAX_USERS = 1_000_000
Digest = tuple[int, bytes]
"""The number of all certificates of a session and the root of the hash tree over them (section The session of an attempt)."""
NOBODY: Digest = (0, b"")


def leaves_of(certificates: Sequence[bytes]) -> list[bytes]:
    """The leaves of the hash tree (section The session of an attempt)."""
    return [digest("line of the roster of an attempt", certificate) for certificate in certificates]


def roster_digest(certificates: Sequence[bytes]) -> Digest:
    """What stands for all of them."""
    return len(certificates), subtree_root(NODE, leaves_of(certificates))


def encode_lines(users: int, lines: Sequence[tuple[int, bytes]], proof: Sequence[bytes], revocation_list: bytes) -> bytes:
    """The roster as it is sent: certificates at their places, and a proof for the others (section The session of an attempt)."""
    shown = b"".join(u32(place) + certificate for place, certificate in lines)
    return u32(users) + u32(len(lines)) + shown + b"".join(proof) + revocation_list


def encode_roster(certificates: Sequence[bytes], revocation_list: bytes, places: Sequence[int] | None = None) -> bytes:
    """The roster of all of these, or the part of it with the certificates at some places."""
    if places is None:
        return encode_lines(len(certificates), list(enumerate(certificates)), [], revocation_list)
    proof = make_proof(NODE, leaves_of(certificates), places)
    return encode_lines(len(certificates), [(place, certificates[place]) for place in places], proof, revocation_list)


def session_name(task: bytes, announcement: bytes, attempt: int, about: Digest) -> bytes:
    """The name of an attempt's session (section The session of an attempt)."""
    users, root = about
    roster = digest("roster of an attempt", u32(users), root)
    return digest("session of an attempt", task, u32(len(announcement)), announcement, u32(attempt), roster)


@dataclass(frozen=True)
class Roster:
    """Those whose certificates are at hand, by id, and what stands for all of the session."""

    digest: Digest
    members: Mapping[int, Certificate]
    revocation_list: RevocationList

    @property
    def user_count(self) -> int:
        """How many participants the session has in all."""
        return self.digest[0]

    @property
    def is_whole(self) -> bool:
        return len(self.members) == self.user_count

    def context(self, task: bytes, announcement: bytes, attempt: int) -> bytes:
        """The context of the session, for the aggregate `integers` (section The session of an attempt)."""
        return session_name(task, announcement, attempt, self.digest).hex().encode()

    @property
    def registry(self) -> dict[int, bytes]:
        """The key of each member."""
        return {user_id: certificate.public_key for user_id, certificate in self.members.items()}


def read_roster(data: bytes, authority: Authority) -> Roster:
    """A roster whose documents are all of this authority; whether they are valid now is another question."""
    fields = Fields(data)
    users, shown = fields.u32(), fields.u32()
    require(users in range(2, MAX_USERS + 1) and shown in range(1, users + 1), "a number of certificates out of range")
    lines = [(fields.u32(), fields.take(CERTIFICATE_BYTES)) for _ in range(shown)]
    places, certificates = [place for place, _ in lines], [certificate for _, certificate in lines]
    read = [read_certificate(certificate, authority) for certificate in certificates]
    require(all(left.id < right.id for left, right in pairwise(read)), "ids that do not ascend")
    require(all(left < right for left, right in pairwise(places)) and places[-1] < users, "places that do not ascend")
    proof = [fields.take(DIGEST_BYTES) for _ in range(proof_length(users, places))]
    root = root_from_proof(NODE, users, dict(zip(places, leaves_of(certificates), strict=True)), proof)
    revocation_list = read_revocation_list(data[fields.offset :], authority)
    return Roster((users, root), {certificate.id: certificate for certificate in read}, revocation_list)


def require_valid(roster: Roster, seconds: float, max_revocation_age: int) -> None:
    """What a participant checks with its clock before it begins (section The session of an attempt)."""
    age = seconds - roster.revocation_list.issued_at
    require(-CLOCK_SKEW <= age <= max_revocation_age + CLOCK_SKEW, "a revocation list from another time")
    revoked = set(roster.revocation_list.serials)
    for certificate in roster.members.values():
        require(certificate.is_valid_at(seconds), "a certificate that is not valid now")
        require(certificate.serial not in revoked, "a certificate that was taken back")
