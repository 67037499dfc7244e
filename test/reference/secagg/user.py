"""The user's side of rounds 0 to 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .commitments import commit_to_seed, commit_to_seed_share
from .directory import AdvertisedKeys, Directory, decode_advertised_keys, make_directory
from .encoding import decode_set, encode_set, split
from .key_agreement import KEY_BYTES, agree, require_acceptable_keys, x25519_public_key
from .masks import mask_sign, pairwise_mask, self_mask
from .messages import START_MESSAGE, UserMessage, decode_server_message
from .parameters import Parameters, Policy
from .records import RECORD_BYTES, Shares, decode_record, open_record, seal_record
from .refusal import ProtocolError, require
from .ring import add_scaled, pack
from .sharing import share_secret
from .signatures import SIGNATURE_BYTES, Registry, require_signature, sign, signed_bytes
from .views import input_binding, view_of_round_2, view_of_round_3


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
