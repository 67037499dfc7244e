"""Vectors of run certificates: those of sessions that the reference plays, and changed ones that nobody should accept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from coordination.announcements import Announcement
from coordination.attempts import encode_roster, read_roster
from coordination.certificates import RevocationList
from coordination.run_certificates import Evidence, session_of, verify_run
from coordination.tasks import to_base64
from secagg.encoding import encode_set
from secagg.messages import START_MESSAGE, decode_user_message
from secagg.policy import Policy
from secagg.server import Server
from secagg.user import Randomness, User
from secagg.xchacha20 import NONCE_BYTES

from .cases import reason_of
from .parties import ANNOUNCED, AUTHORITY, NEW_YEAR, PUBLISHER, REGISTRAR, REVOCATIONS, STRANGER, TASK, certified, drawn, participant

ALL = [0, 7, 9, 11, 2**40]


@dataclass(frozen=True)
class Attempt:
    """Who is in an attempt, and who answers in each round."""

    number: int
    heard: Sequence[Sequence[int]]
    roster_ids: Sequence[int] = field(default_factory=lambda: ALL)

    @property
    def roster(self) -> bytes:
        return encode_roster([certified(user_id) for user_id in self.roster_ids], REVOCATIONS)


def randomness_of(user_id: int, share_threshold: int, others: int) -> Randomness:
    def of(what: str, size: int = 32) -> bytes:
        return drawn(f"{user_id} {what}", size)

    degrees = range(1, share_threshold)
    return Randomness(
        of("channel key"),
        of("mask key"),
        of("seed"),
        [of(f"key polynomial {k}") for k in degrees],
        [of(f"seed polynomial {k}") for k in degrees],
        [of(f"nonce {index}", NONCE_BYTES) for index in range(others)],
    )


def play(attempt: Attempt) -> Evidence:
    """The attempt's session up to round 3, and what its certificate holds."""
    roster = read_roster(attempt.roster, AUTHORITY)
    parameters = session_of(TASK, roster.context(TASK.digest, ANNOUNCED, attempt.number))
    u1, u2_ids, u3_ids, u4_ids = attempt.heard
    policy = Policy("malicious", len(roster.members))
    users = {
        user_id: User(
            parameters,
            policy,
            roster.registry,
            user_id,
            participant(user_id).secret_key,
            [1, 2, 3],
            randomness_of(user_id, parameters.share_threshold, len(u1) - 1),
        )
        for user_id in u1
    }
    server = Server(parameters, roster.registry, list(u1))
    to_users = server.advertised_keys([users[user_id].advertise_keys(START_MESSAGE) for user_id in u1])
    to_users = server.shared_keys([users[user_id].share_keys(to_users[user_id]) for user_id in u2_ids])
    to_users = server.masked_inputs([users[user_id].mask_input(to_users[user_id]) for user_id in u3_ids])
    confirmed = {user_id: users[user_id].confirm_view(to_users[user_id]) for user_id in u4_ids}
    return Evidence(
        TASK,
        ANNOUNCED,
        attempt.number,
        attempt.roster,
        None,
        [server.directory.lines[position] for position in range(len(u1))],
        encode_set(server.u2, len(u1)),
        encode_set(server.u3, len(u1)),
        {user_id: decode_user_message(message, 3, parameters.tag).signature for user_id, message in confirmed.items()},
    )


ATTEMPTS = [
    Attempt(1, [ALL, ALL, ALL, ALL]),
    Attempt(3, [ALL, ALL, ALL[1:], ALL[2:]]),
    Attempt(2**32 - 1, [ALL[:4], ALL[:4], ALL[1:4], ALL[1:4]]),
]


def changed_text(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Certificates that differ from a good one in their JSON."""
    text = evidence.encode()
    yield "no certificate", text.replace("run-certificate", "registrar")
    yield "another version", text.replace('"version": 1, "task"', '"version": 2, "task"')
    yield "a field more", text.replace('"u2"', '"u1": "", "u2"')
    yield "a field twice", text.replace('"u2"', '"attempt": 3, "u2"')
    yield "a field less", json.dumps({name: value for name, value in json.loads(text).items() if name != "u2"})
    padded = to_base64(evidence.u3)
    assert padded.endswith("==")
    yield "base64 without its padding", text.replace(f'"u3": "{padded}"', f'"u3": "{padded[:2]}"')
    yield "base64 in another spelling", text.replace(f'"u3": "{padded}"', f'"u3": "{padded[0]}{chr(ord(padded[1]) + 1)}=="')
    written = json.loads(text)
    yield "two signatures of one user", json.dumps(written | {"signatures": [*written["signatures"], written["signatures"][0]]})
    yield "a user of U1 twice", json.dumps(written | {"directory": [written["directory"][0], *written["directory"]]})


def changed(good: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Certificates that say something else than a good one, in which users 7 to 2^40 are and all but 7 have signed."""
    first, *others = good.directory
    signatures = dict(good.signatures)
    elsewhere = Announcement(TASK.digest, "scale 8", 12, NEW_YEAR + 86_400)
    members = [certified(user_id) for user_id in ALL]
    unsigned = RevocationList(5, NEW_YEAR, []).encode(AUTHORITY, STRANGER.secret_key)
    yield "another attempt", replace(good, attempt=4)
    yield "attempt 0", replace(good, attempt=0)
    yield "another run, announced by the publisher", replace(good, announcement=elsewhere.encode(PUBLISHER.secret_key))
    yield "a run that the publisher has not announced", replace(good, announcement=elsewhere.encode(STRANGER.secret_key))
    yield "the announcement of another task", replace(
        good, announcement=replace(elsewhere, task=drawn("task")).encode(PUBLISHER.secret_key)
    )
    yield "a participant less in the roster", replace(good, roster=encode_roster(members[1:], REVOCATIONS))
    yield "a revocation list that is not signed", replace(good, roster=encode_roster(members, unsigned))
    yield "another key of a user", replace(good, directory=[replace(first, keys=others[0].keys), *others])
    yield "users of U1 in another order", replace(good, directory=[*others, first])
    yield "a user less in U1", replace(good, directory=others, u2=encode_set(range(4), 4), u3=encode_set(range(4), 4))
    yield "a user more in U3", replace(good, u3=encode_set(range(5), 5))
    yield "a user less in U2", replace(good, u2=encode_set(range(1, 5), 5))
    yield "a user of U3 who is not in U2", replace(good, u2=encode_set(range(2, 5), 5))
    yield "a spare bit in U3", replace(good, u3=bytes([good.u3[0] | 0x80]))
    yield "a byte more in U2", replace(good, u2=good.u2 + b"\x00")
    yield "fewer signatures than the threshold", replace(good, signatures={i: signatures[i] for i in (9, 11)})
    yield "the signature of another user", replace(good, signatures=signatures | {9: signatures[11]})
    yield "a signature of a user outside of U3", replace(good, signatures=signatures | {0: signatures[9]})
    yield "a signature of somebody who is not in the roster", replace(good, signatures=signatures | {12: signatures[9]})


def verified(text: str) -> dict[str, Any]:
    return asdict(verify_run(text, AUTHORITY, PUBLISHER.public_key))


def refusals(good: Evidence) -> Iterator[dict[str, Any]]:
    texts = [*changed_text(good), *((why, evidence.encode()) for why, evidence in changed(good))]
    for why, text in texts:
        assert text != good.encode() and reason_of(lambda data: verified(data.decode()), text.encode()), why
        yield {"why": why, "text": text}


def make_audits() -> dict[str, Any]:
    accepted = []
    for attempt in ATTEMPTS:
        text = play(attempt).encode()
        shown = verified(text)
        assert shown["included"] == attempt.heard[2] and shown["vouching"] == attempt.heard[3]
        accepted.append({"text": text, "verified": shown})
    return {
        "registrar": {"publicKey": REGISTRAR.public_key.hex(), "scope": AUTHORITY.scope},
        "publisher": PUBLISHER.public_key.hex(),
        "accepted": accepted,
        "refused": list(refusals(play(ATTEMPTS[1]))),
    }
