// A user whose work is called off for a moment, or given up for good.
import { expect } from 'chai';
import { systemRandom } from '../../src/crypto/random.ts';
import { UserWrapper } from '../../src/index.ts';
import { rejected } from '../support/errors.ts';
import { userWith } from '../support/injected.ts';
import { Session } from '../support/session.ts';

const IDS = [1, 2, 3, 4];
const newSession = (): Session => new Session({ ids: IDS, threshold: 3 });

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('a user whose answer is called off', () => {
  for (const round of [0, 1, 2, 3, 4]) {
    it(`in round ${round} is as it was, and answers when it is asked again`, async () => {
      const session = await newSession().before(round);
      const user = session.user(2);
      const message = session.messages.get(2)!;
      const before = user.serializeState();
      const reason = new Error('the user closed the page');
      expect(await reasonOf(user.round(message, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
      const controller = new AbortController();
      const answer = reasonOf(user.round(message, { signal: controller.signal }));
      controller.abort(reason);
      expect(await answer).to.equal(reason);
      expect(user.serializeState()).to.equal(before);
      if (round === 4) await session.round();
      else session.expectSum(await session.finish(), IDS);
    });
  }

  it('by something that is no signal is told so, and is as it was', async () => {
    const session = newSession();
    const user = session.user(2);
    const signal = new AbortController() as unknown as AbortSignal;
    expect(await reasonOf(user.round(session.messages.get(2)!, { signal }))).to.be.instanceOf(TypeError);
    session.expectSum(await session.finish(), IDS);
  });
});

describe('a user that is abandoned', () => {
  for (const round of [1, 2, 3, 4]) {
    it(`before round ${round} has dropped out for the server, and says so itself`, async () => {
      const session = await newSession().before(round);
      const user = session.user(2);
      user.abandon();
      const error = await rejected('ERR_SECAGG_FAILED', user.round(session.messages.get(2)!));
      expect(error.cause).to.have.property('code', 'ERR_SECAGG_ABANDONED');
      expect(user.progress().error).to.have.property('code', 'ERR_SECAGG_ABANDONED');
      const recovered = UserWrapper.fromState(user.serializeState());
      expect(recovered.progress().error).to.have.property('code', 'ERR_SECAGG_ABANDONED');
      session.messages.delete(2);
      session.users.delete(2);
      const sum = await session.finish();
      session.expectSum(sum, round <= 2 ? [1, 3, 4] : IDS);
    });
  }

  it('while it answers leaves the message unanswered, and nothing of its secrets', async () => {
    const session = newSession();
    const drawn: Uint8Array[] = [];
    const user = userWith(session.user(2), {
      random: (length) => {
        const bytes = systemRandom(length);
        drawn.push(bytes);
        return bytes;
      },
    });
    session.users.set(2, user);
    await session.before(1);
    const answer = reasonOf(user.round(session.messages.get(2)!));
    user.abandon();
    expect(await answer).to.have.property('code', 'ERR_SECAGG_FAILED');
    const keys = drawn.filter(({ length }) => length === 32);
    expect(keys.length).to.be.greaterThan(1);
    expect(keys.every((key) => key.every((byte) => byte === 0))).to.equal(true);
  });

  it('after it has answered round 4 is left as it is', async () => {
    const session = newSession();
    await session.finish();
    const user = session.user(2);
    const before = user.serializeState();
    user.abandon();
    expect(user.serializeState()).to.equal(before);
  });
});
