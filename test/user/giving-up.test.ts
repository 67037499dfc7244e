// A user whose work is called off for a moment, or given up for good.
import { platform } from '#platform';
import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { systemRandom } from '../../src/crypto/random.ts';
import { DecodeError, UserWrapper } from '../../src/index.ts';
import { rejected } from '../support/errors.ts';
import { userWith, withPlatform } from '../support/injected.ts';
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

  for (const round of [0, 1]) {
    it(`in round ${round}, while it signs what it has made, overwrites the secrets that are in no state`, async () => {
      const drawn: Uint8Array[] = [];
      const session = newSession();
      const random = (length: number): Uint8Array => {
        const bytes = systemRandom(length);
        if (length === 32) drawn.push(bytes);
        return bytes;
      };
      await session.before(round);
      const user = userWith(session.user(2), { random });
      const before = user.serializeState();
      const controller = new AbortController();
      const engine = { ...platform };
      const signing: typeof platform.ed25519Sign = (...given) => {
        controller.abort();
        return engine.ed25519Sign(...given);
      };
      const { signal } = controller;
      await withPlatform({ ed25519Sign: signing }, () => reasonOf(user.round(session.messages.get(2)!, { signal })));
      expect(drawn.length).to.equal(round === 0 ? 2 : 1);
      expect(drawn.every((secret) => secret.every((byte) => byte === 0))).to.equal(true);
      expect(user.serializeState()).to.equal(before);
    });
  }

  it('does not fail by the reason that it is given, nor by the message that it was to answer', async () => {
    const session = newSession();
    const user = session.user(2);
    const before = user.serializeState();
    for (const reason of [new Error('later'), new DecodeError('another user’s')]) {
      expect(await reasonOf(user.round(new Uint8Array(3), { signal: AbortSignal.abort(reason) }))).to.equal(reason);
      const controller = new AbortController();
      const answer = reasonOf(user.round(session.messages.get(2)!, { signal: controller.signal }));
      controller.abort(reason);
      expect(await answer).to.equal(reason);
    }
    expect(user.serializeState()).to.equal(before);
  });

  it('listens to a signal only as long as it answers', async () => {
    const session = newSession();
    const { signal } = new AbortController();
    const answer = session.user(2).round(session.messages.get(2)!, { signal });
    expect(getEventListeners(signal, 'abort').length).to.be.greaterThan(0);
    await answer;
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
  });

  it('by a misspelt option is told so', async () => {
    const session = newSession();
    const options = { sygnal: AbortSignal.abort() } as object;
    expect(await reasonOf(session.user(2).round(session.messages.get(2)!, options))).to.be.instanceOf(TypeError);
  });

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

  it('after an error keeps the error that ended its session', async () => {
    const user = newSession().user(2);
    await rejected('ERR_SECAGG_DECODE', user.round(new Uint8Array(3)));
    const before = user.serializeState();
    user.abandon();
    expect(user.serializeState()).to.equal(before);
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
