// Keys and shares are exchanged before a device has its update: the vector may come by setVector until round 2.
import { expect } from 'chai';
import { UserWrapper } from '../../src/index.ts';
import { rejected, refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const IDS = [0, 1, 2, 3];
const late = (): Session => new Session({ ids: IDS, threshold: 3, vectorOf: () => null });

describe('a vector that comes late', () => {
  for (const when of [0, 1, 2]) {
    it(`before round ${when} is answered`, async () => {
      const session = await late().before(when);
      for (const id of IDS) {
        expect(session.user(id).progress().needsVector).to.equal(true);
        session.user(id).setVector([id, 10 * id, -id]);
        expect(session.user(id).progress().needsVector).to.equal(false);
      }
      expect(await session.finish()).to.deep.equal([6n, 60n, -6n]);
    });
  }

  it('while a message is being answered is not lost', async () => {
    const session = await late().before(1);
    const answers = new Map<number, Uint8Array>();
    for (const id of IDS) {
      const answering = session.user(id).round(session.messages.get(id)!);
      session.user(id).setVector([1, 2, 3]);
      answers.set(id, await answering);
    }
    session.deliver(answers);
    await session.close();
    expect(await session.finish()).to.deep.equal([4n, 8n, 12n]);
  });

  it('not at all: round 2 cannot be answered, and can be once it is there', async () => {
    const session = await late().before(2);
    for (const id of IDS) {
      const user = session.user(id);
      const state = user.serializeState();
      await rejected('ERR_SECAGG_NO_VECTOR', user.round(session.messages.get(id)!));
      expect(user.serializeState()).to.equal(state);
      user.setVector([5, 6, 7]);
    }
    expect(await session.finish()).to.deep.equal([20n, 24n, 28n]);
  });

  for (const [name, options] of [
    ['that was copied and then changed', {}],
    ['whose memory was given away', { transfer: true }],
  ] as const) {
    it(`${name} between two attempts to answer gives no second masked input`, async () => {
      const session = await late().before(2);
      const user = session.user(0);
      const vector = Int32Array.of(1, 2, 3);
      user.setVector(vector, options);
      const saved = user.serializeState();
      const message = session.messages.get(0)!;
      const reason = new Error('called off');
      expect(await user.round(message, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error)).to.equal(reason);
      for (let i = 0; i < vector.length; i++) vector[i] = 9; // an array that was given away has none
      const answer = await user.round(message);
      // Whatever is sent once more, of this object or of one that was made from what was saved before, is the same.
      expect(await user.round(message)).to.deep.equal(answer);
      expect(await UserWrapper.fromState(saved).round(message)).to.deep.equal(answer);
      expect(await UserWrapper.fromState(user.serializeState()).round(message)).to.deep.equal(answer);
      refused('ERR_SECAGG_USAGE', () => user.setVector([9, 9, 9]));
      for (const id of IDS.slice(1)) session.user(id).setVector([0, 0, 0]);
      expect(await session.finish()).to.deep.equal([1n, 2n, 3n]);
    });
  }

  it('is still the caller’s if it is refused', () => {
    const user = late().user(0);
    const vector = Int32Array.of(1, 2, 2 ** 31 - 1);
    expect(() => user.setVector(vector, { transfer: true })).to.throw(RangeError);
    expect(() => user.setVector(vector, { transfer: 1 } as never)).to.throw(TypeError);
    expect(() => user.setVector(vector, { moved: true } as never)).to.throw(TypeError);
    expect([...vector]).to.deep.equal([1, 2, 2 ** 31 - 1]);
    expect(user.progress().needsVector).to.equal(true);
  });

  it('is taken once', async () => {
    const session = late();
    session.user(0).setVector([1, 2, 3]);
    refused('ERR_SECAGG_USAGE', () => session.user(0).setVector([1, 2, 3]));
    const early = new Session({ threshold: 3 });
    refused('ERR_SECAGG_USAGE', () => early.user(0).setVector([1, 2, 3]));
    await early.before(3);
    refused('ERR_SECAGG_USAGE', () => early.user(0).setVector([1, 2, 3]));
  });

  it('passes the same guards', () => {
    const session = late();
    const user = session.user(0);
    expect(() => user.setVector([1, 2])).to.throw(RangeError);
    expect(() => user.setVector([1, 2, 2 ** 40])).to.throw(RangeError);
    expect(() => user.setVector([1, 2, 0.5])).to.throw(RangeError);
    expect(() => user.setVector(['1', 2, 3] as never)).to.throw(TypeError);
    expect(() => user.setVector(null as never)).to.throw(TypeError);
    expect(user.progress()).to.include({ needsVector: true, revision: 0 });
    user.setVector([1, 2, 3]);
    expect(user.progress()).to.include({ needsVector: false, revision: 1 });
  });
});
