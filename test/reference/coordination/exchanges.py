"""What requests and responses have in common (sections Requests and Responses)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from secagg.encoding import u64
from secagg.messagepack import decode_message
from secagg.refusal import require

from .documents import NUMBER_LIMIT

MAX_MESSAGE_BYTES = 1_049_600
MAX_BODY_BYTES = 1_048_576
TOKEN_BYTES = 40


@dataclass(frozen=True)
class Place:
    """Which round of which attempt of which run."""

    run: int = 0
    attempt: int = 0
    round: int = 0

    @property
    def numbers(self) -> list[int]:
        return [self.run, self.attempt, self.round]


NOWHERE = Place()


@dataclass(frozen=True)
class Part:
    """Some bytes of a whole: from `offset` on, of `total`; `sha256` is the digest of the whole."""

    offset: int
    total: int
    sha256: bytes
    body: bytes

    @property
    def extent(self) -> list[int]:
        return [self.offset, self.total]


def whole(body: bytes) -> Part:
    """A body that fits into one message."""
    return Part(0, len(body), hashlib.sha256(body).digest(), body)


def parts_of(body: bytes, size: int = MAX_BODY_BYTES) -> list[Part]:
    """A body cut into parts, in order."""
    sha256 = hashlib.sha256(body).digest()
    return [Part(start, len(body), sha256, body[start : start + size]) for start in range(0, len(body), size)]


def numbers(values: Sequence[int]) -> bytes:
    """u64 of each."""
    return b"".join(map(u64, values))


def decode_exchange(data: bytes, kinds: Sequence[type]) -> list[Any]:
    """The elements of a request or a response, whose integers are all below 2^53."""
    require(len(data) <= MAX_MESSAGE_BYTES, "a message that is too long")
    elements = decode_message(data, kinds)
    for element in elements:
        for number in element if isinstance(element, list) else [element]:
            require(isinstance(number, bytes) or number < NUMBER_LIMIT, "a number out of range")
    return elements
