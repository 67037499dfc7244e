"""How large a component of a sum gets, but with a small probability: Chernoff's bound, and the union bound over both signs of all components."""

from __future__ import annotations

from decimal import Decimal
from functools import cache


def cosh_less_one(x: Decimal) -> Decimal:
    return (x.exp() + (-x).exp()) / 2 - 1


@cache
def random_span(mechanism: str, variance: Decimal, components: int, probability: Decimal, spread_squared: Decimal) -> Decimal:
    """The t with 2·components·inf_λ E[e^(λ(X - t))] = probability, for X with the subgaussian part `spread_squared` and noise of `variance`."""
    if variance == 0 and spread_squared == 0:
        return Decimal(0)
    exponent = (2 * Decimal(components) / probability).ln()
    if mechanism == "discrete-gaussian":
        return (2 * exponent * (variance + spread_squared)).sqrt()

    def log_moment(rate: Decimal) -> Decimal:
        return rate**2 * spread_squared / 2 + variance * cosh_less_one(rate)

    def slope(rate: Decimal) -> Decimal:
        return rate * spread_squared + variance * (rate.exp() - (-rate).exp()) / 2

    # The bound (M(λ) + e)/λ is least where λM'(λ) = M(λ) + e: its left side less M rises with λ.
    low, high = Decimal(0), Decimal(1)
    while high * slope(high) - log_moment(high) < exponent:
        high *= 2
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * slope(middle) - log_moment(middle) < exponent else (low, middle)
    return (log_moment(high) + exponent) / high
