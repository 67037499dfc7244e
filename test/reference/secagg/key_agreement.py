"""X25519, and the public keys that it is given (sections Round 0 and Round 1)."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from .curve25519 import FIELD_PRIME, MONTGOMERY_SMALL_ORDER_U
from .refusal import ProtocolError, require

KEY_BYTES = 32


def x25519_public_key(secret_key: bytes) -> bytes:
    """The public key of RFC 7748 (section Round 0)."""
    return X25519PrivateKey.from_private_bytes(secret_key).public_key().public_bytes_raw()


def agree(secret_key: bytes, public_key: bytes) -> bytes:
    """The X25519 output; the library refuses one of all zeros (section Round 1)."""
    try:
        return X25519PrivateKey.from_private_bytes(secret_key).exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError as error:
        raise ProtocolError("a key agreement of all zeros") from error


def require_acceptable_keys(keys: Sequence[bytes]) -> None:
    """Every key canonical, of large order and unlike all the others (sections Round 0 and Round 1)."""
    for key in keys:
        u = int.from_bytes(key, "little")
        require(u < FIELD_PRIME, "a key that is not canonical")
        require(u not in MONTGOMERY_SMALL_ORDER_U, "a key of small order")
    require(len(set(keys)) == len(keys), "a key advertised twice")
