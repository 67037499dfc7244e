"""What the parties have seen of a session, as digests (sections Round 2 and Round 3)."""

from __future__ import annotations

from collections.abc import Sequence

from .derivation import digest
from .directory import Directory
from .encoding import encode_set


def view_of_round_2(directory: Directory, u2: Sequence[int]) -> bytes:
    """view2, of U2 by position (section Round 2)."""
    return digest("view of round 2", directory.digest, encode_set(u2, directory.user_count))


def view_of_round_3(directory: Directory, view2: bytes, u3: Sequence[int]) -> bytes:
    """view3, of U3 by position (section Round 3)."""
    return digest("view of round 3", view2, encode_set(u3, directory.user_count))


def input_binding(view2: bytes, body_of_round_1: bytes) -> bytes:
    """The first part of the body of round 2 (section Round 2)."""
    return digest("masked input", view2, digest("deal", body_of_round_1))
