"""Verifying a session that ran to its end."""

from __future__ import annotations

from secagg.graph import SparseGraph
from secagg.ring import to_signed
from secagg.sharing import reconstruct_secret

from .running import Session


def verify_result(session: Session) -> None:
    """The result is the plain sum of the included users' vectors."""
    scenario = session.scenario
    assert sorted(session.server.order[position] for position in session.server.u3) == scenario.heard(2)
    included = [session.users[user_id].vector for user_id in scenario.heard(2)]
    plain = [sum(column) for column in zip(*included, strict=True)]
    if scenario.modular_inputs:
        plain = to_signed(plain, scenario.bits)
    else:
        vectors = [user.vector for user in session.users.values()]
        assert all(abs(c) <= scenario.largest_component for vector in vectors for c in vector)
    assert session.result == plain


def verify_neighborhoods(session: Session) -> None:
    """Users know their places; neighbors are each other's, and so are holders."""
    scenario, server = session.scenario, session.server
    assert sorted(server.order) == scenario.heard(0)
    for user in map(session.users.__getitem__, scenario.heard(1)):
        assert server.order[user.position] == user.user_id
        assert all(server.directory.lines[position] == line for position, line in user.directory.lines.items())
        assert all(user.position in server.neighbors(neighbor) for neighbor in user.neighbors)
        assert all(user.position in server.holders(holder) for holder in user.holders)


def verify_views(session: Session) -> None:
    """Everybody who got that far has the server's digests."""
    scenario, server, users = session.scenario, session.server, session.users
    assert all(users[user_id].directory.digest == server.directory.digest for user_id in scenario.heard(1))
    assert all(users[user_id].view2 == server.view2 for user_id in scenario.heard(2))
    assert all(users[user_id].view3 == server.view3 for user_id in scenario.heard(3))


def verify_sharing(session: Session) -> None:
    """The first s and the last s shares of each secret give the secret; holders have what was dealt to them."""
    threshold, users = session.scenario.parameters.share_threshold, session.users
    for dealer in map(users.__getitem__, session.scenario.heard(1)):
        shares = list(dealer.dealt.values())
        for chosen in (range(threshold), range(len(shares) - threshold, len(shares))):
            key = reconstruct_secret({i: shares[i].key_share for i in chosen}, len(shares))
            seed = reconstruct_secret({i: shares[i].seed_share for i in chosen}, len(shares))
            assert key == dealer.randomness.mask_secret_key and seed == dealer.randomness.self_mask_seed
        for holder in map(users.__getitem__, session.scenario.heard(2)):
            assert holder.shares.get(dealer.position) in (None, dealer.dealt.get(holder.position))


def verify_accusations(session: Session) -> None:
    """Nobody sent a wrong share, and the one tampered record is the one report."""
    tampering = session.scenario.tampering
    assert session.server.wrong_shares == {}
    assert session.server.reports == ({tampering.user_id: [tampering.dealer]} if tampering else {})


def verify_sizes(session: Session) -> None:
    """The sizes of section Sizes, where all of U1 stay, and of the envelopes."""
    scenario, graph = session.scenario, session.scenario.graph
    n, m, bits = len(scenario.heard(0)), scenario.vec_len, scenario.bits
    shown, neighbors, holders = len(graph.shown(0, n)), len(graph.neighbors(0, n)), len(graph.holders(0, n))
    own_commitment, proof, envelope = (0, 2 * 32 * (n - 1).bit_length(), 63) if isinstance(graph, SparseGraph) else (16, 0, 54)
    users_bitmap, holders_bitmap = (n + 7) // 8, (holders + 7) // 8
    deal, answer = 64 + own_commitment + 136 * neighbors, 32 + holders_bitmap + 32 * holders
    sent = [64, deal, 32 + (m * bits + 7) // 8, 32, answer]
    records, confirmations = users_bitmap + 136 * neighbors, holders_bitmap + 64 * holders
    received = [0, (128 + 9) * shown + proof, records, users_bitmap, confirmations]
    for round_, body, elements in zip(session.rounds, sent, received, strict=True):
        assert all(len(message) <= body + 117 for message in round_.from_users.values())
        assert all(len(message) <= elements + envelope for message in round_.to_users.values())


def verify(session: Session) -> None:
    """All that must hold of a finished session."""
    verify_result(session)
    verify_neighborhoods(session)
    verify_views(session)
    verify_sharing(session)
    verify_accusations(session)
    verify_sizes(session)
