"""The server's side of rounds 0 to 4."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .commitments import commit_to_key_share, commit_to_seed, commit_to_seed_share
from .derivation import DIGEST_BYTES
from .directory import decode_advertised_keys, make_directory
from .encoding import decode_set, encode_set, split
from .key_agreement import agree, require_acceptable_keys, x25519_public_key
from .masks import mask_sign, pairwise_mask, self_mask
from .messages import UserMessage, decode_user_message, encode_server_message
from .parameters import Parameters
from .records import decode_deal
from .refusal import require
from .ring import add_scaled, to_signed, unpack
from .sharing import SHARE_BYTES, reconstruct_secret
from .signatures import Registry, require_signature
from .views import input_binding, view_of_round_2, view_of_round_3


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
