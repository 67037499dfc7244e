"""Privacy loss distributions by brute force: every outcome of every component and release, in decimal arithmetic."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import combinations_with_replacement
from math import factorial

from accounting import PI, Sum


def discrete_gaussian_law(variance: Decimal, half: int) -> dict[int, Decimal]:
    weights = {x: (-Decimal(x * x) / (2 * variance)).exp() for x in range(-half, half + 1)}
    total = sum(weights.values())
    return {x: weight / total for x, weight in weights.items()}


def convolve(a: dict[int, Decimal], b: dict[int, Decimal]) -> dict[int, Decimal]:
    out: dict[int, Decimal] = {}
    for x, p in a.items():
        for y, q in b.items():
            out[x + y] = out.get(x + y, Decimal(0)) + p * q
    return out


def skellam_law(mu: Decimal, half: int) -> dict[int, Decimal]:
    """e^-μ Σ_k (μ/2)^(2k+|x|) / (k! (k+|x|)!), the difference of two Poisson variables of mean μ/2."""
    law = {}
    for x in range(half + 1):
        term = (mu / 2) ** x / factorial(x) * (-mu).exp()
        total, k = Decimal(0), 0
        while term > total * Decimal(10) ** -45 or k < mu:
            total += term
            k += 1
            term *= (mu / 2) ** 2 / (k * (k + x))
        law[x] = law[-x] = total
    return law


@cache
def summed_law(s: Sum, half: int) -> dict[int, Decimal]:
    """The law of all noises together on [-half, half]."""
    if s.mechanism == "skellam":
        return skellam_law(s.noises * s.variance, half)
    single = discrete_gaussian_law(s.variance, int(Decimal(half) / s.noises + 14 * s.variance.sqrt()) + 1)
    law = single
    for _ in range(s.noises - 1):
        law = convolve(law, single)
    return {x: p for x, p in law.items() if abs(x) <= half}


def losses(s: Sum, shift: int, half: int) -> list[tuple[Decimal, Decimal]]:
    """Probability and loss of each outcome of one component that moves by the shift."""
    law = summed_law(s, half + shift)
    return [(law[x], (law[x] / law[x + shift]).ln()) for x in range(-half, half + 1) if x in law and x + shift in law]


def composed(one: list[tuple[Decimal, Decimal]], times: int) -> list[tuple[Decimal, Decimal]]:
    """All multisets of outcomes with their multinomial probabilities, descending by loss."""
    out = []
    for chosen in combinations_with_replacement(range(len(one)), times):
        ways = factorial(times)
        for i in set(chosen):
            ways //= factorial(chosen.count(i))
        probability, loss = Decimal(ways), Decimal(0)
        for i in chosen:
            probability *= one[i][0]
            loss += one[i][1]
        out.append((probability, loss))
    return sorted(out, key=lambda outcome: -outcome[1])


def delta_of(outcomes: list[tuple[Decimal, Decimal]], epsilon: Decimal) -> Decimal:
    """Σ P·(1 - e^(ε - L)) over the losses above ε."""
    return sum((p * (1 - (epsilon - loss).exp()) for p, loss in outcomes if loss > epsilon), Decimal(0))


def epsilon_of(outcomes: list[tuple[Decimal, Decimal]], delta: Decimal) -> Decimal:
    """δ(ε) = A - e^ε·B between two losses, with A and B over all outcomes above."""
    a, b = Decimal(0), Decimal(0)
    for p, loss in sorted(outcomes, key=lambda outcome: -outcome[1]):
        if b > 0 and a - loss.exp() * b > delta:
            break
        a, b = a + p, b + p * (-loss).exp()
    return max(Decimal(0), ((a - delta) / b).ln()) if a > delta else Decimal(0)


def distance_from_one(s: Sum, half: int) -> Decimal:
    """The max divergence, both ways, of a sum of discrete Gaussians from the one of the summed parameter, on [-half, half]."""
    law = summed_law(s, half)
    one = discrete_gaussian_law(s.noises * s.variance, half + int(14 * (s.noises * s.variance).sqrt()))
    return max(abs((law[x] / one[x]).ln()) for x in range(-half, half + 1))


def renyi(s: Sum, shift: int, order: Decimal, half: int) -> Decimal:
    """The exact Rényi divergence of one component, by its definition."""
    law = summed_law(s, half + shift)
    total = sum(
        ((order * law[x].ln() + (1 - order) * law[x + shift].ln()).exp() for x in range(-half, half + 1) if x in law and x + shift in law),
        Decimal(0),
    )
    return total.ln() / (order - 1)


assert abs(PI - Decimal("3.14159265358979323846264338327950288419716939937511")) < Decimal(10) ** -45
