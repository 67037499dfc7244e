"""Rényi accounting of sums of integer noises, written without a look at src/; decimal arithmetic with 50 digits. Only the standard library.

[CKS20] 2004.00010, [KLS21] 2102.06387, [AKL21] 2110.04995, as docs/privacy-accounting.md states their bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, getcontext
from functools import cache

getcontext().prec = 50
ONE = Decimal(1)


def pi() -> Decimal:
    """Machin: π = 16 arctan(1/5) - 4 arctan(1/239)."""

    def arctan_of_inverse(n: int) -> Decimal:
        total, power, k = Decimal(0), ONE / n, 0
        while power > Decimal(10) ** -60:
            total += power / (2 * k + 1) * (-1) ** k
            power /= n * n
            k += 1
        return total

    return 16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)


PI = pi()


@dataclass(frozen=True)
class Sum:
    """A noised sum; variance is the σ² of one noise."""

    mechanism: str
    variance: Decimal
    noises: int
    dimensions: int
    l2_squared: Decimal
    l1: Decimal
    log_ratio: Decimal = Decimal(0)
    total_variation: Decimal = Decimal(0)


@cache
def tau(variance: Decimal, noises: int) -> Decimal:
    """[KLS21] Theorem 1."""
    return 10 * sum(((-2 * PI * PI * variance * k / (k + 1)).exp() for k in range(1, noises)), Decimal(0))


@cache
def component_ratio(s: Sum) -> Decimal:
    return s.noises * (s.log_ratio - (ONE - s.total_variation).ln())


def raised(ratio: Decimal, order: Decimal) -> Decimal:
    """What max divergence `ratio` of both laws adds: (α·ratio + (α - 1)·ratio)/(α - 1)."""
    return (order * ratio + (order - 1) * ratio) / (order - 1)


def discrete_gaussian(s: Sum, order: Decimal) -> Decimal:
    """The smaller of [KLS21] Prop. 14's first two bounds, with the sampler's error."""
    total = s.noises * s.variance
    t, ratio = tau(s.variance, s.noises), component_ratio(s)
    first = order * s.l2_squared / (2 * total) + s.dimensions * (t + raised(ratio, order))
    step = t + 2 * ratio
    second = order / 2 * (s.l2_squared / total + 2 * s.l1 * step / total.sqrt() + s.dimensions * step * step)
    return min(first, second)


def skellam_at_integer(s: Sum, order: int) -> Decimal:
    """[AKL21] Theorem 3.5."""
    mu = s.noises * s.variance
    first = ((2 * order - 1) * s.l2_squared + 6 * s.l1) / (4 * mu * mu)
    return order * s.l2_squared / (2 * mu) + min(first, 3 * s.l1 / (2 * mu))


def skellam(s: Sum, order: Decimal) -> Decimal:
    """Between integers the chord of (α - 1)·D_α; below 2 the value at 2."""
    if order <= 2:
        ideal = skellam_at_integer(s, 2)
    elif order == int(order):
        ideal = skellam_at_integer(s, int(order))
    else:
        low = int(order)
        left, right = (low - 1) * skellam_at_integer(s, low), low * skellam_at_integer(s, low + 1)
        ideal = (left + (order - low) * (right - left)) / (order - 1)
    return ideal + s.dimensions * raised(component_ratio(s), order)


def divergence(s: Sum, order: Decimal) -> Decimal:
    if s.l2_squared == 0:
        return Decimal(0)
    return skellam(s, order) if s.mechanism == "skellam" else discrete_gaussian(s, order)


@cache
def conversion(order: Decimal, delta: Decimal) -> Decimal:
    """What [CKS20] Prop. 12 adds to a divergence."""
    return (1 - 1 / order).ln() - (delta * order).ln() / (order - 1)


def epsilon_at(order: Decimal, value: Decimal, delta: Decimal) -> Decimal:
    """[CKS20] Prop. 12; 0 if the total variation, at most √(1 - e^-KL), is less than δ. 1 - e^-x is at least x/2 up to 1."""
    if value == 0 or (value < 2 * delta * delta and delta * delta > 1 - (-value).exp()):
        return Decimal(0)
    return max(Decimal(0), value + conversion(order, delta))


def epsilon_of(orders: list[Decimal], values: list[Decimal], delta: Decimal) -> Decimal:
    return min(epsilon_at(order, value, delta) for order, value in zip(orders, values))


def least_variance(s: Sum, epsilon: Decimal, delta: Decimal, releases: int, orders: list[Decimal]) -> int:
    """By trying integers upward from powers of two. The order that was good enough last time is tried first.

    One part in 2^30 is to spare, so that doubles can add up the releases.
    """
    tried, counted = list(orders), releases * (1 + Decimal(2) ** -30)

    def fits(variance: int) -> bool:
        noised = Sum(s.mechanism, Decimal(variance), s.noises, s.dimensions, s.l2_squared, s.l1)
        for i, order in enumerate(tried):
            if epsilon_at(order, counted * divergence(noised, order), delta) <= epsilon:
                tried.insert(0, tried.pop(i))
                return True
        return False

    high = 1
    while not fits(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
