"""What a user accepts of a session (section Round 1, Policy), where nobody works with the server: c = 0."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

from .graph import SparseGraph
from .parameters import Parameters
from .refusal import require

SECURITY_BITS = 40
"""The survivors on a sparse graph fall apart with probability 2^-(SECURITY_BITS + 1) at most (docs/planner.md)."""


@dataclass(frozen=True)
class Policy:
    """The most users, and what the server is taken for: "malicious", "semi-malicious" or "semi-honest"."""

    adversary: str
    max_users: int

    def check_parameters(self, parameters: Parameters) -> None:
        """Before the session starts: what a sparse graph needs, for all n that it allows (docs/planner.md, Sparse graphs)."""
        graph = parameters.graph
        if not isinstance(graph, SparseGraph):
            return
        require(self.adversary != "malicious", "a sparse graph that a lying server draws")
        if self.adversary == "semi-malicious":
            require(3 * graph.shares_needed >= 2 * graph.neighbor_count + 2, "a share threshold below the floor")
        else:
            require(self.stays_connected(parameters.threshold, graph.neighbor_count), "survivors could fall apart")

    def stays_connected(self, threshold: int, neighbor_count: int) -> bool:
        """The second event against a server that follows the protocol (docs/planner.md, Sparse graphs)."""
        n, k, lost = self.max_users, neighbor_count, self.max_users - threshold
        if lost < k:
            return True
        return n * (n - k - 1) * comb(n - k, lost - k) << SECURITY_BITS <= comb(n, lost)

    def check_user_count(self, parameters: Parameters, user_count: int) -> None:
        """In round 1, knowing n."""
        most = min(self.max_users, parameters.graph.most_users)
        require(parameters.threshold <= user_count <= most, "too few or too many users")
        if self.adversary != "semi-honest" and not isinstance(parameters.graph, SparseGraph):
            require(2 * parameters.threshold > user_count, "a threshold below the floor")
