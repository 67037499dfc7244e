"""TensorFlow Privacy's discrete Gaussian and Skellam noise, in floats: n integers for each scale. Prints JSON with medians in nanoseconds a draw.

Needs the package `tensorflow-privacy`; `npm run bench` skips it by name where it is missing.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from tensorflow_privacy.privacy.dp_query.discrete_gaussian_utils import sample_discrete_gaussian


def nanoseconds(draw: Callable[[], tf.Tensor], runs: int, variance: int) -> float:
    """The median time of a draw, after a call that warms up."""
    drawn = draw().numpy().astype(np.float64)
    assert 0.8 < (drawn**2).mean() / variance < 1.2
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        draw().numpy()
        times.append(1e9 * (time.perf_counter() - started) / drawn.size)
    return statistics.median(times)


def skellam(scale: int, draws: int) -> tf.Tensor:
    """As its DistributedSkellamSumQuery draws."""
    rate = tf.constant(scale**2 / 2, tf.float64)
    seed = tf.cast([tf.timestamp() * 10**6, 0], tf.int64)
    poissons = tf.random.stateless_poisson(shape=[draws, 2], seed=seed, lam=[rate, rate], dtype=tf.int64)
    return poissons[..., 0] - poissons[..., 1]


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    draws, runs, scales = int(sys.argv[1]), int(sys.argv[2]), [int(scale) for scale in sys.argv[3:]]
    figures = {
        "version": version("tensorflow-privacy"),
        "gaussian": {s: nanoseconds(lambda s=s: sample_discrete_gaussian(s, (draws,)), runs, s * s) for s in scales},
        "skellam": {s: nanoseconds(lambda s=s: skellam(s, draws), runs, s * s) for s in scales},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
