"""Ledgers whose states and heads are committed: a participant's, a server's, and one without events."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal

import accounting
import ledger
from accounting import Sum
from curves import CURVE_ORDERS

# The orders that only inform.
ORDERS = [1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 41, 53, 65, 97, 129, 257, 513, 1025, 4097]


def terms(epsilon: float, delta: float, adjacency: str, subject: str, order: float | None = None, additive: float | None = None) -> dict:
    kept = delta / 10 if additive is None else additive
    given = {"epsilon": epsilon, "delta": delta, "additiveDelta": kept, "adjacency": adjacency, "subject": subject}
    if order is None:
        # Where most releases with a divergence of α·ρ fit.
        candidates = [float(each) for each in CURVE_ORDERS]
        order = max(candidates, key=lambda each: ledger.divergence_budget(given | {"order": each}) / each)
    return given | {"order": order, "orders": sorted({*ORDERS, order})}


def charge(given: dict, noises: int, chance: float = 0.0, most: int | None = None) -> dict:
    """Of a vector of Δ₂² = 40 and Δ₁ = 36 in 100 components, whose noises have σ² = 16 and a total variation of 2⁻⁶⁰.

    `most`: noises that there may be. The total variation of all of them is reserved.
    """
    s = Sum("discrete-gaussian", Decimal(16), noises, 100, Decimal(40), Decimal(36), Decimal(0), Decimal(2) ** -60)
    values = [float(accounting.divergence(s, Decimal(order))) for order in given["orders"]]
    moved = (1 + Decimal(given["epsilon"]).exp()) * (most or noises) * s.dimensions * s.total_variation
    return {"divergences": values, "delta": float(moved) + chance}


def participant() -> tuple[dict, list[dict]]:
    given = terms(3, 1e-6, "zero-out", "participant")
    worst = {"binding": "plan π", "users": [], "charge": charge(given, 50, most=100)}
    return given, [
        {"kind": "reserved", "id": "week 1", **worst},
        {"kind": "sent", "id": "week 1"},
        {"kind": "settled", "id": "week 1", "survivors": "verified", "charge": charge(given, 80)},
        {"kind": "reserved", "id": "week 2", **worst},
        {"kind": "released", "id": "week 2"},
        {"kind": "reserved", "id": "week 3", **worst, "charge": charge(given, 50, 2.0**-40, most=100)},
        {"kind": "failed", "id": "week 3"},
        {"kind": "reserved", "id": "week 4", **worst},
        {"kind": "settled", "id": "week 4", "survivors": "claimed"},
    ]


def server() -> tuple[dict, list[dict]]:
    given = terms(3, 1e-6, "replace-one", "server", order=11.5, additive=2e-7)

    def reserved(name: str, users: list[int], noises: int) -> dict:
        return {"kind": "reserved", "id": name, "binding": "plan π", "users": users, "charge": charge(given, noises, most=200)}

    return given, [
        reserved("run 1, cohort 0", [1, 2, 2**53 - 1], 50),
        reserved("run 1, cohort 1", [3, 4], 60),
        {"kind": "settled", "id": "run 1, cohort 0", "survivors": "verified", "charge": charge(given, 70)},
        reserved("run 2", [1, 4], 150),
    ]


def ledgers() -> Iterator[dict]:
    empty = terms(1, 1e-5, "zero-out", "participant"), []
    for name, (given, events) in (("a participant", participant()), ("a server", server()), ("an empty one", empty)):
        heads = ledger.heads(given, events)
        state = {"secagg": "privacy-ledger", "version": 1, "revision": len(events), "terms": given, "events": events}
        charged = ledger.replay(given, events)
        yield {
            "name": name,
            "state": state | {"head": b64encode(heads[-1]).decode()},
            "heads": [head.hex() for head in heads],
            # The last digits of doubles depend on the machine and on Python's version.
            "charged": float(f"{max((divergence for divergence, _ in charged.values()), default=0.0):.13g}"),
            "budget": float(f"{ledger.divergence_budget(given):.13g}"),
        }
