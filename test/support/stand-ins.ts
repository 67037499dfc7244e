// Stand-ins for the users of sessions that are too large for real ones, on either graph. A server that has no public keys of users
// cannot tell them from real ones: their messages have the form, the length and the commitments of real ones, and the sum is right.
// They differ in what no server can see:
//
// - Nobody drops out between rounds 1 and 2, so that pairwise masks would cancel in the sum, and are left out.
// - Ciphertexts and signatures are random bytes.
// - The shares of a secret lie on a straight line, which is also a polynomial of any higher degree.
import { systemRandom } from '../../src/crypto/random.ts';
import { split } from '../../src/crypto/shamir.ts';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import type { Neighborhoods } from '../../src/graph/neighborhoods.ts';
import type { Graph } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { hasMember, type Members } from '../../src/leaves/members.ts';
import { positionAt, type Position } from '../../src/leaves/positions.ts';
import { CIPHERTEXT_BYTES, RECORD_BYTES, SHARE_BYTES, SIGNATURE_BYTES } from '../../src/leaves/sizes.ts';
import { packedOf } from '../masking/lanes.ts';
import { applyMasks } from '../../src/masking/mask-expansion.ts';
import { Pace } from '../../src/masking/pace.ts';
import { ringOf } from '../../src/masking/ring.ts';
import {
  commitToSeed,
  commitToShare,
  digestOfDeal,
  digestOfDirectory,
  maskedInputView,
  rootOfExcerpt,
  selfMaskKey,
  sessionTag,
  viewOfRound2,
  viewOfRound3,
} from '../../src/session/binding.ts';
import type { Round } from '../../src/session/notation.ts';
import { resolveParameters, type Parameters } from '../../src/session/parameters.ts';
import { decodeServerMessage, encodeUserMessage } from '../../src/wire/envelope.ts';
import { decodeDirectory, encodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { decodeShares, encodeMaskedInput } from '../../src/wire/r2-masked-input.ts';
import { decodeSurvivors } from '../../src/wire/r3-consistency-check.ts';
import { encodeUnmask } from '../../src/wire/r4-unmasking.ts';

interface StandIn {
  readonly id: UserId;
  readonly selfMaskSeed: Uint8Array;
  position: Position;
  /** Of its self-mask seed, by the index of the holder, one after the other. */
  shares: Uint8Array;
  /** The digest of its deal. */
  deal: Uint8Array;
}

export interface StandInsSetup {
  readonly users: number;
  readonly threshold: number;
  readonly vecLen: number;
  readonly graph?: Graph;
}

export class StandIns {
  /** Ascending. */
  readonly ids: readonly UserId[];
  readonly #parameters: Parameters;
  readonly #tag: Uint8Array;
  readonly #users: readonly StandIn[];
  readonly #byPosition: StandIn[] = [];
  #graph: Neighborhoods | null = null;
  #directoryDigest = new Uint8Array();
  #view2 = new Uint8Array();
  #view3 = new Uint8Array();
  #u2: Members | null = null;

  constructor({ users, threshold, vecLen, graph = 'complete' }: StandInsSetup) {
    this.#parameters = resolveParameters(threshold, vecLen, { graph });
    this.#tag = sessionTag(this.#parameters);
    this.#users = Array.from({ length: users }, (_, i) => ({
      id: (7 * i + 1) as UserId,
      selfMaskSeed: systemRandom(32),
      position: 0 as Position,
      shares: new Uint8Array(),
      deal: new Uint8Array(),
    }));
    this.ids = this.#users.map(({ id }) => id);
  }

  /** x_u of the i-th user: all components are i + 1. */
  sumOf(indices: readonly number[]): number {
    return indices.reduce((sum, i) => sum + i + 1, 0);
  }

  /** The i-th user's message of a round. @param message the server's of this round to any of them; null in rounds 0 and 1. */
  async answer(round: Round, i: number, message: Uint8Array | null): Promise<Uint8Array> {
    const user = this.#users[i]!;
    const fields = message === null ? [] : decodeServerMessage(message, this.#tag, Infinity).fields;
    const users = this.#graph?.users ?? 0;
    switch (round) {
      case 0:
        return this.#message(user, round, advertised());
      case 1:
        return this.#message(user, round, await this.#deal(user, this.#graph!));
      case 2: {
        const { u2 } = decodeShares(fields, users);
        this.#u2 ??= u2;
        if (this.#view2.length === 0) this.#view2 = Uint8Array.from(viewOfRound2(this.#directoryDigest, u2));
        return this.#message(user, round, await this.#maskedInput(user, i + 1));
      }
      case 3:
        if (this.#view3.length === 0) this.#view3 = Uint8Array.from(viewOfRound3(this.#view2, decodeSurvivors(fields, users)));
        return this.#message(user, round, this.#view3);
      case 4:
        return this.#message(user, round, this.#revealed(user, this.#graph!, this.#u2!));
    }
  }

  #message({ id }: StandIn, round: Round, body: Uint8Array): Uint8Array {
    return encodeUserMessage(this.#tag, { round, sender: id, body, signature: systemRandom(SIGNATURE_BYTES) });
  }

  async #deal(user: StandIn, graph: Neighborhoods): Promise<Uint8Array> {
    const { id, selfMaskSeed, position } = user;
    const shares = await split(selfMaskSeed, graph.groupSize, 2, systemRandom);
    user.shares = new Uint8Array(graph.groupSize * SHARE_BYTES);
    shares.forEach((share, index) => user.shares.set(share, index * SHARE_BYTES));
    const sealed = systemRandom(graph.degree * RECORD_BYTES);
    let ownShareCommitment: Uint8Array | null = null;
    graph.holders(position).forEach((holder, index) => {
      const share = user.shares.subarray(index * SHARE_BYTES, (index + 1) * SHARE_BYTES);
      const commitment = commitToShare(this.#directoryDigest, 'self-mask', id, this.#byPosition[holder]!.id, share);
      if (holder === position) ownShareCommitment = commitment;
      else sealed.set(commitment, graph.neighborIndex(position, holder) * RECORD_BYTES + CIPHERTEXT_BYTES);
    });
    const seedCommitment = commitToSeed(this.#directoryDigest, id, selfMaskSeed);
    const deal = { seedCommitment, ownShareCommitment, sealed };
    user.deal = Uint8Array.from(digestOfDeal(this.#directoryDigest, deal));
    return encodeShareKeys({ directoryDigest: this.#directoryDigest, deal });
  }

  /** What the i-th user learns from the server's message of round 1. All users see the directory before the first of them deals. */
  see(i: number, message: Uint8Array): void {
    const { fields } = decodeServerMessage(message, this.#tag, Infinity);
    const excerpt = decodeDirectory(fields, this.#parameters.graph);
    if (this.#graph === null) {
      this.#graph = neighborhoodsOf(this.#parameters.graph, excerpt.users);
      this.#directoryDigest = Uint8Array.from(digestOfDirectory(this.#tag, excerpt.users, rootOfExcerpt(excerpt)!));
    }
    const user = this.#users[i]!;
    const own = excerpt.lines.findIndex(({ userId }) => userId === user.id);
    user.position = positionAt((excerpt.first + own) % excerpt.users, excerpt.users);
    this.#byPosition[user.position] = user;
  }

  async #maskedInput({ id, selfMaskSeed, deal }: StandIn, component: number): Promise<Uint8Array> {
    const ring = ringOf(this.#parameters.bits);
    const lanes = new Uint8Array(new Int32Array(this.#parameters.vecLen).fill(component).buffer);
    await applyMasks(ring, lanes, [{ seed: selfMaskKey(selfMaskSeed, this.#view2, id), sign: 1 }], new Pace());
    return encodeMaskedInput({ view: maskedInputView(this.#view2, deal), vector: packedOf(ring, lanes) });
  }

  #revealed({ position }: StandIn, graph: Neighborhoods, u2: Members): Uint8Array {
    const answer = graph
      .holders(position)
      .filter((owner) => hasMember(u2, owner))
      .map((owner) => {
        const at = graph.holderIndex(owner, position) * SHARE_BYTES;
        return { kind: 'self-mask' as const, share: this.#byPosition[owner]!.shares.subarray(at, at + SHARE_BYTES) };
      });
    return encodeUnmask({ view: this.#view3, answer });
  }
}

/** Two keys that pass for X25519 keys. */
function advertised(): Uint8Array {
  const keys = systemRandom(64);
  for (const at of [31, 63]) keys[at]! &= 0x3f;
  return keys;
}
