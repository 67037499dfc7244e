// One session: the server's side, and the network between it and the participants, over which nothing goes but bytes.
import { round0Msg, ServerWrapper, ThresholdError, type ServerEvent } from 'secagg';
import { meanCost, NOTHING, plus, type Cost } from './cost.ts';
import type { Dropouts } from './dropouts.ts';
import type { Participant } from './participant.ts';
import { encodingOf, type Task, type Terms } from './terms.ts';
import type { Model } from './model.ts';

export interface Network {
  readonly participants: readonly Participant[];
  readonly dropouts: Dropouts;
  /** Called before each protocol round. */
  readonly onRound: (round: number) => Promise<void>;
}

type SumVector = Int32Array | BigInt64Array;

/** Who was not heard, by protocol round. */
export type Silent = readonly (readonly number[])[];

export type Outcome = Sum | TooFew;

interface Sum {
  readonly kind: 'sum';
  readonly sum: SumVector;
  /** The mean of the updates in the sum, and how many images are behind it. */
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
  const { threshold, publicKeys } = terms;
  const encoding = encodingOf(terms, task);
  const { participants, dropouts, onRound } = network;
  let serverCost = NOTHING;
  const listener = (event: ServerEvent): void => {
    if (event.type === 'message-accepted' || event.type === 'round-closed') serverCost = plus(serverCost, event);
  };
  const server = new ServerWrapper(threshold, encoding.vecLen, { ...encoding.options, publicKeys, listener });
  const silent: (readonly number[])[] = [];
  let messages = new Map(participants.map(({ id }) => [id, round0Msg()]));
  for (let round = 0; ; round++) {
    await onRound(round);
    for (const participant of participants) {
      const message = messages.get(participant.id);
      if (message === undefined || dropouts.get(participant.id) === round) continue;
      server.recv(participant.id, await participant.answer(message));
    }
    // Here a server on a real network waits until nobody is missing or its patience ends, as in ../http.ts.
    silent.push(server.progress().missing);
    try {
      const output = await server.round();
      if (output.isVector()) {
        const sum = output.getVector();
        const included = server.progress().included ?? [];
        const { mean: update, totalWeight: images } = encoding.decode(sum, { users: included.length });
        const participantCost = meanCost(participants.filter(({ id }) => !dropouts.has(id)).map(({ cost }) => cost));
        return { kind: 'sum', sum, update, images, included, silent, participantCost, serverCost };
      }
      messages = output.getMessages();
    } catch (error) {
      // Too many fell silent. This session is over, and no sum is known; the application may start another.
      if (error instanceof ThresholdError) return { kind: 'too few', silent, error };
      throw error;
    }
  }
}
