// Who falls silent in which round of the protocol, in one session.
import type { Seeded } from './seeded.ts';

export const PROTOCOL_ROUNDS = 5;

/** Participants that fall silent, each with the first protocol round (0 to 4) in which it sends nothing. */
export type Dropouts = ReadonlyMap<number, number>;

/** If five or more fall silent, each protocol round loses somebody, so the demo runs every path of the unmasking. */
export function planDropouts(participants: readonly number[], count: number, random: Seeded): Dropouts {
  const rounds = random.shuffled(Array(PROTOCOL_ROUNDS).keys());
  const silent = random.shuffled(participants).slice(0, count);
  return new Map(silent.map((id, i) => [id, rounds[i] ?? random.below(PROTOCOL_ROUNDS)]));
}
