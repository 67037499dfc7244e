"""The server's side of rounds 0 to 4."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .commitments import commit_to_key_share, commit_to_seed, commit_to_seed_share
from .derivation import DIGEST_BYTES
from .directory import DIRECTORY_NODE, Line, decode_advertised_keys, make_directory
from .encoding import decode_set, encode_set, split
from .extracts import Extract, encode_extract
from .hash_tree import make_proof
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
    """The server in one session: each method takes a round's messages and returns those of the next round, by id.

    Once U1 is fixed, users are named by their positions.
    """

    parameters: Parameters
    registry: Registry
    order: Sequence[int]
    """The ids of U1 by position: ascending on the complete graph, drawn at random on a sparse graph (section Conventions)."""
    wrong_shares: dict[int, list[int]] = field(default_factory=dict)
    """Owners whose commitment a share in round 4 did not match, by sender."""
    reports: dict[int, list[int]] = field(default_factory=dict)
    """Dealers reported in round 4, by sender; senders without a report are missing."""

    @property
    def tag(self) -> bytes:
        return self.parameters.tag

    @property
    def user_count(self) -> int:
        return len(self.order)

    def neighbors(self, position: int) -> list[int]:
        return self.parameters.graph.neighbors(position, self.user_count)

    def holders(self, position: int) -> list[int]:
        return self.parameters.graph.holders(position, self.user_count)

    def receive(
        self, round_number: int, messages: Iterable[bytes], expected: Collection[int]
    ) -> dict[int, UserMessage]:
        """A round's messages by the sender's id, with the checks that all rounds have in common."""
        heard: dict[int, UserMessage] = {}
        for data in messages:
            message = decode_user_message(data, round_number, self.tag)
            require_signature(self.registry, self.parameters.bits, message)
            require(message.user_id in expected, f"user {message.user_id} has no part in round {round_number}")
            require(message.user_id not in heard, f"user {message.user_id} answered twice")
            heard[message.user_id] = message
        require(len(heard) >= self.parameters.threshold, f"round {round_number}: fewer users than the threshold")
        return heard

    def receive_from(
        self, round_number: int, messages: Iterable[bytes], expected: Collection[int]
    ) -> dict[int, UserMessage]:
        """The messages of round 1 or a later one by position, ascending; `expected` are positions."""
        heard = self.receive(round_number, messages, [self.order[position] for position in expected])
        return {position: heard[user_id] for position, user_id in enumerate(self.order) if user_id in heard}

    def to_each(self, positions: Iterable[int], message: Callable[[int], bytes]) -> dict[int, bytes]:
        """The messages to the users at `positions`, by id."""
        return {self.order[position]: message(position) for position in positions}

    def require_holders(self, owners: Iterable[int], members: Collection[int], name: str) -> None:
        """s holders of the shares of each of `owners` are in `members` (sections Round 1 to Round 3)."""
        for owner in owners:
            present = [holder for holder in self.holders(owner) if holder in members]
            enough = len(present) >= self.parameters.share_threshold
            require(enough, f"{name} has too few holders of the shares of user {self.order[owner]}")

    def advertised_keys(self, messages: Iterable[bytes]) -> dict[int, bytes]:
        """Fix U1; returns the messages of round 1 (sections Round 0 and Round 1)."""
        heard = self.receive(0, messages, self.registry)
        require(sorted(self.order) == sorted(heard), "an order of other users than U1")
        self.advertised = [heard[user_id] for user_id in self.order]
        keys = [decode_advertised_keys(message.body) for message in self.advertised]
        require_acceptable_keys([key for pair in keys for key in (pair.channel, pair.mask)])
        lines = dict(enumerate(map(Line, self.order, keys)))
        self.directory = make_directory(self.tag, self.user_count, lines)
        return self.to_each(range(self.user_count), self.extract_message)

    def extract_message(self, position: int) -> bytes:
        """The message of round 1 to one user (section Round 1)."""
        shown = self.parameters.graph.shown(position, self.user_count)
        lines = [self.directory.lines[other] for other in shown]
        extract = Extract(
            self.user_count,
            shown,
            [line.user_id for line in lines],
            [line.keys for line in lines],
            [self.advertised[other].signature for other in shown],
            make_proof(DIRECTORY_NODE, [line.leaf for line in self.directory.lines.values()], shown),
        )
        return encode_extract(self.parameters.graph, self.tag, extract)

    def shared_keys(self, messages: Iterable[bytes]) -> dict[int, bytes]:
        """Fix U2; returns the messages of round 2 (sections Round 1 and Round 2)."""
        heard = self.receive_from(1, messages, range(self.user_count))
        for message in heard.values():
            same = message.body[:DIGEST_BYTES] == self.directory.digest
            require(same, f"user {message.user_id} has another directory")
        graph = self.parameters.graph
        self.bodies_of_round_1 = {position: message.body for position, message in heard.items()}
        self.deals = {
            dealer: decode_deal(body, graph, dealer, self.user_count) for dealer, body in self.bodies_of_round_1.items()
        }
        self.u2 = list(heard)
        self.require_holders(self.u2, self.u2, "U2")
        self.view2 = view_of_round_2(self.directory, self.u2)
        return self.to_each(self.u2, self.records_message)

    def records_message(self, holder: int) -> bytes:
        """The message of round 2 to one user (section Round 2)."""
        dealers = [dealer for dealer in self.neighbors(holder) if dealer in self.u2]
        records = b"".join(self.deals[dealer].records[holder].encode() for dealer in dealers)
        u2_bitmap = encode_set(self.u2, self.user_count)
        return encode_server_message(2, self.tag, u2_bitmap, self.order[holder], records)

    def masked_inputs(self, messages: Iterable[bytes]) -> dict[int, bytes]:
        """Fix U3 and sum up; returns the messages of round 3 (sections Round 2 and Round 3)."""
        heard = self.receive_from(2, messages, self.u2)
        self.sum = [0] * self.parameters.vec_len
        for position, message in heard.items():
            binding, packed = message.body[:DIGEST_BYTES], message.body[DIGEST_BYTES:]
            expected = input_binding(self.view2, self.bodies_of_round_1[position])
            require(binding == expected, f"user {message.user_id} has another view of round 2")
            self.sum = add_scaled(self.sum, 1, unpack(packed, self.parameters.vec_len, self.parameters.bits))
        self.u3 = list(heard)
        self.require_holders(self.u2, self.u3, "U3")
        self.view3 = view_of_round_3(self.directory, self.view2, self.u3)
        message_to_all = encode_server_message(3, self.tag, encode_set(self.u3, self.user_count))
        return self.to_each(self.u3, lambda position: message_to_all)

    def confirmed_views(self, messages: Iterable[bytes]) -> dict[int, bytes]:
        """Fix U4; returns the messages of round 4 (sections Round 3 and Round 4)."""
        self.confirmations = self.receive_from(3, messages, self.u3)
        for message in self.confirmations.values():
            require(message.body == self.view3, f"user {message.user_id} has another view of round 3")
        self.u4 = list(self.confirmations)
        self.require_holders(self.u2, self.u4, "U4")
        return self.to_each(self.u4, self.confirmations_message)

    def confirmations_message(self, position: int) -> bytes:
        """The message of round 4 to one user (section Round 4)."""
        holders = self.holders(position)
        present = [index for index, holder in enumerate(holders) if holder in self.u4]
        signatures = b"".join(self.confirmations[holders[index]].signature for index in present)
        return encode_server_message(4, self.tag, encode_set(present, len(holders)), signatures)

    def unmasked(self, messages: Iterable[bytes]) -> list[int]:
        """The signed sum of the inputs of U3 (section Round 4)."""
        good_shares: dict[int, dict[int, bytes]] = {owner: {} for owner in self.u2}
        for sender, message in self.receive_from(4, messages, self.u4).items():
            for owner, share in self.revealed_shares(sender, message.body).items():
                if self.share_fits(owner, sender, share):
                    good_shares[owner][sender] = share
                else:
                    self.wrong_shares.setdefault(self.order[sender], []).append(self.order[owner])
        total = self.sum
        for owner in self.u2:
            unmask_owner = self.without_self_mask if owner in self.u3 else self.without_pairwise_masks
            total = unmask_owner(total, owner, self.reconstruct(owner, good_shares[owner]))
        return to_signed(total, self.parameters.bits)

    def revealed_shares(self, sender: int, body: bytes) -> dict[int, bytes]:
        """The shares in a body of round 4 by owner; takes down the sender's report (section Round 4)."""
        require(body[:DIGEST_BYTES] == self.view3, f"user {self.order[sender]} has another view of round 3")
        owners = [owner for owner in self.holders(sender) if owner in self.u2]
        head = DIGEST_BYTES + (len(owners) + 7) // 8
        reported = [owners[index] for index in decode_set(body[DIGEST_BYTES:head], len(owners))]
        require(sender not in reported, f"user {self.order[sender]} reports itself")
        if reported:
            self.reports[self.order[sender]] = [self.order[dealer] for dealer in reported]
        revealed = [owner for owner in owners if owner not in reported]
        require(len(body) == head + SHARE_BYTES * len(revealed), "a body of round 4 of the wrong length")
        return dict(zip(revealed, split(body[head:], SHARE_BYTES), strict=True))

    def share_fits(self, owner: int, holder: int, share: bytes) -> bool:
        """Whether a revealed share is the one that its owner committed to (section Round 4)."""
        deal, directory = self.deals[owner], self.directory.digest
        owner_id, holder_id = self.order[owner], self.order[holder]
        if owner in self.u3:
            committed = commit_to_seed_share(directory, owner_id, holder_id, share)
            return committed == deal.seed_share_commitment(owner, holder)
        committed = commit_to_key_share(directory, owner_id, holder_id, share)
        return committed == deal.records[holder].key_share_commitment

    def reconstruct(self, owner: int, shares: Mapping[int, bytes]) -> bytes:
        """The owner's b or mask secret key, from the first s good shares, checked (section Round 4)."""
        needed, holders, owner_id = self.parameters.share_threshold, self.holders(owner), self.order[owner]
        require(len(shares) >= needed, f"too few good shares of user {owner_id}")
        chosen = {holders.index(holder): shares[holder] for holder in list(shares)[:needed]}
        secret = reconstruct_secret(chosen, len(holders))
        if owner in self.u3:
            consistent = commit_to_seed(self.directory.digest, owner_id, secret) == self.deals[owner].seed_commitment
        else:
            consistent = x25519_public_key(secret) == self.directory.keys_at(owner).mask
        require(consistent, f"user {owner_id} dealt inconsistently")
        return secret

    def without_self_mask(self, total: Sequence[int], owner: int, seed: bytes) -> list[int]:
        """`total` less the self-mask of a user in U3 (section Round 4)."""
        return add_scaled(total, -1, self_mask(self.parameters, seed, self.view2, self.order[owner]))

    def without_pairwise_masks(self, total: Sequence[int], silent: int, secret_key: bytes) -> list[int]:
        """`total` less the masks that its neighbors in U3 have with a user outside of it (section Round 4)."""
        for other in self.neighbors(silent):
            if other in self.u3:
                agreed = agree(secret_key, self.directory.keys_at(other).mask)
                mask = pairwise_mask(self.parameters, agreed, self.view2, self.order[other], self.order[silent])
                total = add_scaled(total, -mask_sign(self.order[other], self.order[silent]), mask)
        return list(total)
