"""How long the integer vectors of a user are, and how far two of them lie apart: by going through them where that is possible.

[KLS21] 2102.06387, Proposition 7, for rounded vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from math import ceil, floor, isqrt

NEGLIGIBLE = Decimal("0.0101")


@dataclass(frozen=True)
class Norms:
    l2_squared: int
    l1: Decimal


def rounded(radius: Decimal, dimensions: int) -> Norms:
    """Every component moves by less than 1, so the vector by less than √d; or [KLS21] Prop. 7 with β = e^(-1/2), where √(2 ln(1/β)) = 1."""
    root = Decimal(dimensions).sqrt()
    always = (radius + root) ** 2
    mostly = radius**2 + Decimal(dimensions) / 4 + radius + root / 2
    square = int(always if root <= NEGLIGIBLE * radius else min(always, mostly))
    # Cauchy and Schwarz; and |n| <= n^2 for integers.
    return Norms(square, min((Decimal(dimensions) * square).sqrt(), Decimal(square)))


def part_within(values: list[Decimal], square: int) -> Decimal:
    """The probability that a vector's unbiased rounding is within a norm: over all 2^d roundings."""
    total = Decimal(0)
    for ups in product((0, 1), repeat=len(values)):
        probability, norm = Decimal(1), 0
        for value, up in zip(values, ups):
            below = floor(value)
            part = value - below
            probability *= part if up else 1 - part
            norm += (below + up) ** 2
        if norm <= square:
            total += probability
    return total


@cache
def longest(per_bin: int, bins: int, events: int) -> tuple[int, int]:
    """The most Σ c² and the most Σ c of `bins` counts up to `per_bin` that add up to at most `events`."""
    if bins == 0:
        return 0, 0
    squares = counts = 0
    for count in range(min(per_bin, events) + 1):
        rest_squares, rest_counts = longest(per_bin, bins - 1, events - count)
        squares, counts = max(squares, count * count + rest_squares), max(counts, count + rest_counts)
    return squares, counts


def histogram(per_bin: int, bins: int, events: int, dimensions: int, adjacency: str) -> Norms:
    """A bin that two vectors share brings them nearer than if one of them left it empty. So each has bins of its own."""
    if adjacency == "zero-out":
        squares, counts = longest(per_bin, bins, events)
        return Norms(squares, Decimal(counts))
    pairs = [(longest(per_bin, min(bins, used), events), longest(per_bin, min(bins, dimensions - used), events)) for used in range(dimensions + 1)]
    return Norms(max(u[0] + v[0] for u, v in pairs), Decimal(max(u[1] + v[1] for u, v in pairs)))


@cache
def moments(steps: int, adjacency: str) -> Norms:
    """(R, a, b) for all roundings a of Ry and b of Ry^2 with one y in [-1, 1]; and zeros."""
    reach = []
    for a in range(-steps, steps + 1):
        # Ry is in (a - 1, a + 1); the squares of that interval, times R: from low/R to high/R, both open unless 0.
        low = 0 if a == 0 else (abs(a) - 1) ** 2
        high = min(abs(a) + 1, steps) ** 2
        reach.append((a, low // steps, -(-high // steps)))
    if adjacency == "zero-out":
        return Norms(max(steps**2 + a * a + b * b for a, _, b in reach), Decimal(max(steps + abs(a) + b for a, _, b in reach)))
    square = max(steps**2 + a * a + b * b for a, _, b in reach)
    length = max(steps + abs(a) + b for a, _, b in reach)
    for a, _, high in reach:
        for other, low, _ in reach:
            apart = max(high - low, 0)
            square = max(square, (a - other) ** 2 + apart**2)
            length = max(length, abs(a - other) + apart)
    return Norms(square, Decimal(length))


def check() -> None:
    """What is said above, on small cases."""
    for values in ([Decimal("2.5")] * 4, [Decimal("0.5")] * 8, [Decimal("3.9"), Decimal("0.1"), Decimal("-1.5")], [Decimal("7.07")] * 2):
        radius = sum((value * value for value in values), Decimal(0)).sqrt()
        norms = rounded(radius, len(values))
        assert part_within(values, norms.l2_squared) >= 1 - Decimal("-0.5").exp()
        furthest = sum(max(abs(floor(value)), abs(ceil(value))) ** 2 for value in values)
        assert furthest <= (radius + Decimal(len(values)).sqrt()) ** 2
    for per_bin, bins, events, dimensions in ((2, 2, 3, 3), (3, 3, 7, 4), (2, 1, 2, 1), (1, 3, 2, 5)):
        vectors = [v for v in product(range(per_bin + 1), repeat=dimensions) if sum(v) <= events and sum(c > 0 for c in v) <= bins]
        apart = histogram(per_bin, bins, events, dimensions, "replace-one")
        assert apart.l2_squared == max(sum((a - b) ** 2 for a, b in zip(u, v)) for u in vectors for v in vectors)
        assert apart.l1 == max(sum(abs(a - b) for a, b in zip(u, v)) for u in vectors for v in vectors)
    assert isqrt(rounded(Decimal(1000), 1 << 20).l2_squared) == 1124  # theory: 1124.12
