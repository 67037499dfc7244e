"""The envelopes of what users and the server send (section Messages)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .messagepack import Element, decode_message, encode_message
from .refusal import require

VERSION = 1
USER_ID_LIMIT = 2**53
START_MESSAGE = encode_message([VERSION, 0])


@dataclass(frozen=True)
class UserMessage:
    """What a user sends in rounds 0 to 4 (section Messages)."""

    round: int
    tag: bytes
    user_id: int
    body: bytes
    signature: bytes

    def encode(self) -> bytes:
        """The message on the wire (section Messages)."""
        return encode_message([VERSION, self.round, self.tag, self.user_id, self.body, self.signature])


def decode_user_message(data: bytes, round_number: int, tag: bytes) -> UserMessage:
    """A user's message of this round and session; its signature is not checked here (section Messages)."""
    version, number, its_tag, user_id, body, signature = decode_message(data, [int, int, bytes, int, bytes, bytes])
    require(version == VERSION and number == round_number, "another version or round")
    require(its_tag == tag, "another session tag")
    require(user_id < USER_ID_LIMIT, "a user id out of range")
    return UserMessage(round_number, tag, user_id, body, signature)


def encode_server_message(round_number: int, tag: bytes, *elements: Element) -> bytes:
    """What the server sends in rounds 1 to 4 (section Messages)."""
    return encode_message([VERSION, round_number, tag, *elements])


def decode_server_message(data: bytes, round_number: int, tag: bytes, kinds: Sequence[type]) -> list[Any]:
    """What follows version, round and tag in a server's message of this round and session, of the types `kinds`."""
    elements = decode_message(data, [int, int, bytes, *kinds])
    require(elements[:2] == [VERSION, round_number], "another version or round")
    require(elements[2] == tag, "another session tag")
    return elements[3:]
