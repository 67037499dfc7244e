"""Running a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from secagg.messages import START_MESSAGE, decode_server_message, encode_server_message
from secagg.records import RECORD_BYTES
from secagg.server import Server
from secagg.signatures import ed25519_public_key
from secagg.user import Randomness, User
from secagg.xchacha20 import NONCE_BYTES

from .drawing import draw, drawn_component, drawn_order
from .scenario import Scenario, Tampering


@dataclass
class Round:
    """The messages of one round, by user."""

    to_users: dict[int, bytes]
    from_users: dict[int, bytes]


@dataclass
class Session:
    """A session that ran to its end."""

    scenario: Scenario
    sign_keys: dict[int, bytes]
    registry: dict[int, bytes]
    users: dict[int, User]
    server: Server
    rounds: list[Round] = field(default_factory=list)
    result: list[int] = field(default_factory=list)


def make_randomness(scenario: Scenario, user_id: int) -> Randomness:
    """All that a user draws; n is known here because the scenario says who is heard in round 0."""

    def of(what: str, size: int = 32) -> bytes:
        return draw(scenario.name, user_id, what, size)

    degrees = range(1, scenario.parameters.share_threshold)
    neighbors = scenario.graph.neighbors(0, len(scenario.heard(0)))
    return Randomness(
        channel_secret_key=of("channelSecretKey"),
        mask_secret_key=of("maskSecretKey"),
        self_mask_seed=of("selfMaskSeed"),
        key_polynomial=[of(f"keyPolynomial {k}") for k in degrees],
        seed_polynomial=[of(f"seedPolynomial {k}") for k in degrees],
        nonces=[of(f"nonces {index}", NONCE_BYTES) for index in range(len(neighbors))],
    )


def make_session(scenario: Scenario) -> Session:
    """The parties before round 0."""
    sign_keys = {user_id: draw(scenario.name, user_id, "signSecretKey", 32) for user_id in scenario.ids}
    registry = {user_id: ed25519_public_key(key) for user_id, key in sign_keys.items()}
    component = scenario.component or drawn_component
    users = {
        user_id: User(
            scenario.parameters,
            scenario.policy,
            registry,
            user_id,
            sign_keys[user_id],
            [component(scenario, position, index) for index in range(scenario.vec_len)],
            make_randomness(scenario, user_id),
        )
        for position, user_id in enumerate(scenario.ids)
    }
    server = Server(scenario.parameters, registry, drawn_order(scenario))
    return Session(scenario, sign_keys, registry, users, server)


def tamper(message: bytes, server: Server, tampering: Tampering) -> bytes:
    """The message of round 2 to the tampered user, with the one bit flipped."""
    tag = server.tag
    u2, receiver, records = decode_server_message(message, 2, tag, [bytes, int, bytes])
    neighbors = server.neighbors(server.order.index(tampering.user_id))
    dealers = [server.order[position] for position in neighbors if position in server.u2]
    altered = bytearray(records)
    altered[dealers.index(tampering.dealer) * RECORD_BYTES + tampering.byte] ^= 1
    return encode_server_message(2, tag, u2, receiver, bytes(altered))


def exchange(session: Session, to_users: dict[int, bytes], step: Callable[[User, bytes], bytes]) -> list[bytes]:
    """One round: hands out the server's messages; returns the answers of those who are not silent."""
    heard = session.scenario.heard(len(session.rounds))
    from_users = {user_id: step(session.users[user_id], to_users[user_id]) for user_id in heard}
    session.rounds.append(Round(to_users, from_users))
    return list(from_users.values())


def run(scenario: Scenario) -> Session:
    """The whole session of a scenario."""
    session = make_session(scenario)
    server = session.server
    answers = exchange(session, dict.fromkeys(scenario.ids, START_MESSAGE), User.advertise_keys)
    answers = exchange(session, server.advertised_keys(answers), User.share_keys)
    records = server.shared_keys(answers)
    if scenario.tampering:
        holder = scenario.tampering.user_id
        records[holder] = tamper(records[holder], server, scenario.tampering)
    answers = exchange(session, records, User.mask_input)
    answers = exchange(session, server.masked_inputs(answers), User.confirm_view)
    answers = exchange(session, server.confirmed_views(answers), User.unmask)
    session.result = server.unmasked(answers)
    return session
