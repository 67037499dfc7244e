"""Who is in an attempt, and the context of its session (section The session of an attempt)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from secagg.derivation import digest
from secagg.encoding import u32
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


def encode_roster(certificates: Sequence[bytes], revocation_list: bytes) -> bytes:
    """The roster as it is sent (section The session of an attempt)."""
    return u32(len(certificates)) + b"".join(certificates) + revocation_list


def session_name(task: bytes, announcement: bytes, attempt: int, certificates: Sequence[bytes]) -> bytes:
    """The name of an attempt's session (section The session of an attempt)."""
    roster = digest("roster of an attempt", u32(len(certificates)), *certificates)
    return digest("session of an attempt", task, u32(len(announcement)), announcement, u32(attempt), roster)


@dataclass(frozen=True)
class Roster:
    """Those who are certified for an attempt, by id, and what the session's context is made of."""

    certificates: Sequence[bytes]
    members: Mapping[int, Certificate]
    revocation_list: RevocationList

    def context(self, task: bytes, announcement: bytes, attempt: int) -> bytes:
        """The context of the session, for the aggregate `integers` (section The session of an attempt)."""
        return session_name(task, announcement, attempt, self.certificates).hex().encode()

    @property
    def registry(self) -> dict[int, bytes]:
        """The key of each member."""
        return {user_id: certificate.public_key for user_id, certificate in self.members.items()}


def read_roster(data: bytes, authority: Authority) -> Roster:
    """A roster whose documents are all of this authority; whether they are valid now is another question."""
    fields = Fields(data)
    count = fields.u32()
    require(count in range(2, 65_536), "a number of certificates out of range")
    certificates = [fields.take(CERTIFICATE_BYTES) for _ in range(count)]
    read = [read_certificate(certificate, authority) for certificate in certificates]
    require(all(left.id < right.id for left, right in pairwise(read)), "ids that do not ascend")
    revocation_list = read_revocation_list(data[fields.offset :], authority)
    return Roster(certificates, {certificate.id: certificate for certificate in read}, revocation_list)


def require_valid(roster: Roster, seconds: float, max_revocation_age: int) -> None:
    """What a participant checks with its clock before it begins (section The session of an attempt)."""
    age = seconds - roster.revocation_list.issued_at
    require(-CLOCK_SKEW <= age <= max_revocation_age + CLOCK_SKEW, "a revocation list from another time")
    revoked = set(roster.revocation_list.serials)
    for certificate in roster.members.values():
        require(certificate.is_valid_at(seconds), "a certificate that is not valid now")
        require(certificate.serial not in revoked, "a certificate that was taken back")
