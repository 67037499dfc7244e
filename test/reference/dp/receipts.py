"""What a release costs: curves of its parts, ε at δ with what samplers and chance add, and the least of what is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import accounting
import narrow
from accounting import Sum
from curves import CURVE_ORDERS
from plans import Plan


@dataclass(frozen=True)
class Curve:
    values: list[Decimal]
    total_variation: Decimal


def curve_of(s: Sum) -> Curve:
    return Curve([accounting.divergence(s, order) for order in CURVE_ORDERS], s.noises * s.dimensions * s.total_variation)


def session_curve(plans: list[Plan], noises: int) -> Curve:
    """Parts add up. A bound for the fewest honest users holds for more."""
    values, total_variation = [Decimal(0)] * len(CURVE_ORDERS), Decimal(0)
    for plan in plans:
        curve, fewest = curve_of(plan.sum_with(noises)), curve_of(plan.sum_with(plan.terms.honest))
        values = [sum_ + min(a, b) for sum_, a, b in zip(values, curve.values, fewest.values)]
        total_variation += curve.total_variation
    return Curve(values, total_variation)


def epsilon_of(curve: Curve, delta: Decimal) -> Decimal:
    """The least ε at which δ covers the curve and (1 + e^ε) times the total variation: by going up from what is too little."""
    epsilon, before = accounting.epsilon_of(CURVE_ORDERS, curve.values, delta), Decimal(-1)
    while curve.total_variation > 0 and epsilon - before > Decimal(10) ** -30:
        left = delta - (1 + epsilon.exp()) * curve.total_variation
        assert left > 0
        epsilon, before = accounting.epsilon_of(CURVE_ORDERS, curve.values, left), epsilon
    return epsilon


def exact_epsilon(plans: list[Plan], noises: int, delta: Decimal) -> float | None:
    bounds = plans[0].shape.narrow(plans[0].radius)
    if len(plans) > 1 or bounds is None:
        return None
    # The last digits of doubles depend on the machine.
    return float(f"{narrow.epsilon_of(plans[0].sum_with(noises), bounds, float(delta)):.10g}")


def receipt(plans: list[Plan], included: list[int], delta: Decimal, exact: bool) -> dict:
    """The session with the fewest users costs most. `exact`: whether a loss distribution of the parts is small enough to go through."""
    terms = plans[0].terms
    left = delta - terms.chance
    noises = [1 if terms.noise_from == "server" else users - terms.colluders for users in included]
    found = {}
    for name, count in (("epsilon", min(noises)), ("worstEpsilon", terms.honest)):
        renyi = float(epsilon_of(session_curve(plans, count), left))
        narrower = exact_epsilon(plans, count, left) if exact else None
        found[name] = (renyi, "renyi") if narrower is None or narrower >= renyi else (narrower, "loss-distribution")
    return {
        "included": included,
        "delta": float(delta),
        "noises": noises,
        "epsilon": found["epsilon"][0],
        "worstEpsilon": found["worstEpsilon"][0],
        "accounting": found["epsilon"][1],
    }
