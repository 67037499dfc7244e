"""The user's side of rounds 0 to 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .commitments import commit_to_seed, commit_to_seed_share
from .directory import AdvertisedKeys, Line, make_directory
from .encoding import decode_set, encode_set, split
from .extracts import Extract, decode_extract
from .key_agreement import agree, require_acceptable_keys, x25519_public_key
from .masks import mask_sign, pairwise_mask, self_mask
from .messages import START_MESSAGE, UserMessage, decode_server_message
from .parameters import Parameters
from .policy import Policy
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
    """One user in one session: one method a round, from the server's message to its own.

    From round 1 on, users are named by their positions.
    """

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
        policy.check_parameters(parameters)
        self.parameters = parameters
        self.graph = parameters.graph
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
        signature = sign(self.sign_secret_key, signed_bytes(self.tag, self.parameters.bits, round_number, self.user_id, body))
        return UserMessage(round_number, self.tag, self.user_id, body, signature).encode()

    def require_quorum(self, members: Sequence[int], of: Sequence[int], name: str) -> None:
        """`members` are at least t of the users `of`, this user and s holders of its shares among them."""
        require(set(members) <= set(of), f"{name} has users who had fallen silent")
        require(len(members) >= self.parameters.threshold, f"{name} is below the threshold")
        require(self.position in members, f"this user is not in {name}")
        present = [holder for holder in self.holders if holder in members]
        require(len(present) >= self.parameters.share_threshold, f"{name} has too few holders of this user's shares")

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
        self.read_extract(decode_extract(self.graph, self.tag, message))
        self.deal_shares()
        self.body_of_round_1 = self.make_deal()
        return self.message(1, self.body_of_round_1)

    def read_extract(self, extract: Extract) -> None:
        """The checks of section Round 1 on the server's message; learns the directory and this user's place."""
        user_count = extract.user_count
        self.policy.check_user_count(self.parameters, user_count)
        require(len(set(extract.ids)) == len(extract.ids), "an id shown twice")
        for user_id, keys, signature in zip(extract.ids, extract.keys, extract.signatures, strict=True):
            require_signature(self.registry, self.parameters.bits, UserMessage(0, self.tag, user_id, keys.body, signature))
        require_acceptable_keys([key for keys in extract.keys for key in (keys.channel, keys.mask)])
        lines = dict(zip(extract.positions, map(Line, extract.ids, extract.keys), strict=True))
        own = Line(self.user_id, self.keys)
        require(own in lines.values(), "this user's own keys are missing or changed")
        self.position = next(position for position, line in lines.items() if line == own)
        require(extract.positions == self.graph.shown(self.position, user_count), "the neighborhood of another user")
        self.neighbors = self.graph.neighbors(self.position, user_count)
        self.holders = self.graph.holders(self.position, user_count)
        self.directory = make_directory(self.tag, user_count, lines, extract.proof)

    def deal_shares(self) -> None:
        """Share both secrets among the holders, on the complete graph with this user itself (section Round 1)."""
        drawn = self.randomness
        key_shares = share_secret(drawn.mask_secret_key, drawn.key_polynomial, len(self.holders))
        seed_shares = share_secret(drawn.self_mask_seed, drawn.seed_polynomial, len(self.holders))
        self.dealt = dict(zip(self.holders, map(Shares, key_shares, seed_shares), strict=True))
        if self.position in self.holders:
            self.shares[self.position] = self.dealt[self.position]

    def channel_key(self, other: int) -> bytes:
        """The X25519 output of the channel keys with another user."""
        return agree(self.randomness.channel_secret_key, self.directory.keys_at(other).channel)

    def make_deal(self) -> bytes:
        """The body of round 1 (section Round 1)."""
        directory = self.directory.digest
        parts = [directory, commit_to_seed(directory, self.user_id, self.randomness.self_mask_seed)]
        if self.position in self.holders:
            own_share = self.dealt[self.position].seed_share
            parts.append(commit_to_seed_share(directory, self.user_id, self.user_id, own_share))
        for holder, nonce in zip(self.neighbors, self.randomness.nonces, strict=True):
            agreed, holder_id = self.channel_key(holder), self.directory.id_at(holder)
            parts.append(seal_record(agreed, directory, self.user_id, holder_id, self.dealt[holder], nonce).encode())
        return b"".join(parts)

    # Round 2

    def mask_input(self, message: bytes) -> bytes:
        """Section Round 2."""
        u2_bitmap, receiver, records = decode_server_message(message, 2, self.tag, [bytes, int, bytes])
        require(receiver == self.user_id, "the records of another user")
        self.u2 = decode_set(u2_bitmap, self.directory.user_count)
        self.require_quorum(self.u2, range(self.directory.user_count), "U2")
        self.open_records(records)
        self.view2 = view_of_round_2(self.directory, self.u2)
        binding = input_binding(self.view2, self.body_of_round_1)
        return self.message(2, binding + pack(self.masked_input(), self.parameters.bits))

    @property
    def neighbors_in_u2(self) -> list[int]:
        return [neighbor for neighbor in self.neighbors if neighbor in self.u2]

    def open_records(self, data: bytes) -> None:
        """Keep the shares of every dealer whose record is usable (section Round 2)."""
        dealers = self.neighbors_in_u2
        require(len(data) == RECORD_BYTES * len(dealers), "a list of records of the wrong length")
        for dealer, record in zip(dealers, map(decode_record, split(data, RECORD_BYTES)), strict=True):
            agreed, dealer_id = self.channel_key(dealer), self.directory.id_at(dealer)
            try:
                self.shares[dealer] = open_record(agreed, self.directory.digest, dealer_id, self.user_id, record)
            except ProtocolError:
                # This dealer is reported in round 4, whatever was wrong with the record.
                continue

    def masked_input(self) -> list[int]:
        """y before it is packed (section Round 2)."""
        own_mask = self_mask(self.parameters, self.randomness.self_mask_seed, self.view2, self.user_id)
        total = add_scaled(self.vector, 1, own_mask)
        for other in self.neighbors_in_u2:
            other_id = self.directory.id_at(other)
            agreed = agree(self.randomness.mask_secret_key, self.directory.keys_at(other).mask)
            mask = pairwise_mask(self.parameters, agreed, self.view2, self.user_id, other_id)
            total = add_scaled(total, mask_sign(self.user_id, other_id), mask)
        return total

    # Round 3

    def confirm_view(self, message: bytes) -> bytes:
        """Section Round 3."""
        (u3_bitmap,) = decode_server_message(message, 3, self.tag, [bytes])
        self.u3 = decode_set(u3_bitmap, self.directory.user_count)
        self.require_quorum(self.u3, self.u2, "U3")
        self.view3 = view_of_round_3(self.directory, self.view2, self.u3)
        return self.message(3, self.view3)

    # Round 4

    def unmask(self, message: bytes) -> bytes:
        """Section Round 4."""
        require(not self.answered, "round 4 is answered once in a session")
        u4_bitmap, signatures = decode_server_message(message, 4, self.tag, [bytes, bytes])
        present = [self.holders[index] for index in decode_set(u4_bitmap, len(self.holders))]
        self.check_confirmations(present, signatures)
        self.answered = True
        owners = [owner for owner in self.holders if owner in self.u2]
        unusable = [index for index, owner in enumerate(owners) if owner not in self.shares]
        revealed = [self.revealed_share(owner) for owner in owners if owner in self.shares]
        return self.message(4, self.view3 + encode_set(unusable, len(owners)) + b"".join(revealed))

    def check_confirmations(self, present: Sequence[int], signatures: bytes) -> None:
        """s holders of this user's shares or more, those in U4, have signed this user's own view3 (section Round 4)."""
        require(set(present) <= set(self.u3), "U4 has users who had fallen silent")
        require(len(present) >= self.parameters.share_threshold, "U4 has too few holders of this user's shares")
        require(len(signatures) == SIGNATURE_BYTES * len(present), "a list of signatures of the wrong length")
        for position, signature in zip(present, split(signatures, SIGNATURE_BYTES), strict=True):
            message = UserMessage(3, self.tag, self.directory.id_at(position), self.view3, signature)
            require_signature(self.registry, self.parameters.bits, message)

    def revealed_share(self, owner: int) -> bytes:
        """The one share of this owner's secrets that U3 allows to reveal (section Round 4)."""
        shares = self.shares[owner]
        return shares.seed_share if owner in self.u3 else shares.key_share
