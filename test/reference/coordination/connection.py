"""A participant's way to the coordinator: tokens, sequence numbers, bodies in parts (sections Requests to Tokens)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from secagg.refusal import ProtocolError, require

from .exchanges import MAX_BODY_BYTES, NOWHERE, Part, Place, parts_of, whole
from .requests import Request, key_of_service
from .responses import Response, decode_response

TOKEN_NEEDED = "ERR_SECAGG_TOKEN"
PASSING = {f"ERR_SECAGG_{name}" for name in ("OVERLOAD", "STORE", "BUSY", "ENGINE", "SEQUENCE", "PART")}
"""Refusals after which the same answer may be taken later. This client does not try again."""


@dataclass
class Connection:
    """Asks one coordinator about one task. The numbers of its requests are in memory only: it is made once for one certificate."""

    exchange: Callable[[bytes], bytes]
    """Carries a request to the coordinator, and its response back."""
    coordinator: bytes
    """The coordinator's key, which the participant pins."""
    task: bytes
    certificate: bytes
    secret_key: bytes
    token: bytes = b""
    sequence: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    """How many requests of each kind were sent."""

    def send(self, kind: str, place: Place, part: Part) -> Response:
        """One request and its response; once more if the coordinator asks for its newest token."""
        response = self.send_once(kind, place, part)
        return self.send_once(kind, place, part) if response.code == TOKEN_NEEDED else response

    def send_once(self, kind: str, place: Place, part: Part) -> Response:
        self.sequence += 1
        self.counts[kind] = self.counts.get(kind, 0) + 1
        service = key_of_service(self.coordinator)
        request = Request(kind, service, self.task, self.certificate, self.sequence, part, place, self.token)
        answer = self.exchange(request.encode(self.secret_key))
        response = decode_response(answer, self.coordinator, request.digest)
        require(response.sequence <= self.sequence, "somebody else uses this certificate")
        self.token = response.token
        return response

    def ask(self, kind: str, place: Place = NOWHERE, body: bytes = b"") -> Response:
        """A question, and the response with its whole body (section Bodies in parts)."""
        first = self.send(kind, place, whole(body))
        if first.kind == "accepted":
            return first
        data, total = first.part.body, first.part.total
        require(first.part.offset == 0, "a response that does not begin at 0")
        while len(data) < total:
            response = self.send(kind, place, replace(whole(body), offset=len(data)))
            part = response.part
            same = response.kind == first.kind and part.sha256 == first.part.sha256 and part.total == total
            require(same and part.offset == len(data), "a response that changed while it was fetched")
            require(len(part.body) == min(MAX_BODY_BYTES, total - len(data)), "a part that is too short or too long")
            data += part.body
        require(len(data) == total and hashlib.sha256(data).digest() == first.part.sha256, "a body with another digest")
        return replace(first, part=whole(data))

    def answer(self, place: Place, message: bytes) -> bool:
        """The participant's message of a round, in parts (section Bodies in parts); False if the attempt is over."""
        first, *others = parts_of(message)
        offset = 0
        # Enough for a coordinator that forgets everything twice, and no more.
        for _ in range(3 * (1 + len(others))):
            part = replace(first, offset=offset, body=message[offset : offset + MAX_BODY_BYTES])
            response = self.send("answer", place, part)
            if response.kind == "refused" and response.code not in PASSING:
                return False
            require(response.kind == "accepted", f"the coordinator refuses: {response.code}")
            require(response.part.total == len(message), "an answer of another length")
            offset = response.part.offset
            if offset == len(message):
                return True
        raise ProtocolError("an upload that does not end")
