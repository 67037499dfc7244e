"""Ed25519 signatures of users' messages (section Signatures)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .curve25519 import EDWARDS_ORDER, EDWARDS_SMALL_ORDER_Y, FIELD_PRIME
from .derivation import DIGEST_BYTES, digest, label
from .encoding import u8, u32, u64
from .messages import UserMessage
from .refusal import require

SIGNATURE_BYTES = 64


PIECE_COMPONENTS = 2**18


def body_digest(bits: int, round_number: int, body: bytes) -> bytes:
    """The digest of a body: of round 2 over the list of its pieces (section Signatures)."""
    if round_number != 2:
        return hashlib.sha256(body).digest()
    view, vector = body[:DIGEST_BYTES], body[DIGEST_BYTES:]
    step = PIECE_COMPONENTS * bits // 8
    pieces = [vector[start : start + step] for start in range(0, len(vector), step)]
    digests = [digest("piece of a masked input", u32(index), piece) for index, piece in enumerate(pieces)]
    return digest("pieces of a masked input", u64(len(body)), view, u32(len(digests)), *digests)


def signed_bytes(tag: bytes, bits: int, round_number: int, user_id: int, body: bytes) -> bytes:
    """What the signature of a user's message covers (section Signatures)."""
    return label("signature") + tag + u8(round_number) + u64(user_id) + body_digest(bits, round_number, body)


def ed25519_public_key(secret_key: bytes) -> bytes:
    """The public key of RFC 8032 (section Signatures)."""
    return Ed25519PrivateKey.from_private_bytes(secret_key).public_key().public_bytes_raw()


def sign(secret_key: bytes, message: bytes) -> bytes:
    """A pure Ed25519 signature of RFC 8032 (section Signatures)."""
    return Ed25519PrivateKey.from_private_bytes(secret_key).sign(message)


def is_acceptable_point(encoding: bytes) -> bool:
    """Rule 1 of section Signatures; the highest bit is the sign of x and no part of y."""
    y = int.from_bytes(encoding, "little") % 2**255
    return y < FIELD_PRIME and y not in EDWARDS_SMALL_ORDER_Y


def signature_verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """The three rules of section Signatures; the library's verification is the equation of rule 3."""
    if len(signature) != SIGNATURE_BYTES or int.from_bytes(signature[32:], "little") >= EDWARDS_ORDER:
        return False
    if not (is_acceptable_point(public_key) and is_acceptable_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


Registry = Mapping[int, bytes]
"""The application's PKI: the Ed25519 public key of each registered user id."""


def require_signature(registry: Registry, bits: int, message: UserMessage) -> None:
    """Refuse a message whose sender is not registered or has not signed it (section Signatures)."""
    require(message.user_id in registry, f"user {message.user_id} is not registered")
    signed = signed_bytes(message.tag, bits, message.round, message.user_id, message.body)
    verifies = signature_verifies(registry[message.user_id], message.signature, signed)
    require(verifies, f"the signature of user {message.user_id} does not verify")
