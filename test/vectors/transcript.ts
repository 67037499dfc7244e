// Plays a transcript of the reference implementation with its randomness.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { gf256, gf65536, type BinaryField } from '../../src/crypto/galois.ts';
import { SMALL_GROUP, type Split } from '../../src/crypto/shamir.ts';
import { PublicKeysWrapper, ServerWrapper, UserWrapper, type Adversary, type SparseGraph } from '../../src/index.ts';
import type { RandomSource } from '../../src/crypto/random.ts';
import { sessionTag } from '../../src/session/binding.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import { serverWith, userWith } from '../support/injected.ts';
import { fromHex, toHex } from '../support/vectors.ts';

interface Randomness {
  readonly channelSecretKey: string;
  readonly maskSecretKey: string;
  readonly selfMaskSeed: string | null;
  readonly keyPolynomial: readonly string[];
  readonly seedPolynomial: readonly string[];
  readonly nonces: readonly string[];
}

interface Transcript {
  readonly parameters: {
    readonly threshold: number;
    readonly vecLen: number;
    readonly bits: number;
    readonly graph?: SparseGraph;
    readonly context: string;
    readonly adversary: Adversary;
    readonly modularInputs?: boolean;
  };
  readonly users: readonly {
    readonly id: number;
    readonly signSecretKey: string;
    readonly signPublicKey: string;
    readonly vector: readonly string[];
    readonly randomness: Randomness;
  }[];
  readonly order?: readonly number[];
  readonly silent: readonly (readonly number[])[];
  readonly tampered?: { readonly round: number; readonly userId: number; readonly dealer: number; readonly byte: number };
  readonly digests: { readonly tag: string };
  readonly rounds: readonly {
    readonly toUsers?: Readonly<Record<string, string>>;
    readonly toAll?: string;
    readonly fromUsers: Readonly<Record<string, string>>;
  }[];
  readonly included: readonly number[];
  readonly result: readonly string[];
}

const FOLDER = fileURLToPath(new URL('./transcripts/', import.meta.url));
/** The names of the files. */
export const TRANSCRIPTS = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

/** Draws what the transcript says, in the order of the protocol; anything more is an error. */
function scripted(parts: readonly string[]): RandomSource {
  const left = parts.map(fromHex);
  return (length) => {
    const next = left.shift();
    if (next?.length !== length) throw new Error(`the transcript has no ${length} random bytes at this place`);
    return next;
  };
}

/**
 * The words with which the server draws this order: it shuffles the ascending ids (Fisher and Yates), from the last place on, and
 * takes a big-endian word modulo the number of those left.
 */
function scriptedOrder(order: readonly number[]): RandomSource {
  const ids = [...order].sort((a, b) => a - b);
  const words = new DataView(new ArrayBuffer(4096));
  for (const [word, place] of Array.from(ids.keys()).slice(1).reverse().entries()) {
    const from = ids.indexOf(order[place]!);
    words.setUint32(4 * word, from);
    [ids[place], ids[from]] = [ids[from]!, ids[place]!];
  }
  return scripted([toHex(new Uint8Array(words.buffer))]);
}

/**
 * Deals with the polynomials of the transcript: first those of the mask secret key, then those of the seed. Dealing itself draws
 * others: a library its own in the small field, in the large one coefficients in another basis. That their shares lie on
 * polynomials is seen in the tests of crypto/.
 */
function scriptedSplit({ keyPolynomial, seedPolynomial }: Randomness): Split {
  const polynomials = [keyPolynomial, seedPolynomial];
  return (secret, groupSize, threshold) => {
    const coefficients = polynomials.shift()!;
    expect(coefficients).to.have.length(threshold - 1);
    const polynomial = [secret, ...coefficients.map(fromHex)];
    const field = groupSize <= SMALL_GROUP ? gf256() : gf65536();
    return Promise.resolve(Array.from({ length: groupSize }, (_, position) => evaluate(field, polynomial, position + 1)));
  };
}

/** Horner's rule, symbol by symbol. */
function evaluate({ symbolBytes, exponential, logarithm }: BinaryField, coefficients: readonly Uint8Array[], x: number): Uint8Array {
  const times = (a: number): number => (a === 0 ? 0 : exponential[logarithm[a]! + logarithm[x]!]!);
  const value = new Uint8Array(32);
  const view = new DataView(value.buffer);
  for (const coefficient of [...coefficients].reverse()) {
    if (symbolBytes === 1) value.forEach((byte, i) => (value[i] = times(byte)));
    else for (let at = 0; at < 32; at += 2) view.setUint16(at, times(view.getUint16(at)));
    value.forEach((byte, i) => (value[i] = byte ^ coefficient[i]!));
  }
  return value;
}

function usersOf({ parameters, users }: Transcript): Map<number, UserWrapper> {
  const { threshold, vecLen, bits, graph = 'complete', context, adversary, modularInputs } = parameters;
  const pki = new PublicKeysWrapper(users.map(({ id, signPublicKey }) => [id, fromHex(signPublicKey)] as const));
  return new Map(
    users.map(({ id, signPublicKey, signSecretKey, vector, randomness }) => {
      const user = new UserWrapper(id, threshold, fromHex(signPublicKey), fromHex(signSecretKey), vector.map(BigInt), pki, {
        vecLen,
        bits,
        graph,
        session: fromHex(context),
        adversary,
        modularInputs: modularInputs ?? false,
      });
      const { channelSecretKey, maskSecretKey, selfMaskSeed, nonces } = randomness;
      const drawn = [channelSecretKey, maskSecretKey, ...(selfMaskSeed === null ? [] : [selfMaskSeed]), ...nonces];
      return [id, userWith(user, { random: scripted(drawn), split: scriptedSplit(randomness) })];
    }),
  );
}

/** Asserts that every message of every user and of the server comes out byte for byte, and so does the sum. */
export async function expectTranscript(file: string): Promise<void> {
  const transcript = JSON.parse(readFileSync(FOLDER + file, 'utf8')) as Transcript;
  const { threshold, vecLen, bits, graph = 'complete' as const, context, adversary } = transcript.parameters;
  const options = { bits, graph, session: fromHex(context), adversary };
  expect(toHex(sessionTag(resolveParameters(threshold, vecLen, options)))).to.equal(transcript.digests.tag);
  const users = usersOf(transcript);
  const publicKeys = new PublicKeysWrapper(transcript.users.map(({ id, signPublicKey }) => [id, fromHex(signPublicKey)] as const));
  const unscripted = new ServerWrapper(threshold, vecLen, { ...options, publicKeys });
  const server = serverWith(unscripted, scriptedOrder(transcript.order ?? []));

  for (const [round, { toUsers, toAll, fromUsers }] of transcript.rounds.entries()) {
    const sent = round === 0 ? null : server.output()!.getMessages();
    for (const [id, message] of sent ?? []) {
      const expected = toAll ?? toUsers![String(id)]!;
      if (transcript.tampered?.round === round && transcript.tampered.userId === id) expect(toHex(message)).not.to.equal(expected);
      else expect(toHex(message), `round ${round}, to user ${id}`).to.equal(expected);
    }
    for (const [name, answer] of Object.entries(fromUsers)) {
      const id = Number(name);
      const given = await users.get(id)!.round(fromHex(toAll ?? toUsers![name]!));
      expect(toHex(given), `round ${round}, from user ${name}`).to.equal(answer);
      server.recv(id, given);
      const unusable = transcript.tampered?.userId === id && (round === 2 || round === 3) ? [transcript.tampered.dealer] : [];
      expect(users.get(id)!.progress().unusableDeals).to.deep.equal(unusable);
    }
    await server.round();
  }
  const sum = Array.from(server.output()!.getVector() as ArrayLike<number | bigint>, String);
  expect(sum).to.deep.equal(transcript.result);
  expect(server.progress().included).to.deep.equal(transcript.included);
}
