// [BIK+17] Fig. 4: users may drop out in any round. Every timeline of 4 users with threshold 3: each user falls silent in
// one of the rounds 0 to 4, or never. Inputs are 2^i, so that the sum shows exactly who is in it.
import { expect } from 'chai';
import { ServerWrapper, ThresholdError, UserWrapper } from '../../src/index.ts';
import { rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';

describe('dropouts', () => {
  it('gives the exact sum of U3, or an error, on every timeline of 4 users with threshold 3', async function () {
    this.timeout(120_000);
    const session = new Session({ ids: [0, 1, 2, 3], threshold: 3, vecLen: 2 });
    const seen = { sums: 0, errors: 0 };
    await explore(session, 0, session.setup.ids, seen);
    // Timelines with the same speakers so far share the states so far; each timeline is counted once, where it ends.
    expect(seen.sums + seen.errors).to.equal(6 ** 4);
    // A sum comes where at most one user ever falls silent: nobody, or one of 4 users in one of 5 rounds.
    expect(seen.sums).to.equal(1 + 4 * 5);
  });
});

/** Branches by serialized states: what each party is after the rounds so far, for every set of speakers of this one. */
async function explore(
  at: Session,
  round: number,
  alive: readonly number[],
  seen: { sums: number; errors: number },
): Promise<void> {
  const states = new Map(alive.map((id) => [id, at.user(id).serializeState()]));
  const server = at.server.serializeState();
  const messages = at.messages;
  for (const speakers of subsets(alive)) {
    at.server = ServerWrapper.fromState(server);
    at.messages = new Map([...messages].filter(([id]) => speakers.includes(id)));
    for (const [id, state] of states) at.users.set(id, UserWrapper.fromState(state));
    // The silent ones of this round are gone for good; those left have yet to fall silent in a later round, or never do.
    const laterChoices = 5 - round;
    at.deliver(await at.answers());
    if (speakers.length < 3) {
      const error = await rejected('ERR_SECAGG_THRESHOLD', at.server.round());
      expect(error).to.be.instanceOf(ThresholdError).and.include({ have: speakers.length, need: 3, round });
      seen.errors += laterChoices ** speakers.length;
    } else if (round === 4) {
      const output = await at.close();
      const sum = Array.from(output.getVector() as Int32Array, BigInt);
      at.expectSum(sum, at.server.progress().included!);
      seen.sums += 1;
    } else {
      const before = round < 3 ? speakers : at.server.progress().included!;
      await at.close();
      const included = at.server.progress().included;
      if (included !== null) expect(included).to.deep.equal(round === 2 ? speakers : before);
      await explore(at, round + 1, speakers, seen);
    }
  }
}

function subsets<T>(list: readonly T[]): T[][] {
  return list.reduce<T[][]>((all, element) => [...all, ...all.map((subset) => [...subset, element])], [[]]);
}
