"""The body of round 1: sealed shares with the commitments to them (sections Round 1 and Round 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .commitments import SHARE_COMMITMENT_BYTES, commit_to_key_share, commit_to_seed_share
from .derivation import DIGEST_BYTES
from .encoding import split
from .graph import Graph
from .refusal import require
from .sealing import open_sealed, seal, seal_data, seal_key
from .sharing import SHARE_BYTES
from .xchacha20 import NONCE_BYTES

CIPHERTEXT_BYTES = NONCE_BYTES + 2 * SHARE_BYTES + 16
RECORD_BYTES = CIPHERTEXT_BYTES + 2 * SHARE_COMMITMENT_BYTES


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
    """The body of round 1 (section Round 1); `records` by the holder's position."""

    seed_commitment: bytes
    own_seed_share_commitment: bytes
    """Empty on a sparse graph, where a user holds no share of its own secrets."""
    records: Mapping[int, Record]

    def seed_share_commitment(self, dealer: int, holder: int) -> bytes:
        """The commitment to the share of b of the holder, which may be the dealer."""
        return self.own_seed_share_commitment if holder == dealer else self.records[holder].seed_share_commitment


def decode_deal(body: bytes, graph: Graph, dealer: int, user_count: int) -> Deal:
    """The body that the user at position `dealer` sent in round 1 (section Round 1)."""
    after_seed = DIGEST_BYTES + DIGEST_BYTES
    holds_own_share = dealer in graph.holders(dealer, user_count)
    head = after_seed + (SHARE_COMMITMENT_BYTES if holds_own_share else 0)
    neighbors = graph.neighbors(dealer, user_count)
    require(len(body) == head + RECORD_BYTES * len(neighbors), "a body of round 1 of the wrong length")
    records = [decode_record(record) for record in split(body[head:], RECORD_BYTES)]
    return Deal(body[DIGEST_BYTES:after_seed], body[after_seed:head], dict(zip(neighbors, records, strict=True)))


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
