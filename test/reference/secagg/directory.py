"""The keys that users advertise (section Round 0) and the directory of all of them (section Round 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .derivation import digest
from .encoding import u32, u64
from .key_agreement import KEY_BYTES
from .refusal import require


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
class Directory:
    """U1 with its keys, in ascending order of id, and its digest (section Round 1)."""

    keys: Mapping[int, AdvertisedKeys]
    digest: bytes

    @property
    def ids(self) -> list[int]:
        return list(self.keys)


def make_directory(tag: bytes, keys: Mapping[int, AdvertisedKeys]) -> Directory:
    """The directory of the users in `keys` (section Round 1)."""
    ordered = dict(sorted(keys.items()))
    entries = [u64(user_id) + advertised.body for user_id, advertised in ordered.items()]
    return Directory(ordered, digest("directory", tag, u32(len(ordered)), *entries))
