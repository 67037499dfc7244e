"""One participant in one run of one task, from check-in to its end (section What a participant does)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from secagg.encoding import u32, u64
from secagg.extracts import decode_extract
from secagg.messages import START_MESSAGE
from secagg.policy import Policy
from secagg.refusal import require
from secagg.signatures import ed25519_public_key
from secagg.user import Randomness, User
from secagg.xchacha20 import NONCE_BYTES

from .announcements import Announcement, read_announcement
from .attempts import Roster, read_roster, require_valid
from .connection import Connection
from .exchanges import Place
from .floors import require_floor
from .responses import Response
from .run_certificates import session_of
from .tasks import Task, read_task

MAX_REVOCATION_AGE = 86_400


def fresh_randomness(share_threshold: int) -> Randomness:
    """All that a user draws before it knows how many users there are: no nonces."""
    coefficients = [os.urandom(32) for _ in range(2 * (share_threshold - 1))]
    middle = len(coefficients) // 2
    return Randomness(os.urandom(32), os.urandom(32), os.urandom(32), coefficients[:middle], coefficients[middle:], [])


@dataclass
class Participant:
    """Takes part with one vector, for the aggregate `integers`."""

    connection: Connection
    user_id: int
    vector: Sequence[int]
    source: str
    clock: Callable[[], float]
    """Seconds since 1970."""
    pause: Callable[[tuple[int, int]], None]
    """Waits for a time within the window, in milliseconds."""
    version: int = 0
    """Of its application."""
    silent_from: int | None = None
    """The round that it does not answer any more, as if its machine had stopped."""
    has_sent: bool = False
    """Whether an answer of round 2 has left, whatever the coordinator says of it."""

    def run(self) -> dict[str, Any] | None:
        """How the run ended, as the coordinator tells it; None for a participant that falls silent."""
        hello = self.connection.ask("hello")
        require(hello.kind == "task", "no task")
        self.task: Task = read_task(json.loads(hello.part.body))
        require(self.task.digest == self.connection.task, "another task than the participant consented to")
        selected = self.asked("check-in", Place(), "run", body=u32(self.version) + self.source.encode())
        self.announced = selected.part.body
        self.announcement: Announcement = read_announcement(self.announced, self.task.publisher, self.task.digest)
        require(self.announcement.source == self.source, "a run about another data source")
        require(self.clock() < self.announcement.expires, "a run that has expired")
        return self.run_attempts(Place(self.announcement.run))

    def run_attempts(self, last: Place) -> dict[str, Any] | None:
        """Attempt after attempt, until the run ends or the participant has sent its input."""
        response = self.asked("ready", last, "roster", "outcome")
        while response.kind == "roster":
            require(last.attempt < response.place.attempt <= self.task.definition["attempts"], "an attempt out of order")
            last = replace(last, attempt=response.place.attempt)
            for answered in self.rounds(self.enrolled(response), last):
                if answered + 1 == self.silent_from:
                    return None
            response = self.asked("outcome", last, "outcome") if self.has_sent else self.asked("ready", last, "roster", "outcome")
        return json.loads(response.part.body)

    def asked(self, kind: str, place: Place, *wanted: str, body: bytes = b"") -> Response:
        """Asks until there is what the participant waits for."""
        while (response := self.connection.ask(kind, place, body)).kind not in wanted:
            require(response.kind == "wait", f"{kind}: {response.kind} {response.code}")
            self.pause(response.wait)
        return response

    def enrolled(self, response: Response) -> User:
        """The participant's user in the session, after all checks on those who are in it."""
        group = self.task.definition["group"]
        roster = self.accepted(response.part.body)
        is_sparse = group["graph"] is not None
        require(is_sparse or roster.is_whole, "a part of the certificates")
        require_floor(roster.user_count, group)
        context = roster.context(self.task.digest, self.announced, response.place.attempt)
        parameters = session_of(self.task, context)
        policy = Policy(group["adversary"], roster.user_count)
        randomness = fresh_randomness(parameters.share_threshold)
        secret_key = self.connection.secret_key
        registry = {} if is_sparse else roster.registry
        return User(parameters, policy, registry, self.user_id, secret_key, self.vector, randomness)

    def accepted(self, data: bytes) -> Roster:
        """A roster, whole or in part, that the participant accepts (section The session of an attempt)."""
        roster, group = read_roster(data, self.task.authority), self.task.definition["group"]
        require_valid(roster, self.clock(), MAX_REVOCATION_AGE)
        require(self.task.definition["minUsers"] <= roster.user_count <= group["maxUsers"], "too few or too many participants")
        own = roster.registry.get(self.user_id)
        require(own == ed25519_public_key(self.connection.secret_key), "a session without the participant itself")
        return roster

    def meet_neighbors(self, user: User, place: Place, ids: Sequence[int]) -> bool:
        """The keys of those in the message of round 1, on a sparse graph; False if the attempt is over."""
        body = b"".join(map(u64, sorted(ids)))
        response = self.asked("certificates", replace(place, round=1), "roster", "run", "outcome", body=body)
        if response.kind != "roster":
            return False
        roster = self.accepted(response.part.body)
        require(sorted(roster.members) == sorted(ids), "certificates of others than the neighbors")
        context = roster.context(self.task.digest, self.announced, place.attempt)
        require(context == user.parameters.context, "certificates that are not in the roster of the session")
        user.registry = roster.registry
        return True

    def rounds(self, user: User, place: Place) -> Iterator[int]:
        """The rounds of one attempt, to its end: each is answered, and the number of the answered round is yielded."""
        steps = [user.advertise_keys, user.share_keys, user.mask_input, user.confirm_view, user.unmask]
        for number, step in enumerate(steps):
            message = START_MESSAGE
            if number > 0:
                response = self.asked("next", replace(place, round=number), "message", "run", "roster", "outcome")
                if response.kind != "message":
                    return
                message = response.part.body
            if number == 1:
                ids = decode_extract(user.graph, user.tag, message).ids
                if not user.registry and not self.meet_neighbors(user, place, ids):
                    return
                nonces = [os.urandom(NONCE_BYTES) for _ in range(len(ids) - 1)]
                user.randomness = replace(user.randomness, nonces=nonces)
            answer = step(message)
            self.has_sent = self.has_sent or number == 2
            if not self.connection.answer(replace(place, round=number), answer):
                return
            yield number
