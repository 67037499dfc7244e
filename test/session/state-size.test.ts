// States that would be longer than a string can be: refused with a code, from the first state of a session on.
import { expect } from 'chai';
import { ServerWrapper, StateError, UserWrapper } from '../../src/index.ts';
import { document, record, text, type Codec } from '../../src/session/codec.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

/** Most components of a vector in a state, by bits. */
const MOST: readonly (readonly [bits: number, most: number])[] = [
  [8, 251_658_240],
  [16, 125_829_120],
  [32, 62_914_560],
  [64, 31_457_280],
];
const registered = registeredUsers([0, 1, 2]);
const userOf = (vecLen: number, bits: number): UserWrapper => {
  const [pk, sk] = registered.keys.get(0)!;
  return new UserWrapper(0, 2, pk, sk, null, registered.pki, { vecLen, bits });
};

describe('the state of a session with long vectors', () => {
  it('is given up to the limit, and refused above it before any vector is there', () => {
    for (const [bits, most] of MOST) {
      expect(ServerWrapper.fromState(new ServerWrapper(2, most, { bits }).serializeState()).progress().round).to.equal(0);
      expect(UserWrapper.fromState(userOf(most, bits).serializeState()).progress().round).to.equal(0);
      const server = new ServerWrapper(2, most + 1, { bits });
      refused('ERR_SECAGG_STATE_SIZE', () => server.serializeState(), StateError);
      refused('ERR_SECAGG_STATE_SIZE', () => server.serializePart(), StateError);
      refused('ERR_SECAGG_STATE_SIZE', () => userOf(most + 1, bits).serializeState(), StateError);
    }
  });

  it('is refused without an end to the session, which goes on in memory', async () => {
    const session = new Session({ vecLen: 62_914_561, registered, threshold: 2, vectorOf: () => null });
    await session.round();
    refused('ERR_SECAGG_STATE_SIZE', () => session.server.serializeState(), StateError);
    refused('ERR_SECAGG_STATE_SIZE', () => session.user(0).serializeState(), StateError);
    await session.round();
    expect(session.server.progress().round).to.equal(2);
  });
});

describe('a text', () => {
  it('that would be longer than a string is refused with the code, whether one of its bytes or all of them are too long', function () {
    this.timeout(60_000);
    const pair = document('user', 1, record<{ a: string; b: string }>({ a: text, b: text }));
    const half = 'x'.repeat(2 ** 28);
    refused('ERR_SECAGG_STATE_SIZE', () => pair.serialize({ a: half, b: half }), StateError);
    const tooLong: Codec<object> = {
      // As both platforms do with bytes whose base64 is too long.
      encode: () => `${half}${half}`,
      decode: () => ({}),
    };
    refused('ERR_SECAGG_STATE_SIZE', () => document('user', 1, tooLong).serialize({}), StateError);
  });
});
