"""Secure aggregation after Bonawitz et al. (CCS 2017), as docs/wire-format.md describes it.

This is a reference to read and to compare with: plain, slow and not constant in time. The section titles below are
those of docs/wire-format.md. Randomness is always an argument, so that a run can be repeated byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class ProtocolError(Exception):
    """A message, a key or a share that the receiver refuses."""


def require(condition: bool, reason: str) -> None:
    """Refuse with `reason` unless `condition` holds."""
    if not condition:
        raise ProtocolError(reason)


# ---------------------------------------------------------------------------------------------------------------------
# Conventions
# ---------------------------------------------------------------------------------------------------------------------

VERSION = 1
USER_ID_LIMIT = 2**53
KEY_BYTES = 32
SHARE_BYTES = 32
DIGEST_BYTES = 32
SIGNATURE_BYTES = 64
FIELD_PRIME = 2**255 - 19
"""The prime of both Curve25519 and edwards25519."""


def u8(value: int) -> bytes:
    """One byte (section Conventions)."""
    return value.to_bytes(1, "big")


def u32(value: int) -> bytes:
    """Four bytes, big-endian (section Conventions)."""
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    """Eight bytes, big-endian (section Conventions)."""
    return value.to_bytes(8, "big")


def label(name: str) -> bytes:
    """The domain separator of one derivation (section Conventions)."""
    return b"secagg/1/" + name.encode("ascii") + b"\x00"


def digest(name: str, *parts: bytes) -> bytes:
    """H(label, parts...) of section Conventions."""
    return hashlib.sha256(label(name) + b"".join(parts)).digest()


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 of RFC 5869 with 32 bytes of output, hence one block of its expansion (section Conventions)."""
    pseudorandom_key = hmac.digest(salt, secret, "sha256")
    return hmac.digest(pseudorandom_key, info + u8(1), "sha256")


def encode_set(members: Iterable[int], universe: Sequence[int]) -> bytes:
    """The bitmap of `members` among the ordered ids `universe` (section Conventions)."""
    position = {user_id: index for index, user_id in enumerate(universe)}
    bits = sum(1 << position[user_id] for user_id in set(members))
    return bits.to_bytes((len(universe) + 7) // 8, "little")


def decode_set(bitmap: bytes, universe: Sequence[int]) -> list[int]:
    """The ids in a bitmap, ascending; refuses another length and spare bits (section Conventions)."""
    require(len(bitmap) == (len(universe) + 7) // 8, "a set of the wrong length")
    bits = int.from_bytes(bitmap, "little")
    require(bits >> len(universe) == 0, "a set with spare bits")
    return [user_id for index, user_id in enumerate(universe) if bits >> index & 1]


def split(data: bytes, size: int) -> list[bytes]:
    """Pieces of `size` bytes."""
    require(len(data) % size == 0, "a list of the wrong length")
    return [data[start : start + size] for start in range(0, len(data), size)]


# ---------------------------------------------------------------------------------------------------------------------
# Messages
# ---------------------------------------------------------------------------------------------------------------------

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


class Reader:
    """Reads elements one after the other; `decode_message` sees to it that their encodings are the shortest."""

    INTEGER_SIZES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xD3: 8}
    BYTES_SIZES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
    LIST_SIZES = {0xDC: 2, 0xDD: 4}

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
        require(head in self.INTEGER_SIZES, "an element that is not an integer")
        return self.number(self.INTEGER_SIZES[head])

    def byte_string(self) -> bytes:
        """The next element, a byte string."""
        head = self.number(1)
        require(head in self.BYTES_SIZES, "an element that is not a byte string")
        return self.take(self.number(self.BYTES_SIZES[head]))

    def integers(self) -> list[int]:
        """The next element, a list of integers."""
        head = self.number(1)
        require(0x90 <= head < 0xA0 or head in self.LIST_SIZES, "an element that is not a list")
        count = self.number(self.LIST_SIZES[head]) if head in self.LIST_SIZES else head - 0x90
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


START_MESSAGE = encode_message([VERSION, 0])


@dataclass(frozen=True)
class UserMessage:
    """What a user sends in rounds 0 to 4 (section Messages)."""

    round: int
    tag: bytes
    user_id: int
    body: bytes
    signature: bytes

    def encode(self) -> bytes:
        """The message on the wire (section Messages)."""
        return encode_message([VERSION, self.round, self.tag, self.user_id, self.body, self.signature])


def decode_user_message(data: bytes, round_number: int, tag: bytes) -> UserMessage:
    """A user's message of this round and session; its signature is not checked here (section Messages)."""
    version, number, its_tag, user_id, body, signature = decode_message(data, [int, int, bytes, int, bytes, bytes])
    require(version == VERSION and number == round_number, "another version or round")
    require(its_tag == tag, "another session tag")
    require(user_id < USER_ID_LIMIT, "a user id out of range")
    return UserMessage(round_number, tag, user_id, body, signature)


SERVER_ELEMENTS: dict[int, list[type]] = {1: [list, bytes, bytes], 2: [bytes, int, bytes], 3: [bytes], 4: [bytes, bytes]}
"""The elements after version, round and tag in the server's messages of rounds 1 to 4."""


def encode_server_message(round_number: int, tag: bytes, *elements: Element) -> bytes:
    """What the server sends in rounds 1 to 4 (section Messages)."""
    return encode_message([VERSION, round_number, tag, *elements])


def decode_server_message(data: bytes, round_number: int, tag: bytes) -> list[Any]:
    """The elements of that round in a server's message of this round and session (section Messages)."""
    elements = decode_message(data, [int, int, bytes, *SERVER_ELEMENTS[round_number]])
    require(elements[:2] == [VERSION, round_number], "another version or round")
    require(elements[2] == tag, "another session tag")
    return elements[3:]


# ---------------------------------------------------------------------------------------------------------------------
# Session tag
# ---------------------------------------------------------------------------------------------------------------------

COMPLETE_GRAPH = 0


@dataclass(frozen=True)
class Parameters:
    """What all parties agree on before they start (section Session tag)."""

    threshold: int
    vec_len: int
    bits: int
    context: bytes

    @property
    def tag(self) -> bytes:
        return digest(
            "session tag",
            u8(VERSION) + u32(self.threshold) + u32(self.vec_len) + u8(self.bits) + u8(COMPLETE_GRAPH),
            u32(len(self.context)) + self.context,
        )


# ---------------------------------------------------------------------------------------------------------------------
# Signatures
# ---------------------------------------------------------------------------------------------------------------------

EDWARDS_SMALL_ORDER_Y = {
    0,
    1,
    FIELD_PRIME - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}
EDWARDS_ORDER = 2**252 + 27742317777372353535851937790883648493


def signed_bytes(tag: bytes, round_number: int, user_id: int, body: bytes) -> bytes:
    """What the signature of a user's message covers (section Signatures)."""
    return label("signature") + tag + u8(round_number) + u64(user_id) + hashlib.sha256(body).digest()


def sign(secret_key: bytes, message: bytes) -> bytes:
    """A pure Ed25519 signature of RFC 8032 (section Signatures)."""
    return Ed25519PrivateKey.from_private_bytes(secret_key).sign(message)


def is_acceptable_point(encoding: bytes) -> bool:
    """Rule 1 of section Signatures; the highest bit is the sign of x and no part of y."""
    y = int.from_bytes(encoding, "little") % 2**255
    return y < FIELD_PRIME and y not in EDWARDS_SMALL_ORDER_Y


def signature_verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """The three rules of section Signatures; the library's verification is the equation of rule 3."""
    if len(signature) != SIGNATURE_BYTES or int.from_bytes(signature[32:], "little") >= EDWARDS_ORDER:
        return False
    if not (is_acceptable_point(public_key) and is_acceptable_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


Registry = Mapping[int, bytes]
"""The application's PKI: the Ed25519 public key of each registered user id."""


def require_signature(registry: Registry, message: UserMessage) -> None:
    """Refuse a message whose sender is not registered or has not signed it (section Signatures)."""
    require(message.user_id in registry, f"user {message.user_id} is not registered")
    signed = signed_bytes(message.tag, message.round, message.user_id, message.body)
    verifies = signature_verifies(registry[message.user_id], message.signature, signed)
    require(verifies, f"the signature of user {message.user_id} does not verify")


# ---------------------------------------------------------------------------------------------------------------------
# Ring and lanes
# ---------------------------------------------------------------------------------------------------------------------


def lane_bytes(bits: int) -> int:
    """The size of a lane (section Ring and lanes)."""
    return next(size for size in (1, 2, 4, 8) if 8 * size >= bits)


def pack(components: Sequence[int], bits: int) -> bytes:
    """The stream of the components modulo 2^bits (section Ring and lanes)."""
    ring = 1 << bits
    stream = sum((component % ring) << (index * bits) for index, component in enumerate(components))
    return stream.to_bytes((len(components) * bits + 7) // 8, "little")


def unpack(data: bytes, vec_len: int, bits: int) -> list[int]:
    """The components of a stream; refuses another length and spare bits (section Ring and lanes)."""
    require(len(data) == (vec_len * bits + 7) // 8, "a vector of the wrong length")
    stream = int.from_bytes(data, "little")
    require(stream >> (vec_len * bits) == 0, "a vector with spare bits")
    return [stream >> (index * bits) & ((1 << bits) - 1) for index in range(vec_len)]


def expand_mask(seed: bytes, vec_len: int, bits: int) -> list[int]:
    """PRG(seed) as a list of lanes (section Ring and lanes)."""
    size = lane_bytes(bits)
    encryptor = Cipher(algorithms.AES(seed), modes.CTR(bytes(16))).encryptor()
    stream = encryptor.update(bytes(vec_len * size)) + encryptor.finalize()
    return [int.from_bytes(lane, "little") for lane in split(stream, size)]


def add_scaled(total: Sequence[int], sign_: int, vector: Sequence[int]) -> list[int]:
    """total + sign · vector. Unreduced: 2^bits divides 2^(8 · lane), so one reduction modulo 2^bits at the end does."""
    return [left + sign_ * right for left, right in zip(total, vector, strict=True)]


def to_signed(components: Sequence[int], bits: int) -> list[int]:
    """The integers that the components of the sum stand for (section Ring and lanes, Result)."""
    ring = 1 << bits
    reduced = [component % ring for component in components]
    return [component - ring if component >= ring // 2 else component for component in reduced]


# ---------------------------------------------------------------------------------------------------------------------
# Secret sharing
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BinaryField:
    """GF(2^degree); an element is the integer whose bits are its coefficients (section Secret sharing)."""

    degree: int
    modulus: int

    def multiply(self, left: int, right: int) -> int:
        product = 0
        while right:
            if right & 1:
                product ^= left
            left <<= 1
            if left >> self.degree:
                left ^= self.modulus
            right >>= 1
        return product

    def inverse(self, element: int) -> int:
        """element^(2^degree - 2), by squaring: the exponent's bits are all 1 but the last."""
        power, result = element, 1
        for _ in range(self.degree - 1):
            power = self.multiply(power, power)
            result = self.multiply(result, power)
        return result

    def symbols(self, data: bytes) -> list[int]:
        """The elements that a secret, a share or a list of coefficients consists of."""
        return [int.from_bytes(symbol, "big") for symbol in split(data, self.degree // 8)]

    def from_symbols(self, symbols: Iterable[int]) -> bytes:
        return b"".join(symbol.to_bytes(self.degree // 8, "big") for symbol in symbols)


GF_2_8 = BinaryField(8, 0x11B)
GF_2_16 = BinaryField(16, 0x1100B)


def sharing_field(user_count: int) -> BinaryField:
    """The field in which secrets are shared among n users (section Secret sharing)."""
    return GF_2_8 if user_count <= 255 else GF_2_16


def evaluate(gf: BinaryField, polynomial: Sequence[Sequence[int]], point: int) -> bytes:
    """The share at a point; polynomial[k] lists the coefficients of x^k of all symbols. Horner's rule."""
    value = [0] * len(polynomial[0])
    for coefficients in reversed(polynomial):
        value = [gf.multiply(symbol, point) ^ c for symbol, c in zip(value, coefficients, strict=True)]
    return gf.from_symbols(value)


def share_secret(secret: bytes, coefficients: Sequence[bytes], user_count: int) -> list[bytes]:
    """The shares of positions 0 to n - 1 (section Secret sharing).

    coefficients[k - 1] holds the c_k of all symbols in the layout of a share; there are t - 1 of them.
    """
    gf = sharing_field(user_count)
    polynomial = [gf.symbols(row) for row in (secret, *coefficients)]
    return [evaluate(gf, polynomial, position + 1) for position in range(user_count)]


def lagrange_at_zero(gf: BinaryField, point: int, points: Iterable[int]) -> int:
    """The weight of the share at `point`: the product of x / (x - point); a difference is an exclusive or."""
    weight = 1
    for other in points:
        if other != point:
            weight = gf.multiply(weight, gf.multiply(other, gf.inverse(other ^ point)))
    return weight


def reconstruct_secret(shares: Mapping[int, bytes], user_count: int) -> bytes:
    """The secret from exactly t shares, given by position (section Secret sharing)."""
    gf = sharing_field(user_count)
    points = [position + 1 for position in shares]
    secret = [0] * len(gf.symbols(bytes(SHARE_BYTES)))
    for position, share in shares.items():
        weight = lagrange_at_zero(gf, position + 1, points)
        secret = [total ^ gf.multiply(weight, s) for total, s in zip(secret, gf.symbols(share), strict=True)]
    return gf.from_symbols(secret)


# ---------------------------------------------------------------------------------------------------------------------
# Round 0: AdvertiseKeys (keys and their agreement)
# ---------------------------------------------------------------------------------------------------------------------

MONTGOMERY_SMALL_ORDER_U = {
    0,
    1,
    FIELD_PRIME - 1,
    0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
}


def x25519_public_key(secret_key: bytes) -> bytes:
    """The public key of RFC 7748 (section Round 0)."""
    return X25519PrivateKey.from_private_bytes(secret_key).public_key().public_bytes_raw()


def agree(secret_key: bytes, public_key: bytes) -> bytes:
    """The X25519 output; the library refuses one of all zeros (section Round 1)."""
    try:
        return X25519PrivateKey.from_private_bytes(secret_key).exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError as error:
        raise ProtocolError("a key agreement of all zeros") from error


def require_acceptable_keys(keys: Sequence[bytes]) -> None:
    """Every key canonical, of large order and unlike all the others (sections Round 0 and Round 1)."""
    for key in keys:
        u = int.from_bytes(key, "little")
        require(u < FIELD_PRIME, "a key that is not canonical")
        require(u not in MONTGOMERY_SMALL_ORDER_U, "a key of small order")
    require(len(set(keys)) == len(keys), "a key advertised twice")


@dataclass(frozen=True)
class AdvertisedKeys:
    """The body of round 0 (section Round 0)."""

    channel: bytes
    mask: bytes

    @property
    def body(self) -> bytes:
        return self.channel + self.mask


def decode_advertised_keys(body: bytes) -> AdvertisedKeys:
    """The two keys of a body of round 0 (section Round 0)."""
    require(len(body) == 2 * KEY_BYTES, "a body of round 0 of the wrong length")
    return AdvertisedKeys(body[:KEY_BYTES], body[KEY_BYTES:])


# ---------------------------------------------------------------------------------------------------------------------
# Round 1: ShareKeys (directory, sealing, commitments, records)
# ---------------------------------------------------------------------------------------------------------------------

NONCE_BYTES = 24
CIPHERTEXT_BYTES = NONCE_BYTES + 2 * SHARE_BYTES + 16
SHARE_COMMITMENT_BYTES = 16
RECORD_BYTES = CIPHERTEXT_BYTES + 2 * SHARE_COMMITMENT_BYTES


@dataclass(frozen=True)
class Directory:
    """U1 with its keys, in ascending order of id, and its digest (section Round 1)."""

    keys: Mapping[int, AdvertisedKeys]
    digest: bytes

    @property
    def ids(self) -> list[int]:
        return list(self.keys)


def make_directory(tag: bytes, keys: Mapping[int, AdvertisedKeys]) -> Directory:
    """The directory of the users in `keys` (section Round 1)."""
    ordered = dict(sorted(keys.items()))
    entries = [u64(user_id) + advertised.body for user_id, advertised in ordered.items()]
    return Directory(ordered, digest("directory", tag, u32(len(ordered)), *entries))


def rotate_left(word: int, count: int) -> int:
    """Rotation of a 32-bit word."""
    return (word << count | word >> (32 - count)) & 0xFFFFFFFF


def quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    """The quarter round of RFC 8439, section 2.1."""
    for sum_to, addend, rotated, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[sum_to] = (state[sum_to] + state[addend]) & 0xFFFFFFFF
        state[rotated] = rotate_left(state[rotated] ^ state[sum_to], count)


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """HChaCha20 of draft-irtf-cfrg-xchacha, section 2.2: ChaCha20 without the final addition, first and last rows."""
    state = list(struct.unpack("<16L", b"expand 32-byte k" + key + nonce))
    for _ in range(10):
        for column in range(4):
            quarter_round(state, column, column + 4, column + 8, column + 12)
        for column in range(4):
            diagonal = (column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
            quarter_round(state, *diagonal)
    return struct.pack("<8L", *state[:4], *state[12:])


def xchacha20_poly1305(key: bytes, nonce: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """The inner cipher and its nonce (draft-irtf-cfrg-xchacha, section 2.3)."""
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])), bytes(4) + nonce[16:]


def seal_key(agreed: bytes, directory: bytes, dealer: int, holder: int) -> bytes:
    """The key with which `dealer` seals for `holder` (section Round 1)."""
    return hkdf(agreed, directory, label("seal key") + u64(dealer) + u64(holder))


def seal_data(directory: bytes, dealer: int, holder: int) -> bytes:
    """The associated data of what `dealer` seals for `holder` (section Round 1)."""
    return label("seal data") + directory + u64(dealer) + u64(holder)


def seal(key: bytes, nonce: bytes, plaintext: bytes, data: bytes) -> bytes:
    """nonce ‖ sealed plaintext ‖ tag (section Round 1)."""
    cipher, inner_nonce = xchacha20_poly1305(key, nonce)
    return nonce + cipher.encrypt(inner_nonce, plaintext, data)


def open_sealed(key: bytes, ciphertext: bytes, data: bytes) -> bytes:
    """The plaintext of `seal`; refuses a ciphertext that was altered (section Round 1)."""
    cipher, inner_nonce = xchacha20_poly1305(key, ciphertext[:NONCE_BYTES])
    try:
        return cipher.decrypt(inner_nonce, ciphertext[NONCE_BYTES:], data)
    except InvalidTag as error:
        raise ProtocolError("a seal that does not open") from error


def commit_to_seed(directory: bytes, owner: int, seed: bytes) -> bytes:
    """The owner's commitment to b (section Round 1)."""
    return digest("commitment to a self-mask seed", directory, u64(owner), seed)


def commit_to_seed_share(directory: bytes, owner: int, holder: int, share: bytes) -> bytes:
    """The owner's commitment to the holder's share of b (section Round 1)."""
    whole = digest("commitment to a self-mask share", directory, u64(owner), u64(holder), share)
    return whole[:SHARE_COMMITMENT_BYTES]


def commit_to_key_share(directory: bytes, owner: int, holder: int, share: bytes) -> bytes:
    """The owner's commitment to the holder's share of the mask secret key (section Round 1)."""
    whole = digest("commitment to a pairwise-key share", directory, u64(owner), u64(holder), share)
    return whole[:SHARE_COMMITMENT_BYTES]


@dataclass(frozen=True)
class Record:
    """What a dealer hands to one holder (section Round 1)."""

    ciphertext: bytes
    seed_share_commitment: bytes
    key_share_commitment: bytes

    def encode(self) -> bytes:
        return self.ciphertext + self.seed_share_commitment + self.key_share_commitment


def decode_record(data: bytes) -> Record:
    """The parts of a record (section Round 1)."""
    after_seed = CIPHERTEXT_BYTES + SHARE_COMMITMENT_BYTES
    return Record(data[:CIPHERTEXT_BYTES], data[CIPHERTEXT_BYTES:after_seed], data[after_seed:])


@dataclass(frozen=True)
class Deal:
    """The body of round 1 (section Round 1); `records` by holder."""

    seed_commitment: bytes
    own_seed_share_commitment: bytes
    records: Mapping[int, Record]


def decode_deal(body: bytes, dealer: int, ids: Sequence[int]) -> Deal:
    """The body that `dealer` sent in round 1 to the users `ids` of U1 (section Round 1)."""
    after_seed = DIGEST_BYTES + DIGEST_BYTES
    head = after_seed + SHARE_COMMITMENT_BYTES
    holders = [user_id for user_id in ids if user_id != dealer]
    require(len(body) == head + RECORD_BYTES * len(holders), "a body of round 1 of the wrong length")
    records = [decode_record(record) for record in split(body[head:], RECORD_BYTES)]
    return Deal(body[DIGEST_BYTES:after_seed], body[after_seed:head], dict(zip(holders, records, strict=True)))


@dataclass(frozen=True)
class Shares:
    """One holder's shares of one dealer's two secrets (section Round 1)."""

    key_share: bytes
    seed_share: bytes

    @property
    def plaintext(self) -> bytes:
        return self.key_share + self.seed_share


def seal_record(channel_key: bytes, directory: bytes, dealer: int, holder: int, shares: Shares, nonce: bytes) -> Record:
    """The record of `dealer` for `holder`; `channel_key` is the agreed one (section Round 1)."""
    key = seal_key(channel_key, directory, dealer, holder)
    return Record(
        seal(key, nonce, shares.plaintext, seal_data(directory, dealer, holder)),
        commit_to_seed_share(directory, dealer, holder, shares.seed_share),
        commit_to_key_share(directory, dealer, holder, shares.key_share),
    )


def open_record(channel_key: bytes, directory: bytes, dealer: int, holder: int, record: Record) -> Shares:
    """The shares in a record; refuses a seal or a commitment that does not fit (section Round 2)."""
    key = seal_key(channel_key, directory, dealer, holder)
    plaintext = open_sealed(key, record.ciphertext, seal_data(directory, dealer, holder))
    shares = Shares(plaintext[:SHARE_BYTES], plaintext[SHARE_BYTES:])
    seed_commitment = commit_to_seed_share(directory, dealer, holder, shares.seed_share)
    key_commitment = commit_to_key_share(directory, dealer, holder, shares.key_share)
    require(seed_commitment == record.seed_share_commitment, "a share of a seed that was not committed to")
    require(key_commitment == record.key_share_commitment, "a share of a key that was not committed to")
    return shares


# ---------------------------------------------------------------------------------------------------------------------
# Round 2: MaskedInputCollection and round 3: ConsistencyCheck (views and masks)
# ---------------------------------------------------------------------------------------------------------------------


def view_of_round_2(directory: Directory, u2: Sequence[int]) -> bytes:
    """view2 (section Round 2)."""
    return digest("view of round 2", directory.digest, encode_set(u2, directory.ids))


def view_of_round_3(directory: Directory, view2: bytes, u3: Sequence[int]) -> bytes:
    """view3 (section Round 3)."""
    return digest("view of round 3", view2, encode_set(u3, directory.ids))


def input_binding(view2: bytes, body_of_round_1: bytes) -> bytes:
    """The first part of the body of round 2 (section Round 2)."""
    return digest("masked input", view2, digest("deal", body_of_round_1))


def self_mask(parameters: Parameters, seed: bytes, view2: bytes, user_id: int) -> list[int]:
    """The self-mask of the seed b (section Round 2)."""
    key = hkdf(seed, view2, label("self mask") + u64(user_id))
    return expand_mask(key, parameters.vec_len, parameters.bits)


def pairwise_mask(parameters: Parameters, agreed: bytes, view2: bytes, one: int, other: int) -> list[int]:
    """The mask of two users, without its sign (section Round 2)."""
    key = hkdf(agreed, view2, label("pairwise mask") + u64(min(one, other)) + u64(max(one, other)))
    return expand_mask(key, parameters.vec_len, parameters.bits)


def mask_sign(user_id: int, other: int) -> int:
    """The sign with which `user_id` adds its mask with `other` (section Round 2)."""
    return 1 if user_id > other else -1


# ---------------------------------------------------------------------------------------------------------------------
# The user
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """What a user accepts in round 1. `colluders` is None for a user that sets no floor for the threshold."""

    max_users: int
    colluders: int | None

    def check(self, threshold: int, user_count: int) -> None:
        require(threshold <= user_count <= self.max_users, "too few or too many users")
        if self.colluders is not None:
            require(2 * threshold > user_count + self.colluders, "a threshold below the floor")


@dataclass(frozen=True)
class Randomness:
    """All that a user draws; nonces in the order of the records."""

    channel_secret_key: bytes
    mask_secret_key: bytes
    self_mask_seed: bytes
    key_polynomial: Sequence[bytes]
    seed_polynomial: Sequence[bytes]
    nonces: Sequence[bytes]


class User:
    """One user in one session: one method a round, from the server's message to its own."""

    def __init__(
        self,
        parameters: Parameters,
        policy: Policy,
        registry: Registry,
        user_id: int,
        sign_secret_key: bytes,
        vector: Sequence[int],
        randomness: Randomness,
    ) -> None:
        self.parameters = parameters
        self.tag = parameters.tag
        self.policy = policy
        self.registry = registry
        self.user_id = user_id
        self.sign_secret_key = sign_secret_key
        self.vector = vector
        self.randomness = randomness
        self.shares: dict[int, Shares] = {}
        """The shares that this user holds, by dealer; dealers whose records it cannot use are missing."""
        self.answered = False

    def message(self, round_number: int, body: bytes) -> bytes:
        """This user's signed message (sections Messages and Signatures)."""
        signature = sign(self.sign_secret_key, signed_bytes(self.tag, round_number, self.user_id, body))
        return UserMessage(round_number, self.tag, self.user_id, body, signature).encode()

    def require_quorum(self, members: Sequence[int], of: Sequence[int], name: str) -> None:
        """`members` are at least t of the users `of`."""
        require(set(members) <= set(of), f"{name} has users who had fallen silent")
        require(len(members) >= self.parameters.threshold, f"{name} is below the threshold")

    # Round 0

    def advertise_keys(self, message: bytes) -> bytes:
        """Section Round 0."""
        require(message == START_MESSAGE, "not the message that starts a user")
        self.keys = AdvertisedKeys(
            x25519_public_key(self.randomness.channel_secret_key),
            x25519_public_key(self.randomness.mask_secret_key),
        )
        return self.message(0, self.keys.body)

    # Round 1

    def share_keys(self, message: bytes) -> bytes:
        """Section Round 1."""
        self.directory = self.read_directory(*decode_server_message(message, 1, self.tag))
        self.deal_shares()
        self.body_of_round_1 = self.make_deal()
        return self.message(1, self.body_of_round_1)

    def read_directory(self, ids: list[int], keys: bytes, signatures: bytes) -> Directory:
        """The checks of section Round 1 on the server's message."""
        require(all(left < right for left, right in pairwise(ids)), "ids that do not ascend")
        self.policy.check(self.parameters.threshold, len(ids))
        require(len(keys) == 2 * KEY_BYTES * len(ids), "a list of keys of the wrong length")
        require(len(signatures) == SIGNATURE_BYTES * len(ids), "a list of signatures of the wrong length")
        bodies = split(keys, 2 * KEY_BYTES)
        for user_id, body, signature in zip(ids, bodies, split(signatures, SIGNATURE_BYTES), strict=True):
            require_signature(self.registry, UserMessage(0, self.tag, user_id, body, signature))
        require_acceptable_keys(split(keys, KEY_BYTES))
        directory = make_directory(self.tag, dict(zip(ids, map(decode_advertised_keys, bodies), strict=True)))
        require(directory.keys.get(self.user_id) == self.keys, "this user's own keys are missing or changed")
        return directory

    def deal_shares(self) -> None:
        """Share both secrets among U1, this user included (section Round 1)."""
        drawn, ids = self.randomness, self.directory.ids
        key_shares = share_secret(drawn.mask_secret_key, drawn.key_polynomial, len(ids))
        seed_shares = share_secret(drawn.self_mask_seed, drawn.seed_polynomial, len(ids))
        self.dealt = dict(zip(ids, map(Shares, key_shares, seed_shares), strict=True))
        self.shares[self.user_id] = self.dealt[self.user_id]

    def channel_key(self, other: int) -> bytes:
        """The X25519 output of the channel keys with another user."""
        return agree(self.randomness.channel_secret_key, self.directory.keys[other].channel)

    def make_deal(self) -> bytes:
        """The body of round 1 (section Round 1)."""
        directory = self.directory.digest
        own_share = self.shares[self.user_id].seed_share
        parts = [
            directory,
            commit_to_seed(directory, self.user_id, self.randomness.self_mask_seed),
            commit_to_seed_share(directory, self.user_id, self.user_id, own_share),
        ]
        holders = [user_id for user_id in self.directory.ids if user_id != self.user_id]
        for holder, nonce in zip(holders, self.randomness.nonces, strict=True):
            agreed, shares = self.channel_key(holder), self.dealt[holder]
            parts.append(seal_record(agreed, directory, self.user_id, holder, shares, nonce).encode())
        return b"".join(parts)

    # Round 2

    def mask_input(self, message: bytes) -> bytes:
        """Section Round 2."""
        u2_bitmap, receiver, records = decode_server_message(message, 2, self.tag)
        require(receiver == self.user_id, "the records of another user")
        self.u2 = decode_set(u2_bitmap, self.directory.ids)
        self.require_quorum(self.u2, self.directory.ids, "U2")
        require(self.user_id in self.u2, "this user is not in U2")
        self.open_records(records)
        self.view2 = view_of_round_2(self.directory, self.u2)
        binding = input_binding(self.view2, self.body_of_round_1)
        return self.message(2, binding + pack(self.masked_input(), self.parameters.bits))

    def open_records(self, data: bytes) -> None:
        """Keep the shares of every dealer whose record is usable (section Round 2)."""
        dealers = [user_id for user_id in self.u2 if user_id != self.user_id]
        require(len(data) == RECORD_BYTES * len(dealers), "a list of records of the wrong length")
        for dealer, record in zip(dealers, map(decode_record, split(data, RECORD_BYTES)), strict=True):
            agreed = self.channel_key(dealer)
            try:
                self.shares[dealer] = open_record(agreed, self.directory.digest, dealer, self.user_id, record)
            except ProtocolError:
                # This dealer is reported in round 4, whatever was wrong with the record.
                continue

    def masked_input(self) -> list[int]:
        """y before it is packed (section Round 2)."""
        own_mask = self_mask(self.parameters, self.randomness.self_mask_seed, self.view2, self.user_id)
        total = add_scaled(self.vector, 1, own_mask)
        for other in self.u2:
            if other != self.user_id:
                agreed = agree(self.randomness.mask_secret_key, self.directory.keys[other].mask)
                mask = pairwise_mask(self.parameters, agreed, self.view2, self.user_id, other)
                total = add_scaled(total, mask_sign(self.user_id, other), mask)
        return total

    # Round 3

    def confirm_view(self, message: bytes) -> bytes:
        """Section Round 3."""
        (u3_bitmap,) = decode_server_message(message, 3, self.tag)
        self.u3 = decode_set(u3_bitmap, self.directory.ids)
        self.require_quorum(self.u3, self.u2, "U3")
        require(self.user_id in self.u3, "this user is not in U3")
        self.view3 = view_of_round_3(self.directory, self.view2, self.u3)
        return self.message(3, self.view3)

    # Round 4

    def unmask(self, message: bytes) -> bytes:
        """Section Round 4."""
        require(not self.answered, "round 4 is answered once in a session")
        u4_bitmap, signatures = decode_server_message(message, 4, self.tag)
        self.check_confirmations(decode_set(u4_bitmap, self.directory.ids), signatures)
        self.answered = True
        unusable = [dealer for dealer in self.u2 if dealer not in self.shares]
        usable = [dealer for dealer in self.u2 if dealer in self.shares]
        revealed = b"".join(map(self.revealed_share, usable))
        return self.message(4, self.view3 + encode_set(unusable, self.u2) + revealed)

    def check_confirmations(self, u4: Sequence[int], signatures: bytes) -> None:
        """The users of U4 have all signed this user's own view3 (section Round 4)."""
        self.require_quorum(u4, self.u3, "U4")
        require(len(signatures) == SIGNATURE_BYTES * len(u4), "a list of signatures of the wrong length")
        for user_id, signature in zip(u4, split(signatures, SIGNATURE_BYTES), strict=True):
            require_signature(self.registry, UserMessage(3, self.tag, user_id, self.view3, signature))

    def revealed_share(self, owner: int) -> bytes:
        """The one share of this owner's secrets that U3 allows to reveal (section Round 4)."""
        shares = self.shares[owner]
        return shares.seed_share if owner in self.u3 else shares.key_share


# ---------------------------------------------------------------------------------------------------------------------
# The server
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """The server in one session: each method takes a round's messages and returns what it sends in the next round."""

    parameters: Parameters
    registry: Registry
    wrong_shares: dict[int, list[int]] = field(default_factory=dict)
    """Owners whose commitment a share in round 4 did not match, by sender."""
    reports: dict[int, list[int]] = field(default_factory=dict)
    """Dealers reported in round 4, by sender; senders without a report are missing."""

    @property
    def tag(self) -> bytes:
        return self.parameters.tag

    def receive(
        self, round_number: int, messages: Iterable[bytes], expected: Collection[int]
    ) -> dict[int, UserMessage]:
        """A round's messages by sender in ascending order of id, with the checks that all rounds have in common."""
        heard: dict[int, UserMessage] = {}
        for data in messages:
            message = decode_user_message(data, round_number, self.tag)
            require_signature(self.registry, message)
            require(message.user_id in expected, f"user {message.user_id} has no part in round {round_number}")
            require(message.user_id not in heard, f"user {message.user_id} answered twice")
            heard[message.user_id] = message
        require(len(heard) >= self.parameters.threshold, f"round {round_number}: fewer users than the threshold")
        return dict(sorted(heard.items()))

    def advertised_keys(self, messages: Iterable[bytes]) -> bytes:
        """Fix U1; returns the message of round 1 to all of U1 (sections Round 0 and Round 1)."""
        heard = self.receive(0, messages, self.registry)
        keys = {user_id: decode_advertised_keys(message.body) for user_id, message in heard.items()}
        require_acceptable_keys([key for advertised in keys.values() for key in (advertised.channel, advertised.mask)])
        self.directory = make_directory(self.tag, keys)
        bodies = b"".join(message.body for message in heard.values())
        signatures = b"".join(message.signature for message in heard.values())
        return encode_server_message(1, self.tag, self.directory.ids, bodies, signatures)

    def shared_keys(self, messages: Iterable[bytes]) -> dict[int, bytes]:
        """Fix U2; returns the message of round 2 to each of U2 (sections Round 1 and Round 2)."""
        ids = self.directory.ids
        heard = self.receive(1, messages, ids)
        for user_id, message in heard.items():
            require(message.body[:DIGEST_BYTES] == self.directory.digest, f"user {user_id} has another directory")
        self.bodies_of_round_1 = {user_id: message.body for user_id, message in heard.items()}
        self.deals = {user_id: decode_deal(message.body, user_id, ids) for user_id, message in heard.items()}
        self.u2 = list(heard)
        self.view2 = view_of_round_2(self.directory, self.u2)
        return {holder: self.records_message(holder) for holder in self.u2}

    def records_message(self, holder: int) -> bytes:
        """The message of round 2 to one user (section Round 2)."""
        dealers = [dealer for dealer in self.u2 if dealer != holder]
        records = b"".join(self.deals[dealer].records[holder].encode() for dealer in dealers)
        return encode_server_message(2, self.tag, encode_set(self.u2, self.directory.ids), holder, records)

    def masked_inputs(self, messages: Iterable[bytes]) -> bytes:
        """Fix U3 and sum up; returns the message of round 3 to all of U3 (sections Round 2 and Round 3)."""
        heard = self.receive(2, messages, self.u2)
        self.sum = [0] * self.parameters.vec_len
        for user_id, message in heard.items():
            binding, packed = message.body[:DIGEST_BYTES], message.body[DIGEST_BYTES:]
            expected = input_binding(self.view2, self.bodies_of_round_1[user_id])
            require(binding == expected, f"user {user_id} has another view of round 2")
            self.sum = add_scaled(self.sum, 1, unpack(packed, self.parameters.vec_len, self.parameters.bits))
        self.u3 = list(heard)
        self.view3 = view_of_round_3(self.directory, self.view2, self.u3)
        return encode_server_message(3, self.tag, encode_set(self.u3, self.directory.ids))

    def confirmed_views(self, messages: Iterable[bytes]) -> bytes:
        """Fix U4; returns the message of round 4 to all of U4 (sections Round 3 and Round 4)."""
        heard = self.receive(3, messages, self.u3)
        for user_id, message in heard.items():
            require(message.body == self.view3, f"user {user_id} has another view of round 3")
        self.u4 = list(heard)
        signatures = b"".join(message.signature for message in heard.values())
        return encode_server_message(4, self.tag, encode_set(self.u4, self.directory.ids), signatures)

    def unmasked(self, messages: Iterable[bytes]) -> list[int]:
        """The signed sum of the inputs of U3 (section Round 4)."""
        good_shares: dict[int, dict[int, bytes]] = {owner: {} for owner in self.u2}
        for sender, message in self.receive(4, messages, self.u4).items():
            for owner, share in self.revealed_shares(sender, message.body).items():
                if self.share_fits(owner, sender, share):
                    good_shares[owner][sender] = share
                else:
                    self.wrong_shares.setdefault(sender, []).append(owner)
        total = self.sum
        for owner in self.u2:
            unmask_owner = self.without_self_mask if owner in self.u3 else self.without_pairwise_masks
            total = unmask_owner(total, owner, self.reconstruct(owner, good_shares[owner]))
        return to_signed(total, self.parameters.bits)

    def revealed_shares(self, sender: int, body: bytes) -> dict[int, bytes]:
        """The shares in a body of round 4 by owner; takes down the sender's report (section Round 4)."""
        require(body[:DIGEST_BYTES] == self.view3, f"user {sender} has another view of round 3")
        head = DIGEST_BYTES + (len(self.u2) + 7) // 8
        reported = decode_set(body[DIGEST_BYTES:head], self.u2)
        require(sender not in reported, f"user {sender} reports itself")
        if reported:
            self.reports[sender] = reported
        owners = [owner for owner in self.u2 if owner not in reported]
        require(len(body) == head + SHARE_BYTES * len(owners), "a body of round 4 of the wrong length")
        return dict(zip(owners, split(body[head:], SHARE_BYTES), strict=True))

    def share_fits(self, owner: int, holder: int, share: bytes) -> bool:
        """Whether a revealed share is the one that its owner committed to (section Round 4)."""
        deal, directory = self.deals[owner], self.directory.digest
        if owner not in self.u3:
            expected = deal.records[holder].key_share_commitment
            return commit_to_key_share(directory, owner, holder, share) == expected
        own = owner == holder
        expected = deal.own_seed_share_commitment if own else deal.records[holder].seed_share_commitment
        return commit_to_seed_share(directory, owner, holder, share) == expected

    def reconstruct(self, owner: int, shares: Mapping[int, bytes]) -> bytes:
        """The owner's b or mask secret key, from the first t good shares, checked (section Round 4)."""
        threshold, ids = self.parameters.threshold, self.directory.ids
        require(len(shares) >= threshold, f"too few good shares of user {owner}")
        chosen = {ids.index(holder): shares[holder] for holder in list(shares)[:threshold]}
        secret = reconstruct_secret(chosen, len(ids))
        if owner in self.u3:
            consistent = commit_to_seed(self.directory.digest, owner, secret) == self.deals[owner].seed_commitment
        else:
            consistent = x25519_public_key(secret) == self.directory.keys[owner].mask
        require(consistent, f"user {owner} dealt inconsistently")
        return secret

    def without_self_mask(self, total: Sequence[int], owner: int, seed: bytes) -> list[int]:
        """`total` less the self-mask of a user in U3 (section Round 4)."""
        return add_scaled(total, -1, self_mask(self.parameters, seed, self.view2, owner))

    def without_pairwise_masks(self, total: Sequence[int], silent: int, secret_key: bytes) -> list[int]:
        """`total` less the masks that the users of U3 have with a user outside of it (section Round 4)."""
        for user_id in self.u3:
            agreed = agree(secret_key, self.directory.keys[user_id].mask)
            mask = pairwise_mask(self.parameters, agreed, self.view2, user_id, silent)
            total = add_scaled(total, -mask_sign(user_id, silent), mask)
        return list(total)
