"""XChaCha20-Poly1305, of which the library has the inner cipher alone (draft-irtf-cfrg-xchacha)."""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

NONCE_BYTES = 24


def rotate_left(word: int, count: int) -> int:
    """Rotation of a 32-bit word."""
    return (word << count | word >> (32 - count)) & 0xFFFFFFFF


def quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    """The quarter round of RFC 8439, section 2.1."""
    for sum_to, addend, rotated, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[sum_to] = (state[sum_to] + state[addend]) & 0xFFFFFFFF
        state[rotated] = rotate_left(state[rotated] ^ state[sum_to], count)


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """HChaCha20 of draft-irtf-cfrg-xchacha, section 2.2: ChaCha20 without the final addition, first and last rows."""
    state = list(struct.unpack("<16L", b"expand 32-byte k" + key + nonce))
    for _ in range(10):
        for column in range(4):
            quarter_round(state, column, column + 4, column + 8, column + 12)
        for column in range(4):
            diagonal = (column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
            quarter_round(state, *diagonal)
    return struct.pack("<8L", *state[:4], *state[12:])


def xchacha20_poly1305(key: bytes, nonce: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """The inner cipher and its nonce (draft-irtf-cfrg-xchacha, section 2.3)."""
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])), bytes(4) + nonce[16:]
