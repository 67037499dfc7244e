"""The plans whose vectors are committed, in the words of the library's options, and what this reference says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

import results
from plans import Plan, Shape, Terms, bits_of, counts, less_noise, moments, planned, vector
from receipts import receipt

HUNDRED = {"maxUsers": 100, "threshold": 67, "colluders": 5, "sampler": "exact"}
FEW = {"maxUsers": 16, "threshold": 11, "sampler": "exact"}
ONCE = {"epsilon": 1, "delta": 1e-6}

# kind, options, numbers of users in the sum
PLANS: list[tuple[str, dict, list[int]]] = [
    ("privateMean", HUNDRED | {"noiseMultiplier": 1, "length": 99, "l2Clip": 1}, [67]),
    ("privateMean", FEW | {"target": {"epsilon": 8, "delta": 1e-6, "releases": 200}, "length": 1000, "l2Clip": 0.5}, [14]),
    ("privateSum", FEW | {"noiseMultiplier": 0.7, "mechanism": "skellam", "adjacency": "replace-one", "length": 6000, "l2Clip": 3}, [12]),
    ("privateSum", FEW | {"target": ONCE, "mechanism": "skellam", "length": 3, "l2Clip": 2, "flatten": "none"}, [11]),
    ("privateMean", HUNDRED | {"noiseMultiplier": 1, "bits": 16, "length": 1000, "l2Clip": 1}, [80]),
    ("privateMean", FEW | {"noiseMultiplier": 0.02, "length": 20, "l2Clip": 1}, [13]),
    ("privateMean", FEW | {"noiseMultiplier": 60, "mechanism": "skellam", "length": 3000, "l2Clip": 1}, [13]),
    ("privateMean", FEW | {"noiseMultiplier": 2, "length": 70, "l2Clip": 1, "noiseFrom": "server"}, [13]),
    ("privateMean", FEW | {"noiseMultiplier": 2, "shapes": {"a": [2], "b": [3]}, "l2Clip": {"a": 3, "b": 4}, "measureClipping": True}, [16]),
    ("privateWeightedMean", FEW | {"noiseMultiplier": 1.5, "length": 64, "l2Clip": 1, "maxWeight": 50}, [12]),
    ("privateSum", FEW | {"target": ONCE, "length": 1, "l2Clip": 3}, [11]),
    ("privateHistogram", FEW | {"target": ONCE, "bins": 10, "maxBins": 1}, [11]),
    ("privateHistogram", FEW | {"target": ONCE, "mechanism": "skellam", "bins": 24, "maxBins": 1, "maxCount": 3}, [11]),
    ("privateHistogram", FEW | {"noiseMultiplier": 3, "adjacency": "replace-one", "bins": 6, "maxBins": 1}, [12]),
    ("privateHistogram", HUNDRED | {"noiseMultiplier": 3, "adjacency": "replace-one", "bins": 5, "maxCount": 3, "maxBins": 3, "maxEvents": 7}, [90]),
    ("privateHistogram", FEW | {"noiseMultiplier": 4, "mechanism": "skellam", "adjacency": "replace-one", "bins": 1}, [14]),
    ("privateMoments", FEW | {"target": {"epsilon": 2, "delta": 1e-5, "releases": 3}, "lower": 10, "upper": 50}, [12]),
    ("privateMoments", FEW | {"target": ONCE, "adjacency": "replace-one", "lower": 0, "upper": 1}, [12]),
    ("privateQuantiles", FEW | {"noiseMultiplier": 2, "edges": [0, 1, 2, 4, 8], "probabilities": [0.25, 0.5]}, [11]),
    ("privateMean", FEW | {"noiseMultiplier": 3, "security": 30, "length": 9, "l2Clip": 1}, [12, 15, 11]),
    ("privateMean", FEW | {"target": ONCE | {"delta": 1e-5}, "security": 20, "length": 9, "l2Clip": 1}, [11]),
    ("privateSum", FEW | {"noiseMultiplier": 1, "sampler": "constant-time", "mechanism": "skellam", "length": 33, "l2Clip": 1}, [16]),
    ("privateHistogram", FEW | {"noiseMultiplier": 2, "sampler": "constant-time", "bins": 4, "maxBins": 1}, [13]),
]

# kind, options, users, a sum in steps
SUMS: list[tuple[str, dict, int, list[int]]] = [
    ("privateMoments", FEW | {"noiseMultiplier": 1, "lower": 10, "upper": 50}, 16, [1210, 310, 605]),
    ("privateMoments", FEW | {"noiseMultiplier": 1, "lower": 10, "upper": 50}, 16, [-40, 90, -7]),
    ("privateMoments", FEW | {"noiseMultiplier": 1, "adjacency": "replace-one", "lower": 0, "upper": 1}, 12, [400, -300, 100]),
    ("privateSum", FEW | {"noiseMultiplier": 0.1, "length": 2, "l2Clip": 5, "flatten": "none", "measureClipping": True}, 12, [300, -20, 75]),
    (
        "privateSum",
        FEW | {"noiseMultiplier": 0.1, "shapes": {"a": [1], "b": [1]}, "l2Clip": {"a": 3, "b": 4}, "flatten": "none", "measureClipping": True},
        14,
        [9, -20, 75, -31],
    ),
    ("privateQuantiles", FEW | {"noiseMultiplier": 0.3, "edges": [0, 1, 2, 4, 8, 16], "probabilities": [0.1, 0.5, 0.9]}, 16, [60, 170, -35, 140, 90]),
    ("privateQuantiles", FEW | {"noiseMultiplier": 4, "mechanism": "skellam", "edges": [-3, 0, 5], "probabilities": [0.5]}, 12, [-3, -8]),
    (
        "privateQuantiles",
        HUNDRED | {"noiseMultiplier": 0.5, "edges": [i / 4 for i in range(13)], "probabilities": [0.05, 0.25, 0.5, 0.75]},
        100,
        [0, 31, 100, 220, 170, 200, 240, 90, 61, 0, -15, 8],
    ),
]


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


def terms_of(options: dict) -> Terms:
    target = options.get("target", {})
    return Terms(
        users=options["maxUsers"],
        threshold=options["threshold"],
        colluders=options.get("colluders", 1),
        mechanism=options.get("mechanism", "discrete-gaussian"),
        adjacency=options.get("adjacency", "zero-out"),
        sampler=options["sampler"],
        noise_from=options.get("noiseFrom", "users"),
        multiplier=exact(options["noiseMultiplier"]) if "noiseMultiplier" in options else None,
        epsilon=exact(target.get("epsilon", 0)),
        delta=exact(target.get("delta", 0)),
        releases=target.get("releases", 1),
        security=options.get("security"),
        bits=options.get("bits"),
    )


def clips_of(options: dict) -> list[Decimal]:
    clip = options["l2Clip"]
    return [exact(c) for c in (clip.values() if isinstance(clip, dict) else [clip])]


def shape_of(kind: str, options: dict) -> Shape:
    adjacency = options.get("adjacency", "zero-out")
    if kind == "privateMoments":
        return moments(adjacency)
    if kind == "privateQuantiles":
        return counts(len(options["edges"]) - 1, 1, 1, 1, adjacency)
    if kind == "privateHistogram":
        per_bin, bins = options.get("maxCount", 1), options.get("maxBins", options["bins"])
        events = options.get("maxEvents", per_bin * bins)
        return counts(options["bins"], min(per_bin, events), min(bins, events), events, adjacency)
    clips = clips_of(options)
    values = options["length"] if "length" in options else sum(math.prod(shape) for shape in options["shapes"].values())
    flags = len(clips) if options.get("measureClipping") else 0
    weights = 1 if kind == "privateWeightedMean" else 0
    # Beside the values: flags of a hundredth of the squared clip, and a weight of κ² = clip²/√d.
    squared = Decimal("0.01") * bool(flags) + weights / Decimal(values).sqrt()
    dimensions = values + flags + weights
    clip = float(sum(c**2 for c in clips).sqrt() * (1 + squared).sqrt())
    block = 1 << (dimensions.bit_length() - 1) if options.get("flatten", "hadamard") == "hadamard" and dimensions > 1 else None
    return vector(dimensions, clip, block, adjacency)


def plans() -> Iterator[dict]:
    for kind, options, included in PLANS:
        plan = planned(terms_of(options), shape_of(kind, options))
        least = less_noise(plan)
        if least is not None:
            plan = Plan(plan.terms, plan.shape, plan.radius, least)
        apart, narrow = plan.apart, plan.shape.narrow(plan.radius)
        delta = Decimal("1e-6") if plan.terms.multiplier is not None else plan.terms.delta
        # The losses of all combinations of many components are too many; then only the curve is told, which is no less.
        is_small = narrow is None or narrow[0] <= 2
        yield {
            "kind": kind,
            "options": options,
            "bits": bits_of(plan) if plan.terms.bits is None else plan.terms.bits,
            "steps": plan.steps,
            # Loss distributions find the least noise, or a little more; all that follows from it is told for the least.
            "isLeast": least is None,
            "variance": plan.variance,
            "dimensions": plan.shape.dimensions,
            "fromZero": plan.shape.from_zero(plan.radius).l2_squared,
            "l2Squared": apart.l2_squared,
            "l1": float(apart.l1),
            "bounds": None if narrow is None else {"components": narrow[0], "shift": narrow[1]},
            "standardDeviation": float(results.deviation_of(plan.terms.mechanism, plan.variance)),
            "error": results.errors(plan, plan.terms.users),
            "isExact": is_small,
            "receipt": receipt([plan], included, delta, exact=narrow is not None and is_small),
        }


def combinations() -> Iterator[dict]:
    """Several parts in one session: their curves add up, and loss distributions of one of them say nothing."""
    chosen = {name: PLANS[i][:2] for name, i in (("update", 5), ("visits", 13))}
    options = {name: (kind, {**given, "adjacency": "zero-out"}) for name, (kind, given) in chosen.items()}
    made = [planned(terms_of(given), shape_of(kind, given)) for kind, given in options.values()]
    yield {
        "parts": {name: {"kind": kind, "options": given} for name, (kind, given) in options.items()},
        "receipt": receipt(made, [13], Decimal("1e-6"), exact=False),
    }


def sums() -> Iterator[dict]:
    for kind, options, users, total in SUMS:
        plan = planned(terms_of(options), shape_of(kind, options))
        result: object
        if kind == "privateMoments":
            result = results.moments(plan, total, exact(options["lower"]), exact(options["upper"]))
        elif kind == "privateQuantiles":
            wanted = [exact(q) for q in options["probabilities"]]
            result = results.quantiles(plan, total, [exact(edge) for edge in options["edges"]], wanted, users)
        else:
            result = results.within_clip(plan, total, clips_of(options), users)
        yield {"kind": kind, "options": options, "users": users, "sum": total, "result": result, "noise": float(results.noise_of(plan, users))}
