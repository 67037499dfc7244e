"""What is settled before a session starts (section Session tag), and what a user accepts of it."""

from __future__ import annotations

from dataclasses import dataclass

from .derivation import digest
from .encoding import u8, u32
from .messages import VERSION
from .refusal import require

COMPLETE_GRAPH = 0


@dataclass(frozen=True)
class Parameters:
    """What all parties agree on before they start (section Session tag)."""

    threshold: int
    vec_len: int
    bits: int
    context: bytes

    @property
    def tag(self) -> bytes:
        return digest(
            "session tag",
            u8(VERSION) + u32(self.threshold) + u32(self.vec_len) + u8(self.bits) + u8(COMPLETE_GRAPH),
            u32(len(self.context)) + self.context,
        )


@dataclass(frozen=True)
class Policy:
    """What a user accepts in round 1. `colluders` is None for a user that sets no floor for the threshold."""

    max_users: int
    colluders: int | None

    def check(self, threshold: int, user_count: int) -> None:
        require(threshold <= user_count <= self.max_users, "too few or too many users")
        if self.colluders is not None:
            require(2 * threshold > user_count + self.colluders, "a threshold below the floor")
