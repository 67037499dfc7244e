"""Writes, or compares with the one on disk, the vectors of noise: test/vectors/dp/noise.json. Only the standard library.

    python3 test/reference/dp/noise.py --write
    python3 test/reference/dp/noise.py --check

Probabilities of discrete Gaussian and Skellam noise in decimal arithmetic of 70 digits: the first from its definition, the second from the
power series of the Bessel function, I_x(m) = sum over k of (m/2)^(2k+x) / (k! (k+x)!). No recurrence is used, as the library uses one.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal, getcontext
from math import isqrt
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent.parent / "vectors" / "dp" / "noise.json"
DIGITS = 45
getcontext().prec = 70

GAUSSIANS = [1, 4, 7, 8, 100, 2500, 90_000, 5_760_000, 2**52]
SKELLAMS = [1, 2, 100, 399, 400, 1024, 2500, 90_000]
# Points at which the law is written, in multiples of the standard deviation.
MULTIPLES = [Decimal(m) for m in ("0", "0.5", "1", "2", "3", "4.4", "6", "8", "10", "12")]


def pi() -> Decimal:
    """Machin's formula."""

    def arccot(n: int) -> Decimal:
        total, power, k = Decimal(0), Decimal(1) / n, 0
        while power > Decimal(10) ** -75:
            total += power / (2 * k + 1) * (-1) ** k
            power /= n * n
            k += 1
        return total

    return 4 * (4 * arccot(5) - arccot(239))


def gaussian_total(variance: int) -> Decimal:
    """Sum over all integers of exp(-x^2 / 2 variance)."""
    if variance > 10_000:
        # By Poisson summation; the terms that are left out are below exp(-2 pi^2 variance).
        return (2 * pi() * variance).sqrt()
    beyond = 20 * isqrt(variance) + 20
    return 1 + 2 * sum((-Decimal(x * x) / (2 * variance)).exp() for x in range(1, beyond))


def gaussian(variance: int, points: list[int]) -> list[Decimal]:
    total = gaussian_total(variance)
    return [(-Decimal(x * x) / (2 * variance)).exp() / total for x in points]


def skellam(variance: int, x: int) -> Decimal:
    half = Decimal(variance) / 2
    term = Decimal(1)
    for k in range(1, x + 1):
        term *= half / k
    total, k = term, 0
    # The terms rise up to k (k + x) = (variance / 2)^2 and fall from there.
    while k * (k + x) < half * half or term > total * Decimal(10) ** -72:
        k += 1
        term *= half * half / (k * (k + x))
        total += term
    return total * Decimal(-variance).exp()


def points_of(variance: int) -> list[int]:
    deviation = Decimal(variance).sqrt()
    return sorted({int(multiple * deviation) for multiple in MULTIPLES} | {1, 2})


def entry(mechanism: str, variance: int) -> dict:
    points = points_of(variance)
    law = gaussian(variance, points) if mechanism == "discrete-gaussian" else [skellam(variance, x) for x in points]
    return {
        "mechanism": mechanism,
        "variance": variance,
        "probabilities": {str(x): f"{p:.{DIGITS}e}" for x, p in zip(points, law)},
    }


def content() -> str:
    laws = [entry("discrete-gaussian", v) for v in GAUSSIANS] + [entry("skellam", v) for v in SKELLAMS]
    return json.dumps(laws, indent=1) + "\n"


def main() -> int:
    if sys.argv[1:] == ["--write"]:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(content())
        return 0
    if sys.argv[1:] == ["--check"]:
        same = FILE.read_text() == content()
        print("the same" if same else f"{FILE.name} differs")
        return 0 if same else 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
