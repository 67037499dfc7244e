"""OpenDP's discrete Gaussian noise: a vector of n integers for each scale. Prints JSON with medians in nanoseconds a draw.

Needs the package `opendp`; `npm run bench` skips it by name where it is missing.
"""

import json
import statistics
import sys
import time
from importlib.metadata import version

import opendp.prelude as dp


def main() -> None:
    draws, runs, scales = int(sys.argv[1]), int(sys.argv[2]), [int(scale) for scale in sys.argv[3:]]
    dp.enable_features("contrib")
    zeros = [0] * draws
    gaussian = {}
    for scale in scales:
        space = dp.vector_domain(dp.atom_domain(T=dp.i32)), dp.l2_distance(T=dp.i32)
        noise = dp.m.make_gaussian(*space, scale=float(scale))
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            drawn = noise(zeros)
            times.append(1e9 * (time.perf_counter() - started) / draws)
        assert 0.8 < sum(x * x for x in drawn) / draws / scale**2 < 1.2
        gaussian[scale] = statistics.median(times)
    print(json.dumps({"version": version("opendp"), "gaussian": gaussian, "skellam": {}}))


if __name__ == "__main__":
    main()
