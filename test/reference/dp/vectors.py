"""Writes, or compares with those on disk, the vectors of privacy accounting: test/vectors/dp/*.json. Only the standard library.

    python3 test/reference/dp/vectors.py --write
    python3 test/reference/dp/vectors.py --check
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import accounting
import ledger_vectors
import losses
import norms
import plan_vectors
import skellam
from accounting import Sum
from curves import CURVE_ORDERS

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "vectors" / "dp"
ORDERS = [Decimal(order) for order in ("1.125", "1.5", "2", "2.75", "3", "4.5", "8", "15", "32", "33.5", "129", "1025")]


def digits(value: Decimal) -> str:
    return f"{value:.20e}"


def written(s: Sum) -> dict:
    return {
        "mechanism": s.mechanism,
        "variance": float(s.variance),
        "noises": s.noises,
        "dimensions": s.dimensions,
        "l2Squared": float(s.l2_squared),
        "l1": float(s.l1),
        "samplerError": {"logRatio": float(s.log_ratio), "totalVariation": float(s.total_variation)},
    }


def sums() -> Iterator[Sum]:
    shapes = [
        # variance, noises, dimensions, Δ2², Δ1
        ("1", 2, 1, 1, 1),
        ("1", 62, 1024, 400, 300),
        ("2", 10, 1 << 20, 90000, 90000),
        ("0.5625", 100, 128, 143, 135),
        ("4", 1, 16, 9, 9),
        ("400", 1000, 1024, 10372, 3259),
        ("1000000", 62, 1 << 20, 1 << 40, 1 << 30),
    ]
    for mechanism in ("discrete-gaussian", "skellam"):
        for variance, noises, dimensions, l2_squared, l1 in shapes:
            yield Sum(mechanism, Decimal(variance), noises, dimensions, Decimal(l2_squared), Decimal(l1))
        # Powers of two, so that the same numbers are doubles.
        yield Sum(mechanism, Decimal(4), 10, 5, Decimal(9), Decimal(5), Decimal(2) ** -24, Decimal(2) ** -30)


def divergences() -> list[dict]:
    out = []
    for s in sums():
        values = [accounting.divergence(s, order) for order in ORDERS]
        epsilons = {delta: digits(accounting.epsilon_of(ORDERS, values, Decimal(delta))) for delta in ("1e-3", "1e-6", "1e-12")}
        out.append({"sum": written(s), "orders": [float(order) for order in ORDERS], "values": [digits(v) for v in values], "epsilons": epsilons})
    return out


def calibrations() -> list[dict]:
    out = []
    for mechanism in ("discrete-gaussian", "skellam"):
        for noises, dimensions, l2_squared, l1, epsilon, releases in ((62, 128, 10000, 1131, "1", 1), (10, 1, 1, 1, "0.5", 7), (5, 1024, 900, 900, "8", 200)):
            s = Sum(mechanism, Decimal(1), noises, dimensions, Decimal(l2_squared), Decimal(l1))
            least = accounting.least_variance(s, Decimal(epsilon), Decimal("1e-6"), releases, CURVE_ORDERS)
            out.append({"sum": written(s), "epsilon": float(epsilon), "delta": 1e-6, "releases": releases, "least": least})
    return out


def taus() -> list[dict]:
    cases = [(v, n) for v in ("0.25", "0.5625", "1", "2.25", "4", "9") for n in (1, 2, 10, 100, 1000)]
    return [{"variance": float(v), "noises": n, "tau": digits(accounting.tau(Decimal(v), n))} for v, n in cases]


def loss_distributions() -> list[dict]:
    out = []
    for mechanism in ("discrete-gaussian", "skellam"):
        for variance, noises, shift, times, half in (
            ("4", 10, 1, 1, 70), ("4", 10, 5, 1, 70), ("1", 10, 1, 1, 40), ("0.5625", 10, 1, 1, 32),
            ("1", 2, 1, 2, 20), ("1", 2, 2, 3, 16), ("2", 3, 1, 3, 26),
        ):  # fmt: skip
            s = Sum(mechanism, Decimal(variance), noises, times, Decimal(times * shift * shift), Decimal(times * shift))
            outcomes = losses.composed(losses.losses(s, shift, half), times)
            for delta in ("1e-3", "1e-5", "1e-6"):
                epsilon = digits(losses.epsilon_of(outcomes, Decimal(delta)))
                out.append({"sum": written(s), "shift": shift, "components": times, "delta": float(delta), "epsilon": epsilon})
    return out


def exact_divergences() -> list[dict]:
    out = []
    for mechanism in ("discrete-gaussian", "skellam"):
        for variance, noises, shift in (("1", 2, 1), ("1", 10, 3), ("0.5625", 10, 1), ("2", 3, 2), ("4", 1, 1)):
            s = Sum(mechanism, Decimal(variance), noises, 1, Decimal(shift * shift), Decimal(shift))
            if mechanism == "discrete-gaussian":
                assert losses.distance_from_one(s, 30) <= accounting.tau(s.variance, noises) / 2 + Decimal(10) ** -40, s
            for order in ("1.125", "2", "8"):
                exact = losses.renyi(s, shift, Decimal(order), 60)
                # One discrete Gaussian meets its bound exactly at integer orders.
                assert exact <= accounting.divergence(s, Decimal(order)) * (1 + Decimal(10) ** -40), (s, order)
                out.append({"sum": written(s), "shift": shift, "order": float(order), "divergence": digits(exact)})
    return out


def files() -> Iterator[tuple[Path, object]]:
    """Every file that is made here, and its content."""
    yield DIRECTORY / "tau.json", taus()
    yield DIRECTORY / "divergences.json", divergences()
    yield DIRECTORY / "calibrations.json", calibrations()
    yield DIRECTORY / "loss-distributions.json", loss_distributions()
    yield DIRECTORY / "exact-divergences.json", exact_divergences()
    yield DIRECTORY / "skellam-divergences.json", skellam.content()
    yield DIRECTORY / "plans.json", list(plan_vectors.plans())
    yield DIRECTORY / "combined-plans.json", list(plan_vectors.combinations())
    yield DIRECTORY / "sums.json", list(plan_vectors.sums())
    yield DIRECTORY / "ledgers.json", list(ledger_vectors.ledgers())


def main() -> int:
    status = 0
    norms.check()
    for path, content in files():
        data = (json.dumps(content, indent=1) + "\n").encode()
        if sys.argv[1:] == ["--write"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        elif path.read_bytes() != data:
            print(f"{path.name} differs", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
