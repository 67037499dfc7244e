// State in JSON: either role can be stopped at any moment and go on elsewhere, from the text alone.
import { inspect } from 'node:util';
import { expect } from 'chai';
import { DecodeError, ServerWrapper, StateError, ThresholdError, UserWrapper } from '../../src/index.ts';
import { sparseIds } from '../support/registered-users.ts';
import { rejected, refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

describe('recovery', () => {
  it('of both roles at every phase, also between receiving and answering, with somebody dropping out in each round', async () => {
    const session = new Session({ ids: sparseIds(11), threshold: 6, vecLen: 4, options: { bits: 19 } });
    const silent = session.setup.ids.slice(0, 5).map((id) => [id]);
    for (let round = 0; round <= 4; round++) {
      const answers = new Map<number, Uint8Array>();
      for (const [id, message] of session.messages) {
        if (silent[round]!.includes(id)) continue;
        restartUser(session, id);
        answers.set(id, await session.user(id).round(message));
        restartUser(session, id);
        // Stopped after answering: the same message again gives the same bytes.
        expect(await session.user(id).round(message)).to.deep.equal(answers.get(id));
      }
      for (const [id, answer] of answers) {
        session.server.recv(id, answer);
        restartServer(session);
        session.server.recv(id, answer);
      }
      const output = await session.close();
      restartServer(session);
      const again = session.server.output()!;
      expect(again.isMessages()).to.equal(output.isMessages());
      if (again.isMessages()) expect(again.getMessages()).to.deep.equal(output.getMessages());
      else expect(again.getVector()).to.deep.equal(output.getVector());
    }
    const sum = Array.from(session.server.output()!.getVector() as Int32Array, BigInt);
    session.expectSum(sum, session.setup.ids.slice(3));
  });

  it('of a server amid long vectors, whose sum lives in the memory of WebAssembly before and in that of a text after', async () => {
    const session = await new Session({ threshold: 3, vecLen: 40_001, options: { bits: 27 } }).before(2);
    for (const [id, message] of session.messages) {
      session.server.recv(id, await session.user(id).round(message));
      restartServer(session);
    }
    expect(session.server.progress().heard).to.have.length(4);
    await session.close();
    session.expectSum(await session.finish(), [0, 1, 2, 3]);
  });

  it('keeps the state text as it was: what is recovered serializes to the same', async () => {
    const session = new Session({ threshold: 3 });
    for (let round = 0; round <= 4; round++) {
      for (const user of session.users.values()) {
        const state = user.serializeState();
        expect(UserWrapper.fromState(state).serializeState()).to.equal(state);
      }
      const state = session.server.serializeState();
      expect(ServerWrapper.fromState(state).serializeState()).to.equal(state);
      await session.round();
    }
    const state = session.server.serializeState();
    expect(ServerWrapper.fromState(state).serializeState()).to.equal(state);
  });

  it('recovers into an object of any session: it becomes what was serialized', async () => {
    const session = await new Session({ threshold: 3 }).before(2);
    const other = new Session({ ids: [7, 8, 9], threshold: 2, vecLen: 9, options: { bits: 64 } });
    const user = other.user(7);
    user.recoverState(session.user(2).serializeState());
    session.users.set(2, user);
    other.server.recoverState(session.server.serializeState());
    session.server = other.server;
    expect(user.id).to.equal(2);
    session.expectSum(await session.finish(), [0, 1, 2, 3]);
  });

  it('of an older state of the same session is refused by the object that is further on', async () => {
    const session = await new Session({ threshold: 3 }).before(2);
    const user = session.user(1);
    const older = user.serializeState();
    await session.round();
    const present = user.serializeState();
    const error = refused('ERR_SECAGG_STATE_OLD', () => user.recoverState(older), StateError);
    expect(error.message).to.equal('state: revision 2 is older than 3, which this user is at');
    expect(user.serializeState()).to.equal(present);
    user.recoverState(present);
    // Another session, or another user, is another matter.
    const behind = await new Session({ threshold: 3, registered: session.registered }).before(1);
    const further = UserWrapper.fromState(present);
    further.recoverState(behind.user(2).serializeState());
    expect(further.progress().revision).to.equal(1);
    const elsewhere = await new Session({ threshold: 3, options: { session: 'b' } }).before(1);
    const other = elsewhere.user(1);
    await session.round();
    user.recoverState(other.serializeState());
    expect(user.progress().revision).to.equal(1);
  });

  it('of an error: it survives, with its code, and there is nothing left to recover from', async () => {
    const session = await new Session({ threshold: 3 }).before(1);
    const user = session.user(1);
    await rejected('ERR_SECAGG_DECODE', user.round(new Uint8Array(3)));
    const state = user.serializeState();
    const recovered = UserWrapper.fromState(state);
    const error = await rejected('ERR_SECAGG_FAILED', recovered.round(session.messages.get(1)!));
    expect(error.cause).to.be.instanceOf(DecodeError).and.to.include({ code: 'ERR_SECAGG_DECODE' });
    expect(recovered.progress()).to.include({ round: null, needsVector: false });
    refused('ERR_SECAGG_FAILED', () => recovered.setVector([1, 2, 3]));
    expect((JSON.parse(state) as { state: object }).state).to.have.all.keys('phase', 'error');

    await rejected('ERR_SECAGG_THRESHOLD', session.server.round());
    const server = ServerWrapper.fromState(session.server.serializeState());
    const late = refused('ERR_SECAGG_FAILED', () => server.recv(0, new Uint8Array(1)));
    expect(late.cause).to.be.instanceOf(ThresholdError).and.to.include({ have: 0, need: 3, round: 1 });
    refused('ERR_SECAGG_FAILED', () => server.recv(0, new Uint8Array(1)));
    await rejected('ERR_SECAGG_FAILED', server.round());
    expect(server.output()).to.equal(null);
    expect(server.progress()).to.deep.include({ round: null, ready: false, included: null, heard: [], missing: [] });
  });

  it('between two rounds of the user while its vector is still to come', async () => {
    const session = new Session({ threshold: 3, vectorOf: () => null });
    await session.before(2);
    for (const id of session.setup.ids) {
      restartUser(session, id);
      session.user(id).setVector([id, 1, -id]);
      restartUser(session, id);
    }
    expect(await session.finish()).to.deep.equal([6n, 4n, -6n]);
  });
});

describe('what the JSON holds', () => {
  const textsOf = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(textsOf)
        : [];

  it("a user's forgets what later rounds do not need", async () => {
    const session = new Session({ threshold: 3, vecLen: 40 });
    const user = session.user(2);
    const secrets = (): Record<string, unknown> => {
      const { state, input } = JSON.parse(user.serializeState()) as { state: Record<string, unknown>; input: unknown };
      return { ...state, input };
    };
    expect(secrets()).to.include.keys('input', 'signSecretKey');
    await session.round();
    const keys = secrets();
    expect(keys).to.include.keys('channelSecretKey', 'maskSecretKey');
    await session.round();
    expect(textsOf(secrets()), 'the c key, once shares are dealt').not.to.include(keys.channelSecretKey);
    expect(secrets()).to.include.keys('selfMaskSeed', 'peers').and.to.include({ maskSecretKey: keys.maskSecretKey });
    const dealt = secrets();
    await session.round();
    expect(textsOf(secrets()), 'what masked the input').not.to.include.oneOf([
      dealt.maskSecretKey,
      dealt.selfMaskSeed,
      dealt.input,
    ]);
    expect(secrets()).to.include({ input: null });
    expect(secrets()).to.include.keys('holdings', 'ownShare', 'signSecretKey');
    await session.round();
    await session.round();
    expect(secrets(), 'everything, once it is over').to.have.all.keys('phase', 'users', 'position', 'u2', 'u3', 'input');
  });

  it("the server's has no secret of a user, and does not grow with the inputs", async () => {
    const session = new Session({ ids: [0, 1, 2, 3, 4, 5], threshold: 4, vecLen: 2000 });
    const sizes: number[] = [];
    await session.before(2);
    const secrets = new Set<string>();
    for (const user of session.users.values()) {
      const { state, input } = JSON.parse(user.serializeState()) as { state: Record<string, unknown>; input: string };
      const { signSecretKey, maskSecretKey, selfMaskSeed, peers, ownShare } = state as typeof state & {
        peers: { openingKey: string }[];
      };
      const openingKeys = peers.map(({ openingKey }) => openingKey);
      for (const secret of [input, ...textsOf([signSecretKey, maskSecretKey, selfMaskSeed, openingKeys, ownShare])])
        secrets.add(secret);
    }
    expect(secrets.size).to.be.greaterThan(6 * 5);
    for (const [id, answer] of await session.answers()) {
      session.server.recv(id, answer);
      sizes.push(session.server.serializeState().length);
      for (const text of textsOf(JSON.parse(session.server.serializeState()))) expect(secrets.has(text)).to.equal(false);
    }
    // One more digest and one more entry a user, and no vector: 8,000 bytes each, 10,668 in base64.
    for (let i = 1; i < sizes.length; i++) expect(sizes[i]! - sizes[i - 1]!).to.be.within(0, 80);
  });

  it('nothing of a user shows when it is printed', async () => {
    const session = await new Session({ threshold: 3 }).before(2);
    const printed = inspect(session.user(3), { depth: 20, showHidden: true });
    expect(printed).to.equal('UserWrapper { id: 3, round: 2 }');
    expect(JSON.stringify(session.user(3))).to.equal('{}');
  });
});

function restartUser(session: Session, id: number): void {
  session.users.set(id, UserWrapper.fromState(session.user(id).serializeState()));
}

function restartServer(session: Session): void {
  session.server = ServerWrapper.fromState(session.server.serializeState());
}
