// The sizes that are promised are those of real messages.
import { expect } from 'chai';
import { messageSizes } from '../../src/index.ts';
import { sparseIds } from '../support/registered-users.ts';
import { positionsOf, sparseSession } from '../support/sparse.ts';
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
      const last = ascending.at(-1)!;
      const { rounds, up, down } = messageSizes({ users: ids.length, vecLen, bits, ids: ascending });
      for (const [round, expected] of rounds.entries()) {
        const message = session.messages.get(last)!;
        const answers = await session.answers();
        const what = `round ${round} of ${ids.length} users`;
        expect({ down: message.length, up: answers.get(last)!.length }, what).to.deep.equal(expected);
        session.deliver(answers);
        await session.close();
      }
      expect(up).to.equal(rounds.reduce((sum, round) => sum + round.up, 0));
      expect(down).to.equal(rounds.reduce((sum, round) => sum + round.down, 0));
    }
  });

  it('are those of a session on a sparse graph: of the user in the middle exactly, of others but for a few digests', async () => {
    for (const [users, graph] of [
      [7, { neighbors: 4, shareThreshold: 2 }],
      [41, { neighbors: 12, shareThreshold: 6 }],
      [40, { neighbors: 2, shareThreshold: 2 }],
    ] as const) {
      // Ids that all take as many bytes.
      const ids = Array.from({ length: users }, (_, i) => 70_000 + 5 * i);
      const session = sparseSession(users, graph, { ids });
      const { rounds } = messageSizes({ users, vecLen: 3, graph, ids });
      for (const [round, expected] of rounds.entries()) {
        const answers = await session.answers();
        for (const answer of answers.values()) expect(answer.length, `round ${round}, up`).to.equal(expected.up);
        const middle = round === 0 ? ids[0]! : positionsOf(session)[Math.floor(users / 2)]!;
        for (const [id, { length }] of session.messages) {
          if (round !== 1 || id === middle) expect(length, `round ${round}, down`).to.equal(expected.down);
          else expect(Math.abs(length - expected.down)).to.be.at.most(2 * 32 * Math.log2(users));
        }
        session.deliver(answers);
        await session.close();
      }
    }
  });

  it('add up field by field to what docs/wire-format.md says', () => {
    const of = (...given: readonly [down: number, up: number][]): unknown => given.map(([down, up]) => ({ down, up }));
    // Version, round, tag; sender; body with its head; signature.
    const [server, user] = [1 + 1 + 34, 1 + 1 + 1 + 34];
    expect(messageSizes({ users: 3, vecLen: 3 }).rounds).to.deep.equal(
      of(
        [3, user + 1 + (2 + 64) + 66],
        [1 + server + 4 + (2 + 3 * 64) + (2 + 3 * 64), user + 1 + (3 + 32 + 32 + 16 + 2 * 136) + 66],
        [1 + server + (2 + 1) + 1 + (3 + 2 * 136), user + 1 + (2 + 32 + 12) + 66],
        [1 + server + (2 + 1), user + 1 + (2 + 32) + 66],
        [1 + server + (2 + 1) + (2 + 3 * 64), user + 1 + (2 + 32 + 1 + 3 * 32) + 66],
      ),
    );
    expect(messageSizes({ users: 3, vecLen: 3 })).to.include({ down: 1022, up: 1152 });
    // Five of seven users at places 1 to 5 need two digests, at places 2 to 6 one.
    const seven = messageSizes({ users: 7, vecLen: 3, graph: { neighbors: 4, shareThreshold: 2 } });
    expect(seven.rounds[1]!.down).to.equal(1 + server + 1 + 1 + (1 + 5) + (3 + 5 * 64) + (3 + 5 * 64) + (2 + 2 * 32));
    // Users 125 to 129 at places 63 to 67, and eleven digests for the other 125 lines.
    const graph = { neighbors: 4, shareThreshold: 2 };
    expect(messageSizes({ users: 130, vecLen: 3, graph }).rounds).to.deep.equal(
      of(
        [3, user + 2 + (2 + 64) + 66],
        [
          1 + server + 2 + 1 + (1 + 3 * 1 + 2 * 2) + (3 + 5 * 64) + (3 + 5 * 64) + (3 + 11 * 32),
          user + 2 + (3 + 32 + 32 + 4 * 136) + 66,
        ],
        [1 + server + (2 + 17) + 2 + (3 + 4 * 136), user + 2 + (2 + 32 + 12) + 66],
        [1 + server + (2 + 17), user + 2 + (2 + 32) + 66],
        [1 + server + (2 + 1) + (3 + 4 * 64), user + 2 + (2 + 32 + 1 + 4 * 32) + 66],
      ),
    );
  });

  it('are those of users 0, 1, 2, … if no ids are given, which take one byte up to 127, two up to 255, and then three', () => {
    for (const users of [2, 126, 127, 128, 129, 130, 150, 255, 256, 257, 258, 300]) {
      const ids = Array.from({ length: users }, (_, i) => i);
      for (const graph of ['complete', { neighbors: 48, shareThreshold: 20 }] as const) {
        if (graph !== 'complete' && users < 126) continue;
        const sizes = messageSizes({ users, vecLen: 3, graph });
        expect(sizes, `${users} users`).to.deep.equal(messageSizes({ users, vecLen: 3, graph, ids }));
        const shown = graph === 'complete' ? ids : ids.slice(-49);
        const idBytes = shown.reduce((sum, id) => sum + (id < 128 ? 1 : id < 256 ? 2 : 3), shown.length < 16 ? 1 : 3);
        const large = messageSizes({ users, vecLen: 3, graph, ids: ids.map((id) => id + 70_000) });
        expect(large.rounds[1]!.down - sizes.rounds[1]!.down, `${users} users`).to.equal(
          5 * shown.length + (shown.length < 16 ? 1 : 3) - idBytes,
        );
        const own = users <= 128 ? 1 : users <= 256 ? 2 : 3;
        expect(large.rounds[0]!.up - sizes.rounds[0]!.up, `${users} users`).to.equal(5 - own);
      }
    }
  });

  it('expand 16-bit inputs of 2^10 users and 2^20 components by less than 1.9, with sparse neighborhoods 1.66', () => {
    const { up, down } = messageSizes({ users: 2 ** 10, vecLen: 2 ** 20, bits: 26 });
    expect((up + down) / 2 ** 21).to.be.below(1.9);
    const graph = { neighbors: 48, shareThreshold: 24 };
    const sparse = messageSizes({ users: 2 ** 10, vecLen: 2 ** 20, bits: 26, graph });
    expect((sparse.up + sparse.down) / 2 ** 21).to.be.below(1.66);
  });

  it('names the argument that is wrong', () => {
    expect(() => messageSizes({ users: 3, vecLen: 0 })).to.throw(RangeError, 'vecLen');
    expect(() => messageSizes({ users: 3, vecLen: 1, bits: 65 })).to.throw(RangeError, 'bits');
    expect(() => messageSizes({ users: 3, vecLen: 1, ids: [1, 2] })).to.throw(RangeError, 'ids');
    expect(() => messageSizes({ users: 2, vecLen: 1, ids: [2, 1] })).to.throw(RangeError, 'ids[1]');
    expect(() => messageSizes({ users: 2, vecLen: 1, ids: [2, 2] })).to.throw(RangeError, 'ids[1]');
    expect(() => messageSizes({ users: 2, vecLen: 1, ids: ['a', 1] as never })).to.throw(TypeError, 'ids[0]');
    expect(() => messageSizes({ users: 1.5, vecLen: 1 })).to.throw(RangeError, 'users');
  });
});
