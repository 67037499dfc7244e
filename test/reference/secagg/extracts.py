"""What a user is shown of U1: the server's message of round 1 (section Round 1)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from .derivation import DIGEST_BYTES
from .directory import AdvertisedKeys, decode_advertised_keys
from .encoding import split
from .graph import Graph, SparseGraph
from .key_agreement import KEY_BYTES
from .messages import decode_server_message, encode_server_message
from .refusal import require
from .signatures import SIGNATURE_BYTES


@dataclass(frozen=True)
class Extract:
    """The users at `positions`, in this order: their ids, keys and signatures of round 0; a proof for all others."""

    user_count: int
    positions: list[int]
    ids: list[int]
    keys: list[AdvertisedKeys]
    signatures: list[bytes]
    proof: list[bytes]


def encode_extract(graph: Graph, tag: bytes, extract: Extract) -> bytes:
    """The server's message of round 1 (section Round 1)."""
    keys, signatures = b"".join(keys.body for keys in extract.keys), b"".join(extract.signatures)
    if isinstance(graph, SparseGraph):
        n, first, proof = extract.user_count, extract.positions[0], b"".join(extract.proof)
        return encode_server_message(1, tag, n, first, extract.ids, keys, signatures, proof)
    return encode_server_message(1, tag, extract.ids, keys, signatures)


def decode_extract(graph: Graph, tag: bytes, message: bytes) -> Extract:
    """The server's message of round 1; users without a proof are all of U1, in ascending order (section Round 1)."""
    if isinstance(graph, SparseGraph):
        kinds = [int, int, list, bytes, bytes, bytes]
        user_count, first, ids, keys, signatures, proof = decode_server_message(message, 1, tag, kinds)
        require(first < user_count, "a position out of range")
        require(len(ids) == graph.neighbor_count + 1, "another number of users than k + 1")
    else:
        ids, keys, signatures = decode_server_message(message, 1, tag, [list, bytes, bytes])
        user_count, first, proof = len(ids), 0, b""
        require(all(left < right for left, right in pairwise(ids)), "ids that do not ascend")
    require(len(keys) == 2 * KEY_BYTES * len(ids), "a list of keys of the wrong length")
    require(len(signatures) == SIGNATURE_BYTES * len(ids), "a list of signatures of the wrong length")
    return Extract(
        user_count,
        [(first + index) % user_count for index in range(len(ids))],
        ids,
        [decode_advertised_keys(body) for body in split(keys, 2 * KEY_BYTES)],
        split(signatures, SIGNATURE_BYTES),
        split(proof, DIGEST_BYTES),
    )
