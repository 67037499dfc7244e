"""What is settled before a session starts (sections Graphs and Session tag)."""

from __future__ import annotations

from dataclasses import dataclass

from .derivation import digest
from .encoding import u8, u32
from .graph import Graph
from .messages import VERSION
from .refusal import require


@dataclass(frozen=True)
class Parameters:
    """What all parties agree on before they start (section Session tag)."""

    threshold: int
    vec_len: int
    bits: int
    graph: Graph
    context: bytes

    def __post_init__(self) -> None:
        require(self.graph.least_threshold <= self.threshold <= self.graph.most_users, "a threshold out of range")

    @property
    def share_threshold(self) -> int:
        """s, the shares that open a secret (section Graphs)."""
        return self.graph.share_threshold(self.threshold)

    @property
    def tag(self) -> bytes:
        return digest(
            "session tag",
            u8(VERSION) + u32(self.threshold) + u32(self.vec_len) + u8(self.bits) + self.graph.code,
            u32(len(self.context)) + self.context,
        )
