// [BIK+17] Fig. 4: users may drop out in any round. Inputs are 2^i, so that the sum shows exactly who is in it.
import { expect } from 'chai';
import { sparseIds } from '../support/registered-users.ts';
import { Session } from '../support/session.ts';

describe('dropouts', () => {
  for (const round of [0, 1, 2, 3, 4]) {
    it(`bears dropouts in round ${round} up to the threshold, and says who and when`, async () => {
      const session = new Session({ ids: sparseIds(7), threshold: 5 });
      const silent = [session.setup.ids[0]!, session.setup.ids[4]!];
      const rounds = [0, 1, 2, 3, 4].map((r) => (r === round ? silent : []));
      const sum = await session.finish(rounds);
      const included = round < 3 ? session.setup.ids.filter((id) => !silent.includes(id)) : session.setup.ids;
      session.expectSum(sum, included);
      const reasons = [null, 'no-shares', 'no-masked-input', 'no-signature', 'no-answer'] as const;
      const reason = reasons[round];
      const dropped = silent.sort((a, b) => a - b).map((userId) => ({ userId, round, reason }));
      expect(session.server.progress().dropped).to.deep.equal(reason === null ? [] : dropped);
    });
  }

  it('bears dropouts in every round of one session', async () => {
    const session = new Session({ ids: sparseIds(16), threshold: 9 });
    const [a, b, c, d, e, f] = session.setup.ids as [number, number, number, number, number, number];
    const sum = await session.finish([[a], [b], [c, d], [e], [f]]);
    session.expectSum(
      sum,
      session.setup.ids.filter((id) => ![a, b, c, d].includes(id)),
    );
  });
});
