"""Who may take part: authority, certificate requests, certificates and revocation lists (section Certificates)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from secagg.derivation import DIGEST_BYTES, digest
from secagg.encoding import u8, u32, u64
from secagg.refusal import require
from secagg.signatures import is_acceptable_point

from .documents import KEY_BYTES, VERSION, Fields, open_document, sign_document

CERTIFICATE_BYTES = 161
REQUEST_BYTES = 137
MAX_REVOKED = 1_000_000
CLOCK_SKEW = 300
"""Seconds by which the clocks of two parties may differ (section Certificates)."""


def read_key(fields: Fields) -> bytes:
    """The key of a participant, which is no point that signatures are refused under."""
    public_key = fields.take(KEY_BYTES)
    require(is_acceptable_point(public_key), "a key that signatures are refused under")
    return public_key


@dataclass(frozen=True)
class Authority:
    """A registrar and what it certifies for (section Keys and signatures)."""

    public_key: bytes
    scope: str

    @property
    def digest(self) -> bytes:
        return digest("authority of a registrar", self.public_key, self.scope.encode())


@dataclass(frozen=True)
class CertificateRequest:
    """A participant asks for a certificate of its key, and signs with it (section Certificates)."""

    id: int
    public_key: bytes

    def encode(self, authority: Authority, secret_key: bytes) -> bytes:
        content = u8(VERSION) + authority.digest + u64(self.id) + self.public_key
        return sign_document("certificate request", content, secret_key)


def read_certificate_request(document: bytes, authority: Authority) -> CertificateRequest:
    """A request that the participant has signed; its key is in the request itself (section Certificates)."""
    require(len(document) == REQUEST_BYTES, "a certificate request of the wrong length")
    fields = open_document("certificate request", document, document[41 : 41 + KEY_BYTES])
    require(fields.take(DIGEST_BYTES) == authority.digest, "a request to another authority")
    return CertificateRequest(fields.u64(), read_key(fields))


@dataclass(frozen=True)
class Certificate:
    """The registrar vouches that an id has a key (section Certificates). Times are in seconds since 1970."""

    id: int
    public_key: bytes
    serial: int
    valid_from: int
    valid_until: int

    def encode(self, authority: Authority, secret_key: bytes) -> bytes:
        content = u8(VERSION) + authority.digest + u64(self.id) + self.public_key
        content += u64(self.serial) + u64(self.valid_from) + u64(self.valid_until)
        return sign_document("certificate", content, secret_key)

    def is_valid_at(self, seconds: float) -> bool:
        """Whether it is valid for a party whose clock shows `seconds` since 1970."""
        return self.valid_from - CLOCK_SKEW <= seconds < self.valid_until + CLOCK_SKEW


def read_certificate(document: bytes, authority: Authority) -> Certificate:
    """A certificate of this authority; whether it is valid now is another question (section Certificates)."""
    require(len(document) == CERTIFICATE_BYTES, "a certificate of the wrong length")
    fields = open_document("certificate", document, authority.public_key)
    require(fields.take(DIGEST_BYTES) == authority.digest, "a certificate of another authority")
    return Certificate(fields.u64(), read_key(fields), fields.u64(), fields.u64(), fields.u64())


@dataclass(frozen=True)
class RevocationList:
    """The serials of certificates that the registrar has taken back (section Certificates)."""

    number: int
    issued_at: int
    serials: Sequence[int]

    def encode(self, authority: Authority, secret_key: bytes) -> bytes:
        content = u8(VERSION) + authority.digest + u64(self.number) + u64(self.issued_at)
        content += u32(len(self.serials)) + b"".join(map(u64, self.serials))
        return sign_document("revocation list", content, secret_key)


def read_revocation_list(document: bytes, authority: Authority) -> RevocationList:
    """A revocation list of this authority (section Certificates)."""
    fields = open_document("revocation list", document, authority.public_key)
    require(fields.take(DIGEST_BYTES) == authority.digest, "a revocation list of another authority")
    number, issued_at, count = fields.u64(), fields.u64(), fields.u32()
    require(count <= MAX_REVOKED, "too many serials")
    serials = [fields.u64() for _ in range(count)]
    fields.end()
    require(all(left < right for left, right in pairwise(serials)), "serials that do not ascend")
    return RevocationList(number, issued_at, serials)
