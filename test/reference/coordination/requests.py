"""What a participant sends to the coordinator (section Requests)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from secagg.derivation import DIGEST_BYTES, digest, label
from secagg.encoding import u8, u32, u64
from secagg.messagepack import Element, encode_message
from secagg.refusal import require
from secagg.signatures import SIGNATURE_BYTES, sign, signature_verifies

from .certificates import CERTIFICATE_BYTES, Authority, read_certificate
from .documents import VERSION
from .exchanges import MAX_BODY_BYTES, NOWHERE, TOKEN_BYTES, Part, Place, decode_exchange, numbers

KINDS = ["hello", "check-in", "ready", "next", "answer", "outcome", "leave", "certificates"]


def key_of_service(public_key: bytes) -> bytes:
    """How a request names its coordinator (section Requests)."""
    return digest("key of a service", public_key)


@dataclass(frozen=True)
class Request:
    """One request of a participant (section Requests)."""

    kind: str
    coordinator: bytes
    """The digest of the coordinator's key."""
    task: bytes
    certificate: bytes
    sequence: int
    part: Part
    """Of a question: the wanted offset, and its whole body."""
    place: Place = NOWHERE
    token: bytes = b""

    @property
    def digest(self) -> bytes:
        """The request's digest (section Requests)."""
        return digest(
            "request",
            u8(VERSION) + u8(KINDS.index(self.kind)) + self.coordinator + self.task,
            hashlib.sha256(self.certificate).digest() + numbers(self.place.numbers),
            u32(len(self.token)) + self.token + u64(self.sequence) + numbers(self.part.extent),
            self.part.sha256 + hashlib.sha256(self.part.body).digest(),
        )

    def elements(self, secret_key: bytes) -> list[Element]:
        """The elements of the request (section Requests)."""
        return [
            VERSION,
            KINDS.index(self.kind),
            self.coordinator,
            self.task,
            self.certificate,
            self.place.numbers,
            self.token,
            self.sequence,
            self.part.extent,
            self.part.sha256,
            self.part.body,
            sign(secret_key, label("request") + self.digest),
        ]

    def encode(self, secret_key: bytes) -> bytes:
        """The request on the wire (section Requests)."""
        return encode_message(self.elements(secret_key))


def decode_request(data: bytes, authority: Authority) -> Request:
    """A request that was signed with the key in its certificate (section Requests)."""
    kinds = [int, int, bytes, bytes, bytes, list, bytes, int, list, bytes, bytes, bytes]
    version, kind, coordinator, task, certificate, place, token, sequence, extent, sha256, body, signature = decode_exchange(
        data, kinds
    )
    require(version == VERSION and kind < len(KINDS), "another version or kind")
    require(len(signature) == SIGNATURE_BYTES, "a signature of the wrong length")
    require(len(coordinator) == len(task) == len(sha256) == DIGEST_BYTES, "a digest of the wrong length")
    require(len(certificate) == CERTIFICATE_BYTES, "a certificate of the wrong length")
    require(len(place) == 3 and len(extent) == 2, "a list of the wrong length")
    require(len(token) in (0, TOKEN_BYTES), "a token of the wrong length")
    require(len(body) <= MAX_BODY_BYTES, "a body that is too long")
    part = Part(*extent, sha256, body)
    request = Request(KINDS[kind], coordinator, task, certificate, sequence, part, Place(*place), token)
    sender = read_certificate(certificate, authority).public_key
    require(signature_verifies(sender, signature, label("request") + request.digest), "a request that its sender has not signed")
    return request
