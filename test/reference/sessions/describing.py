"""A session as a transcript."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from secagg.graph import Graph, SparseGraph

from .running import Round, Session, run
from .scenario import Scenario, Tampering
from .verifying import verify

ROUNDS = 5


def describe_randomness(session: Session, user_id: int) -> dict[str, Any]:
    """What a user drew; a user who does not answer in round 1 has drawn the keys of round 0 alone."""
    drawn = session.users[user_id].randomness
    shared = user_id in session.scenario.heard(1)
    return {
        "channelSecretKey": drawn.channel_secret_key.hex(),
        "maskSecretKey": drawn.mask_secret_key.hex(),
        "selfMaskSeed": drawn.self_mask_seed.hex() if shared else None,
        "keyPolynomial": [row.hex() for row in drawn.key_polynomial] if shared else [],
        "seedPolynomial": [row.hex() for row in drawn.seed_polynomial] if shared else [],
        "nonces": [nonce.hex() for nonce in drawn.nonces] if shared else [],
    }


def describe_user(session: Session, user_id: int) -> dict[str, Any]:
    return {
        "id": user_id,
        "signSecretKey": session.sign_keys[user_id].hex(),
        "signPublicKey": session.registry[user_id].hex(),
        "vector": [str(component) for component in session.users[user_id].vector],
        "randomness": describe_randomness(session, user_id),
    }


def describe_graph(graph: Graph) -> dict[str, Any]:
    """The graph, if it is a sparse one."""
    if not isinstance(graph, SparseGraph):
        return {}
    return {"graph": {"neighbors": graph.neighbor_count, "shareThreshold": graph.shares_needed}}


def describe_parameters(scenario: Scenario) -> dict[str, Any]:
    described = {
        "threshold": scenario.threshold,
        "vecLen": scenario.vec_len,
        "bits": scenario.bits,
        **describe_graph(scenario.graph),
        "context": scenario.context.encode().hex(),
        "adversary": scenario.adversary,
    }
    return described | ({"modularInputs": True} if scenario.modular_inputs else {})


def describe_tampering(tampering: Tampering) -> dict[str, int]:
    return {"round": 2, "userId": tampering.user_id, "dealer": tampering.dealer, "byte": tampering.byte}


def describe_messages(messages: Mapping[int, bytes]) -> dict[str, str]:
    return {str(user_id): message.hex() for user_id, message in sorted(messages.items())}


def describe_round(round_: Round) -> dict[str, Any]:
    """The messages of a round in ascending order of id; what all users are given alike is written once."""
    first, *others = set(round_.to_users.values())
    to_users: dict[str, Any] = {"toUsers": describe_messages(round_.to_users)} if others else {"toAll": first.hex()}
    return to_users | {"fromUsers": describe_messages(round_.from_users)}


def describe(session: Session) -> dict[str, Any]:
    """A transcript, its keys in the order in which they are written."""
    scenario, server = session.scenario, session.server
    order = {"order": list(server.order)} if isinstance(scenario.graph, SparseGraph) else {}
    tampered = {"tampered": describe_tampering(scenario.tampering)} if scenario.tampering else {}
    return {
        "name": scenario.name,
        "description": scenario.description,
        "parameters": describe_parameters(scenario),
        "users": [describe_user(session, user_id) for user_id in scenario.ids],
        **order,
        "silent": [list(scenario.silent.get(round_number, ())) for round_number in range(ROUNDS)],
        **tampered,
        "digests": {
            "tag": server.tag.hex(),
            "directory": server.directory.digest.hex(),
            "view2": server.view2.hex(),
            "view3": server.view3.hex(),
        },
        "rounds": [describe_round(round_) for round_ in session.rounds],
        "included": sorted(server.order[position] for position in server.u3),
        "result": [str(component) for component in session.result],
    }


def to_json(value: Any, indent: str = "") -> str:
    """JSON with one line for each member of an object; a list is broken only where it holds objects."""
    inner = indent + " "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {to_json(member, inner)}" for key, member in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(inner + to_json(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, separators=(",", ":"))


def make_transcript(scenario: Scenario) -> bytes:
    """The contents of a transcript's file, after verifying the session."""
    session = run(scenario)
    verify(session)
    return (to_json(describe(session)) + "\n").encode()
