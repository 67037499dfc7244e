// What a session played by pure steps is made with: its users and their keys, its parameters, and all its randomness.
import { fingerprint } from '../../src/crypto/digest.ts';
import type { RandomSource } from '../../src/crypto/random.ts';
import { split, type Split } from '../../src/crypto/shamir.ts';
import { generateSignKeyPair, sign, type SignPublicKey, type SignSecretKey } from '../../src/crypto/sign.ts';
import type { SparseGraph } from '../../src/index.ts';
import { concat, utf8 } from '../../src/leaves/bytes.ts';
import { userId, type UserId } from '../../src/leaves/ids.ts';
import { ringOf } from '../../src/masking/ring.ts';
import { lanesOf } from '../../src/masking/vector.ts';
import type { advertiseKeys } from '../../src/server/r0-advertise-keys.ts';
import type * as Server from '../../src/server/state.ts';
import { digestOfBody, sessionTag, signedBytes } from '../../src/session/binding.ts';
import type { Round } from '../../src/session/notation.ts';
import {
  packedLength,
  resolveParameters,
  resolvePolicy,
  type Parameters as SessionParameters,
  type Policy,
} from '../../src/session/parameters.ts';
import type * as User from '../../src/user/state.ts';
import type { Dependencies } from '../../src/user/step.ts';

/** Draws that a seed fixes, so that a run can be repeated. */
export function seededRandom(seed: string): RandomSource {
  let draws = 0;
  return (length) => {
    const draw = draws++;
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => fingerprint(utf8(`${seed} ${draw} ${i}`)));
    return concat(blocks).slice(0, length);
  };
}

/** Randomness and sharing of a user that keep what they gave. */
export function recordedDependencies(random: RandomSource): {
  readonly dependencies: Dependencies;
  readonly drawn: Uint8Array[];
  readonly shared: { readonly secret: Uint8Array; readonly threshold: number; readonly shares: Uint8Array[] }[];
} {
  const drawn: Uint8Array[] = [];
  const shared: { secret: Uint8Array; threshold: number; shares: Uint8Array[] }[] = [];
  const recorded: RandomSource = (length) => {
    const bytes = random(length);
    drawn.push(bytes);
    return bytes;
  };
  const recordedSplit: Split = async (secret, groupSize, threshold) => {
    const shares = await split(secret, groupSize, threshold, random);
    shared.push({ secret, threshold, shares });
    return shares;
  };
  return { dependencies: { random: recorded, split: recordedSplit }, drawn, shared };
}

/** Closes a round on the caller's own thread. */
export function closingWork(random: RandomSource = seededRandom('closing')): Parameters<typeof advertiseKeys.close>[2] {
  return { random, threads: 0, worker: null, signal: undefined, onProgress: () => undefined };
}

export interface Setup {
  readonly ids: readonly number[];
  readonly threshold: number;
  readonly graph: 'complete' | SparseGraph;
  readonly policy: Partial<Policy>;
}

/** Four users on the complete graph: any three of them give a sum. */
export const COMPLETE: Setup = { ids: [0, 7, 20, 2 ** 53 - 1], threshold: 3, graph: 'complete', policy: {} };

/** Nine users on a sparse graph of four neighbors: each bears that one of its own is gone. */
export const SPARSE: Setup = {
  ids: Array.from({ length: 9 }, (_, i) => 10 + 3 * i),
  threshold: 6,
  graph: { neighbors: 4, shareThreshold: 3 },
  policy: { adversary: 'semi-honest' },
};

/** What all parties of a session know, and the keys of its users. */
export class StepSession {
  readonly ids: readonly UserId[];
  readonly parameters: SessionParameters;
  readonly policy: Policy;
  readonly tag: Uint8Array;
  readonly secretKeys: ReadonlyMap<UserId, SignSecretKey>;
  readonly publicKeys: ReadonlyMap<UserId, SignPublicKey>;
  readonly random: RandomSource;

  constructor({ ids, threshold, graph, policy }: Setup, seed = 'session') {
    this.random = seededRandom(seed);
    this.ids = ids.map((id) => userId(id, 'id'));
    this.parameters = resolveParameters(threshold, 5, { bits: 20, graph, session: seed });
    this.policy = resolvePolicy(policy, graph, ids.length);
    this.tag = sessionTag(this.parameters);
    const pairs = this.ids.map((id) => [id, generateSignKeyPair(this.random)] as const);
    this.publicKeys = new Map(pairs.map(([id, [publicKey]]) => [id, publicKey]));
    this.secretKeys = new Map(pairs.map(([id, [, secretKey]]) => [id, secretKey]));
  }

  contextOf(id: UserId): User.UserContext {
    const { parameters, tag, policy, publicKeys } = this;
    return { parameters, tag, policy, publicKeys, userId: id };
  }

  get serverContext(): Server.ServerContext {
    const { parameters, tag, policy, publicKeys } = this;
    return { parameters, tag, policy, publicKeys };
  }

  /** A user's signature under its message of a round. */
  async signed(round: Round, id: UserId, body: Uint8Array): Promise<Uint8Array> {
    return sign(this.secretKeys.get(id)!, signedBytes(this.tag, round, id, digestOfBody(this.parameters, round, body)));
  }

  /** 2^i and −1 in turn for the i-th user, so that a sum shows exactly who is in it. */
  vectorOf(id: UserId): number[] {
    const index = this.ids.indexOf(id);
    return Array.from({ length: this.parameters.vecLen }, (_, j) => (j % 2 === 0 ? 2 ** index : -1));
  }

  lanesOf(id: UserId): Uint8Array {
    return lanesOf(ringOf(this.parameters.bits), this.vectorOf(id), this.parameters.vecLen, 'modular');
  }

  /** What round 2 takes beside the message: the input, and memory for the masked one. */
  givenInput(id: UserId): { readonly input: Uint8Array; readonly vector: Uint8Array } {
    const { vecLen, bits } = this.parameters;
    return { input: this.lanesOf(id), vector: new Uint8Array(packedLength(vecLen, bits)) };
  }

  plainSum(ids: readonly UserId[]): number[] {
    return Array.from({ length: this.parameters.vecLen }, (_, j) => ids.reduce((sum, id) => sum + this.vectorOf(id)[j]!, 0));
  }
}
