// The sizes that are promised are those of real messages.
import { expect } from 'chai';
import { messageSizes } from '../../src/index.ts';
import { sparseIds } from '../support/cohort.ts';
import { Session } from '../support/session.ts';

describe('messageSizes', () => {
  it('are those of the messages of a session, for several numbers of users, ids, lengths and rings', async () => {
    for (const [ids, vecLen, bits] of [
      [[0, 1, 2], 1, 1],
      [sparseIds(9), 1000, 13],
      [Array.from({ length: 17 }, (_, i) => 1000 * i), 77, 64],
      [Array.from({ length: 40 }, (_, i) => i + 120), 5000, 21],
    ] as const) {
      const session = new Session({ ids, vecLen, options: { bits }, vectorOf: () => new Array<number>(vecLen).fill(0) });
      const ascending = [...ids].sort((a, b) => a - b);
      const last = ascending.at(-1);
      const { rounds, up, down } = messageSizes({ users: ids.length, vecLen, bits, ids: ascending });
      for (const [round, expected] of rounds.entries()) {
        const message = session.messages.get(last)!;
        const answers = await session.answers();
        const what = `round ${String(round)} of ${String(ids.length)} users`;
        expect({ down: message.length, up: answers.get(last)!.length }, what).to.deep.equal(expected);
        session.deliver(answers);
        await session.close();
      }
      expect(up).to.equal(rounds.reduce((sum, round) => sum + round.up, 0));
      expect(down).to.equal(rounds.reduce((sum, round) => sum + round.down, 0));
    }
  });

  it('expand 16-bit inputs of 2^10 users and 2^20 components by less than 1.9', () => {
    const { up, down } = messageSizes({ users: 2 ** 10, vecLen: 2 ** 20, bits: 26 });
    expect((up + down) / 2 ** 21).to.be.below(1.9);
  });

  it('names the argument that is wrong', () => {
    expect(() => messageSizes({ users: 3, vecLen: 0 })).to.throw(RangeError, 'vecLen');
    expect(() => messageSizes({ users: 3, vecLen: 1, bits: 65 })).to.throw(RangeError, 'bits');
    expect(() => messageSizes({ users: 3, vecLen: 1, ids: [1, 2] })).to.throw(RangeError, 'ids');
    expect(() => messageSizes({ users: 2, vecLen: 1, ids: [2, 1] })).to.throw(RangeError, 'ids[1]');
    expect(() => messageSizes({ users: 2, vecLen: 1, ids: ['a', 1] as never })).to.throw(TypeError, 'ids[0]');
    expect(() => messageSizes({ users: 1.5, vecLen: 1 })).to.throw(RangeError, 'users');
  });
});
