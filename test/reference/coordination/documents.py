"""Signed documents: content and a signature over its digest (section Keys and signatures)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from secagg.derivation import label
from secagg.encoding import u8
from secagg.refusal import require
from secagg.signatures import SIGNATURE_BYTES, sign, signature_verifies

VERSION = 1
KEY_BYTES = 32
NUMBER_LIMIT = 2**53


def signed_bytes(name: str, content: bytes) -> bytes:
    """What the signature of a document covers (section Keys and signatures)."""
    return label(name) + hashlib.sha256(content).digest()


def sign_document(name: str, content: bytes, secret_key: bytes) -> bytes:
    """content ‖ signature."""
    return content + sign(secret_key, signed_bytes(name, content))


def open_document(name: str, document: bytes, public_key: bytes) -> Fields:
    """The fields of a document of this version that `public_key` has signed."""
    require(len(document) > SIGNATURE_BYTES, "a document without a signature")
    content, signature = document[:-SIGNATURE_BYTES], document[-SIGNATURE_BYTES:]
    require(signature_verifies(public_key, signature, signed_bytes(name, content)), "a document that its issuer has not signed")
    fields = Fields(content)
    require(fields.take(1) == u8(VERSION), "a document of another version")
    return fields


@dataclass
class Fields:
    """Reads the fields of a document one after the other."""

    content: bytes
    offset: int = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        require(self.offset + size <= len(self.content), "a document cut short")
        self.offset += size
        return self.content[self.offset - size : self.offset]

    def u32(self) -> int:
        """The next four bytes as an integer."""
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        """The next eight bytes as an integer, below 2^53."""
        value = int.from_bytes(self.take(8), "big")
        require(value < NUMBER_LIMIT, "a number out of range")
        return value

    def end(self) -> None:
        """Refuse bytes after the last field."""
        require(self.offset == len(self.content), "a document with bytes after its end")
