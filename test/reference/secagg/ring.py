"""Vectors modulo 2^bits: packed, expanded from a seed and added up (section Ring and lanes)."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .encoding import split
from .refusal import require


def pack(components: Sequence[int], bits: int) -> bytes:
    """The stream of the components modulo 2^bits (section Ring and lanes)."""
    size = (len(components) * bits + 7) // 8
    groups = [components[start : start + 8] for start in range(0, len(components), 8)]
    return b"".join(pack_group(group, bits) for group in groups)[:size]


def pack_group(components: Sequence[int], bits: int) -> bytes:
    """At most eight components, which take `bits` bytes, the last ones perhaps of zeros."""
    stream = sum((component % (1 << bits)) << (index * bits) for index, component in enumerate(components))
    return stream.to_bytes(bits, "little")


def unpack(data: bytes, vec_len: int, bits: int) -> list[int]:
    """The components of a stream; refuses another length and spare bits (section Ring and lanes)."""
    require(len(data) == (vec_len * bits + 7) // 8, "a vector of the wrong length")
    stream = int.from_bytes(data, "little")
    require(stream >> (vec_len * bits) == 0, "a vector with spare bits")
    return [stream >> (index * bits) & ((1 << bits) - 1) for index in range(vec_len)]


PLANES_BLOCK = 8192


def plane_widths(size: int) -> list[int]:
    """The bytes that an integer of `size` bytes has in each plane (section Ring and lanes)."""
    return [size] if size in (1, 2, 4, 8) else [width for width in (4, 2, 1) if size & width]


def expand_mask(seed: bytes, vec_len: int, bits: int) -> list[int]:
    """PRG(seed) as a list of integers (section Ring and lanes)."""
    size = (bits + 7) // 8
    encryptor = Cipher(algorithms.AES(seed), modes.CTR(bytes(16))).encryptor()
    stream = encryptor.update(bytes(vec_len * size)) + encryptor.finalize()
    step = PLANES_BLOCK * size
    blocks = [stream[start : start + step] for start in range(0, len(stream), step)]
    return [number for block in blocks for number in from_planes(block, size)]


def from_planes(block: bytes, size: int) -> list[int]:
    """The integers of a block of key stream (section Ring and lanes)."""
    numbers = [0] * (len(block) // size)
    start, shift = 0, 0
    for width in plane_widths(size):
        end = start + width * len(numbers)
        for index, piece in enumerate(split(block[start:end], width)):
            numbers[index] += int.from_bytes(piece, "little") << shift
        start, shift = end, shift + 8 * width
    return numbers


def add_scaled(total: Sequence[int], sign_: int, vector: Sequence[int]) -> list[int]:
    """total + sign · vector. Unreduced: 2^bits divides 2^(8 · lane), so one reduction modulo 2^bits at the end does."""
    return [left + sign_ * right for left, right in zip(total, vector, strict=True)]


def to_signed(components: Sequence[int], bits: int) -> list[int]:
    """The integers that the components of the sum stand for (section Ring and lanes, Result)."""
    ring = 1 << bits
    reduced = [component % ring for component in components]
    return [component - ring if component >= ring // 2 else component for component in reduced]
