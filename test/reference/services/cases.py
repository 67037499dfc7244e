"""What vectors are made of: bytes that are read with the same result everywhere, and bytes that everybody refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from secagg.refusal import ProtocolError

Read = Callable[[bytes], Any]
LONG = 1000


def written_bytes(data: bytes) -> Any:
    """Hexadecimal digits; of bytes with a long run of zeros, the digits before and after it and how long it is."""
    if bytes(LONG) not in data:
        return data.hex()
    start = data.index(bytes(LONG))
    end = start + len(data[start:]) - len(data[start:].lstrip(b"\x00"))
    return {"head": data[:start].hex(), "zeros": end - start, "tail": data[end:].hex()}


def bytes_in(written: str | Mapping[str, Any]) -> bytes:
    """The other way."""
    if isinstance(written, str):
        return bytes.fromhex(written)
    return bytes.fromhex(written["head"]) + bytes(written["zeros"]) + bytes.fromhex(written["tail"])


def reason_of(read: Read, data: bytes) -> str:
    """Why bytes are refused; empty if they are not."""
    try:
        read(data)
    except ProtocolError as error:
        return str(error)
    return ""


def refused(kind: str, read: Read, why: str, data: bytes) -> dict[str, Any]:
    """A case of bytes that are refused. `why` says what was done to them, and "signature" in it, what does not hold."""
    reason = reason_of(read, data)
    assert reason, f"{kind}: {why} is not refused"
    by_signature = reason.endswith(("signed", "signed for this request"))
    assert by_signature == ("signature" in why or "signed" in why), f"{kind}: {why} is refused because of {reason}"
    return {"kind": kind, "why": why, "isSignature": by_signature, "bytes": written_bytes(data)}


def flipped(data: bytes, index: int) -> bytes:
    """One bit is another one."""
    changed = bytearray(data)
    changed[index] ^= 1
    return bytes(changed)
