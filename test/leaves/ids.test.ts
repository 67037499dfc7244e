// User ids: integers in [0, 2^53), each with one spelling.
import { expect } from 'chai';
import { isUserId, userId } from '../../src/leaves/ids.ts';

describe('a user id', () => {
  it('is an integer in [0, 2^53)', () => {
    for (const id of [0, 1, 2 ** 32, 2 ** 53 - 1]) {
      expect(userId(id, 'id')).to.equal(id);
      expect(isUserId(id)).to.equal(true);
    }
    for (const id of [-1, 0.5, 2 ** 53, NaN, Infinity]) {
      expect(() => userId(id, 'who')).to.throw(RangeError, 'who:');
      expect(isUserId(id)).to.equal(false);
    }
    for (const id of ['1', null, undefined, 1n, [1]]) {
      expect(() => userId(id, 'who')).to.throw(TypeError, 'who:');
      expect(isUserId(id)).to.equal(false);
    }
  });

  it('has no second spelling: zero with a sign is zero if a caller gives it, and refused if a message does', () => {
    expect(Object.is(userId(-0, 'id'), 0)).to.equal(true);
    expect(isUserId(-0)).to.equal(false);
  });
});
