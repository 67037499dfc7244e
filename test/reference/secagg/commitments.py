"""An owner's commitments to its seed and to every share of its two secrets (section Round 1)."""

from __future__ import annotations

from .derivation import digest
from .encoding import u64

SHARE_COMMITMENT_BYTES = 16


def commit_to_seed(directory: bytes, owner: int, seed: bytes) -> bytes:
    """The owner's commitment to b (section Round 1)."""
    return digest("commitment to a self-mask seed", directory, u64(owner), seed)


def commit_to_seed_share(directory: bytes, owner: int, holder: int, share: bytes) -> bytes:
    """The owner's commitment to the holder's share of b (section Round 1)."""
    whole = digest("commitment to a self-mask share", directory, u64(owner), u64(holder), share)
    return whole[:SHARE_COMMITMENT_BYTES]


def commit_to_key_share(directory: bytes, owner: int, holder: int, share: bytes) -> bytes:
    """The owner's commitment to the holder's share of the mask secret key (section Round 1)."""
    whole = digest("commitment to a pairwise-key share", directory, u64(owner), u64(holder), share)
    return whole[:SHARE_COMMITMENT_BYTES]
