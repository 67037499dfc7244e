// Which participants drop out of one session, and in which round of the protocol.
import type { Seeded } from './seeded.ts';

export const PROTOCOL_ROUNDS = 5;

/** Participants that drop out, with the first protocol round, 0 to 4, in which they are not heard. */
export type Dropouts = ReadonlyMap<number, number>;

/** Draws the dropouts. With five or more, each protocol round loses somebody, and each takes another path through the unmasking. */
export function planDropouts(participants: readonly number[], count: number, random: Seeded): Dropouts {
  const rounds = random.shuffled(Array(PROTOCOL_ROUNDS).keys());
  const silent = random.shuffled(participants).slice(0, count);
  return new Map(silent.map((id, i) => [id, rounds[i] ?? random.below(PROTOCOL_ROUNDS)]));
}
