"""A private plan: its norms, steps, noise and ring, from docs/privacy-accounting.md and the papers, without a look at src/.

Only the search for steps is in doubles, because its result is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import accounting
import narrow
import norms
from accounting import Sum
from curves import CURVE_ORDERS
from norms import Norms
from spans import random_span

FINE, COARSE = 25, {"discrete-gaussian": 1 << 52, "skellam": 1 << 26}
TOO_FINE = 1 << 53


@dataclass(frozen=True)
class Terms:
    """What every plan is told."""

    users: int
    threshold: int
    colluders: int = 1
    mechanism: str = "discrete-gaussian"
    adjacency: str = "zero-out"
    sampler: str = "exact"
    noise_from: str = "users"
    multiplier: Decimal | None = None
    epsilon: Decimal = Decimal(0)
    delta: Decimal = Decimal(0)
    releases: int = 1
    security: int | None = None
    bits: int | None = None
    wrap: Decimal = Decimal("1e-9")

    @property
    def honest(self) -> int:
        return 1 if self.noise_from == "server" else self.threshold - self.colluders

    @property
    def chance(self) -> Decimal:
        return Decimal(0) if self.security is None else Decimal(2) ** -self.security

    def sum_of(self, variance: int, noises: int, dimensions: int, norm: Norms) -> Sum:
        total_variation = Decimal(0) if self.sampler == "exact" else Decimal(2) ** -100
        thinned = self.sampler != "exact" and self.mechanism == "skellam" and variance >= 400
        ratio = Decimal(2) ** -36 / variance if thinned else Decimal(0)
        return Sum(self.mechanism, Decimal(variance), noises, dimensions, Decimal(norm.l2_squared), norm.l1, ratio, total_variation)


@dataclass(frozen=True)
class Shape:
    """A statistic on grids of any fineness. `radius` is what the search scales: steps, or steps times the clip."""

    dimensions: int
    first: float
    least: float
    whole: bool
    clip: float
    from_zero: Callable[[float], Norms]
    apart: Callable[[float], Norms]
    # Components that differ and by how much, for loss distributions; None if only norms limit it.
    narrow: Callable[[float], tuple[int, int] | None]
    # The part of a sum that no chance is in, and the square of the subgaussian part of the vectors, for one user.
    fixed: Callable[[float], Decimal]
    spread: Callable[[float], Decimal]


@dataclass(frozen=True)
class Plan:
    terms: Terms
    shape: Shape
    radius: float
    variance: int

    @property
    def steps(self) -> float:
        return self.radius / self.shape.clip

    @property
    def apart(self) -> Norms:
        return self.shape.apart(self.radius)

    def sum_with(self, noises: int) -> Sum:
        return self.terms.sum_of(self.variance, noises, self.shape.dimensions, self.apart)


def vector(dimensions: int, clip: float, block: int | None, adjacency: str) -> Shape:
    """A real vector: the first radius is that at which rounding costs a percent."""
    if dimensions <= 4096:
        first = math.sqrt(dimensions) / (1.01 - 1)
    else:
        excess = 1.01**2 - 1
        first = (1 + math.sqrt(1 + 4 * excess * (dimensions / 4 + math.sqrt(dimensions) / 2))) / (2 * excess)

    def from_zero(radius: float) -> Norms:
        return norms.rounded(Decimal(radius), dimensions)

    def apart(radius: float) -> Norms:
        norm = from_zero(radius)
        return norm if adjacency == "zero-out" else Norms(4 * norm.l2_squared, 2 * norm.l1)

    return Shape(
        dimensions, first, math.sqrt(dimensions), False, clip, from_zero, apart,
        narrow=lambda radius: (1, math.isqrt(apart(radius).l2_squared - 1) + 1) if dimensions == 1 else None,
        fixed=lambda radius: 1 + (Decimal(radius) if block is None else 0),
        spread=lambda radius: Decimal(0) if block is None else Decimal(radius) ** 2 / block,
    )  # fmt: skip


def counts(dimensions: int, per_bin: int, bins: int, events: int, adjacency: str) -> Shape:
    def scaled(kind: str) -> Callable[[float], Norms]:
        norm = norms.histogram(per_bin, bins, events, dimensions, kind)
        return lambda steps: Norms(int(steps) ** 2 * norm.l2_squared, int(steps) * norm.l1)

    differing = min(dimensions, bins if adjacency == "zero-out" else 2 * bins)
    return Shape(
        dimensions, 1.0, 1.0, True, 1.0, scaled("zero-out"), scaled(adjacency),
        narrow=lambda steps: (differing, per_bin * int(steps)),
        fixed=lambda steps: Decimal(per_bin * int(steps)),
        spread=lambda steps: Decimal(0),
    )  # fmt: skip


def moments(adjacency: str) -> Shape:
    return Shape(
        3, 100.0, 1.0, True, 1.0,
        lambda steps: norms.moments(int(steps), "zero-out"),
        lambda steps: norms.moments(int(steps), adjacency),
        narrow=lambda steps: (3, int(steps)) if adjacency == "zero-out" else None,
        fixed=lambda steps: Decimal(int(steps)),
        spread=lambda steps: Decimal(0),
    )  # fmt: skip


def least_noise(terms: Terms, dimensions: int, norm: Norms) -> int:
    if terms.multiplier is not None:
        return math.ceil(terms.multiplier**2 * norm.l2_squared / terms.honest)
    s = terms.sum_of(1, terms.honest, dimensions, norm)
    left = terms.delta - terms.releases * terms.chance
    return accounting.least_variance(s, terms.epsilon, left, terms.releases, CURVE_ORDERS)


def span(terms: Terms, shape: Shape, radius: float, variance: int) -> int:
    noise = Decimal((1 if terms.noise_from == "server" else terms.users) * variance)
    spread = terms.users**2 * shape.spread(radius)
    t = random_span(terms.mechanism, noise, shape.dimensions, terms.wrap, spread)
    return math.ceil(terms.users * shape.fixed(radius) + t)


def bits_of(plan: Plan) -> int:
    return span(plan.terms, plan.shape, plan.radius, plan.variance).bit_length() + 1


def planned(terms: Terms, shape: Shape) -> Plan:
    """By curves; `narrow.least_noise` then has less noise on the same grid, if it can."""

    def at(radius: float) -> Plan:
        scaled = float(math.ceil(radius)) if shape.whole else radius
        norm = shape.apart(scaled)
        assert norm.l2_squared < TOO_FINE
        return Plan(terms, shape, scaled, least_noise(terms, shape.dimensions, norm))

    if terms.bits is not None:
        return widest(at, terms, shape)
    most, radius = COARSE[terms.mechanism], shape.first
    while True:
        plan = at(radius)
        if plan.variance > most:
            radius *= 0.99 * math.sqrt(most / plan.variance)
        elif plan.variance >= FINE:
            return plan
        else:
            radius = max(radius * 1.01, radius * math.sqrt(FINE / plan.variance))


def widest(at: Callable[[float], Plan], terms: Terms, shape: Shape) -> Plan:
    assert terms.bits is not None
    low = high = shape.least
    best = at(low)
    while bits_of(plan := at(high)) <= terms.bits:
        best, low, high = plan, high, 2 * high
    for _ in range(30):
        middle = (low + high) / 2
        plan = at(float(math.floor(middle)) if shape.whole else middle)
        if bits_of(plan) <= terms.bits:
            best, low = plan, middle
        else:
            high = middle
    return best


def less_noise(plan: Plan) -> int | None:
    """The least variance of one noise by the loss distribution; None if the plan is not one that uses it."""
    terms, bounds = plan.terms, plan.shape.narrow(plan.radius)
    if bounds is None or bounds[0] > 4 or terms.multiplier is not None or terms.releases > 1:
        return None
    return narrow.least_noise(
        lambda variance: terms.sum_of(variance, terms.honest, plan.shape.dimensions, plan.apart),
        bounds,
        (float(terms.epsilon), float(terms.delta - terms.chance)),
        plan.variance,
    )
