// Sets as bitmaps, against sets of numbers.
import { expect } from 'chai';
import fc from 'fast-check';
import { countMembers, hasMember, isMembers, isSubset, membersLength, membersOf, positions } from '../../src/leaves/members.ts';

const subsetOf = (users: number): fc.Arbitrary<number[]> => fc.subarray(Array.from({ length: users }, (_, i) => i));

describe('members', () => {
  it('are as many, in order, and those that were put in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }).chain((users) => fc.tuple(fc.constant(users), subsetOf(users), subsetOf(users))),
        ([users, a, b]) => {
          const [one, two] = [membersOf([...a].reverse(), users), membersOf(b, users)];
          expect(one).to.have.length(membersLength(users));
          expect(isMembers(one, users)).to.equal(true);
          expect(positions(one)).to.deep.equal(a);
          expect(countMembers(one)).to.equal(a.length);
          for (let i = 0; i < users; i++) expect(hasMember(one, i)).to.equal(a.includes(i));
          expect(isSubset(one, two)).to.equal(a.every((i) => b.includes(i)));
        },
      ),
    );
  });

  it('have one spelling: the length and the spare bits are fixed', () => {
    for (let users = 1; users <= 24; users++) {
      const length = Math.ceil(users / 8);
      expect(isMembers(new Uint8Array(length - 1), users)).to.equal(false);
      expect(isMembers(new Uint8Array(length + 1), users)).to.equal(false);
      for (let bit = 0; bit < 8 * length; bit++) {
        const bytes = new Uint8Array(length);
        bytes[bit >> 3] = 1 << (bit & 7);
        expect(isMembers(bytes, users)).to.equal(bit < users);
      }
    }
    expect(isSubset(membersOf([1], 8), membersOf([1], 9))).to.equal(false);
  });
});
