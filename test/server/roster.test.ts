// U1 as the server keeps it: lines by position, positions by user.
import { expect } from 'chai';
import type { UserId } from '../../src/leaves/ids.ts';
import { membersOf } from '../../src/leaves/members.ts';
import type { Position } from '../../src/leaves/positions.ts';
import type { Roster } from '../../src/server/roster.ts';
import { SPARSE } from '../support/step-session.ts';
import { momentAt } from '../support/steps.ts';

describe('a roster', () => {
  let roster: Roster;
  before(async () => (roster = (await momentAt(1, SPARSE)).server.directory));

  it('has a position for each line, and each user at its position', () => {
    expect(roster.size).to.equal(9);
    expect(roster.positions).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const position of roster.positions) {
      const line = roster.lines[position]!;
      expect(roster.line(position)).to.equal(line);
      expect(roster.userIdAt(position)).to.equal(line.userId);
      expect(roster.positionOf(line.userId)).to.equal(position);
    }
  });

  it('has no position for a stranger, and leaves it out of a list', () => {
    expect(roster.positionOf(11 as UserId)).to.equal(null);
    const [one, two] = [roster.userIdAt(4 as Position), roster.userIdAt(1 as Position)];
    expect(roster.positionsOf([one, 11 as UserId, two])).to.deep.equal([4, 1]);
  });

  it('throws for a position that it does not have', () => {
    expect(() => roster.line(9 as Position)).to.throw(RangeError);
    expect(() => roster.userIdAt(-1 as Position)).to.throw(RangeError);
  });

  it('gives ids in ascending order, of a set or of any positions', () => {
    const ids = [5, 0, 7].map((position) => roster.userIdAt(position as Position)).sort((a, b) => a - b);
    expect(roster.userIds([5, 0, 7] as Position[])).to.deep.equal(ids);
    expect(roster.userIds(new Set([5, 0, 7] as Position[]))).to.deep.equal(ids);
    expect(roster.userIds(membersOf([5, 0, 7], 9))).to.deep.equal(ids);
    expect(roster.userIds(roster.positions)).to.deep.equal(SPARSE.ids);
  });
});
