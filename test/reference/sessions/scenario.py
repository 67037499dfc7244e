"""What a scenario of a session consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from secagg.graph import CompleteGraph, Graph
from secagg.parameters import Parameters
from secagg.policy import Policy


@dataclass(frozen=True)
class Tampering:
    """One bit of a record of round 2, the lowest of the byte at `byte`, is flipped on the way from the server."""

    user_id: int
    dealer: int
    byte: int


@dataclass(frozen=True)
class Scenario:
    """Who takes part in a session, with what parameters, and who falls silent when."""

    name: str
    description: str
    threshold: int
    vec_len: int
    bits: int
    ids: Sequence[int]
    graph: Graph = field(default_factory=CompleteGraph)
    silent: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """By round, the users who newly fall silent in it."""
    context: str = ""
    adversary: str = "malicious"
    modular_inputs: bool = False
    component: Callable[[Scenario, int, int], int] | None = None
    """The component at (position among `ids`, index); None draws it."""
    tampering: Tampering | None = None

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.threshold, self.vec_len, self.bits, self.graph, self.context.encode())

    @property
    def policy(self) -> Policy:
        return Policy(self.adversary, max_users=len(self.ids))

    @property
    def largest_component(self) -> int:
        """The absolute value up to which components of all users can be summed without a wrap."""
        return ((1 << (self.bits - 1)) - 1) // len(self.ids)

    def silent_by(self, round_number: int) -> set[int]:
        """The users who are silent in a round."""
        return {user_id for r in range(round_number + 1) for user_id in self.silent.get(r, ())}

    def heard(self, round_number: int) -> list[int]:
        """The users who answer in a round."""
        return [user_id for user_id in self.ids if user_id not in self.silent_by(round_number)]
