"""The least threshold of a session (section Round 1 of the wire format, and docs/planner.md for sparse graphs)."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import Any

from secagg.refusal import require

SECURITY_BITS = 40
"""What this client leaves to chance in one session on a sparse graph: 2^-SECURITY_BITS."""


def require_floor(users: int, group: Mapping[str, Any]) -> None:
    """The policy of the task, with those who may work with the server, for at most so many users."""
    threshold, colluders = group["threshold"], group["colluders"]
    if group["graph"] is not None:
        require(group["adversary"] != "malicious", "a sparse graph that a lying server draws")
        require(graph_bears(users, group), "a sparse graph below the floor")
    elif group["adversary"] == "semi-honest":
        require(threshold > colluders, "a threshold below the floor")
    else:
        require(2 * threshold > users + colluders, "a threshold below the floor")


def graph_bears(users: int, group: Mapping[str, Any]) -> bool:
    """Whether a sparse graph keeps its guarantees, except with probability 2^-SECURITY_BITS (docs/planner.md, Sparse graphs)."""
    k, s = group["graph"]["neighbors"], group["graph"]["shareThreshold"]
    threshold, colluders = group["threshold"], group["colluders"]
    follows = group["adversary"] == "semi-honest"
    most = s - 1 if follows else (3 * s - 2 * k - 2) // 2
    if most < 0 or threshold <= colluders:
        return False
    bits = SECURITY_BITS + 1 if follows else SECURITY_BITS
    # The smallest U1 has the largest fraction of corrupt users.
    chosen = range(most + 1, k + 1)
    surrounded = sum(comb(colluders, bad) * comb(threshold - 1 - colluders, k - bad) for bad in chosen)
    if users * surrounded << bits > comb(threshold - 1, k):
        return False
    gone = min(colluders + users - threshold, users)
    if not follows or gone < k:
        return True
    return users * (users - k - 1) * comb(users - k, gone - k) << SECURITY_BITS <= comb(users, gone)
