"""Flower's own functions at the same work: one mask of n components and its addition, n floats quantised, shares.

Prints JSON with medians in milliseconds. Needs the package `flwr`; `npm run bench` skips it by name where it is missing.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
from flwr.common.secure_aggregation.ndarrays_arithmetic import parameters_addition, parameters_mod, parameters_subtraction
from flwr.common.secure_aggregation.quantization import dequantize, quantize
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen

MODULUS = 2**32
CLIPPING_RANGE = 8.0
QUANTIZATION_RANGE = 2**22


def median_ms(run: Callable[[], object], runs: int) -> float:
    """The median time of one call, after one that warms up."""
    run()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def main() -> None:
    components, runs = int(sys.argv[1]), int(sys.argv[2])
    seed = bytes(range(32))
    total = [np.arange(components, dtype=np.int64)]
    mask = pseudo_rand_gen(seed, MODULUS, [(components,)])
    masked = parameters_mod(parameters_addition(total, mask), MODULUS)
    assert np.array_equal(parameters_mod(parameters_subtraction(masked, mask), MODULUS)[0], total[0])
    floats = [np.sin(np.arange(components)) * 7]
    back = dequantize(quantize(floats, CLIPPING_RANGE, QUANTIZATION_RANGE), CLIPPING_RANGE, QUANTIZATION_RANGE)
    assert np.abs(back[0] - floats[0]).max() < 2 * CLIPPING_RANGE / QUANTIZATION_RANGE
    shares = create_shares(seed, 67, 100)
    assert combine_shares(shares[:67])[:32] == seed
    print(
        json.dumps(
            {
                "version": version("flwr"),
                "mask": median_ms(lambda: pseudo_rand_gen(seed, MODULUS, [(components,)]), runs),
                "add": median_ms(lambda: parameters_mod(parameters_addition(total, mask), MODULUS), runs),
                "quantize": median_ms(lambda: quantize(floats, CLIPPING_RANGE, QUANTIZATION_RANGE), runs),
                "split": median_ms(lambda: create_shares(seed, 67, 100), runs),
                "combine": median_ms(lambda: combine_shares(shares[:67]), runs),
            }
        )
    )


if __name__ == "__main__":
    main()
