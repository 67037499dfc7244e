"""Vectors of signed documents: certificate requests, certificates, revocation lists and announcements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from coordination.announcements import NO_PAYLOAD, Announcement, read_announcement
from coordination.certificates import (
    Authority,
    Certificate,
    CertificateRequest,
    RevocationList,
    read_certificate,
    read_certificate_request,
    read_revocation_list,
)
from coordination.documents import sign_document
from secagg.encoding import u32, u64

from .cases import Read, flipped, refused
from .parties import ANNOUNCEMENT, AUTHORITY, NEW_YEAR, OTHER_SCOPE, PUBLISHER, REGISTRAR, STRANGER, TASK, certificate_of, drawn
from .parties import participant as participant_of

READERS: dict[str, Read] = {
    "certificateRequest": lambda data: read_certificate_request(data, AUTHORITY),
    "certificate": lambda data: read_certificate(data, AUTHORITY),
    "revocationList": lambda data: read_revocation_list(data, AUTHORITY),
    "announcement": lambda data: read_announcement(data, PUBLISHER.public_key, TASK.digest),
}
LABELS = {
    "certificateRequest": "certificate request",
    "certificate": "certificate",
    "revocationList": "revocation list",
    "announcement": "announcement of a run",
}
MOST = 2**53 - 1

Document = CertificateRequest | Certificate | RevocationList | Announcement


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def written_fields(document: Document) -> dict[str, Any]:
    """The fields of a document, bytes as hexadecimal digits."""
    return {camel(name): value.hex() if isinstance(value, bytes) else value for name, value in asdict(document).items()}


@dataclass(frozen=True)
class Signed:
    """A document and who signs it."""

    kind: str
    document: Document
    secret_key: bytes

    def encode(self, authority: Authority = AUTHORITY) -> bytes:
        if isinstance(self.document, Announcement):
            return self.document.encode(self.secret_key)
        return self.document.encode(authority, self.secret_key)


def signed_documents() -> Iterator[Signed]:
    for user_id in (0, 7, MOST):
        own = participant_of(user_id)
        yield Signed("certificateRequest", CertificateRequest(user_id, own.public_key), own.secret_key)
    most = Certificate(MOST, participant_of(MOST).public_key, MOST, MOST, MOST)
    for certificate in (certificate_of(0), certificate_of(2**40), most):
        yield Signed("certificate", certificate, REGISTRAR.secret_key)
    for revocations in (RevocationList(0, 0, []), RevocationList(7, NEW_YEAR, [0, 1, 2**40, MOST])):
        yield Signed("revocationList", revocations, REGISTRAR.secret_key)
    payload = Announcement(TASK.digest, "é" * 50, MOST, MOST, "https://example.org/" + "m" * 1980, MOST, drawn("payload"))
    for announcement in (Announcement(TASK.digest, "", 0, 0), ANNOUNCEMENT, payload):
        yield Signed("announcement", announcement, PUBLISHER.secret_key)


def accepted() -> Iterator[dict[str, Any]]:
    for each in signed_documents():
        data = each.encode()
        assert READERS[each.kind](data) == each.document
        yield {"kind": each.kind, "secretKey": each.secret_key.hex(), "fields": written_fields(each.document), "bytes": data.hex()}


def refusals_of(each: Signed) -> Iterator[tuple[str, bytes]]:
    """What is refused of every kind."""
    data = each.encode()
    content, signature = data[:-64], data[-64:]

    def resigned(changed: bytes, key: bytes = each.secret_key, name: str = LABELS[each.kind]) -> bytes:
        return sign_document(name, changed, key)

    yield "another version", resigned(b"\x02" + content[1:])
    yield "a byte more", resigned(content + b"\x00")
    yield "a bit of the content flipped, no signature of it", flipped(data, len(content) - 1)
    yield "a bit of the signature flipped", flipped(data, len(data) - 1)
    yield "the signature of somebody else", resigned(content, STRANGER.secret_key)
    yield "the signature of another kind of document", resigned(content, name="request")
    yield "no signature", content + bytes(64)
    yield "a signature whose S is not below the group order", content + signature[:32] + b"\xff" * 32


def refusals() -> Iterator[dict[str, Any]]:
    samples = {each.kind: each for each in signed_documents()}
    for kind, each in samples.items():
        for why, data in refusals_of(each):
            yield refused(kind, READERS[kind], why, data)
        if kind != "announcement":
            yield refused(kind, READERS[kind], "another scope", each.encode(OTHER_SCOPE))
    for why, kind, data in special_refusals():
        yield refused(kind, READERS[kind], why, data)


def special_refusals() -> Iterator[tuple[str, str, bytes]]:
    """What is refused of one kind."""
    small_order = bytes([1]) + bytes(31)
    head = b"\x01" + AUTHORITY.digest
    numbers = u64(1) + u64(2) + u64(3)
    key = participant_of(7).public_key

    def by_registrar(kind: str, content: bytes) -> bytes:
        return sign_document(LABELS[kind], content, REGISTRAR.secret_key)

    yield "a key of small order", "certificate", by_registrar("certificate", head + u64(7) + small_order + numbers)
    yield "an id of 2^53", "certificate", by_registrar("certificate", head + u64(2**53) + key + numbers)
    yield "a time of 2^53", "certificate", by_registrar("certificate", head + u64(7) + key + u64(1) + u64(2) + u64(2**53))
    for why, count, serials in (
        ("serials that descend", 2, [9, 8]),
        ("a serial twice", 2, [9, 9]),
        ("a serial of 2^53", 1, [2**53]),
        ("a serial less than announced", 2, [9]),
        ("a serial more than announced", 1, [8, 9]),
    ):
        content = head + u64(1) + u64(2) + u32(count) + b"".join(map(u64, serials))
        yield why, "revocationList", by_registrar("revocationList", content)
    for why, source, url, length, digest in (
        ("a data source of 101 bytes", b"s" * 101, b"", 0, NO_PAYLOAD),
        ("a data source that is not UTF-8", b"\xff", b"", 0, NO_PAYLOAD),
        ("a data source with half of a surrogate pair", b"\xed\xa0\x80", b"", 0, NO_PAYLOAD),
        ("a URL of 2,001 bytes", b"", b"u" * 2001, 0, NO_PAYLOAD),
        ("a URL that is not UTF-8", b"", b"\xc3", 0, NO_PAYLOAD),
        ("a payload of one byte without a URL", b"", b"", 1, NO_PAYLOAD),
        ("a payload with a digest and no URL", b"", b"", 0, bytes(32)),
        ("a payload of 2^53 bytes", b"", b"u", 2**53, NO_PAYLOAD),
    ):
        content = b"\x01" + TASK.digest + u32(len(source)) + source + u64(1) + u64(2) + u32(len(url)) + url + u64(length) + digest
        yield why, "announcement", sign_document(LABELS["announcement"], content, PUBLISHER.secret_key)


def make_documents() -> dict[str, Any]:
    return {
        "authority": {"publicKey": AUTHORITY.public_key.hex(), "scope": AUTHORITY.scope, "digest": AUTHORITY.digest.hex()},
        "publisher": PUBLISHER.public_key.hex(),
        "task": TASK.digest.hex(),
        "accepted": list(accepted()),
        "refused": list(refusals()),
    }
