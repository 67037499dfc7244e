"""Vectors of rosters, of the contexts that follow from them, and of parts that are put together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from coordination.attempts import encode_lines, encode_roster, read_roster, require_valid, roster_digest, session_name
from coordination.certificates import CLOCK_SKEW, RevocationList
from coordination.exchanges import Part
from coordination.uploads import Upload
from secagg.encoding import u32
from secagg.refusal import ProtocolError

from .cases import flipped, reason_of, refused
from .parties import (
    ANNOUNCED,
    AUTHORITY,
    NEW_YEAR,
    OTHER_SCOPE,
    REGISTRAR,
    REVOCATIONS,
    STRANGER,
    TASK,
    WEEK,
    certificate_of,
    certified,
    drawn,
)

IDS = [0, 7, 2**53 - 1]
DAY = 86_400


def attempts() -> Iterator[dict[str, Any]]:
    for ids, attempt, announced in ((IDS, 1, ANNOUNCED), (IDS, 2**32 - 1, ANNOUNCED), (IDS[:2], 1, ANNOUNCED), (IDS, 1, b"")):
        certificates = [certified(user_id) for user_id in ids]
        data = encode_roster(certificates, REVOCATIONS)
        roster = read_roster(data, AUTHORITY)
        assert sorted(roster.members) == ids
        yield {
            "task": TASK.digest.hex(),
            "announcement": announced.hex(),
            "attempt": attempt,
            "ids": ids,
            "roster": data.hex(),
            "context": session_name(TASK.digest, announced, attempt, roster_digest(certificates)).hex(),
        }


MANY = [*range(1, 25, 2), 2**40]


def excerpts() -> Iterator[dict[str, Any]]:
    """Parts of one roster: each gives the context of the whole."""
    certificates = [certified(user_id) for user_id in MANY]
    context = session_name(TASK.digest, ANNOUNCED, 1, roster_digest(certificates))
    for places in ([0], [12], [3, 4, 5], [0, 7, 11, 12], list(range(13))):
        data = encode_roster(certificates, REVOCATIONS, places)
        roster = read_roster(data, AUTHORITY)
        ids = [MANY[place] for place in places]
        assert list(roster.members) == ids and roster.context(TASK.digest, ANNOUNCED, 1).decode() == context.hex()
        yield {"places": places, "ids": ids, "roster": data.hex()}


def make_excerpts() -> dict[str, Any]:
    certificates = [certified(user_id) for user_id in MANY]
    return {
        "task": TASK.digest.hex(),
        "announcement": ANNOUNCED.hex(),
        "attempt": 1,
        "whole": encode_roster(certificates, REVOCATIONS).hex(),
        "context": session_name(TASK.digest, ANNOUNCED, 1, roster_digest(certificates)).hex(),
        "parts": list(excerpts()),
    }


def refusals() -> Iterator[dict[str, Any]]:
    certificates = [certified(user_id) for user_id in IDS]
    forged = certificate_of(8).encode(AUTHORITY, STRANGER.secret_key)
    elsewhere = certificate_of(8).encode(OTHER_SCOPE, REGISTRAR.secret_key)
    list_of = RevocationList(5, NEW_YEAR, [])
    whole = encode_roster(certificates, REVOCATIONS)
    for why, data in (
        ("one certificate", encode_roster(certificates[:1], REVOCATIONS)),
        ("none", encode_roster([], REVOCATIONS)),
        ("none of three", encode_lines(3, [], [bytes(32)], REVOCATIONS)),
        ("four of three", u32(3) + u32(4) + whole[8:]),
        ("a place beyond the last one", encode_lines(3, [(1, certificates[1]), (3, certificates[2])], [bytes(32)], REVOCATIONS)),
        ("a place twice", encode_lines(3, [(1, certificates[0]), (1, certificates[1])], [bytes(32)] * 2, REVOCATIONS)),
        ("a digest less, so that no list is signed", encode_lines(3, [(1, certificates[1])], [bytes(32)], REVOCATIONS)),
        ("a digest more, so that no list is signed", encode_lines(3, [(1, certificates[1])], [bytes(32)] * 3, REVOCATIONS)),
        ("1,000,001 certificates announced", u32(1_000_001) + whole[4:]),
        ("ids that descend", encode_roster([certificates[1], certificates[0]], REVOCATIONS)),
        ("an id twice", encode_roster([certificates[0], certificates[0]], REVOCATIONS)),
        ("a certificate with the signature of somebody else", encode_roster([*certificates[:2], forged], REVOCATIONS)),
        ("a certificate of another scope", encode_roster([*certificates[:2], elsewhere], REVOCATIONS)),
        ("a list with the signature of somebody else", encode_roster(certificates, list_of.encode(AUTHORITY, STRANGER.secret_key))),
        ("a list of another scope", encode_roster(certificates, list_of.encode(OTHER_SCOPE, REGISTRAR.secret_key))),
        ("a bit of the list flipped, no signature of it", flipped(whole, len(whole) - 65)),
        ("a certificate less than announced, so that no list is signed", whole[:8] + whole[8 + 165 :]),
        ("no list, so that nothing is signed", encode_roster(certificates, b"")),
        ("three bytes", whole[:3]),
    ):
        if why.endswith("signed"):
            assert reason_of(lambda given: read_roster(given, AUTHORITY), data)
            yield {"kind": "roster", "why": why, "bytes": data.hex()}
        else:
            yield refused("roster", lambda given: read_roster(given, AUTHORITY), why, data)


def is_good(roster: bytes, now: int, max_revocation_age: int) -> bool:
    return not reason_of(lambda data: require_valid(read_roster(data, AUTHORITY), now, max_revocation_age), roster)


def times() -> Iterator[dict[str, Any]]:
    """Whether a roster is good at a time: certificates from the new year on for a week, the list from 100 seconds later on."""
    issued, until = NEW_YEAR + 100, NEW_YEAR + WEEK
    revoked = RevocationList(6, issued, [certificate_of(7).serial]).encode(AUTHORITY, REGISTRAR.secret_key)
    for listed, now, age, is_valid in (
        (REVOCATIONS, issued, DAY, True),
        (REVOCATIONS, issued - CLOCK_SKEW, DAY, True),
        (REVOCATIONS, issued - CLOCK_SKEW - 1, DAY, False),
        (REVOCATIONS, issued + DAY + CLOCK_SKEW, DAY, True),
        (REVOCATIONS, issued + DAY + CLOCK_SKEW + 1, DAY, False),
        (REVOCATIONS, until + CLOCK_SKEW - 1, 2 * WEEK, True),
        (REVOCATIONS, until + CLOCK_SKEW, 2 * WEEK, False),
        (RevocationList(6, NEW_YEAR - WEEK, []).encode(AUTHORITY, REGISTRAR.secret_key), NEW_YEAR - CLOCK_SKEW, WEEK, True),
        (RevocationList(6, NEW_YEAR - WEEK, []).encode(AUTHORITY, REGISTRAR.secret_key), NEW_YEAR - CLOCK_SKEW - 1, WEEK, False),
        (revoked, issued, DAY, False),
    ):
        data = encode_roster([certified(user_id) for user_id in IDS], listed)
        assert is_valid == is_good(data, now, age)
        yield {"roster": data.hex(), "now": now, "maxRevocationAge": age, "isValid": is_valid}


BODY = drawn("answer", 100)
OTHER = drawn("another answer", 100)


def part(offset: int, end: int, body: bytes = BODY, total: int = 100) -> Part:
    return Part(offset, total, hashlib.sha256(body).digest(), body[offset:end])


UPLOADS: dict[str, list[Part]] = {
    "in one part": [part(0, 100)],
    "in order": [part(0, 40), part(40, 99), part(99, 100)],
    "with a gap, which is not taken": [part(0, 40), part(50, 100), part(40, 100)],
    "from its middle on, which is not taken": [part(50, 100), part(0, 100)],
    "with parts that overlap": [part(0, 40), part(30, 70), part(0, 10), part(60, 100)],
    "with a part that comes twice": [part(0, 40), part(0, 40), part(40, 100), part(40, 100)],
    "with other bytes under the same digest": [
        part(0, 40),
        Part(20, 100, hashlib.sha256(BODY).digest(), OTHER[20:60]),
        part(60, 100),
        part(0, 40),
    ],
    "with overlapping bytes that are put right": [Part(0, 100, hashlib.sha256(BODY).digest(), OTHER[:50]), part(0, 60), part(60, 100)],
    "after the beginning of another one": [part(0, 40, OTHER), part(0, 40), part(40, 100)],
    "after another length under the same digest": [part(0, 40), Part(40, 99, hashlib.sha256(BODY).digest(), BODY[40:99]), part(0, 100)],
    "with an empty part": [part(0, 40), part(40, 40), part(40, 100)],
    "with a part beyond the whole": [part(0, 40), Part(40, 99, hashlib.sha256(BODY).digest(), BODY[40:]), part(40, 100)],
    "longer than the longest": [Part(0, 121, hashlib.sha256(bytes(121)).digest(), bytes(121)), Part(0, 2**53 - 1, bytes(32), b"1")],
    "as long as the longest": [Part(0, 120, hashlib.sha256(bytes(120)).digest(), bytes(120))],
    "whole, with another digest": [Part(0, 100, bytes(32), BODY), part(0, 100)],
}
LONGEST = 120


def uploads() -> Iterator[dict[str, Any]]:
    for why, parts in UPLOADS.items():
        upload = Upload(LONGEST)
        steps = []
        for each in parts:
            try:
                given: Any = upload.add(each)
            except ProtocolError:
                given = None
            result = {"whole": given.hex()} if isinstance(given, bytes) else {"have": given}
            steps.append({"extent": each.extent, "sha256": each.sha256.hex(), "body": each.body.hex()} | result)
        yield {"why": why, "longest": LONGEST, "steps": steps}


def make_rosters() -> dict[str, Any]:
    authority = {"publicKey": AUTHORITY.public_key.hex(), "scope": AUTHORITY.scope}
    return {"authority": authority, "attempts": list(attempts()), "excerpts": make_excerpts(), "refused": list(refusals()), "times": list(times())}


def make_uploads() -> list[Any]:
    return list(uploads())
