"""Writes, or compares with those on disk, the transcripts of whole sessions of the reference implementation.

    python3 test/reference/transcripts.py --write
    python3 test/reference/transcripts.py --check
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import secagg_reference as secagg

DIRECTORY = Path(__file__).resolve().parent.parent / "vectors" / "transcripts"
ROUNDS = 5


# ---------------------------------------------------------------------------------------------------------------------
# Scenarios
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tampering:
    """One bit of a record of round 2, the lowest of the byte at `byte`, is flipped on the way from the server."""

    user_id: int
    dealer: int
    byte: int


@dataclass(frozen=True)
class Scenario:
    """Who takes part in a session, with what parameters, and who falls silent when."""

    name: str
    description: str
    threshold: int
    vec_len: int
    bits: int
    ids: Sequence[int]
    silent: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """By round, the users who newly fall silent in it."""
    context: str = ""
    adversary: str = "malicious"
    modular_inputs: bool = False
    component: Callable[[Scenario, int, int], int] | None = None
    """The component at (position among `ids`, index); None draws it."""
    tampering: Tampering | None = None

    @property
    def parameters(self) -> secagg.Parameters:
        return secagg.Parameters(self.threshold, self.vec_len, self.bits, self.context.encode())

    @property
    def policy(self) -> secagg.Policy:
        return secagg.Policy(max_users=len(self.ids), colluders=0 if self.adversary == "malicious" else None)

    @property
    def largest_component(self) -> int:
        """The absolute value up to which components of all users can be summed without a wrap."""
        return ((1 << (self.bits - 1)) - 1) // len(self.ids)

    def silent_by(self, round_number: int) -> set[int]:
        """The users who are silent in a round."""
        return {user_id for r in range(round_number + 1) for user_id in self.silent.get(r, ())}

    def heard(self, round_number: int) -> list[int]:
        """The users who answer in a round."""
        return [user_id for user_id in self.ids if user_id not in self.silent_by(round_number)]


def draw(name: str, user_id: int, what: str, size: int) -> bytes:
    """Bytes that depend on a transcript's name, a user and a field; NUL bytes keep the parts apart."""
    source = b"\x00".join([b"secagg transcript", name.encode(), str(user_id).encode(), what.encode()])
    return hashlib.shake_256(source).digest(size)


def drawn_component(scenario: Scenario, position: int, index: int) -> int:
    """A component of any sign and of any length that the session can sum; user `index` has the largest at `index`."""
    largest = scenario.largest_component
    if position == index:
        return largest if position % 2 else -largest
    random = draw(scenario.name, scenario.ids[position], f"component {index}", 33)
    limit = largest >> (random[0] % largest.bit_length())
    return int.from_bytes(random[1:], "big") % (2 * limit + 1) - limit


def any_integer(scenario: Scenario, position: int, index: int) -> int:
    """0, -1 and integers far outside of the ring, for a session that takes its inputs modulo 2^bits."""
    random = draw(scenario.name, scenario.ids[position], f"component {index}", 2)
    return (0, -1, 1, random[1] - 128)[random[0] % 4]


def near_the_ends(scenario: Scenario, position: int, index: int) -> int:
    """Close to 2^(bits - 2) in absolute value, of a sign that differs between neighbours, so that no sum wraps."""
    size = (1 << (scenario.bits - 2)) - (index * len(scenario.ids) + position)
    return size if (position + index) % 2 else -size


def short_component(scenario: Scenario, position: int, index: int) -> int:
    """A few digits, to keep a long vector's transcript small."""
    return (index + 1) * (position + 1) % 97 - 48


def many_ids(count: int) -> list[int]:
    """Ids with gaps, on both sides of the lengths of an encoded integer."""
    return [23 + 97 * position for position in range(count)]


def all_but(ids: Sequence[int], positions: Sequence[int]) -> list[int]:
    """The ids at all other positions."""
    return [user_id for position, user_id in enumerate(ids) if position not in positions]


IDS_257 = many_ids(257)
IDS_255 = many_ids(255)

SCENARIOS = [
    Scenario(
        name="three-users",
        description="Three users, nobody falls silent, the context is empty.",
        threshold=2, vec_len=5, bits=32, ids=[1, 2, 3],
    ),
    Scenario(
        name="sparse-ids",
        description="Ids far apart, a context that is not ASCII, one user falls silent in each of rounds 1 and 2.",
        threshold=3, vec_len=7, bits=17, ids=[0, 24, 256, 65536, 2**53 - 1],
        silent={1: [24], 2: [65536]}, context="Zählung № 7 – 東京 🗳",
    ),
    Scenario(
        name="one-bit",
        description="Components modulo 2, one user falls silent in each of rounds 1 to 4.",
        threshold=5, vec_len=33, bits=1, ids=[23, 127, 128, 255, 65535, 65537, 2**32 - 1, 2**32, 2**40 + 5],
        silent={1: [128], 2: [2**32 - 1], 3: [23], 4: [65537]},
        context="one bit", modular_inputs=True, component=any_integer,
    ),
    Scenario(
        name="bits-64-near-ends",
        description="64 bits with components close to 2^62 in absolute value, one user falls silent in round 2.",
        threshold=3, vec_len=6, bits=64, ids=[10, 11, 12, 13],
        silent={2: [11]}, context="wide", modular_inputs=True, component=near_the_ends,
    ),
    Scenario(
        name="bits-64",
        description="64 bits with components that sum without a wrap, one user falls silent in each of rounds 2 and 3.",
        threshold=3, vec_len=6, bits=64, ids=[3, 300, 70000, 2**33, 2**52],
        silent={2: [70000], 3: [3]}, context="wide",
    ),
    Scenario(
        name="bits-8",
        description="Lanes of one byte without spare bits, two users fall silent in round 3.",
        threshold=3, vec_len=19, bits=8, ids=[5, 24, 127, 128, 1000],
        silent={3: [24, 1000]}, context="bytes",
    ),
    Scenario(
        name="bits-40",
        description="Whole bytes in lanes with room to spare, one user falls silent in round 0.",
        threshold=3, vec_len=11, bits=40, ids=[100, 200, 300, 400],
        silent={0: [200]}, context="forty",
    ),
    Scenario(
        name="bits-33",
        description="Components across bytes, spare bits in the last byte, one user falls silent in round 4.",
        threshold=3, vec_len=5, bits=33, ids=[7, 77, 777, 7777],
        silent={4: [7]}, context="thirty-three",
    ),
    Scenario(
        name="users-257",
        description="Sharing over GF(2^16): six of 257 users answer in round 1, one of them falls silent in round 2.",
        threshold=3, vec_len=4, bits=16, ids=IDS_257,
        silent={1: all_but(IDS_257, [0, 41, 128, 254, 255, 256]), 2: [IDS_257[255]]},
        context="large group", adversary="semi-honest",
    ),
    Scenario(
        name="users-255",
        description="The largest group over GF(2^8): five of 255 users answer in round 1, one falls silent in round 2.",
        threshold=3, vec_len=3, bits=24, ids=IDS_255,
        silent={1: all_but(IDS_255, [1, 7, 127, 253, 254]), 2: [IDS_255[127]]},
        context="large group", adversary="semi-honest",
    ),
    Scenario(
        name="late-silence",
        description="One component, one user falls silent in each of rounds 0, 2 and 4, as many answer as needed.",
        threshold=9, vec_len=1, bits=12, ids=[2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377],
        silent={0: [5], 2: [233], 4: [34]}, context="late",
    ),
    Scenario(
        name="tampered-record",
        description="A record is altered on its way to a user, who reports its dealer; two other users fall silent.",
        threshold=4, vec_len=9, bits=20, ids=[11, 22, 33, 44, 55, 66, 77],
        silent={1: [22], 2: [66]}, context="tampered",
        tampering=Tampering(user_id=44, dealer=55, byte=41),
    ),
    Scenario(
        name="long-vector",
        description="A vector that takes more than 65,535 bytes, one user falls silent in round 2.",
        threshold=2, vec_len=8189, bits=64, ids=[1, 2, 3],
        silent={2: [2]}, context="long", component=short_component,
    ),
]


# ---------------------------------------------------------------------------------------------------------------------
# Running a session
# ---------------------------------------------------------------------------------------------------------------------


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
    users: dict[int, secagg.User]
    server: secagg.Server
    rounds: list[Round] = field(default_factory=list)
    result: list[int] = field(default_factory=list)


def make_randomness(scenario: Scenario, user_id: int) -> secagg.Randomness:
    """All that a user draws; n is known here because the scenario says who is heard in round 0."""

    def of(what: str, size: int = 32) -> bytes:
        return draw(scenario.name, user_id, what, size)

    degrees = range(1, scenario.threshold)
    return secagg.Randomness(
        channel_secret_key=of("channelSecretKey"),
        mask_secret_key=of("maskSecretKey"),
        self_mask_seed=of("selfMaskSeed"),
        key_polynomial=[of(f"keyPolynomial {k}") for k in degrees],
        seed_polynomial=[of(f"seedPolynomial {k}") for k in degrees],
        nonces=[of(f"nonces {index}", secagg.NONCE_BYTES) for index in range(len(scenario.heard(0)) - 1)],
    )


def make_session(scenario: Scenario) -> Session:
    """The parties before round 0."""
    sign_keys = {user_id: draw(scenario.name, user_id, "signSecretKey", 32) for user_id in scenario.ids}
    registry = {
        user_id: Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()
        for user_id, key in sign_keys.items()
    }
    component = scenario.component or drawn_component
    users = {
        user_id: secagg.User(
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
    return Session(scenario, sign_keys, registry, users, secagg.Server(scenario.parameters, registry))


def tamper(message: bytes, scenario: Scenario, tampering: Tampering) -> bytes:
    """The message of round 2 to the tampered user, with the one bit flipped."""
    tag = scenario.parameters.tag
    u2, receiver, records = secagg.decode_server_message(message, 2, tag)
    dealers = [user_id for user_id in scenario.heard(1) if user_id != tampering.user_id]
    altered = bytearray(records)
    altered[dealers.index(tampering.dealer) * secagg.RECORD_BYTES + tampering.byte] ^= 1
    return secagg.encode_server_message(2, tag, u2, receiver, bytes(altered))


def exchange(session: Session, to_users: dict[int, bytes], step: Callable[[secagg.User, bytes], bytes]) -> list[bytes]:
    """One round: hands out the server's messages; returns the answers of those who are not silent."""
    heard = session.scenario.heard(len(session.rounds))
    from_users = {user_id: step(session.users[user_id], to_users[user_id]) for user_id in heard}
    session.rounds.append(Round(to_users, from_users))
    return list(from_users.values())


def run(scenario: Scenario) -> Session:
    """The whole session of a scenario."""
    session = make_session(scenario)
    server = session.server
    answers = exchange(session, dict.fromkeys(scenario.ids, secagg.START_MESSAGE), secagg.User.advertise_keys)
    directory = server.advertised_keys(answers)
    answers = exchange(session, dict.fromkeys(scenario.heard(0), directory), secagg.User.share_keys)
    records = server.shared_keys(answers)
    if scenario.tampering:
        holder = scenario.tampering.user_id
        records[holder] = tamper(records[holder], scenario, scenario.tampering)
    answers = exchange(session, records, secagg.User.mask_input)
    u3 = server.masked_inputs(answers)
    answers = exchange(session, dict.fromkeys(scenario.heard(2), u3), secagg.User.confirm_view)
    u4 = server.confirmed_views(answers)
    answers = exchange(session, dict.fromkeys(scenario.heard(3), u4), secagg.User.unmask)
    session.result = server.unmasked(answers)
    return session


# ---------------------------------------------------------------------------------------------------------------------
# Verifying a session
# ---------------------------------------------------------------------------------------------------------------------


def verify_result(session: Session) -> None:
    """The result is the plain sum of the included users' vectors."""
    scenario = session.scenario
    assert session.server.u3 == scenario.heard(2)
    included = [session.users[user_id].vector for user_id in scenario.heard(2)]
    plain = [sum(column) for column in zip(*included, strict=True)]
    if scenario.modular_inputs:
        plain = secagg.to_signed(plain, scenario.bits)
    else:
        vectors = [user.vector for user in session.users.values()]
        assert all(abs(c) <= scenario.largest_component for vector in vectors for c in vector)
    assert session.result == plain


def verify_views(session: Session) -> None:
    """Everybody who got that far has the server's digests."""
    scenario, server, users = session.scenario, session.server, session.users
    assert all(users[user_id].directory.digest == server.directory.digest for user_id in scenario.heard(1))
    assert all(users[user_id].view2 == server.view2 for user_id in scenario.heard(2))
    assert all(users[user_id].view3 == server.view3 for user_id in scenario.heard(3))


def verify_sharing(session: Session) -> None:
    """The first t and the last t shares of each secret give the secret; holders have what was dealt to them."""
    threshold, users = session.scenario.threshold, session.users
    for dealer in map(users.__getitem__, session.scenario.heard(1)):
        shares = list(dealer.dealt.values())
        for chosen in (range(threshold), range(len(shares) - threshold, len(shares))):
            key = secagg.reconstruct_secret({i: shares[i].key_share for i in chosen}, len(shares))
            seed = secagg.reconstruct_secret({i: shares[i].seed_share for i in chosen}, len(shares))
            assert key == dealer.randomness.mask_secret_key and seed == dealer.randomness.self_mask_seed
        for holder in map(users.__getitem__, session.scenario.heard(2)):
            assert holder.shares.get(dealer.user_id) in (None, dealer.dealt[holder.user_id])


def verify_accusations(session: Session) -> None:
    """Nobody sent a wrong share, and the one tampered record is the one report."""
    tampering = session.scenario.tampering
    assert session.server.wrong_shares == {}
    assert session.server.reports == ({tampering.user_id: [tampering.dealer]} if tampering else {})


def verify_sizes(session: Session) -> None:
    """The sizes of section Sizes, where all of U1 stay, and of the envelopes."""
    scenario = session.scenario
    n, m, bits = len(scenario.heard(0)), scenario.vec_len, scenario.bits
    bitmap = (n + 7) // 8
    sent = [64, 80 + 136 * (n - 1), 32 + (m * bits + 7) // 8, 32, 32 + bitmap + 32 * n]
    received = [0, 128 * n + 9 * n, bitmap + 9 + 136 * (n - 1), bitmap, bitmap + 64 * n]
    for round_, body, elements in zip(session.rounds, sent, received, strict=True):
        assert all(len(message) <= body + 117 for message in round_.from_users.values())
        assert all(len(message) <= elements + 52 for message in round_.to_users.values())


def verify(session: Session) -> None:
    """All that must hold of a finished session."""
    verify_result(session)
    verify_views(session)
    verify_sharing(session)
    verify_accusations(session)
    verify_sizes(session)


def verify_small_order_points() -> None:
    """The listed coordinates belong to points of small order, and to all of them."""
    p = secagg.FIELD_PRIME
    d = -121665 * pow(121666, -1, p)
    # A point of order 8 doubles to one with y = 0, so x^2 = -y^2; the curve's equation then leaves y alone.
    order_8 = {y for y in secagg.EDWARDS_SMALL_ORDER_Y if (d * y**4 + 2 * y**2 - 1) % p == 0}
    assert secagg.EDWARDS_SMALL_ORDER_Y - order_8 == {0, 1, p - 1} and len(order_8) == 2
    # The birational map of RFC 7748, section 4.1. The neutral element, y = 1, has no u; p - 1 is of order 4 on the twist.
    images = {(1 + y) * pow(1 - y, -1, p) % p for y in secagg.EDWARDS_SMALL_ORDER_Y - {1}}
    assert images | {p - 1} == secagg.MONTGOMERY_SMALL_ORDER_U


def verify_building_blocks() -> None:
    """Published answers for what secagg_reference.py does not take from a library."""
    verify_small_order_points()
    # draft-irtf-cfrg-xchacha-03, section 2.2.1
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    answer = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert secagg.hchacha20(bytes(range(32)), nonce).hex() == answer
    # RFC 5869, appendix A.1, the first 32 bytes
    answer = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert secagg.hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA))).hex() == answer
    # FIPS 197, section 4.2
    assert secagg.GF_2_8.multiply(0x57, 0x83) == 0xC1


# ---------------------------------------------------------------------------------------------------------------------
# Transcripts
# ---------------------------------------------------------------------------------------------------------------------


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


def describe_parameters(scenario: Scenario) -> dict[str, Any]:
    described = {
        "threshold": scenario.threshold,
        "vecLen": scenario.vec_len,
        "bits": scenario.bits,
        "context": scenario.context.encode().hex(),
        "adversary": scenario.adversary,
    }
    return described | ({"modularInputs": True} if scenario.modular_inputs else {})


def describe_tampering(tampering: Tampering) -> dict[str, int]:
    return {"round": 2, "userId": tampering.user_id, "dealer": tampering.dealer, "byte": tampering.byte}


def describe_messages(messages: Mapping[int, bytes]) -> dict[str, str]:
    return {str(user_id): message.hex() for user_id, message in messages.items()}


def describe_round(round_: Round) -> dict[str, Any]:
    """The messages of a round; what all users are given alike is written once."""
    first, *others = set(round_.to_users.values())
    to_users: dict[str, Any] = {"toUsers": describe_messages(round_.to_users)} if others else {"toAll": first.hex()}
    return to_users | {"fromUsers": describe_messages(round_.from_users)}


def describe(session: Session) -> dict[str, Any]:
    """A transcript, its keys in the order in which they are written."""
    scenario, server = session.scenario, session.server
    tampered = {"tampered": describe_tampering(scenario.tampering)} if scenario.tampering else {}
    return {
        "name": scenario.name,
        "description": scenario.description,
        "parameters": describe_parameters(scenario),
        "users": [describe_user(session, user_id) for user_id in scenario.ids],
        "silent": [list(scenario.silent.get(round_number, ())) for round_number in range(ROUNDS)],
        **tampered,
        "digests": {
            "tag": server.tag.hex(),
            "directory": server.directory.digest.hex(),
            "view2": server.view2.hex(),
            "view3": server.view3.hex(),
        },
        "rounds": [describe_round(round_) for round_ in session.rounds],
        "included": server.u3,
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


# ---------------------------------------------------------------------------------------------------------------------
# Command line
# ---------------------------------------------------------------------------------------------------------------------


def write_all() -> int:
    """Write every transcript."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for scenario in SCENARIOS:
        path = DIRECTORY / f"{scenario.name}.json"
        path.write_bytes(make_transcript(scenario))
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


def check_all() -> int:
    """Name every transcript that differs from its file; 1 if there is one."""
    status = 0
    for scenario in SCENARIOS:
        path = DIRECTORY / f"{scenario.name}.json"
        if not path.exists() or path.read_bytes() != make_transcript(scenario):
            print(f"{path.name} differs", file=sys.stderr)
            status = 1
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Transcripts of the reference implementation.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", dest="action", action="store_const", const=write_all, help="write the files")
    action.add_argument("--check", dest="action", action="store_const", const=check_all, help="compare with the files")
    action_chosen: Callable[[], int] = parser.parse_args().action
    verify_building_blocks()
    return action_chosen()


if __name__ == "__main__":
    sys.exit(main())
