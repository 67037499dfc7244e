// One session: the calls of the server, and a network between the server and the participants that carries only bytes.
import { round0Msg, ThresholdError } from 'secagg';
import type { Receipt } from 'secagg/dp';
import { meanCost, type Cost } from './cost.ts';
import type { Dropouts } from './dropouts.ts';
import type { Model } from './models/tensors.ts';
import type { Participant } from './participant.ts';
import type { PrivacyAccount } from './privacy.ts';
import type { Servers } from './servers.ts';
import { contextOf, type Task, type Terms } from './terms.ts';
import { encodingOf, type SumVector } from './updates.ts';

export interface Network {
  readonly servers: Servers;
  readonly participants: readonly Participant[];
  readonly dropouts: Dropouts;
  /** Null if updates have no noise. */
  readonly account: PrivacyAccount | null;
  /** Called before each protocol round. */
  readonly onRound: (round: number) => Promise<void>;
}

/** The ids of the participants that the server did not hear, by protocol round. */
export type Silent = readonly (readonly number[])[];

export type Outcome = Sum | TooFew;

interface Sum {
  readonly kind: 'sum';
  readonly sum: SumVector;
  /** The mean of the updates in the sum, and how many images are behind it: null if the sum does not tell. */
  readonly update: Model;
  readonly images: number | null;
  /** What the sum has cost those who are in it; null if updates have no noise. */
  readonly receipt: Receipt | null;
  readonly included: readonly number[];
  readonly silent: Silent;
  /** The mean over the participants that answered all rounds. */
  readonly participantCost: Cost;
  readonly serverCost: Cost;
}

interface TooFew {
  readonly kind: 'too few';
  readonly silent: Silent;
  readonly error: ThresholdError;
}

/** In this protocol round participants send their masked updates. */
export const MASKED_INPUT = 2;

export async function aggregate(terms: Terms, task: Task, network: Network): Promise<Outcome> {
  const { threshold } = terms;
  const encoding = encodingOf(terms, task);
  const { servers, participants, dropouts, account, onRound } = network;
  const publicKeys = participants.map(({ id, publicKey }) => [id, publicKey] as const);
  const before = servers.cost;
  const session = await servers.call('create', { threshold, vecLen: encoding.vecLen, options: encoding.options, publicKeys });
  const silent: (readonly number[])[] = [];
  let messages = new Map<number, Uint8Array>(participants.map(({ id }) => [id, round0Msg()]));
  for (let round = 0; ; round++) {
    await onRound(round);
    if (round === MASKED_INPUT && encoding.privacy !== null) account?.reserve(contextOf(task), encoding.privacy.worst);
    const sent: Promise<void>[] = [];
    for (const participant of participants) {
      const message = messages.get(participant.id);
      if (message === undefined || dropouts.get(participant.id) === round) continue;
      sent.push(servers.call('recv', session, participant.id, await participant.answer(message)));
    }
    await Promise.all(sent);
    // On a real network, the server waits here until nobody is missing or the time is up, as in ../http.ts.
    silent.push((await servers.call('progress', session)).missing);
    try {
      const output = await servers.call('round', session, round);
      if ('sum' in output) {
        const { sum } = output;
        const included = (await servers.call('progress', session)).included ?? [];
        const { update, images } = encoding.decode(sum, included.length);
        const receipt = encoding.privacy?.receipt(included.length) ?? null;
        if (receipt !== null) account?.settle(contextOf(task), receipt);
        const participantCost = meanCost(participants.filter(({ id }) => !dropouts.has(id)).map(({ cost }) => cost));
        const serverCost = {
          bytes: servers.cost.bytes - before.bytes,
          milliseconds: servers.cost.milliseconds - before.milliseconds,
        };
        return { kind: 'sum', sum, update, images, receipt, included, silent, participantCost, serverCost };
      }
      messages = output.messages;
    } catch (error) {
      // Too many fell silent, so there is no sum. The next training round has fresh updates, and fresh noise.
      if (!(error instanceof ThresholdError)) throw error;
      if (round >= MASKED_INPUT) account?.settle(contextOf(task), 'failed');
      return { kind: 'too few', silent, error };
    }
  }
}
