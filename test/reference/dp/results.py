"""What is read from a sum with noise: moments, flags of clips, quantiles and their bounds, and the errors that a plan tells.

[ATMR19] 1905.03871 for flags of clips.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from plans import Plan
from spans import random_span

HALF = Decimal(1) / 2


def deviation_of(mechanism: str, variance: int) -> Decimal:
    """The standard deviation of one noise: by adding up a discrete Gaussian."""
    if mechanism == "skellam" or variance > 100:
        return Decimal(variance).sqrt()  # beyond σ² = 100 the two agree to e^(-2·100·π²)
    weights = [(x, (-Decimal(x * x) / (2 * variance)).exp()) for x in range(1, int(16 * Decimal(variance).sqrt()) + 1)]
    return (2 * sum(x * x * w for x, w in weights) / (1 + 2 * sum(w for _, w in weights))).sqrt()


def noise_of(plan: Plan, users: int) -> Decimal:
    """The standard deviation of the noise in a value of a sum, in units."""
    noises = 1 if plan.terms.noise_from == "server" else users
    return Decimal(noises).sqrt() * deviation_of(plan.terms.mechanism, plan.variance) / Decimal(plan.steps)


def errors(plan: Plan, users: int) -> dict:
    """Rounding has a variance of at most 1/4, over the part of the draws that are kept, and is subgaussian with 1/4."""
    noises = 1 if plan.terms.noise_from == "server" else users
    rounding = users * Decimal("0.25") / (1 - (-HALF).exp())
    deviation = deviation_of(plan.terms.mechanism, plan.variance)
    likely = random_span(plan.terms.mechanism, Decimal(noises * plan.variance), 1, Decimal("0.01"), Decimal(users) / 4)
    steps = Decimal(plan.steps)
    return {"users": users, "rms": float((noises * deviation**2 + rounding).sqrt() / steps), "likely": float(likely / steps)}


def clamp(value: Decimal, low: int, high: int) -> Decimal:
    return max(Decimal(low), min(Decimal(high), value))


def moments(plan: Plan, total: list[int], lower: Decimal, upper: Decimal) -> dict:
    count, first, second = (Decimal(x) / Decimal(plan.steps) for x in total)
    present = max(count, Decimal(1))
    mean = clamp(first / present, -1, 1)
    variance = clamp(second / present - mean**2, 0, 1)
    half = (upper - lower) / 2
    return {"count": float(count), "mean": float((lower + upper) / 2 + half * mean), "variance": float(half**2 * variance)}


def within_clip(plan: Plan, total: list[int], clips: list[Decimal], users: int) -> dict:
    """The last components are flags of ±κ, with Σ κ² a hundredth of Σ clip²: a fraction f of the users adds up to nκ(2f - 1)."""
    size = (sum(clip**2 for clip in clips) / 100 / len(clips)).sqrt() * users
    flags = [Decimal(x) / Decimal(plan.steps) / size for x in total[-len(clips) :]]
    return {"withinClip": [float((1 + flag) / 2) for flag in flags], "deviation": float(noise_of(plan, users) / (2 * size))}


def isotonic(values: list[Fraction]) -> list[Fraction]:
    """max over a ≤ i of min over b ≥ i of the mean of the values a to b."""
    before = [Fraction(0)]
    for value in values:
        before.append(before[-1] + value)
    size = range(len(values))
    means = {(a, b): (before[b + 1] - before[a]) / (b + 1 - a) for a in size for b in size if b >= a}
    return [max(min(means[a, b] for b in size if b >= i) for a in size if a <= i) for i in size]


def quantiles(plan: Plan, total: list[int], edges: list[Decimal], wanted: list[Decimal], users: int) -> list[dict]:
    """A quantile's bin is the first j with C_j - q·C ≥ 0. Each D_j is off by at most E_j, for all bins and quantiles but with 1 %."""
    noises = 1 if plan.terms.noise_from == "server" else users
    counts = [Fraction(x) / Fraction(plan.steps) for x in total]
    sums = [sum(counts[: j + 1], Fraction(0)) for j in range(len(counts))]
    last = len(sums) - 1
    found = []
    for q in wanted:

        def error(j: int, q: Decimal = q) -> Decimal:
            squares = (1 - q) ** 2 * (j + 1) + q**2 * (last - j)
            total_variance = noises * plan.variance * squares
            return random_span(plan.terms.mechanism, total_variance, len(counts) * len(wanted), Decimal("0.01"), Decimal(0)) / Decimal(plan.steps)

        distances = [sums[j] - Fraction(q) * sums[last] for j in range(last)]
        first = next((j for j in range(last) if distances[j] + Fraction(error(j)) >= 0), last)
        sure = next((j for j in range(last) if distances[j] - Fraction(error(j)) >= 0), last)
        found.append((min(first, sure), sure))
    curve = [max(Fraction(0), x) for x in isotonic(sums)]
    out = []
    for i, q in enumerate(wanted):
        first, end = max(f for f, _ in found[: i + 1]), min(s for _, s in found[i:])
        least, most = edges[min(first, end)], edges[max(first, end) + 1]
        value = (least + most) / 2 if curve[last] <= 0 else crossing(curve, edges, q)
        out.append({"value": float(max(least, min(most, value))), "least": float(least), "most": float(most)})
    return out


def crossing(curve: list[Fraction], edges: list[Decimal], q: Decimal) -> Decimal:
    """Between edges, values are spread evenly."""
    level = Fraction(q) * curve[-1]
    j = next(i for i, value in enumerate(curve) if value >= level)
    below = curve[j - 1] if j else Fraction(0)
    part = (level - below) / (curve[j] - below)
    return edges[j] + Decimal(part.numerator) / Decimal(part.denominator) * (edges[j + 1] - edges[j])
