"""The scenarios that have a transcript."""

from __future__ import annotations

from collections.abc import Sequence

from secagg.graph import SparseGraph

from .drawing import any_integer, near_the_ends, short_component
from .scenario import Scenario, Tampering


def many_ids(count: int) -> list[int]:
    """Ids with gaps, on both sides of the lengths of an encoded integer."""
    return [23 + 97 * position for position in range(count)]


def all_but(ids: Sequence[int], positions: Sequence[int]) -> list[int]:
    """The ids at all other positions."""
    return [user_id for position, user_id in enumerate(ids) if position not in positions]


IDS_257 = many_ids(257)
IDS_255 = many_ids(255)

SCENARIOS = [
    Scenario(
        name="three-users",
        description="Three users, nobody falls silent, the context is empty.",
        threshold=2, vec_len=5, bits=32, ids=[1, 2, 3],
    ),
    Scenario(
        name="sparse-ids",
        description="Ids far apart, a context that is not ASCII, one user falls silent in each of rounds 1 and 2.",
        threshold=3, vec_len=7, bits=17, ids=[0, 24, 256, 65536, 2**53 - 1],
        silent={1: [24], 2: [65536]}, context="Zählung № 7 – 東京 🗳",
    ),
    Scenario(
        name="one-bit",
        description="Components modulo 2, one user falls silent in each of rounds 1 to 4.",
        threshold=5, vec_len=33, bits=1, ids=[23, 127, 128, 255, 65535, 65537, 2**32 - 1, 2**32, 2**40 + 5],
        silent={1: [128], 2: [2**32 - 1], 3: [23], 4: [65537]},
        context="one bit", modular_inputs=True, component=any_integer,
    ),
    Scenario(
        name="bits-64-near-ends",
        description="64 bits with components close to 2^62 in absolute value, one user falls silent in round 2.",
        threshold=3, vec_len=6, bits=64, ids=[10, 11, 12, 13],
        silent={2: [11]}, context="wide", modular_inputs=True, component=near_the_ends,
    ),
    Scenario(
        name="bits-64",
        description="64 bits with components that sum without a wrap, one user falls silent in each of rounds 2 and 3.",
        threshold=3, vec_len=6, bits=64, ids=[3, 300, 70000, 2**33, 2**52],
        silent={2: [70000], 3: [3]}, context="wide",
    ),
    Scenario(
        name="bits-8",
        description="Lanes of one byte without spare bits, two users fall silent in round 3.",
        threshold=3, vec_len=19, bits=8, ids=[5, 24, 127, 128, 1000],
        silent={3: [24, 1000]}, context="bytes",
    ),
    Scenario(
        name="bits-40",
        description="Whole bytes in lanes with room to spare, one user falls silent in round 0.",
        threshold=3, vec_len=11, bits=40, ids=[100, 200, 300, 400],
        silent={0: [200]}, context="forty",
    ),
    Scenario(
        name="bits-33",
        description="Components across bytes, spare bits in the last byte, one user falls silent in round 4.",
        threshold=3, vec_len=5, bits=33, ids=[7, 77, 777, 7777],
        silent={4: [7]}, context="thirty-three",
    ),
    Scenario(
        name="bits-45",
        description="Masks of six bytes a component in two planes, one user falls silent in round 2.",
        threshold=3, vec_len=7, bits=45, ids=[4, 40, 400, 4000],
        silent={2: [40]}, context="forty-five",
    ),
    Scenario(
        name="users-257",
        description="Sharing over GF(2^16): six of 257 users answer in round 1, one of them falls silent in round 2.",
        threshold=3, vec_len=4, bits=16, ids=IDS_257,
        silent={1: all_but(IDS_257, [0, 41, 128, 254, 255, 256]), 2: [IDS_257[255]]},
        context="large group", adversary="semi-honest",
    ),
    Scenario(
        name="users-255",
        description="The largest group over GF(2^8): five of 255 users answer in round 1, one falls silent in round 2.",
        threshold=3, vec_len=3, bits=24, ids=IDS_255,
        silent={1: all_but(IDS_255, [1, 7, 127, 253, 254]), 2: [IDS_255[127]]},
        context="large group", adversary="semi-honest",
    ),
    Scenario(
        name="late-silence",
        description="One component, one user falls silent in each of rounds 0, 2 and 4, as many answer as needed.",
        threshold=9, vec_len=1, bits=12, ids=[2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377],
        silent={0: [5], 2: [233], 4: [34]}, context="late",
    ),
    Scenario(
        name="tampered-record",
        description="A record is altered on its way to a user, who reports its dealer; two other users fall silent.",
        threshold=4, vec_len=9, bits=20, ids=[11, 22, 33, 44, 55, 66, 77],
        silent={1: [22], 2: [66]}, context="tampered",
        tampering=Tampering(user_id=44, dealer=55, byte=41),
    ),
    Scenario(
        name="long-vector",
        description="Masks of two blocks in three planes; more than 65,535 bytes; one user falls silent in round 2.",
        threshold=2, vec_len=9371, bits=56, ids=[1, 2, 3],
        silent={2: [2]}, context="long", component=short_component,
    ),
    Scenario(
        name="sparse-graph-of-three",
        description="The smallest sparse graph: everybody is everybody's neighbor, and proofs are empty.",
        threshold=3, vec_len=4, bits=32, graph=SparseGraph(2, 2), ids=[4, 5, 6],
        context="a sparse graph", adversary="semi-malicious",
    ),
    Scenario(
        name="sparse-graph-but-one",
        description="A sparse graph on which each user has all others but one as neighbors; one user falls silent in round 2.",
        threshold=5, vec_len=6, bits=13, graph=SparseGraph(4, 3), ids=[1, 127, 128, 2**32 - 1, 2**32, 2**53 - 1],
        silent={2: [128]}, context="a sparse graph", adversary="semi-honest",
    ),
    Scenario(
        name="sparse-graph-far-ids",
        description="Ids far apart on a sparse graph, one user falls silent in each of rounds 1 to 3.",
        threshold=6, vec_len=7, bits=17, graph=SparseGraph(4, 2),
        ids=[0, 24, 256, 65535, 65536, 2**32 - 1, 2**32, 2**40 + 5, 2**53 - 1],
        silent={1: [24], 2: [65536], 3: [2**40 + 5]}, context="Rundgang № 9 – 環 ⭕", adversary="semi-honest",
    ),
    Scenario(
        name="sparse-graph-every-round",
        description="On a sparse graph, one user falls silent in each of rounds 0 to 4, and as many answer as needed.",
        threshold=7, vec_len=9, bits=64, graph=SparseGraph(6, 3), ids=[2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377],
        silent={0: [13], 1: [89], 2: [3], 3: [8], 4: [377]}, context="thinning out", adversary="semi-honest",
    ),
    Scenario(
        name="sparse-graph-semi-malicious",
        description="A sparse graph whose server may lie once it is drawn; one user falls silent in each of rounds 2 and 4.",
        threshold=10, vec_len=10, bits=40, graph=SparseGraph(8, 6), ids=[7 * position for position in range(12)],
        silent={2: [21], 4: [63]}, context="lies", adversary="semi-malicious",
    ),
    Scenario(
        name="sparse-graph-altered-record",
        description="An altered record on a sparse graph: its dealer is reported, two others fall silent, s of its shares remain.",
        threshold=7, vec_len=9, bits=20, graph=SparseGraph(6, 3), ids=[11, 22, 33, 44, 55, 66, 77, 88, 99, 110],
        silent={1: [22], 2: [66]}, context="tampered", adversary="semi-honest",
        tampering=Tampering(user_id=44, dealer=88, byte=60),
    ),
    Scenario(
        name="sparse-graph-one-bit",
        description="Components modulo 2, a long way round; one user falls silent in each of rounds 1, 2 and 4.",
        threshold=30, vec_len=17, bits=1, graph=SparseGraph(4, 2), ids=many_ids(33),
        silent={1: [23 + 97 * 4], 2: [23 + 97 * 9], 4: [23 + 97 * 30]},
        context="many neighborhoods", adversary="semi-honest", modular_inputs=True, component=any_integer,
    ),
]
