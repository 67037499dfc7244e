// The input of a user that carries noise, and that protects the user in one session only.
import { expect } from 'chai';
import { UserWrapper, type UserOptions } from '../../src/index.ts';
import { bindToSession } from '../../src/session/noised-vectors.ts';
import { refused } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';

const { keys, pki } = registeredUsers([1, 2, 3]);
const OPTIONS: UserOptions = { session: 'week 7', vecLen: 2 };

function userWith(vec: Int32Array | null, options: UserOptions = OPTIONS): UserWrapper {
  return new UserWrapper(1, 2, ...keys.get(1)!, vec, pki, options);
}

function noised(session = 'week 7'): Int32Array {
  const vector = Int32Array.from([5, -7]);
  bindToSession(vector, session);
  return vector;
}

describe('a noised vector', () => {
  it('goes into the session that it was encoded for', () => {
    expect(userWith(noised()).progress().round).to.equal(0);
    const later = userWith(null);
    later.setVector(noised());
  });

  it('encoded for another session is refused, and the user takes the right one', () => {
    refused('ERR_SECAGG_VECTOR_USED', () => userWith(noised('week 8')));
    const later = userWith(null);
    refused('ERR_SECAGG_VECTOR_USED', () => {
      later.setVector(noised('week 8'));
    });
    later.setVector(noised());
  });

  it('given to a second user object is refused: two sums with the same noise would show the user', () => {
    const vector = noised();
    userWith(vector);
    refused('ERR_SECAGG_VECTOR_USED', () => userWith(vector));
    const later = userWith(null);
    refused('ERR_SECAGG_VECTOR_USED', () => {
      later.setVector(vector);
    });
  });

  it('stays unused if the user refuses it for another reason', () => {
    const vector = noised();
    expect(() => userWith(vector, { ...OPTIONS, vecLen: 3 })).to.throw(RangeError, 'vec');
    expect(() => userWith(vector, { ...OPTIONS, bits: 3 })).to.throw(RangeError, 'vec');
    expect(() => userWith(vector, { ...OPTIONS, listener: 5 as never })).to.throw(TypeError, 'listener');
    userWith(vector);
  });

  it('does not concern a vector without noise, which several users may share', () => {
    const vector = Int32Array.from([1, 2]);
    userWith(vector);
    userWith(vector, { ...OPTIONS, session: 'week 8' });
  });
});
