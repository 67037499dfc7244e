// Who may speak, who was silent, and whether those that were heard are enough.
import { expect } from 'chai';
import { neighborhoodsOf } from '../../src/graph/graph.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { membersOf } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import { isEnough, requireNeighborhoods, requireThreshold, requireView, silent, speakerAt } from '../../src/server/attendance.ts';
import { refused } from '../support/errors.ts';
import { COMPLETE, SPARSE, type Setup } from '../support/step-session.ts';
import { momentAt, type Moments } from '../support/steps.ts';

describe('attendance', () => {
  let complete: Moments[1];
  let sparse: Moments[1];
  before(async () => {
    [complete, sparse] = [await momentAt(1, COMPLETE), await momentAt(1, SPARSE)];
  });
  const positionsIn = ({ server }: Moments[1], ...indices: number[]): Position[] =>
    indices.map((index) => server.directory.positions[index]!);

  it('names those that were expected and not heard, in the order in which they were expected', () => {
    const roster = complete.server.directory;
    const dropped = { round: 2, reason: 'no-masked-input' } as const;
    const [a, b, c] = positionsIn(complete, 3, 0, 1) as [Position, Position, Position];
    expect(silent(roster, [a, b, c], new Set([b]), dropped)).to.deep.equal([
      { userId: 2 ** 53 - 1, ...dropped },
      { userId: 7, ...dropped },
    ]);
    expect(silent(roster, [a, b], new Map([a, b].map((position) => [position, null])), dropped)).to.deep.equal([]);
  });

  it('refuses a message that was made for another view, and names nobody', () => {
    const who = { round: 3 as const, userId: 7 as UserId };
    requireView(Uint8Array.of(1, 2), Uint8Array.of(1, 2), who);
    for (const view of [Uint8Array.of(1, 3), Uint8Array.of(1), new Uint8Array()]) {
      const error = refused('ERR_SECAGG_VIEW', () => requireView(view, Uint8Array.of(1, 2), who));
      expect(error).to.deep.include({ round: 3, userIds: [] });
    }
  });

  it('refuses to go on with fewer users than the threshold, and says how many there are', () => {
    requireThreshold(3, 3, 1);
    requireThreshold(4, 3, 1);
    const error = refused('ERR_SECAGG_THRESHOLD', () => requireThreshold(2, 3, 1));
    expect(error).to.deep.include({ have: 2, need: 3, round: 1, userIds: [] });
  });

  it('lets only those speak that are in U1, and not out since', () => {
    const roster = complete.server.directory;
    const [id] = complete.session.ids as [UserId];
    expect(speakerAt(roster, null, 7 as UserId, 1)).to.equal(1);
    expect(speakerAt(roster, membersOf([0], 4), id, 2)).to.equal(0);
    const stranger = refused('ERR_SECAGG_UNKNOWN_USER', () => speakerAt(roster, null, 8 as UserId, 1));
    expect(stranger).to.deep.include({ round: 1, userIds: [] });
    const late = refused('ERR_SECAGG_LATE', () => speakerAt(roster, membersOf([0, 2, 3], 4), 7 as UserId, 2));
    expect(late).to.deep.include({ round: 2, userIds: [] });
  });

  describe('of the neighborhoods', () => {
    const enough = (setup: Setup, heard: readonly number[], u2: readonly number[] | null): boolean => {
      const moment = setup === COMPLETE ? complete : sparse;
      const { parameters } = moment.session;
      const members = u2 === null ? null : membersOf(u2, setup.ids.length);
      return isEnough(parameters, moment.server.directory, positionsIn(moment, ...heard), members);
    };
    const around = (out: readonly number[]): number[] => SPARSE.ids.map((_, i) => i).filter((i) => !out.includes(i));

    it('is enough on the complete graph if the threshold is: all hold shares of all', () => {
      expect(enough(COMPLETE, [], [0, 1, 2, 3])).to.equal(true);
    });

    it('is enough on a sparse graph if each user of U2 has as many neighbors as open its secret', () => {
      expect(enough(SPARSE, around([3]), around([]))).to.equal(true);
      expect(enough(SPARSE, around([3, 4]), around([]))).to.equal(false);
      // In round 1 U2 is those who were heard: the two that are gone need nobody.
      expect(enough(SPARSE, around([3, 4]), null)).to.equal(false);
      expect(enough(SPARSE, around([0, 4]), around([2]))).to.equal(true);
    });

    it('is not enough if somebody that is gone itself is in U2 and has too few neighbors left', () => {
      // The user at 3 has lost those at 4 and 5; nobody else of this U2 has lost two.
      expect(enough(SPARSE, around([3, 4, 5]), [0, 3])).to.equal(false);
      expect(enough(SPARSE, around([3, 4, 5]), [0])).to.equal(true);
    });

    it('ends the session with an error that names those whose neighborhood is too small, and the least that is left', () => {
      const { session, server } = sparse;
      const roster = server.directory;
      const graph = neighborhoodsOf(session.parameters.graph, roster.size);
      const check = (out: readonly number[]): void =>
        requireNeighborhoods(session.parameters, graph, {
          roster,
          u2: membersOf(around([]), 9),
          present: membersOf(around(out), 9),
          round: 2,
        });
      check([3]);
      const error = refused('ERR_SECAGG_THRESHOLD', () => check([3, 4, 5]));
      // Each of 3, 4 and 5 has two neighbors left, and so have those beside them; that at 2 and 6 have lost two as well.
      const lost = roster.userIds(positionsIn(sparse, 2, 3, 4, 5, 6));
      expect(error).to.deep.include({ have: 2, need: 3, round: 2, userIds: lost });
      expect(refused('ERR_SECAGG_THRESHOLD', () => check([3, 4, 6, 7]))).to.deep.include({ have: 0 });
    });

    it('never ends a session on the complete graph', () => {
      const { session, server } = complete;
      const nobody = membersOf([], 4);
      const graph = neighborhoodsOf('complete', 4);
      requireNeighborhoods(session.parameters, graph, {
        roster: server.directory,
        u2: membersOf([0, 1, 2, 3], 4),
        present: nobody,
        round: 2,
      });
    });
  });
});
