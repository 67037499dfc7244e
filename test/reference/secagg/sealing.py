"""What a dealer seals for a holder (section Round 1)."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from .derivation import hkdf, label
from .encoding import u64
from .refusal import ProtocolError
from .xchacha20 import NONCE_BYTES, xchacha20_poly1305


def seal_key(agreed: bytes, directory: bytes, dealer: int, holder: int) -> bytes:
    """The key with which `dealer` seals for `holder` (section Round 1)."""
    return hkdf(agreed, directory, label("seal key") + u64(dealer) + u64(holder))


def seal_data(directory: bytes, dealer: int, holder: int) -> bytes:
    """The associated data of what `dealer` seals for `holder` (section Round 1)."""
    return label("seal data") + directory + u64(dealer) + u64(holder)


def seal(key: bytes, nonce: bytes, plaintext: bytes, data: bytes) -> bytes:
    """nonce ‖ sealed plaintext ‖ tag (section Round 1)."""
    cipher, inner_nonce = xchacha20_poly1305(key, nonce)
    return nonce + cipher.encrypt(inner_nonce, plaintext, data)


def open_sealed(key: bytes, ciphertext: bytes, data: bytes) -> bytes:
    """The plaintext of `seal`; refuses a ciphertext that was altered (section Round 1)."""
    cipher, inner_nonce = xchacha20_poly1305(key, ciphertext[:NONCE_BYTES])
    try:
        return cipher.decrypt(inner_nonce, ciphertext[NONCE_BYTES:], data)
    except InvalidTag as error:
        raise ProtocolError("a seal that does not open") from error
