"""Vectors of tasks: their digests, and what is no task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from coordination.tasks import read_task, to_base64

from .parties import PUBLISHER, definition


def documents() -> Iterator[dict[str, Any]]:
    """Tasks, in texts whose fields come in different orders."""
    yield definition()
    yield dict(reversed(definition().items()))
    yield definition(name="Schritte, pas, 步 \U0001f600", development=True)
    yield definition(aggregate={"kind": "integers", "vecLen": 1, "bits": 64, "modularInputs": False})
    yield definition(aggregate={"kind": "sum", "length": 2, "min": -0.0, "max": 10})
    yield definition(aggregate={"kind": "sum", "length": 2, "min": "-9007199254740993", "max": "9007199254740993"})
    yield definition(aggregate={"kind": "fixedPoint", "length": 2, "clippingRange": 0.1, "fractionBits": 12})
    yield definition(
        aggregate={"kind": "combine", "parts": {"é": {"kind": "histogram", "bins": 3}, "z": {"kind": "mean", "length": 1}}}
    )


def task(**changes: Any) -> dict[str, Any]:
    return {"secagg": "task", "version": 1, "definition": definition()} | changes


def refusals() -> Iterator[tuple[str, Any]]:
    """What is refused for its form. What a definition may say beyond its form is not looked at by the reference."""
    yield "a list", []
    yield "another version", task(version=2)
    yield "another document", task(secagg="registrar")
    yield "a field more", task(more=1)
    yield "a field more in the definition", task(definition=definition(more=1))
    yield "a publisher's key in another alphabet", task(definition=definition(publisher="-" * 43 + "="))
    yield "a publisher's key of 31 bytes", task(definition=definition(publisher=to_base64(PUBLISHER.public_key[:31])))
    yield "a publisher's key without padding", task(definition=definition(publisher=to_base64(PUBLISHER.public_key)[:-1]))


def make_tasks() -> dict[str, Any]:
    accepted = [{"secagg": "task", "version": 1, "definition": fields} for fields in documents()]
    digests = [read_task(json.loads(json.dumps(each))).digest.hex() for each in accepted]
    assert digests[0] == digests[1] and len(set(digests)) == len(digests) - 1
    return {
        "accepted": [{"task": json.dumps(each), "digest": digest} for each, digest in zip(accepted, digests, strict=True)],
        "refused": [{"why": why, "task": json.dumps(each)} for why, each in refusals()],
    }
