// One session: the calls of the server, and the network between it and the participants, which carries nothing but bytes.
import { round0Msg, ThresholdError } from 'secagg';
import { meanCost, type Cost } from './cost.ts';
import type { Dropouts } from './dropouts.ts';
import type { Participant } from './participant.ts';
import type { Servers } from './servers.ts';
import { encodingOf, type Task, type Terms } from './terms.ts';
import type { Model } from './model.ts';

export interface Network {
  readonly servers: Servers;
  readonly participants: readonly Participant[];
  readonly dropouts: Dropouts;
  /** Called before each protocol round. */
  readonly onRound: (round: number) => Promise<void>;
}

type SumVector = Int32Array | BigInt64Array;

/** Participants that were not heard, by protocol round. */
export type Silent = readonly (readonly number[])[];

export type Outcome = Sum | TooFew;

interface Sum {
  readonly kind: 'sum';
  readonly sum: SumVector;
  /** The mean of the updates in the sum, and the number of images that they are from. */
  readonly update: Model;
  readonly images: number;
  readonly included: readonly number[];
  readonly silent: Silent;
  /** The mean of the participants that answered to the end. */
  readonly participantCost: Cost;
  readonly serverCost: Cost;
}

interface TooFew {
  readonly kind: 'too few';
  readonly silent: Silent;
  readonly error: ThresholdError;
}

export async function aggregate(terms: Terms, task: Task, network: Network): Promise<Outcome> {
  const { threshold } = terms;
  const encoding = encodingOf(terms, task);
  const { servers, participants, dropouts, onRound } = network;
  const publicKeys = participants.map(({ id, publicKey }) => [id, publicKey] as const);
  const before = servers.cost;
  const session = await servers.call('create', { threshold, vecLen: encoding.vecLen, options: encoding.options, publicKeys });
  const silent: (readonly number[])[] = [];
  let messages = new Map<number, Uint8Array>(participants.map(({ id }) => [id, round0Msg()]));
  for (let round = 0; ; round++) {
    await onRound(round);
    const sent: Promise<void>[] = [];
    for (const participant of participants) {
      const message = messages.get(participant.id);
      if (message === undefined || dropouts.get(participant.id) === round) continue;
      sent.push(servers.call('recv', session, participant.id, await participant.answer(message)));
    }
    await Promise.all(sent);
    // A server on a real network waits here until nobody is missing or the time is over, as in ../http.ts.
    silent.push((await servers.call('progress', session)).missing);
    try {
      const output = await servers.call('round', session, round);
      if ('sum' in output) {
        const { sum } = output;
        const included = (await servers.call('progress', session)).included ?? [];
        const { mean: update, totalWeight: images } = encoding.decode(sum, { users: included.length });
        const participantCost = meanCost(participants.filter(({ id }) => !dropouts.has(id)).map(({ cost }) => cost));
        const serverCost = {
          bytes: servers.cost.bytes - before.bytes,
          milliseconds: servers.cost.milliseconds - before.milliseconds,
        };
        return { kind: 'sum', sum, update, images, included, silent, participantCost, serverCost };
      }
      messages = output.messages;
    } catch (error) {
      // Too many dropped out. This session has ended without a sum; the application may start another one.
      if (error instanceof ThresholdError) return { kind: 'too few', silent, error };
      throw error;
    }
  }
}
