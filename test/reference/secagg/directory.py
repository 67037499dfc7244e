"""The keys that users advertise (section Round 0) and the directory of all of them (section Round 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .derivation import digest
from .encoding import u32, u64
from .hash_tree import root_from_proof
from .key_agreement import KEY_BYTES
from .refusal import require

DIRECTORY_NODE = "node of the directory"


@dataclass(frozen=True)
class AdvertisedKeys:
    """The body of round 0 (section Round 0)."""

    channel: bytes
    mask: bytes

    @property
    def body(self) -> bytes:
        return self.channel + self.mask


def decode_advertised_keys(body: bytes) -> AdvertisedKeys:
    """The two keys of a body of round 0 (section Round 0)."""
    require(len(body) == 2 * KEY_BYTES, "a body of round 0 of the wrong length")
    return AdvertisedKeys(body[:KEY_BYTES], body[KEY_BYTES:])


@dataclass(frozen=True)
class Line:
    """One user in the directory (section Round 1)."""

    user_id: int
    keys: AdvertisedKeys

    @property
    def leaf(self) -> bytes:
        return digest("line of the directory", u64(self.user_id), self.keys.body)


@dataclass(frozen=True)
class Directory:
    """U1 with its keys, as far as its holder knows it, and the digest of the whole (section Round 1)."""

    user_count: int
    lines: Mapping[int, Line]
    """By position: all of them for the server, those that it is shown for a user."""
    digest: bytes

    def id_at(self, position: int) -> int:
        return self.lines[position].user_id

    def keys_at(self, position: int) -> AdvertisedKeys:
        return self.lines[position].keys


def make_directory(tag: bytes, user_count: int, lines: Mapping[int, Line], proof: Sequence[bytes] = ()) -> Directory:
    """The directory of n users, from the lines known and a proof for the others (section Round 1)."""
    root = root_from_proof(DIRECTORY_NODE, user_count, {position: line.leaf for position, line in lines.items()}, proof)
    return Directory(user_count, lines, digest("directory", tag, u32(user_count), root))
