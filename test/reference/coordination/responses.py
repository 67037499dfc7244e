"""What the coordinator answers (section Responses)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from secagg.derivation import DIGEST_BYTES, digest, label
from secagg.encoding import u8, u32, u64
from secagg.messagepack import Element, encode_message
from secagg.refusal import require
from secagg.signatures import SIGNATURE_BYTES, sign, signature_verifies

from .documents import VERSION
from .exchanges import MAX_BODY_BYTES, NOWHERE, TOKEN_BYTES, Part, Place, decode_exchange, numbers

KINDS = ["wait", "task", "run", "enrolled", "roster", "message", "accepted", "outcome", "refused"]
CODE = re.compile(rb"[A-Z0-9_]{0,64}")


@dataclass(frozen=True)
class Response:
    """One response of the coordinator (section Responses)."""

    request: bytes
    """The digest of the request."""
    kind: str
    token: bytes
    wait: tuple[int, int]
    """From and to, in milliseconds."""
    sequence: int
    part: Part
    place: Place = NOWHERE
    code: str = ""

    @property
    def digest(self) -> bytes:
        """The response's digest (section Responses)."""
        code = self.code.encode("ascii")
        return digest(
            "response",
            u8(VERSION) + u8(KINDS.index(self.kind)) + self.request + self.token,
            numbers(self.wait) + numbers(self.place.numbers) + u64(self.sequence) + numbers(self.part.extent),
            self.part.sha256 + u32(len(code)) + code + hashlib.sha256(self.part.body).digest(),
        )

    def elements(self, secret_key: bytes) -> list[Element]:
        """The elements of the response (section Responses)."""
        return [
            VERSION,
            self.request,
            KINDS.index(self.kind),
            self.token,
            list(self.wait),
            self.place.numbers,
            self.sequence,
            self.part.extent,
            self.part.sha256,
            self.code.encode("ascii"),
            self.part.body,
            sign(secret_key, label("response") + self.digest),
        ]

    def encode(self, secret_key: bytes) -> bytes:
        """The response on the wire (section Responses)."""
        return encode_message(self.elements(secret_key))


def decode_response(data: bytes, coordinator: bytes, request: bytes) -> Response:
    """A response to this request that the coordinator's key has signed (section Responses)."""
    kinds = [int, bytes, int, bytes, list, list, int, list, bytes, bytes, bytes, bytes]
    version, its_request, kind, token, wait, place, sequence, extent, sha256, code, body, signature = decode_exchange(data, kinds)
    require(version == VERSION and kind < len(KINDS), "another version or kind")
    require(len(signature) == SIGNATURE_BYTES, "a signature of the wrong length")
    require(len(token) == TOKEN_BYTES and len(its_request) == len(sha256) == DIGEST_BYTES, "a token or digest of the wrong length")
    require(len(wait) == 2 and len(place) == 3 and len(extent) == 2, "a list of the wrong length")
    require(len(body) <= MAX_BODY_BYTES, "a body that is too long")
    require(CODE.fullmatch(code) is not None, "a code of other characters, or too long")
    response = Response(
        its_request, KINDS[kind], token, tuple(wait), sequence, Part(*extent, sha256, body), Place(*place), code.decode()
    )
    require(signature_verifies(coordinator, signature, label("response") + response.digest), "a response that is not signed")
    require(its_request == request, "a response that is not signed for this request")
    return response
