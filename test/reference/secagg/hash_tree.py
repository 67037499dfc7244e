"""Hash trees whose root stands for a whole list, for example for all of U1 with its keys (section Round 1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .derivation import digest
from .refusal import require


def node(name: str, left: bytes, right: bytes) -> bytes:
    """An inner node, under the label of the nodes of this tree (section Round 1)."""
    return digest(name, left, right)


def left_leaves(count: int) -> int:
    """The largest power of two that is less than a number of leaves, which is at least 2 (section Round 1)."""
    return 1 << ((count - 1).bit_length() - 1)


def subtree_root(name: str, leaves: Sequence[bytes]) -> bytes:
    """The root of some leaves, at least one (section Round 1)."""
    if len(leaves) == 1:
        return leaves[0]
    middle = left_leaves(len(leaves))
    return node(name, subtree_root(name, leaves[:middle]), subtree_root(name, leaves[middle:]))


def is_hidden(start: int, end: int, shown: Collection[int]) -> bool:
    """Whether none of the leaves from `start` to `end` is shown."""
    return not any(position in shown for position in range(start, end))


def make_proof(name: str, leaves: Sequence[bytes], shown: Iterable[int]) -> list[bytes]:
    """The roots of the largest subtrees without a shown leaf, left to right (section Round 1)."""

    positions = frozenset(shown)

    def hidden_roots(start: int, end: int) -> list[bytes]:
        if is_hidden(start, end, positions):
            return [subtree_root(name, leaves[start:end])]
        if end - start == 1:
            return []
        middle = start + left_leaves(end - start)
        return hidden_roots(start, middle) + hidden_roots(middle, end)

    return hidden_roots(0, len(leaves))


def proof_length(count: int, shown: Iterable[int]) -> int:
    """How many digests the proof for these positions has (section Round 1)."""
    positions = frozenset(shown)

    def hidden_parts(start: int, end: int) -> int:
        if is_hidden(start, end, positions):
            return 1
        middle = start + left_leaves(end - start) if end - start > 1 else end
        return 0 if middle == end else hidden_parts(start, middle) + hidden_parts(middle, end)

    return hidden_parts(0, count)


def root_from_proof(name: str, count: int, shown: Mapping[int, bytes], proof: Sequence[bytes]) -> bytes:
    """The root over `count` leaves, from those shown, by position, and the proof; refuses one of another length."""
    unused = list(proof)

    def root_of(start: int, end: int) -> bytes:
        if is_hidden(start, end, shown):
            require(len(unused) > 0, "a proof that is too short")
            return unused.pop(0)
        if end - start == 1:
            return shown[start]
        middle = start + left_leaves(end - start)
        return node(name, root_of(start, middle), root_of(middle, end))

    root = root_of(0, count)
    require(not unused, "a proof that is too long")
    return root
