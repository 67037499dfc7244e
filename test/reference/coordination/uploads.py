"""How the coordinator puts the parts of an answer together (section Bodies in parts)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from secagg.refusal import require

from .exchanges import Part


@dataclass
class Upload:
    """What is there of one answer of one participant."""

    longest: int
    """The most bytes of a whole that the receiver takes."""
    sha256: bytes = b""
    whole: bytearray | None = None
    have: int = 0

    def forget(self) -> None:
        """Begin anew."""
        self.sha256, self.whole, self.have = b"", None, 0

    def add(self, part: Part) -> bytes | int:
        """The whole once it is there, else how many bytes of it are. Refuses as ERR_SECAGG_PART."""
        end = part.offset + len(part.body)
        require(len(part.body) > 0 and end <= part.total <= self.longest, "a part that is empty, or beyond the whole")
        if self.whole is None or len(self.whole) != part.total or self.sha256 != part.sha256:
            self.sha256, self.whole, self.have = part.sha256, bytearray(part.total), 0
        if part.offset > self.have:
            return self.have
        self.whole[part.offset : end] = part.body
        self.have = max(self.have, end)
        if self.have < part.total:
            return self.have
        whole = bytes(self.whole)
        self.forget()
        require(hashlib.sha256(whole).digest() == part.sha256, "a whole with another digest")
        return whole
