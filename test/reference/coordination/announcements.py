"""Which runs there are: the publisher's announcements (section Certificates)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from secagg.derivation import DIGEST_BYTES
from secagg.encoding import u8, u32, u64
from secagg.refusal import ProtocolError, require

from .documents import VERSION, open_document, sign_document

MAX_SOURCE_BYTES = 100
MAX_URL_BYTES = 2000
NO_PAYLOAD = hashlib.sha256(b"").digest()


def counted(text: str) -> bytes:
    """u32(length) ‖ the UTF-8 of a text."""
    data = text.encode()
    return u32(len(data)) + data


def text_of(data: bytes) -> str:
    """A text that is UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("a text that is not UTF-8") from error


@dataclass(frozen=True)
class Announcement:
    """One run of a task, and the payload that its participants get (section Certificates)."""

    task: bytes
    source: str
    run: int
    expires: int
    url: str = ""
    payload_bytes: int = 0
    payload_digest: bytes = NO_PAYLOAD

    def encode(self, secret_key: bytes) -> bytes:
        content = u8(VERSION) + self.task + counted(self.source) + u64(self.run) + u64(self.expires)
        content += counted(self.url) + u64(self.payload_bytes) + self.payload_digest
        return sign_document("announcement of a run", content, secret_key)


def read_announcement(document: bytes, publisher: bytes, task: bytes) -> Announcement:
    """An announcement that this publisher made of a run of this task (section Certificates)."""
    fields = open_document("announcement of a run", document, publisher)
    require(fields.take(DIGEST_BYTES) == task, "an announcement of another task")
    source = fields.take(fields.u32())
    require(len(source) <= MAX_SOURCE_BYTES, "a data source that is too long")
    require(0 not in source, "a data source with a zero byte")
    run, expires = fields.u64(), fields.u64()
    url = fields.take(fields.u32())
    require(len(url) <= MAX_URL_BYTES, "a URL that is too long")
    payload_bytes, payload_digest = fields.u64(), fields.take(DIGEST_BYTES)
    fields.end()
    require(bool(url) or (payload_bytes == 0 and payload_digest == NO_PAYLOAD), "a payload without a URL")
    return Announcement(task, text_of(source), run, expires, text_of(url), payload_bytes, payload_digest)
