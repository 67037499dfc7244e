// Which users are lost, in which round and how. Whatever makes a session lose a user is a loss, so that all losses together are
// within the dropouts of a plan.
import type { Seeded } from './seeded.ts';

export const ROUNDS = 5;

/**
 * How a user is lost:
 * - `silent`: it sends nothing from this round on.
 * - `misled`: it gets another user's message in round 2, refuses it and gives up.
 * - `lies`: the shares that it reveals in round 4 are wrong, so that the server cannot use them.
 */
export interface Loss {
  readonly userId: number;
  readonly round: number;
  readonly how: 'silent' | 'misled' | 'lies';
}

/**
 * Draws the users that are lost, and for each of them a round.
 *
 * @param all number of users, whose ids are 0 to all − 1.
 * @param count number of users that are lost.
 * @param faults whether half of the users lost in round 2 are misled, and half of those lost in round 4 lie.
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
