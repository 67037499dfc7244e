"""Loss distributions of few components in doubles, fast enough to search for the least noise. All terms are positive, so that they keep their digits.

One component: the law f of the noise is log-concave, so that the best test of a shift Δ is a threshold, and δ(ε) = max over t of
F(t) - e^ε·F(t - Δ), with F the sum of f up to t. Several: all combinations of outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import accumulate

from accounting import Sum

REACH = 9  # standard deviations; the rest is below 1e-18


@cache
def law(mechanism: str, variance: int, noises: int, reach: int) -> list[float]:
    """Probabilities of the sum of all noises from -reach to reach."""
    if mechanism == "skellam":
        mu = noises * variance
        # e^-μ·I_x(μ) = ∫ e^(μ(cos θ - 1)) cos(xθ) dθ/2π has too few digits in the tails; the sum of Poisson products has all.
        top = int(mu / 2 + 14 * math.sqrt(mu) + reach + 40)
        logs = [n * math.log(mu / 2) - mu / 2 - math.lgamma(n + 1) for n in range(top + reach + 1)]
        half = [math.fsum(math.exp(logs[n] + logs[n + x]) for n in range(top)) for x in range(reach + 1)]
        return half[:0:-1] + half
    if variance >= 16:
        # [KLS21] Theorem 1: within τ of one discrete Gaussian, and τ is below 10·n·e^(-16π²), which is 1e-67 for one of them.
        variance, noises = noises * variance, 1
    width = max(math.ceil(14 * math.sqrt(variance)), reach if noises == 1 else 0)
    weights = [math.exp(-x * x / (2 * variance)) for x in range(-width, width + 1)]
    total = math.fsum(weights)
    single = [weight / total for weight in weights]
    sum_law, half = single, width
    for _ in range(noises - 1):
        wide = min(half + width, reach + width)
        out = [0.0] * (2 * wide + 1)
        for i, p in enumerate(sum_law):
            base = i - half - width + wide
            for j, q in enumerate(single):
                if 0 <= base + j <= 2 * wide:
                    out[base + j] += p * q
        sum_law, half = out, wide
    return sum_law[half - reach : half + reach + 1] if half >= reach else [0.0] * (reach - half) + sum_law + [0.0] * (reach - half)


def epsilon_of(s: Sum, bounds: tuple[int, int], delta: float) -> float:
    """ε of one release at δ; with the sampler's total variation, of which each component that differs has its part."""
    components, shift = bounds
    variance = int(s.variance)
    reach = math.ceil(REACH * math.sqrt(s.noises * variance)) + shift
    masses = law(s.mechanism, variance, s.noises, reach)
    moved = components * s.noises * float(s.total_variation)
    delta_at = one(masses, shift) if components == 1 else several(masses, shift, components)
    low, high = 0.0, 1.0
    while delta_at(high) + (1 + math.exp(high)) * moved > delta:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_at(middle) + (1 + math.exp(middle)) * moved > delta else (low, middle)
    return high + 2 * components * s.noises * float(s.log_ratio)


def one(masses: list[float], shift: int) -> Callable[[float], float]:
    below = list(accumulate(masses))
    pairs = [(below[i], below[i - shift] if i >= shift else 0.0) for i in range(len(below))]
    return lambda epsilon: max(p - math.exp(epsilon) * q for p, q in pairs)


def several(masses: list[float], shift: int, components: int) -> Callable[[float], float]:
    single = [(p, q) for p, q in zip(masses, masses[shift:]) if p > 1e-12 * masses[len(masses) // 2] ** 2 or q > 1e-30]
    joint = [(1.0, 1.0)]
    for _ in range(components):
        joint = [(p * a, q * b) for p, q in joint for a, b in single if p * a > 1e-22]
    joint.sort(key=lambda pair: pair[1] / pair[0])
    losses = [math.log(p / q) if q > 0 else math.inf for p, q in joint]
    sums = list(zip(accumulate(p for p, _ in joint), accumulate(q for _, q in joint)))

    def delta_at(epsilon: float) -> float:
        low, high = 0, len(losses)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if losses[middle] > epsilon else (low, middle)
        return sums[low - 1][0] - math.exp(epsilon) * sums[low - 1][1] if low else 0.0

    return delta_at


def least_noise(sum_of: Callable[[int], Sum], bounds: tuple[int, int], target: tuple[float, float], most: int) -> int:
    """The least variance with ε up to the target's, of those up to `most`, which has less. ε falls with the variance."""
    epsilon, delta = target
    low, high = most // 2, most  # ε of half the variance is √2 times as large
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if epsilon_of(sum_of(middle), bounds, delta) > epsilon else (low, middle)
    return high
