"""Whether the bound on Skellam noise holds: exact Rényi divergences of one and two components over a grid, beside [AKL21] 2110.04995, Theorem 3.5.

The bound is for integer orders. Between them the library takes the chord of (α - 1)·D_α, and below 2 the value at 2: both are on the grid too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import accounting
from accounting import Sum
from losses import skellam_law

TOTALS = ["0.125", "0.5", "1", "2", "4", "10", "40", "150"]  # μ, the variance of all noises together
SHIFTS = [(1,), (2,), (3,), (7,), (1, 1), (2, 1), (3, 3), (5, 1), (4, 4)]
ORDERS = ["1.125", "1.5", "2", "2.5", "3", "4", "5.75", "8", "16", "32"]


@cache
def logs(total: str) -> list[float]:
    """ln of the law at 0, 1, 2, … as far as the largest order and shift need: where it is multiplied by ratios, it peaks near Δα."""
    half = 2 * 8 * 33 + 60 + int(14 * float(total) ** 0.5)
    law = skellam_law(Decimal(total), half)
    return [float(law[x].ln()) for x in range(half + 1)]


@cache
def scalar(total: str, shift: int, order: float) -> float:
    """ln Σ P^α Q^(1-α) / (α - 1), by its definition. The terms are told apart by their logarithms."""
    law = logs(total)
    half = len(law) - 1 - shift
    terms = [order * law[abs(x)] + (1 - order) * law[abs(x + shift)] for x in range(-half, half + 1)]
    largest = max(terms)
    # Cut tails are no part of it.
    assert terms[0] < largest - 60 and terms[-1] < largest - 60, (total, shift, order)
    return (largest + math.log(math.fsum(math.exp(term - largest) for term in terms))) / (order - 1)


def grid() -> Iterator[dict]:
    for total in TOTALS:
        for shift in SHIFTS:
            s = Sum("skellam", Decimal(total), 1, len(shift), Decimal(sum(x * x for x in shift)), Decimal(sum(shift)))
            bounds = [accounting.divergence(s, Decimal(order)) for order in ORDERS]
            exact = [sum(scalar(total, x, float(order)) for x in shift) for order in ORDERS]
            assert all(value <= float(bound) * (1 + 1e-12) for value, bound in zip(exact, bounds)), (total, shift)
            yield {
                "total": float(total),
                "shift": list(shift),
                "bounds": " ".join(f"{bound:.12e}" for bound in bounds),
                "exact": " ".join(f"{value:.8e}" for value in exact),
            }


def content() -> dict:
    return {"orders": [float(order) for order in ORDERS], "sums": list(grid())}
