"""What an auditor is given about a finished run (section Run certificates)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from secagg.directory import AdvertisedKeys, Line, make_directory
from secagg.encoding import decode_set
from secagg.graph import CompleteGraph, Graph, SparseGraph
from secagg.messages import UserMessage
from secagg.parameters import Parameters
from secagg.refusal import require
from secagg.signatures import require_signature
from secagg.views import view_of_round_2, view_of_round_3

from .announcements import read_announcement
from .attempts import Roster, read_roster
from .certificates import Authority
from .documents import KEY_BYTES, VERSION
from .draws import Draw, read_draw
from .tasks import Task, from_base64, read_task, to_base64

FIELDS = {"secagg", "version", "task", "announcement", "attempt", "roster", "draw", "directory", "u2", "u3", "signatures"}


@dataclass(frozen=True)
class Evidence:
    """All that the certificate of a run holds."""

    task: Task
    announcement: bytes
    attempt: int
    roster: bytes
    draw: Draw | None
    directory: Sequence[Line]
    u2: bytes
    u3: bytes
    signatures: Mapping[int, bytes]

    def encode(self) -> str:
        """The certificate as text (section Run certificates)."""
        lines = [
            {"userId": line.user_id, "channelKey": to_base64(line.keys.channel), "maskKey": to_base64(line.keys.mask)}
            for line in self.directory
        ]
        return json.dumps({
            "secagg": "run-certificate",
            "version": VERSION,
            "task": self.task.json,
            "announcement": to_base64(self.announcement),
            "attempt": self.attempt,
            "roster": to_base64(self.roster),
            "draw": None if self.draw is None else self.draw.to_json(),
            "directory": lines,
            "u2": to_base64(self.u2),
            "u3": to_base64(self.u3),
            "signatures": [[user_id, to_base64(signature)] for user_id, signature in self.signatures.items()],
        })  # fmt: skip


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, which has no field twice."""
    fields = dict(pairs)
    require(len(fields) == len(pairs), "a field twice")
    return fields


def read_line(line: Mapping[str, Any]) -> Line:
    """One user of U1."""
    require(line.keys() == {"userId", "channelKey", "maskKey"}, "a user with other fields")
    keys = AdvertisedKeys(from_base64(line["channelKey"]), from_base64(line["maskKey"]))
    require(len(keys.channel) == len(keys.mask) == KEY_BYTES, "a key of the wrong length")
    return Line(line["userId"], keys)


def read_evidence(text: str) -> Evidence:
    """The certificate as it is written; nothing of what it says is verified."""
    written = json.loads(text, object_pairs_hook=without_repetition)
    require(written.get("secagg") == "run-certificate" and written.get("version") == VERSION, "no certificate of this version")
    require(written.keys() == FIELDS, "a certificate with other fields")
    signatures = {user_id: from_base64(signature) for user_id, signature in written["signatures"]}
    require(len(signatures) == len(written["signatures"]), "two signatures of one user")
    return Evidence(
        read_task(written["task"]),
        from_base64(written["announcement"]),
        written["attempt"],
        from_base64(written["roster"]),
        None if written["draw"] is None else read_draw(written["draw"]),
        [read_line(line) for line in written["directory"]],
        from_base64(written["u2"]),
        from_base64(written["u3"]),
        signatures,
    )


@dataclass(frozen=True)
class VerifiedRun:
    """What a certificate shows."""

    source: str
    run: int
    attempt: int
    included: list[int]
    vouching: list[int]


def graph_of(group: Mapping[str, Any]) -> Graph:
    """Who shares keys with whom (section Tasks)."""
    written = group["graph"]
    return CompleteGraph() if written is None else SparseGraph(written["neighbors"], written["shareThreshold"])


def session_of(task: Task, context: bytes) -> Parameters:
    """The session of an attempt, for the aggregate `integers` (section The session of an attempt)."""
    aggregate, group = task.definition["aggregate"], task.definition["group"]
    require(aggregate["kind"] == "integers", "an aggregate that this client does not know")
    return Parameters(group["threshold"], aggregate["vecLen"], aggregate["bits"], graph_of(group), context)


def verify_run(text: str, authority: Authority, publisher: bytes) -> VerifiedRun:
    """The checks of section Run certificates, in their order."""
    evidence = read_evidence(text)
    task = evidence.task
    require(task.authority == authority and task.publisher == publisher, "a task of another registrar or publisher")
    announcement = read_announcement(evidence.announcement, publisher, task.digest)
    roster = read_roster(evidence.roster, authority)
    require(roster.is_whole, "not all certificates of the session")
    ids = [line.user_id for line in evidence.directory]
    is_drawn = task.definition["group"]["graph"] is not None
    require(is_drawn or all(left < right for left, right in pairwise(ids)), "ids that do not ascend")
    require(len(set(ids)) == len(ids) and set(ids) <= set(roster.members), "U1 beyond the roster")
    u2, u3 = decode_set(evidence.u2, len(ids)), decode_set(evidence.u3, len(ids))
    require(set(u3) <= set(u2), "U3 is no subset of U2")
    included = sorted(ids[position] for position in u3)
    require(set(evidence.signatures) <= set(included), "a signature of a user outside of U3")
    require((evidence.draw is None) == (task.definition["group"]["cohorts"] is None), "a cohort where there are none, or none")
    about = (task.digest, evidence.announcement, evidence.attempt)
    draw = evidence.draw
    context = roster.context(*about) if draw is None else draw.context(*about, roster.digest).encode()
    parameters = session_of(task, context)
    require(len(evidence.signatures) >= parameters.threshold, "fewer signatures than the threshold")
    check_signatures(evidence, parameters, roster, (u2, u3))
    return VerifiedRun(announcement.source, announcement.run, evidence.attempt, included, sorted(evidence.signatures))


def check_signatures(
    evidence: Evidence, parameters: Parameters, roster: Roster, sets: tuple[Sequence[int], Sequence[int]]
) -> None:
    """The signatures are those of round 3, over the view of round 3."""
    u2, u3 = sets
    directory = make_directory(parameters.tag, len(evidence.directory), dict(enumerate(evidence.directory)))
    view = view_of_round_3(directory, view_of_round_2(directory, u2), u3)
    for user_id, signature in evidence.signatures.items():
        require_signature(roster.registry, parameters.bits, UserMessage(3, parameters.tag, user_id, view, signature))
