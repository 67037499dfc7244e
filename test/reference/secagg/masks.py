"""The masks of an input (section Round 2)."""

from __future__ import annotations

from .derivation import hkdf, label
from .encoding import u64
from .parameters import Parameters
from .ring import expand_mask


def self_mask(parameters: Parameters, seed: bytes, view2: bytes, user_id: int) -> list[int]:
    """The self-mask of the seed b (section Round 2)."""
    key = hkdf(seed, view2, label("self mask") + u64(user_id))
    return expand_mask(key, parameters.vec_len, parameters.bits)


def pairwise_mask(parameters: Parameters, agreed: bytes, view2: bytes, one: int, other: int) -> list[int]:
    """The mask of two users, without its sign (section Round 2)."""
    key = hkdf(agreed, view2, label("pairwise mask") + u64(min(one, other)) + u64(max(one, other)))
    return expand_mask(key, parameters.vec_len, parameters.bits)


def mask_sign(user_id: int, other: int) -> int:
    """The sign with which `user_id` adds its mask with `other` (section Round 2)."""
    return 1 if user_id > other else -1
