"""Vectors of requests and responses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from coordination.exchanges import MAX_BODY_BYTES, NOWHERE, Part, Place, parts_of, whole
from coordination.requests import Request, decode_request, key_of_service
from coordination.responses import Response, decode_response
from secagg.derivation import label
from secagg.messagepack import encode_element
from secagg.signatures import sign

from .cases import Read, flipped, refused, written_bytes
from .documents import camel
from .parties import AUTHORITY, COORDINATOR, REGISTRAR, STRANGER, TASK, certificate_of, certified, drawn, participant

MOST = 2**53 - 1
USER = 7
TOKEN = drawn("token", 40)
BIGGEST = bytes(MAX_BODY_BYTES)


def requests() -> Iterator[Request]:
    def of(kind: str, sequence: int, part: Part, place: Place = NOWHERE, token: bytes = TOKEN) -> Request:
        service = key_of_service(COORDINATOR.public_key)
        return Request(kind, service, TASK.digest, certified(USER), sequence, part, place, token)

    yield of("hello", 0, whole(b""), token=b"")
    yield of("check-in", 1, whole(bytes(3) + b"\x07scale 7"))
    yield of("ready", 127, whole(b""), Place(12))
    yield of("next", 128, replace(whole(b""), offset=MAX_BODY_BYTES), Place(12, 1, 1))
    yield of("answer", 256, parts_of(drawn("body", 300), 256)[0], Place(12, 1, 2))
    yield of("answer", 257, parts_of(drawn("body", 300), 256)[1], Place(12, 1, 2))
    yield of("answer", 65_536, whole(BIGGEST), Place(12, 1, 2))
    yield of("outcome", 2**32, whole(b""), Place(MOST, MOST, MOST))
    yield of("leave", MOST, Part(MOST, MOST, bytes(32), b""), Place(12))
    yield of("certificates", 300, whole(bytes(7) + b"\x07" + bytes(7) + b"\x09"), Place(12, 1, 1))


def responses() -> Iterator[Response]:
    asked = drawn("request")

    def of(kind: str, part: Part, **others: Any) -> Response:
        return Response(asked, kind, TOKEN, others.pop("wait", (500, 700)), others.pop("sequence", 7), part, **others)

    yield of("wait", whole(b""), wait=(0, 0), sequence=0)
    yield of("task", whole(b"{}"))
    yield of("run", whole(drawn("body", 200)), place=Place(12))
    yield of("enrolled", whole(b""))
    yield of("roster", replace(parts_of(BIGGEST + b"\x07")[1]), place=Place(12, 3))
    yield of("message", whole(BIGGEST), place=Place(12, 3, 4), sequence=MOST)
    yield of("accepted", replace(whole(b""), offset=300, total=900), place=Place(12, 3, 2), wait=(MOST, MOST))
    yield of("outcome", whole(b'{"kind":"finished","run":12,"attempt":1,"users":4}'), place=Place(12, 1))
    yield of("refused", whole(b""), code="ERR_SECAGG_SEQUENCE", place=Place(MOST, MOST, MOST))
    yield of("refused", whole(b""), code="A_9" * 21 + "Z")


def written_fields(message: Request | Response) -> dict[str, Any]:
    """The fields of a message in the order of the document, bytes as hexadecimal digits, and its digest."""
    fields = {camel(name): value for name, value in asdict(message).items()}
    part, place = message.part, message.place
    fields.pop("part")
    fields |= {"place": place.numbers, "extent": part.extent, "sha256": part.sha256, "body": part.body}
    fields |= {"digest": message.digest}
    if isinstance(message, Response):
        fields |= {"wait": list(message.wait)}
    return {name: written_bytes(value) if isinstance(value, bytes) else value for name, value in fields.items()}


def read_request(data: bytes) -> Request:
    return decode_request(data, AUTHORITY)


def read_response(data: bytes) -> Response:
    return decode_response(data, COORDINATOR.public_key, drawn("request"))


def raw(elements: list[Any], count: int = 12) -> bytes:
    """A message of any elements, with the head of `count` of them."""
    return bytes([0x90 + count]) + b"".join(map(encode_element, elements))


def bad_elements(elements: list[Any], changes: dict[str, tuple[int, Any]]) -> Iterator[tuple[str, bytes]]:
    """One element is another one. Nobody looks at the signature, which is that of the message before."""
    for why, (index, value) in changes.items():
        yield why, raw([*elements[:index], value, *elements[index + 1 :]])


def bad_bytes(elements: list[Any]) -> Iterator[tuple[str, bytes]]:
    """What is refused of both kinds of message."""
    data = raw(elements)
    yield "another version", raw([2, *elements[1:]])
    yield "an element less", raw(elements[:-1], 11)
    yield "an element more", raw([*elements, 0], 13)
    yield "a byte more", data + b"\x00"
    yield "a byte less", data[:-1]
    yield "nothing", b""
    yield "a version in two bytes", data[:1] + b"\xcc\x01" + data[2:]
    yield "an array with a head of three bytes", b"\xdc\x00\x0c" + data[1:]
    yield "half of a byte string", data[:100]
    yield "a body that is too long", raw([*elements[:10], bytes(MAX_BODY_BYTES + 1), elements[11]])


REQUEST_FAULTS: dict[str, tuple[int, Any]] = {
    "a kind that does not exist": (1, 8),
    "a coordinator of 31 bytes": (2, bytes(31)),
    "a task of 33 bytes": (3, bytes(33)),
    "a certificate of 160 bytes": (4, bytes(160)),
    "a place of two numbers": (5, [12, 1]),
    "a place of four numbers": (5, [12, 1, 2, 3]),
    "a round of 2^53": (5, [12, 1, 2**53]),
    "a token of 39 bytes": (6, bytes(39)),
    "a token of 41 bytes": (6, bytes(41)),
    "a number of 2^53": (7, 2**53),
    "an extent of one number": (8, [0]),
    "an offset of 2^53": (8, [2**53, 0]),
    "a digest of 31 bytes": (9, bytes(31)),
    "a sequence in bytes": (7, b"\x01"),
    "63 bytes at the end": (11, bytes(63)),
}
RESPONSE_FAULTS: dict[str, tuple[int, Any]] = {
    "a request of 31 bytes": (1, bytes(31)),
    "a kind that does not exist": (2, 9),
    "no token": (3, b""),
    "a token of 41 bytes": (3, bytes(41)),
    "a window of one number": (4, [1]),
    "a time of 2^53": (4, [0, 2**53]),
    "a place of two numbers": (5, [12, 1]),
    "a sequence of 2^53": (6, 2**53),
    "an extent of three numbers": (7, [0, 0, 0]),
    "a digest of 33 bytes": (8, bytes(33)),
    "a code of 65 bytes": (9, b"A" * 65),
    "a code in small letters": (9, b"err"),
    "a code with a space": (9, b"A B"),
    "a code that is not ASCII": (9, "É".encode()),
    "65 bytes at the end": (11, bytes(65)),
}


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bytes):
        return flipped(value, 0) if value else b"A"
    return value ^ 1 if isinstance(value, int) else [value[0] ^ 1, *value[1:]]


def bad_signatures(elements: list[Any], name: str, signed: bytes) -> Iterator[tuple[str, bytes]]:
    """Elements that were changed after the message was signed, and other signatures."""
    for index in range(1, 12):
        yield f"element {index} changed, which is signed", raw([*elements[:index], other(elements[index]), *elements[index + 1 :]])
    yield "the signature of somebody else", raw([*elements[:11], sign(STRANGER.secret_key, label(name) + signed)])
    yield "the signature of another kind of message", raw([*elements[:11], sign(signer_of(name), label("signature") + signed)])
    yield "a signature of the digest without a label", raw([*elements[:11], sign(signer_of(name), signed)])


def signer_of(name: str) -> bytes:
    return participant(USER).secret_key if name == "request" else COORDINATOR.secret_key


def refusals(name: str, read: Read, message: Request | Response, faults: dict[str, tuple[int, Any]]) -> Iterator[dict[str, Any]]:
    """What is refused of one message."""
    elements = message.elements(signer_of(name))
    assert read(raw(elements)) == message
    for why, data in (*bad_bytes(elements), *bad_elements(elements, faults), *bad_signatures(elements, name, message.digest)):
        yield refused(name, read, why, data)


def all_refusals() -> Iterator[dict[str, Any]]:
    request, response = list(requests())[4], list(responses())[4]
    yield from refusals("request", read_request, request, REQUEST_FAULTS)
    yield from refusals("response", read_response, response, RESPONSE_FAULTS)
    uncertified = replace(request, certificate=certificate_of(USER).encode(AUTHORITY, STRANGER.secret_key))
    why = "a certificate with the signature of somebody else"
    yield refused("request", read_request, why, uncertified.encode(signer_of("request")))
    another = replace(response, request=drawn("another request"))
    yield refused("response", read_response, "the response that is signed for another request", another.encode(COORDINATOR.secret_key))


def make_messages() -> dict[str, Any]:
    accepted = []
    for name, read, messages in (("request", read_request, requests()), ("response", read_response, responses())):
        for message in messages:
            data = message.encode(signer_of(name))
            assert read(data) == message
            accepted.append({"kind": name, "fields": written_fields(message), "bytes": written_bytes(data)})
    return {
        "registrar": REGISTRAR.public_key.hex(),
        "participant": participant(USER).secret_key.hex(),
        "coordinator": COORDINATOR.secret_key.hex(),
        "coordinatorKey": COORDINATOR.public_key.hex(),
        "serviceKey": key_of_service(COORDINATOR.public_key).hex(),
        "request": drawn("request").hex(),
        "accepted": accepted,
        "refused": list(all_refusals()),
    }
