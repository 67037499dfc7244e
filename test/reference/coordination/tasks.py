"""What is summed again and again, and on whose word (section Tasks)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from secagg.derivation import digest
from secagg.refusal import ProtocolError, require
from typed_bytes import typed_bytes

from .certificates import Authority
from .documents import KEY_BYTES, VERSION

FIELDS = {"name", "aggregate", "group", "minUsers", "windows", "attempts", "retention", "publisher", "registrar", "development"}


def to_base64(data: bytes) -> str:
    """Bytes in JSON (section Tasks)."""
    return b64encode(data).decode()


def from_base64(text: object) -> bytes:
    """Bytes in JSON, in their one spelling (section Tasks)."""
    try:
        data = b64decode(text, validate=True) if isinstance(text, str) else None
    except (Error, ValueError) as error:
        raise ProtocolError("no base64") from error
    require(data is not None and to_base64(data) == text, "no base64, or not in its one spelling")
    return data


@dataclass(frozen=True)
class Task:
    """A task, as far as this client needs to know its fields (section Tasks)."""

    json: Mapping[str, Any]
    digest: bytes

    @property
    def definition(self) -> Mapping[str, Any]:
        return self.json["definition"]

    @property
    def publisher(self) -> bytes:
        return from_base64(self.definition["publisher"])

    @property
    def authority(self) -> Authority:
        registrar = self.definition["registrar"]
        return Authority(from_base64(registrar["publicKey"]), registrar["scope"])


def read_task(json: Any) -> Task:
    """A task of this version; only what this client relies on is checked."""
    require(isinstance(json, dict) and json.keys() == {"secagg", "version", "definition"}, "no task")
    require(json["secagg"] == "task" and json["version"] == VERSION, "no task of this version")
    require(json["definition"].keys() == FIELDS, "a task with other fields")
    task = Task(json, digest("task", typed_bytes(json)))
    require(len(task.publisher) == len(task.authority.public_key) == KEY_BYTES, "a key of the wrong length")
    return task
