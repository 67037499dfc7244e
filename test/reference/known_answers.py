"""Checks of the building blocks in the package secagg: published answers, the points of small order, the hash tree."""

from __future__ import annotations

from itertools import combinations

from secagg.binary_field import GF_2_8
from secagg.curve25519 import EDWARDS_SMALL_ORDER_Y, FIELD_PRIME, MONTGOMERY_SMALL_ORDER_U
from secagg.derivation import hkdf
from secagg.directory import DIRECTORY_NODE
from secagg.hash_tree import make_proof, node, root_from_proof, subtree_root
from secagg.refusal import ProtocolError
from secagg.xchacha20 import hchacha20


def verify_small_order_points() -> None:
    """The listed coordinates belong to points of small order, and to all of them."""
    p = FIELD_PRIME
    d = -121665 * pow(121666, -1, p)
    # A point of order 8 doubles to one with y = 0, so x^2 = -y^2; the curve's equation then leaves y alone.
    order_8 = {y for y in EDWARDS_SMALL_ORDER_Y if (d * y**4 + 2 * y**2 - 1) % p == 0}
    assert EDWARDS_SMALL_ORDER_Y - order_8 == {0, 1, p - 1} and len(order_8) == 2
    # The birational map of RFC 7748, section 4.1. The neutral element, y = 1, has no u; p - 1 is of order 4 on the
    # twist.
    images = {(1 + y) * pow(1 - y, -1, p) % p for y in EDWARDS_SMALL_ORDER_Y - {1}}
    assert images | {p - 1} == MONTGOMERY_SMALL_ORDER_U


def root_by_levels(leaves: list[bytes]) -> bytes:
    """The root, built upwards: pairs in a level make the nodes of the next, and the last of an odd number moves up."""
    while len(leaves) > 1:
        pairs = [leaves[i : i + 2] for i in range(0, len(leaves), 2)]
        leaves = [node(DIRECTORY_NODE, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return leaves[0]


def is_refused(count: int, shown: dict[int, bytes], proof: list[bytes]) -> bool:
    try:
        root_from_proof(DIRECTORY_NODE, count, shown, proof)
    except ProtocolError:
        return True
    return False


def verify_hash_tree() -> None:
    """Roots of 1 to 33 leaves; for up to 9, every set of leaves with its proof, no longer and no shorter."""
    leaves = [bytes([index]) * 32 for index in range(33)]
    assert all(subtree_root(DIRECTORY_NODE, leaves[:n]) == root_by_levels(leaves[:n]) for n in range(1, 34))
    for count in range(1, 10):
        tree = leaves[:count]
        for positions in (chosen for size in range(1, count + 1) for chosen in combinations(range(count), size)):
            shown, proof = {position: tree[position] for position in positions}, make_proof(DIRECTORY_NODE, tree, positions)
            assert root_from_proof(DIRECTORY_NODE, count, shown, proof) == root_by_levels(tree)
            assert is_refused(count, shown, [*proof, leaves[0]]) and (not proof or is_refused(count, shown, proof[1:]))


def verify_building_blocks() -> None:
    """Published answers for what the package secagg does not take from a library."""
    verify_small_order_points()
    verify_hash_tree()
    # draft-irtf-cfrg-xchacha-03, section 2.2.1
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    answer = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert hchacha20(bytes(range(32)), nonce).hex() == answer
    # RFC 5869, appendix A.1, the first 32 bytes
    answer = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA))).hex() == answer
    # FIPS 197, section 4.2
    assert GF_2_8.multiply(0x57, 0x83) == 0xC1
