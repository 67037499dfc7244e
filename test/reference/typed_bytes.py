"""Writes, or compares with the ones on disk, the vectors of typed bytes: test/vectors/typed-bytes.json. Only the standard library.

    python3 test/reference/typed_bytes.py --write
    python3 test/reference/typed_bytes.py --check

Typed bytes are one byte string for each JSON value, of which digests are made. A value is a tag and what the tag needs: null 0, false 1,
true 2; a number 3 and its IEEE 754 binary64, big-endian, minus zero as zero; a string 4, the length of its UTF-8 and its UTF-8; a list 5, the
number of its elements and the elements; an object 6, the number of its fields and, ascending by the UTF-8 of the names, each name with its
length and its value. Lengths and numbers of things are four bytes, big-endian.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "vectors" / "typed-bytes.json"


def counted(text: str) -> bytes:
    data = text.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def typed_bytes(value: object) -> bytes:
    if value is None:
        return b"\x00"
    if isinstance(value, bool):
        return b"\x02" if value else b"\x01"
    if isinstance(value, (int, float)):
        return b"\x03" + struct.pack(">d", float(value) + 0.0)
    if isinstance(value, str):
        return b"\x04" + counted(value)
    if isinstance(value, list):
        return b"\x05" + struct.pack(">I", len(value)) + b"".join(typed_bytes(element) for element in value)
    if isinstance(value, dict):
        fields = sorted(value.items(), key=lambda field: field[0].encode("utf-8"))
        return b"\x06" + struct.pack(">I", len(fields)) + b"".join(counted(name) + typed_bytes(each) for name, each in fields)
    raise TypeError(f"no JSON value: {type(value)}")


VALUES: list[object] = [
    None,
    False,
    True,
    0,
    -0.0,
    1,
    -1,
    1.5,
    0.1,
    1e-300,
    5e-324,
    2**53 - 1,
    -(2**53) + 1,
    1.7976931348623157e308,
    "",
    "0",
    "null",
    "a\u0000b",
    "\u00e9\u20ac\U0001f600",
    [],
    [[]],
    [None, [True], {"a": []}],
    [1, [2, 3]],
    [[1, 2], 3],
    {},
    {"": ""},
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    {"ab": 1, "a": {"b": 1}, "B": None},
    {"\U0001f600": 1, "\uff5e": 2, "z": 3},
    {"kind": "fixedPoint", "length": 3, "min": -1, "max": 1, "step": 0.0078125},
    {"__proto__": 1, "constructor": [False]},
]


def vectors() -> str:
    lines = [json.dumps({"value": value, "bytes": typed_bytes(value).hex()}) for value in VALUES]
    return "[\n  " + ",\n  ".join(lines) + "\n]\n"


def main() -> None:
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(vectors(), encoding="utf-8")
    elif sys.argv[1:] == ["--check"]:
        if FILE.read_text(encoding="utf-8") != vectors():
            sys.exit(f"{FILE.name} differs")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
