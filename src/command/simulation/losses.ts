// Who is lost, in which round and how. All that costs a session a user is a loss, so that a plan's dropouts bound them together.
import type { Seeded } from './seeded.ts';

export const ROUNDS = 5;

/**
 * The last thing that a user does not do:
 * - `silent`: it says nothing from this round on.
 * - `misled`: it is handed another user's message of round 2, refuses it and gives up.
 * - `lies`: the shares that it reveals in round 4 are wrong, so that they cannot be used.
 */
export interface Loss {
  readonly userId: number;
  readonly round: number;
  readonly how: 'silent' | 'misled' | 'lies';
}

/**
 * @param all ids are 0 to all − 1.
 * @param count of them are lost, each in a round of its own draw; with `faults`, half of those of round 2 are misled and half of
 * those of round 4 lie.
 */
export function drawLosses(all: number, count: number, faults: boolean, random: Seeded): ReadonlyMap<number, Loss> {
  const lost = random.order(all).slice(0, count);
  return new Map(
    lost.map((userId) => {
      const round = random.below(ROUNDS);
      const otherwise = round === 2 ? 'misled' : round === 4 ? 'lies' : 'silent';
      return [userId, { userId, round, how: faults && random.chance(1 / 2) ? otherwise : 'silent' }];
    }),
  );
}
