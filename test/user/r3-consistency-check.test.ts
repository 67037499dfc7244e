// Round 3 of a user: what it checks of U3 before it signs it.
import { expect } from 'chai';
import type { SecAggError, SecAggErrorCode } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { membersOf, type Members } from '../../src/leaves/members.ts';
import { viewOfRound3 } from '../../src/session/binding.ts';
import { checkConsistency } from '../../src/user/r3-consistency-check.ts';
import { secretsOf } from '../../src/user/state.ts';
import { refused } from '../support/errors.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import { COMPLETE, SPARSE } from '../support/step-session.ts';
import { idAt, momentAt, survivorsFor, type Moments } from '../support/steps.ts';

for (const [name, setup] of [
  ['the complete graph', COMPLETE],
  ['a sparse graph', SPARSE],
] as const) {
  describe(`round 3 of a user on ${name}`, () => {
    let moment: Moments[3];
    let id: UserId;
    /** User 3 dealt no shares; U3 is all of U2. */
    before(async () => {
      moment = await momentAt(3, setup, { silent: [[], [3]] });
      id = idAt(moment, 2);
    });

    it('a user signs the digest of all that led to U3, and keeps everything else', async () => {
      const { session, users, server } = moment;
      const [context, before, u3] = [session.contextOf(id), users.get(id)!, survivorsFor(moment)];
      const { out, state } = await leaving([context, before, u3], () => checkConsistency(context, before, u3));
      expect(out).to.deep.equal(viewOfRound3(server.view2, server.u3));
      const { view2, ...kept } = before;
      expect(view2).to.deep.equal(server.view2);
      expect(state).to.deep.equal({ ...kept, phase: 'unmasking', u3, view3: out });
    });

    it('a user that signs spends no secret: each of them is in the next state', () => {
      const before = moment.users.get(id)!;
      const { state, spent } = checkConsistency(moment.session.contextOf(id), before, survivorsFor(moment));
      expect(spent).to.deep.equal([]);
      expectSameArrays(secretsOf(state), secretsOf(before));
    });

    it('a user signs the same U3 again with the same view, and another one with another view', async () => {
      const sign = (now: Moments[3]): Uint8Array =>
        checkConsistency(now.session.contextOf(id), now.users.get(id)!, survivorsFor(now)).out;
      expect(sign(moment)).to.deep.equal(sign(moment));
      expect(sign(await momentAt(3, setup))).not.to.deep.equal(sign(moment));
    });

    const refusedFor = (code: SecAggErrorCode, u3: Members): Promise<SecAggError> => {
      const [context, state] = [moment.session.contextOf(id), moment.users.get(id)!];
      return leaving([context, state, u3], () => refused(code, () => checkConsistency(context, state, u3)));
    };
    const all = setup.ids.map((_, i) => i);
    const without = (...out: number[]): Members =>
      membersOf(
        all.filter((position) => !out.includes(position)),
        all.length,
      );

    it('a server that puts a user into U3 that is not in U2 is refused', async () => {
      expect(await refusedFor('ERR_SECAGG_SUBSET', without())).to.deep.include({ round: 3, userIds: [] });
    });

    it('a server that leaves the user itself out of U3 is refused: the others would reveal its mask key', async () => {
      expect(await refusedFor('ERR_SECAGG_NOT_INCLUDED', without(2, 3))).to.deep.include({ round: 3, userIds: [] });
    });

    it('a server that shows fewer users in U3 than the threshold, to have a smaller sum unmasked, is refused', async () => {
      const error = await refusedFor('ERR_SECAGG_THRESHOLD', membersOf([1, 2], all.length));
      expect(error).to.deep.include({ have: 2, need: setup.threshold, round: 3, userIds: [] });
    });

    if (setup === SPARSE) {
      it('a server that lies the neighbors of a user away is refused: its one signature is spared', async () => {
        // Of the neighbors at 0, 1, 3 and 4 only those at 0 and 1 are left, and six users in all.
        const error = await refusedFor('ERR_SECAGG_THRESHOLD', without(3, 4, 8));
        expect(error).to.deep.include({ have: 2, need: 3, round: 3, userIds: [id] });
      });
    }
  });
}
