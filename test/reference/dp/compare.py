"""Compares the reference with whichever of the known packages for accounting are installed, in what each of them has.

    pip install dp-accounting==0.6.0 autodp prv-accountant opacus opendp tensorflow-privacy   # any of them
    python3 test/reference/dp/compare.py

None of them has the bounds for sums of discrete Gaussians or for Skellam noise: those are compared with exact divergences (vectors.py).
Each comparison prints the largest relative difference. A package that is not installed is named and left out.
"""

from __future__ import annotations

import importlib.util
import math
import random
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import accounting
import losses
from accounting import Sum

ORDERS = [1.25, 1.5, 2.0, 3.0, 4.5, 8.0, 15.0, 26.0, 32.0, 64.0, 128.0]
CENTRAL = [(1.0, 1, 1, 1e-5), (4.530877117, 1, 1, 1e-6), (10.0, 3, 10, 1e-6), (30.0, 5, 200, 1e-7)]


def central_curve(sigma: float, shift: int, count: int, orders: list[float]) -> list[float]:
    s = Sum("discrete-gaussian", Decimal(sigma) ** 2, 1, 1, Decimal(shift) ** 2, Decimal(shift))
    return [float(count * accounting.divergence(s, Decimal(order))) for order in orders]


def epsilon(orders: list[float], values: list[float], delta: float) -> float:
    return float(accounting.epsilon_of([Decimal(o) for o in orders], [Decimal(v) for v in values], Decimal(delta)))


def gaussian_epsilon(mu: float, delta: float) -> float:
    """The exact ε of Gaussian noise with Δ/σ = μ ([BW18] 1805.06530, Theorem 8), by bisection."""

    def phi(x: float) -> float:
        return math.erfc(-x / math.sqrt(2)) / 2

    low, high = 0.0, 500.0
    for _ in range(200):
        middle = (low + high) / 2
        above = phi(mu / 2 - middle / mu) - math.exp(middle) * phi(-mu / 2 - middle / mu) > delta
        low, high = (middle, high) if above else (low, middle)
    return high


def scalar_epsilon(sigma: float, shift: int, delta: float) -> float:
    s = Sum("discrete-gaussian", Decimal(sigma) ** 2, 1, 1, Decimal(shift) ** 2, Decimal(shift))
    return float(losses.epsilon_of(losses.losses(s, shift, int(14 * sigma) + shift), Decimal(delta)))


def module_file(package: str, path: str) -> ModuleType:
    """One module of an installed package, without the machine learning that importing the package would need."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"No module named '{package}'")
    spec = importlib.util.spec_from_file_location(Path(path).stem, Path(found.submodule_search_locations[0]) / path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} has no {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def worst(pairs: list[tuple[float, float]]) -> float:
    return max(abs(a - b) / max(abs(b), 1e-300) for a, b in pairs)


def dp_accounting() -> dict[str, float]:
    import dp_accounting as dpa
    from dp_accounting.pld import privacy_loss_distribution as pld
    from dp_accounting.rdp import rdp_privacy_accountant as rdp

    rnd, conversion, composition, scalar = random.Random(1), [], [], []
    for _ in range(200):
        values, delta = [order * rnd.uniform(1e-6, 2) for order in ORDERS], 10 ** rnd.uniform(-12, -1)
        conversion.append((epsilon(ORDERS, values, delta) + 1, rdp.compute_epsilon(ORDERS, values, delta)[0] + 1))
    for sigma, shift, count, delta in CENTRAL:
        accountant = rdp.RdpAccountant(ORDERS)
        accountant.compose(dpa.ZCDpEvent(shift * shift / (2 * sigma * sigma)), count)
        composition.append((epsilon(ORDERS, central_curve(sigma, shift, count, ORDERS), delta), accountant.get_epsilon(delta)))
    for sigma, shift, delta in ((1.0, 1, 1e-5), (2.0, 3, 1e-6), (5.0, 2, 1e-9)):
        theirs = pld.from_discrete_gaussian_mechanism(sigma, shift, value_discretization_interval=1e-5).get_epsilon_for_delta(delta)
        scalar.append((scalar_epsilon(sigma, shift, delta), theirs))
    return {"conversion": worst(conversion), "central curve, composed": worst(composition), "scalar loss distribution": worst(scalar)}


def autodp() -> dict[str, float]:
    from autodp import mechanism_zoo

    pairs = []
    for sigma, shift, _, _ in CENTRAL:
        mechanism = mechanism_zoo.GaussianMechanism(sigma / shift)
        pairs += [(ours, mechanism.RenyiDP(order)) for order, ours in zip(ORDERS, central_curve(sigma, shift, 1, ORDERS))]
    exact = [(gaussian_epsilon(1 / 3, 1e-6), mechanism_zoo.ExactGaussianMechanism(3.0).get_approxDP(1e-6))]
    return {"central curve (Gaussian)": worst(pairs), "ε of wide noise": worst(exact)}


def prv_accountant() -> dict[str, float]:
    from prv_accountant import PRVAccountant
    from prv_accountant.privacy_random_variables import GaussianMechanism

    accountant = PRVAccountant(prvs=[GaussianMechanism(10.0)], max_self_compositions=[200], eps_error=1e-3, delta_error=1e-10)
    _, estimate, _ = accountant.compute_epsilon(delta=1e-6, num_self_compositions=[200])
    return {"ε of wide noise, composed": worst([(gaussian_epsilon(math.sqrt(200) / 10, 1e-6), float(estimate))])}


def opacus() -> dict[str, float]:
    rdp = module_file("opacus", "accountants/analysis/rdp.py")

    pairs = [
        (ours, float(theirs))
        for sigma, shift, count, _ in CENTRAL
        for ours, theirs in zip(
            central_curve(sigma, shift, count, ORDERS),
            rdp.compute_rdp(q=1.0, noise_multiplier=sigma / shift, steps=count, orders=ORDERS),
        )
    ]
    return {"central curve (Gaussian)": worst(pairs)}


def opendp() -> dict[str, float]:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    pairs = []
    for sigma, shift, _, _ in CENTRAL:
        measurement = dp.m.make_gaussian(dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=sigma)
        s = Sum("discrete-gaussian", Decimal(sigma) ** 2, 1, 1, Decimal(shift) ** 2, Decimal(shift))
        pairs.append((float(accounting.divergence(s, Decimal(2)) / 2), measurement.map(shift)))
    return {"ρ of a central discrete Gaussian": worst(pairs)}


def tensorflow_privacy() -> dict[str, float]:
    gdp = module_file("tensorflow_privacy", "privacy/analysis/gdp_accountant.py")  # 0.9.0 has left RDP to dp_accounting
    return {"ε of wide noise": worst([(gaussian_epsilon(mu, 1e-6), float(gdp.eps_from_mu(mu, 1e-6))) for mu in (0.1, 1.0, 2.5)])}


COMPARISONS: dict[str, tuple[Callable[[], dict[str, float]], float]] = {
    # How far each may be off: rounding, or the width of its grid.
    "dp_accounting": (dp_accounting, 2e-4),
    "autodp": (autodp, 1e-6),
    "prv_accountant": (prv_accountant, 1e-3),
    "opacus": (opacus, 1e-9),
    "opendp": (opendp, 1e-9),
    "tensorflow_privacy": (tensorflow_privacy, 1e-6),
}


def main() -> int:
    status = 0
    for name, (compare, tolerance) in COMPARISONS.items():
        try:
            results = compare()
        except (ImportError, FileNotFoundError) as error:
            print(f"{name}: not compared ({error})")
            continue
        for what, difference in results.items():
            print(f"{name}: {what}: {difference:.2e}")
            if difference > tolerance:
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
