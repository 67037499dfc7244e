// Stand-ins for users, which look the same to the server at a thousandth of the cost: with a thousand real users of a million
// components, making the pairwise masks alone would take half an hour. Their messages have the form, the length, the commitments and
// the signatures of real ones, and the sum that the server computes is right. They differ in what no server can see:
//
// - Nobody drops out between rounds 1 and 2, so that pairwise masks cancel in the sum, and any vectors that add up to zero can replace
//   them. Each user has two instead of one for each other user: one shared with the user before it, one with the user after it. The
//   self-mask is the real one, which the server removes.
// - Ciphertexts are random bytes, because their recipients are in this process and know the shares.
// - The shares of a secret lie on a straight line, which is also a polynomial of any higher degree.
// - The server's messages are not checked.
import { concat } from '../../src/leaves/bytes.ts';
import { generateKeyPair } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { split } from '../../src/crypto/shamir.ts';
import { sign } from '../../src/crypto/sign.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { applyMasks } from '../../src/masking/mask-expansion.ts';
import { Pace } from '../../src/masking/pace.ts';
import { packedOf } from '../../test/masking/lanes.ts';
import { ringOf } from '../../src/masking/ring.ts';
import { resolveParameters, type Parameters } from '../../src/session/parameters.ts';
import {
  commitToSeed,
  commitToShare,
  digestOfBody,
  digestOfDeal,
  digestOfDirectory,
  maskedInputView,
  rootOfExcerpt,
  selfMaskKey,
  sessionTag,
  signedBytes,
  viewOfRound2,
  viewOfRound3,
} from '../../src/session/binding.ts';
import { joinSealed } from '../../src/session/deals.ts';
import type { DirectoryExcerpt } from '../../src/session/messages.ts';
import type { Round } from '../../src/session/notation.ts';
import { CIPHERTEXT_BYTES, KEY_BYTES, SHARE_COMMITMENT_BYTES } from '../../src/leaves/sizes.ts';
import { decodeServerMessage, encodeUserMessage } from '../../src/wire/envelope.ts';
import type { Field } from '../../src/wire/msgpack.ts';
import { encodeAdvertiseKeys } from '../../src/wire/r0-advertise-keys.ts';
import { decodeDirectory, encodeShareKeys } from '../../src/wire/r1-share-keys.ts';
import { decodeShares, encodeMaskedInput } from '../../src/wire/r2-masked-input.ts';
import { decodeSurvivors } from '../../src/wire/r3-consistency-check.ts';
import { encodeUnmask } from '../../src/wire/r4-unmasking.ts';
import { vectorOf, type RegisteredUsers } from '../registered-users.ts';

/** A stand-in for the user of one id. */
interface StandIn {
  readonly id: UserId;
  readonly selfMaskSeed: Uint8Array;
  /** Seed of the vector that it shares with the user before it. */
  readonly sharedSeed: Uint8Array;
  /** Shares of its self-mask seed, by holder. */
  shares: readonly Uint8Array[];
  /** The digest of its deal. */
  deal: Uint8Array;
}

type Body = (user: StandIn) => Uint8Array | Promise<Uint8Array>;

function directoryOf(tag: Uint8Array, excerpt: DirectoryExcerpt): Uint8Array {
  const root = rootOfExcerpt(excerpt);
  if (root === null) throw new Error('the server’s directory has no root');
  return digestOfDirectory(tag, excerpt.users, root);
}

export class StandIns {
  readonly #registered: RegisteredUsers;
  readonly #parameters: Parameters;
  readonly #tag: Uint8Array;
  readonly #users: readonly StandIn[];
  #directory: Uint8Array = new Uint8Array();
  #view2: Uint8Array = new Uint8Array();
  #view3: Uint8Array = new Uint8Array();

  constructor(registered: RegisteredUsers, { threshold, vecLen }: { threshold: number; vecLen: number }) {
    this.#registered = registered;
    this.#parameters = resolveParameters(threshold, vecLen, {});
    this.#tag = sessionTag(this.#parameters);
    this.#users = registered.keys.map((_, id) => ({
      id: id as UserId,
      selfMaskSeed: systemRandom(KEY_BYTES),
      sharedSeed: systemRandom(KEY_BYTES),
      shares: [],
      deal: new Uint8Array(),
    }));
  }

  /** Their answers to the server's messages of a round; there are no messages in round 0. */
  async *answers(round: Round, messages: ReadonlyMap<number, Uint8Array>): AsyncGenerator<[number, Uint8Array]> {
    // The fields that are used are the same for all users.
    const message = messages.get(0);
    const fields = message === undefined ? [] : decodeServerMessage(message, this.#tag, Infinity).fields;
    const bodyOf = this.#bodies(round, fields);
    for (const user of this.#users) {
      const body = await bodyOf(user);
      const [, signSecretKey = new Uint8Array()] = this.#registered.keys[user.id] ?? [];
      const signature = await sign(
        signSecretKey,
        signedBytes(this.#tag, round, user.id, digestOfBody(this.#parameters, round, body)),
      );
      yield [user.id, encodeUserMessage(this.#tag, { round, sender: user.id, body, signature })];
    }
  }

  #bodies(round: Round, fields: readonly Field[]): Body {
    const users = this.#users.length;
    switch (round) {
      case 0:
        return async () => {
          const [channel, mask] = [await generateKeyPair(systemRandom), await generateKeyPair(systemRandom)];
          return encodeAdvertiseKeys({ channelKey: channel.publicKey, maskKey: mask.publicKey });
        };
      case 1:
        this.#directory = directoryOf(this.#tag, decodeDirectory(fields, 'complete'));
        return (user) => this.#deal(user);
      case 2:
        this.#view2 = viewOfRound2(this.#directory, decodeShares(fields, users).u2);
        return (user) => this.#maskedInput(user);
      case 3:
        this.#view3 = viewOfRound3(this.#view2, decodeSurvivors(fields, users));
        return () => this.#view3;
      case 4:
        return ({ id }) => {
          const answer = this.#users.map(({ shares }) => ({ kind: 'self-mask' as const, share: shares[id] ?? new Uint8Array() }));
          return encodeUnmask({ view: this.#view3, answer });
        };
    }
  }

  async #deal(user: StandIn): Promise<Uint8Array> {
    const { id, selfMaskSeed } = user;
    const directoryDigest = this.#directory;
    user.shares = await split(selfMaskSeed, this.#users.length, 2, systemRandom);
    const selfMasks = user.shares.map((share, holder) =>
      commitToShare(directoryDigest, 'self-mask', id, holder as UserId, share),
    );
    const sealed = selfMasks.map((selfMask) =>
      joinSealed({
        ciphertext: systemRandom(CIPHERTEXT_BYTES),
        commitments: { selfMask, pairwiseKey: systemRandom(SHARE_COMMITMENT_BYTES) },
      }),
    );
    const deal = {
      seedCommitment: commitToSeed(directoryDigest, id, selfMaskSeed),
      ownShareCommitment: selfMasks[id] ?? new Uint8Array(),
      sealed: concat(sealed.filter((_, holder) => holder !== id)),
    };
    user.deal = digestOfDeal(directoryDigest, deal);
    return encodeShareKeys({ directoryDigest, deal });
  }

  async #maskedInput({ id, selfMaskSeed, sharedSeed, deal }: StandIn): Promise<Uint8Array> {
    const ring = ringOf(this.#parameters.bits);
    const lanes = new Uint8Array(vectorOf(id, this.#parameters.vecLen).buffer); // of 32 bits, as the components
    const next = this.#users[(id + 1) % this.#users.length]?.sharedSeed ?? sharedSeed;
    // Copies, because seeds are wiped.
    const masks = [
      { seed: selfMaskKey(selfMaskSeed, this.#view2, id), sign: 1 },
      { seed: sharedSeed.slice(), sign: 1 },
      { seed: next.slice(), sign: -1 },
    ] as const;
    await applyMasks(ring, lanes, masks, new Pace());
    return encodeMaskedInput({ view: maskedInputView(this.#view2, deal), vector: packedOf(ring, lanes) });
  }
}
