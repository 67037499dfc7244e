// What a party decides for itself: which numbers of users its threshold bears against which adversary.
import { expect } from 'chai';
import { ProtocolError, type SessionOptions } from '../../src/index.ts';
import { refused, rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';

describe('a policy', () => {
  const withPolicy = (threshold: number, options: SessionOptions): Promise<bigint[]> =>
    new Session({ ids: [0, 1, 2, 3, 4], threshold, options }).finish();

  it('against a server that lies needs 2t > n + colluders', async () => {
    expect(await withPolicy(3, {})).to.have.length(3);
    expect(await withPolicy(4, { colluders: 2 })).to.have.length(3);
    expect(await withPolicy(3, { adversary: 'semi-malicious' })).to.have.length(3);
    for (const [threshold, options] of [
      [2, {}],
      [3, { colluders: 1 }],
      [4, { colluders: 3 }],
      [2, { adversary: 'semi-malicious' }],
    ] as [number, SessionOptions][]) {
      expect(() => new Session({ ids: [0, 1, 2, 3, 4], threshold, options })).to.throw(RangeError, 'users, and 5 may come');
      // A server that is told that fewer may come takes no more users than that.
      const taken = 2 * threshold - (options.colluders ?? 0) - 1;
      const session = new Session({ ids: [0, 1, 2, 3, 4], threshold, options, serverOptions: { maxUsers: taken } });
      const answers = [...(await session.answers())];
      session.deliver(new Map(answers.slice(0, taken)));
      refused('ERR_SECAGG_TOO_MANY_USERS', () => session.server.recv(...answers[taken]!), ProtocolError);
    }
  });

  it('against a server that follows the protocol needs t > colluders', async () => {
    expect(await withPolicy(2, { adversary: 'semi-honest', colluders: 1 })).to.have.length(3);
    const session = await new Session({ ids: [0, 1, 2, 3, 4], threshold: 2, options: { adversary: 'semi-honest' } }).before(1);
    expect(session.server.progress().colludersBorne).to.equal(1);
    await session.round();
    expect(session.user(0).progress().colludersBorne).to.equal(1);
  });

  it('is each party’s own: a user refuses a directory that its server would take', async () => {
    const session = await new Session({
      ids: [0, 1, 2, 3, 4],
      threshold: 3,
      serverOptions: { adversary: 'semi-honest' },
      userOptions: { colluders: 1 },
    }).before(1);
    const error = await rejected('ERR_SECAGG_POLICY', session.user(3).round(session.messages.get(3)!), ProtocolError);
    expect(error).to.deep.include({ round: 1, userIds: [], userId: null });
  });

  it('limits how many users a server takes', async () => {
    const crowd = new Session({ ids: [0, 1, 2, 3], threshold: 3, serverOptions: { maxUsers: 3 } });
    const answers = await crowd.answers();
    crowd.deliver(new Map([...answers].slice(0, 3)));
    refused('ERR_SECAGG_TOO_MANY_USERS', () => crowd.server.recv(3, answers.get(3)!));
  });
});
