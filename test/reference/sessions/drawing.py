"""What a session draws: bytes that a transcript's name determines, the order of a sparse graph, the components of inputs."""

from __future__ import annotations

import hashlib

from secagg.graph import SparseGraph

from .scenario import Scenario


def draw(name: str, user_id: int, what: str, size: int) -> bytes:
    """Bytes that depend on a transcript's name, a user and a field; NUL bytes keep the parts apart."""
    source = b"\x00".join([b"secagg transcript", name.encode(), str(user_id).encode(), what.encode()])
    return hashlib.shake_256(source).digest(size)


def drawn_order(scenario: Scenario) -> list[int]:
    """The ids of U1 by position; on a sparse graph every order is as likely as any other."""
    ids = scenario.heard(0)
    if isinstance(scenario.graph, SparseGraph):
        return sorted(ids, key=lambda user_id: draw(scenario.name, user_id, "place", 32))
    return ids


def drawn_component(scenario: Scenario, position: int, index: int) -> int:
    """A component of any sign and of any length that the session can sum; user `index` has the largest at `index`."""
    largest = scenario.largest_component
    if position == index:
        return largest if position % 2 else -largest
    random = draw(scenario.name, scenario.ids[position], f"component {index}", 33)
    limit = largest >> (random[0] % largest.bit_length())
    return int.from_bytes(random[1:], "big") % (2 * limit + 1) - limit


def any_integer(scenario: Scenario, position: int, index: int) -> int:
    """0, -1 and integers far outside of the ring, for a session that takes its inputs modulo 2^bits."""
    random = draw(scenario.name, scenario.ids[position], f"component {index}", 2)
    return (0, -1, 1, random[1] - 128)[random[0] % 4]


def near_the_ends(scenario: Scenario, position: int, index: int) -> int:
    """Close to 2^(bits - 2) in absolute value, of a sign that differs between neighbors, so that no sum wraps."""
    size = (1 << (scenario.bits - 2)) - (index * len(scenario.ids) + position)
    return size if (position + index) % 2 else -size


def short_component(scenario: Scenario, position: int, index: int) -> int:
    """A few digits, to keep a long vector's transcript small."""
    return (index + 1) * (position + 1) % 97 - 48
