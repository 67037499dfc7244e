"""The part of MessagePack that messages are made of, in its shortest encoding (section Messages)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .encoding import u8, u32, u64
from .refusal import require

Element = int | bytes | list[int]


def encode_integer(value: int) -> bytes:
    """A non-negative integer in its shortest encoding (section Messages)."""
    if value < 2**7:
        return u8(value)
    if value < 2**8:
        return b"\xcc" + u8(value)
    if value < 2**16:
        return b"\xcd" + value.to_bytes(2, "big")
    if value < 2**32:
        return b"\xce" + u32(value)
    return b"\xd3" + u64(value)


def encode_bytes(value: bytes) -> bytes:
    """A byte string behind the shortest head (section Messages)."""
    if len(value) < 2**8:
        return b"\xc4" + u8(len(value)) + value
    if len(value) < 2**16:
        return b"\xc5" + len(value).to_bytes(2, "big") + value
    return b"\xc6" + u32(len(value)) + value


def encode_list(values: Sequence[int]) -> bytes:
    """A list of integers behind the shortest head (section Messages)."""
    if len(values) < 16:
        head = u8(0x90 + len(values))
    elif len(values) < 2**16:
        head = b"\xdc" + len(values).to_bytes(2, "big")
    else:
        head = b"\xdd" + u32(len(values))
    return head + b"".join(encode_integer(value) for value in values)


def encode_element(element: Element) -> bytes:
    """One element of a message (section Messages)."""
    if isinstance(element, bytes):
        return encode_bytes(element)
    if isinstance(element, list):
        return encode_list(element)
    return encode_integer(element)


def encode_message(elements: Sequence[Element]) -> bytes:
    """One MessagePack array of fewer than 16 elements (section Messages)."""
    return u8(0x90 + len(elements)) + b"".join(encode_element(element) for element in elements)


# How many bytes follow a head: those of the integer, or of the length or count.
INTEGER_SIZES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xD3: 8}
BYTES_SIZES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
LIST_SIZES = {0xDC: 2, 0xDD: 4}


class Reader:
    """Reads elements one after the other; `decode_message` sees to it that their encodings are the shortest."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        require(self.offset + size <= len(self.data), "a message cut short")
        self.offset += size
        return self.data[self.offset - size : self.offset]

    def number(self, size: int) -> int:
        """The next `size` bytes as an unsigned integer."""
        return int.from_bytes(self.take(size), "big")

    def integer(self) -> int:
        """The next element, an integer."""
        head = self.number(1)
        if head < 2**7:
            return head
        require(head in INTEGER_SIZES, "an element that is not an integer")
        return self.number(INTEGER_SIZES[head])

    def byte_string(self) -> bytes:
        """The next element, a byte string."""
        head = self.number(1)
        require(head in BYTES_SIZES, "an element that is not a byte string")
        return self.take(self.number(BYTES_SIZES[head]))

    def integers(self) -> list[int]:
        """The next element, a list of integers."""
        head = self.number(1)
        require(0x90 <= head < 0xA0 or head in LIST_SIZES, "an element that is not a list")
        count = self.number(LIST_SIZES[head]) if head in LIST_SIZES else head - 0x90
        return [self.integer() for _ in range(count)]

    def element(self, kind: type) -> Element:
        """The next element, which must be of the type `kind`."""
        if kind is bytes:
            return self.byte_string()
        return self.integers() if kind is list else self.integer()


def decode_message(data: bytes, kinds: Sequence[type]) -> list[Any]:
    """The elements of a message with one element for each type in `kinds` (section Messages).

    Values have one encoding, so whatever differs from it (longer encodings, bytes after the array) is refused by
    encoding the values again.
    """
    reader = Reader(data)
    require(reader.number(1) == 0x90 + len(kinds), "a message with another number of elements")
    elements = [reader.element(kind) for kind in kinds]
    require(encode_message(elements) == data, "a message that is not in its shortest encoding")
    return elements
