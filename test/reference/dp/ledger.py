"""The chain of digests of a ledger and its filter, from docs/privacy-accounting.md."""

from __future__ import annotations

import struct
from hashlib import sha256
from math import inf, log, log1p

TERMS_LABEL = b"secagg/1/terms of a privacy ledger\0"
EVENT_LABEL = b"secagg/1/event of a privacy ledger\0"


def f64(value: float) -> bytes:
    return struct.pack(">d", value)


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">I", len(data)) + data


def charge(value: dict) -> bytes:
    return f64(value["delta"]) + b"".join(f64(inf if d is None else d) for d in value["divergences"])


def first_head(terms: dict) -> bytes:
    numbers = [terms["epsilon"], terms["delta"], terms["additiveDelta"], terms["order"]]
    orders = struct.pack(">I", len(terms["orders"])) + b"".join(map(f64, terms["orders"]))
    return sha256(TERMS_LABEL + b"".join(map(f64, numbers)) + orders + text(terms["adjacency"]) + text(terms["subject"])).digest()


def next_head(head: bytes, event: dict) -> bytes:
    details = b""
    if event["kind"] == "reserved":
        users = struct.pack(">I", len(event["users"])) + b"".join(struct.pack(">Q", user) for user in event["users"])
        details = text(event["binding"]) + users + charge(event["charge"])
    elif event["kind"] == "settled":
        details = text(event["survivors"]) + (charge(event["charge"]) if event["survivors"] == "verified" else b"")
    return sha256(EVENT_LABEL + head + text(event["kind"]) + text(event["id"]) + details).digest()


def heads(terms: dict, events: list[dict]) -> list[bytes]:
    out = [first_head(terms)]
    for event in events:
        out.append(next_head(out[-1], event))
    return out


def divergence_budget(terms: dict) -> float:
    order, delta = terms["order"], terms["delta"] - terms["additiveDelta"]
    return max(0.0, terms["epsilon"] - log1p(-1 / order) + log(delta * order) / (order - 1))


class Refused(Exception):
    """The ledger refuses an event."""


def replay(terms: dict, events: list[dict]) -> dict[int, tuple[float, float]]:
    """What each user is charged at the order and in δ after all events. The one user of a participant's ledger is -1."""
    index = terms["orders"].index(terms["order"])
    entries: dict[str, dict] = {}

    def totals(user: int) -> tuple[float, float]:
        mine = [e for e in entries.values() if user in e["users"] and e["status"] != "released"]
        return sum(e["charge"]["divergences"][index] for e in mine), sum(e["charge"]["delta"] for e in mine)

    def is_open(event: dict, *statuses: str) -> dict:
        entry = entries.get(event["id"])
        if entry is None or entry["status"] not in statuses:
            raise Refused(event)
        return entry

    for event in events:
        if event["kind"] == "reserved":
            users = event["users"] or [-1]
            for divergence, delta in map(totals, users):
                added = event["charge"]["divergences"][index]
                if event["id"] in entries or added is None or divergence + added > divergence_budget(terms):
                    raise Refused(event)
                if delta + event["charge"]["delta"] > terms["additiveDelta"]:
                    raise Refused(event)
            entries[event["id"]] = {"status": "reserved", "users": users, "charge": event["charge"]}
        elif event["kind"] == "settled":
            entry = is_open(event, "reserved", "sent")
            entry["status"] = "settled"
            if event["survivors"] == "verified":
                reserved, settled = entry["charge"], event["charge"]
                if settled["divergences"][index] > reserved["divergences"][index] or settled["delta"] > reserved["delta"]:
                    raise Refused(event)
                entry["charge"] = settled
        elif event["kind"] == "failed":
            is_open(event, "reserved", "sent")["status"] = "failed"
        else:
            is_open(event, "reserved")["status"] = event["kind"]
    users = {user for entry in entries.values() for user in entry["users"]}
    return {user: totals(user) for user in sorted(users)}
