"""Labels and what is derived under them: hashes and keys (section Conventions)."""

from __future__ import annotations

import hashlib
import hmac

from .encoding import u8

DIGEST_BYTES = 32


def label(name: str) -> bytes:
    """The domain separator of one derivation (section Conventions)."""
    return b"secagg/1/" + name.encode("ascii") + b"\x00"


def digest(name: str, *parts: bytes) -> bytes:
    """H(label, parts...) of section Conventions."""
    return hashlib.sha256(label(name) + b"".join(parts)).digest()


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 of RFC 5869 with 32 bytes of output, hence one block of its expansion (section Conventions)."""
    pseudorandom_key = hmac.digest(salt, secret, "sha256")
    return hmac.digest(pseudorandom_key, info + u8(1), "sha256")
