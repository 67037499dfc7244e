"""Integers, sets of users and lists of equal parts as byte strings (section Conventions)."""

from __future__ import annotations

from collections.abc import Iterable

from .refusal import require


def u8(value: int) -> bytes:
    """One byte (section Conventions)."""
    return value.to_bytes(1, "big")


def u32(value: int) -> bytes:
    """Four bytes, big-endian (section Conventions)."""
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    """Eight bytes, big-endian (section Conventions)."""
    return value.to_bytes(8, "big")


def encode_set(members: Iterable[int], size: int) -> bytes:
    """The bitmap of some positions, or of indices in a list, out of `size` (section Conventions)."""
    bits = sum(1 << index for index in set(members))
    return bits.to_bytes((size + 7) // 8, "little")


def decode_set(bitmap: bytes, size: int) -> list[int]:
    """The positions or indices in a bitmap, ascending; refuses another length and spare bits (section Conventions)."""
    require(len(bitmap) == (size + 7) // 8, "a set of the wrong length")
    bits = int.from_bytes(bitmap, "little")
    require(bits >> size == 0, "a set with spare bits")
    return [index for index in range(size) if bits >> index & 1]


def split(data: bytes, size: int) -> list[bytes]:
    """Pieces of `size` bytes."""
    require(len(data) % size == 0, "a list of the wrong length")
    return [data[start : start + size] for start in range(0, len(data), size)]
