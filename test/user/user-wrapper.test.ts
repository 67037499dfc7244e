// The user's object: what its calls take and give, and that only the protocol ends its session.
import { inspect } from 'node:util';
import { expect } from 'chai';
import { systemRandom, type RandomSource } from '../../src/crypto/random.ts';
import { split, type Split } from '../../src/crypto/shamir.ts';
import { round0Msg, UsageError, UserWrapper, type UserEvent } from '../../src/index.ts';
import { userFrom } from '../support/arguments.ts';
import { refused, rejected } from '../support/errors.ts';
import { callsOf, ENGINE_FUNCTIONS, Fault, placesIn, thrownAt, type EngineFunction } from '../support/faults.ts';
import { userWith } from '../support/injected.ts';
import { Session } from '../support/session.ts';

describe('a user object', () => {
  it('takes bytes and nothing else, and has not changed after anything else', async () => {
    const own = userFrom();
    for (const input of ['x', null, [1, 2], new ArrayBuffer(3), Promise.resolve(round0Msg())]) {
      const outcome = await own.round(input as never).catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(TypeError).with.property('message').that.includes('input:');
    }
    expect(own.progress()).to.include({ round: 0, revision: 0 });
    expect(await own.round(Buffer.from(round0Msg()))).to.be.instanceOf(Uint8Array);
  });

  it('takes the bytes that it is given at once: a caller that writes over them meanwhile changes nothing', async () => {
    const session = new Session({ ids: [40, 10, 30, 20], threshold: 3 });
    for (let round = 0; round < 5; round++) {
      const user = session.user(30);
      const message = session.messages.get(30)!;
      const given = Uint8Array.from(message);
      const answering = user.round(given);
      given.fill(0);
      expect(await user.round(message)).to.deep.equal(await answering);
      await session.round();
    }
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), [10, 20, 30, 40]);
  });

  it('is over after an error of the protocol, and every later call says why', async () => {
    const own = userFrom();
    await rejected('ERR_SECAGG_DECODE', own.round(new Uint8Array(7)));
    for (let i = 0; i < 2; i++) await rejected('ERR_SECAGG_FAILED', own.round(round0Msg()), UsageError);
    refused('ERR_SECAGG_FAILED', () => own.setVector([1, 2]), UsageError);
    expect(own.progress()).to.deep.include({ round: null, users: [], unusableDeals: [], colludersBorne: null });
  });

  it('tells its listener of rounds with their sizes, of repetitions, and of its failure', async () => {
    const events: UserEvent[] = [];
    const session = new Session({ ids: [40, 10, 30, 20], threshold: 3 });
    const listener = (event: UserEvent): unknown => events.push(event);
    const user = UserWrapper.fromState(session.user(30).serializeState(), { listener });
    session.users.set(30, user);
    const message = session.messages.get(30)!;
    const started = performance.now();
    const [answer] = [await user.round(message), await user.round(message)];
    const most = performance.now() - started;
    await rejected('ERR_SECAGG_DECODE', user.round(new Uint8Array(2)));
    expect(events.map(({ type }) => type)).to.deep.equal(['round-answered', 'message-repeated', 'failed']);
    expect(events[0]).to.include({ round: 0, bytesIn: message.length, bytesOut: answer.length });
    expect(events[0]).to.have.property('milliseconds').that.is.within(0, most);
    expect(events[1]).to.deep.equal({ type: 'message-repeated', round: 0, bytesIn: message.length });
    expect(events[2]).to.deep.equal({ type: 'failed', code: 'ERR_SECAGG_DECODE' });
  });

  it('shows its id and round in a log, and nothing else', async () => {
    const own = userFrom({ id: 5 });
    expect(inspect(own)).to.equal('UserWrapper { id: 5, round: 0 }');
    await own.round(round0Msg());
    expect(inspect(own)).to.equal('UserWrapper { id: 5, round: 1 }');
  });

  it('tells the context of its session, and whose keys it needs to answer round 1', async () => {
    const session = await new Session({ ids: [40, 10, 30, 20], threshold: 3, options: { session: 'week 7' } }).before(1);
    const user = session.user(30);
    user.sessionContext.fill(0);
    expect(new TextDecoder().decode(user.sessionContext)).to.equal('week 7');
    expect(user.idsInDirectory(session.messages.get(30)!)).to.deep.equal([10, 20, 30, 40]);
  });

  it('is started by a constant message, which is fresh each time', () => {
    round0Msg().fill(0);
    expect(round0Msg()).to.deep.equal(Uint8Array.of(0x92, 1, 0));
  });
});

describe('a fault that is none of the protocol leaves a user as it was', () => {
  /** Which functions of the engine an answer needs, by round. */
  const NEEDED: readonly (readonly EngineFunction[])[] = [
    ['randomBytes', 'sha256', 'x25519', 'ed25519Sign'],
    ['randomBytes', 'sha256', 'hkdfSha256', 'x25519', 'x25519Peer', 'ed25519Sign', 'ed25519Verify'],
    ['sha256', 'hkdfSha256', 'x25519', 'x25519Peer', 'ed25519Sign', 'aes256Ctr'],
    ['sha256', 'ed25519Sign'],
    ['sha256', 'ed25519Sign', 'ed25519Verify'],
  ];

  for (const [round, needed] of NEEDED.entries()) {
    it(`round ${round}: any function of the engine fails at any time, and the same call then gives the answer`, async () => {
      const session = await new Session({ ids: [1, 2, 3, 4], threshold: 3 }).before(round, [[], [], [4]]);
      const user = session.user(2);
      const message = session.messages.get(2)!;
      const before = user.serializeState();
      const used: EngineFunction[] = [];
      for (const name of ENGINE_FUNCTIONS) {
        const twin = UserWrapper.fromState(before);
        const calls = await callsOf(name, () => twin.round(message));
        if (calls > 0) used.push(name);
        for (const place of placesIn(calls)) {
          expect(await thrownAt(name, place, () => user.round(message)), `${name}, call ${place}`).to.be.instanceOf(Fault);
          expect(user.serializeState() === before, `${name}, call ${place}`).to.equal(true);
        }
      }
      expect(used).to.deep.equal(needed);
      session.expectSum(await session.finish(round <= 2 ? [[], [], [4]] : []), [1, 2, 3]);
    });
  }

  for (const [round, draws] of [
    [0, 2],
    [1, 4],
  ] as const) {
    it(`round ${round}: its source of randomness fails at any draw`, async () => {
      for (let failing = 0; failing < draws; failing++) {
        const session = await new Session({ ids: [1, 2, 3, 4], threshold: 3 }).before(round);
        let drawn = 0;
        const random: RandomSource = (length) => {
          if (drawn++ === failing) throw new Fault('random');
          return systemRandom(length);
        };
        const user = userWith(session.user(2), { random });
        session.users.set(2, user);
        const before = user.serializeState();
        const outcome = await user.round(session.messages.get(2)!).catch((error: unknown) => error);
        expect(outcome, `draw ${failing}`).to.be.instanceOf(Fault);
        expect(user.serializeState()).to.equal(before);
        session.expectSum(await session.finish(), [1, 2, 3, 4]);
      }
    });
  }

  it('round 1: sharing either of its secrets fails', async () => {
    for (const failing of [0, 1]) {
      const session = await new Session({ ids: [1, 2, 3, 4], threshold: 3 }).before(1);
      let shared = 0;
      const failingSplit: Split = (...args) => (shared++ === failing ? Promise.reject(new Fault('split')) : split(...args));
      const user = userWith(session.user(2), { split: failingSplit });
      session.users.set(2, user);
      const before = user.serializeState();
      expect(await user.round(session.messages.get(2)!).catch((error: unknown) => error)).to.be.instanceOf(Fault);
      expect(user.serializeState()).to.equal(before);
      session.expectSum(await session.finish(), [1, 2, 3, 4]);
    }
  });
});
