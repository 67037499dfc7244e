"""Who shares keys with whom, and who holds shares of whose secrets, by position (section Graphs)."""

from __future__ import annotations

from dataclasses import dataclass

from .encoding import u8, u32
from .refusal import require


@dataclass(frozen=True)
class CompleteGraph:
    """Everybody with everybody (section Graphs)."""

    least_threshold = 2
    most_users = 65_535

    @property
    def code(self) -> bytes:
        """The graph in the session tag (section Session tag)."""
        return u8(0)

    def share_threshold(self, threshold: int) -> int:
        """s, the shares that open a secret."""
        return threshold

    def shown(self, position: int, user_count: int) -> list[int]:
        """Whose keys a user is shown in round 1, in order."""
        return list(range(user_count))

    def neighbors(self, position: int, user_count: int) -> list[int]:
        """Whom a user shares keys with, in order."""
        return [other for other in range(user_count) if other != position]

    def holders(self, position: int, user_count: int) -> list[int]:
        """Who holds shares of a user's secrets, in order; also, whose shares this user holds."""
        return list(range(user_count))


@dataclass(frozen=True)
class SparseGraph:
    """Everybody with the k / 2 users on either side (section Graphs)."""

    neighbor_count: int
    shares_needed: int

    most_users = 1_000_000

    def __post_init__(self) -> None:
        require(self.neighbor_count in range(2, 65_535, 2), "a number of neighbors out of range")
        require(2 <= self.shares_needed <= self.neighbor_count, "a share threshold out of range")

    @property
    def least_threshold(self) -> int:
        return self.neighbor_count + 1

    @property
    def code(self) -> bytes:
        """The graph in the session tag (section Session tag)."""
        return u8(1) + u32(self.neighbor_count) + u32(self.shares_needed)

    def share_threshold(self, threshold: int) -> int:
        """s, the shares that open a secret."""
        return self.shares_needed

    def shown(self, position: int, user_count: int) -> list[int]:
        """Whose keys a user is shown in round 1, in order: its neighbors' and, in the middle, its own."""
        half = self.neighbor_count // 2
        return [(position + distance) % user_count for distance in range(-half, half + 1)]

    def neighbors(self, position: int, user_count: int) -> list[int]:
        """Whom a user shares keys with, in order."""
        return [other for other in self.shown(position, user_count) if other != position]

    def holders(self, position: int, user_count: int) -> list[int]:
        """Who holds shares of a user's secrets, in order; also, whose shares this user holds."""
        return self.neighbors(position, user_count)


Graph = CompleteGraph | SparseGraph
