// The server's object: what its calls take and give, signals, and that only the protocol ends its session.
import { inspect } from 'node:util';
import { expect } from 'chai';
import { systemRandom } from '../../src/crypto/random.ts';
import {
  ProtocolError,
  round0Msg,
  ServerWrapper,
  ThresholdError,
  UsageError,
  type AbortSignalLike,
  type ServerEvent,
} from '../../src/index.ts';
import { MessagesOutput } from '../../src/server/output.ts';
import { serverFrom, userFrom } from '../support/arguments.ts';
import { refused, rejected } from '../support/errors.ts';
import { callsOf, ENGINE_FUNCTIONS, Fault, placesIn, thrownAt, type EngineFunction } from '../support/faults.ts';
import { serverWith } from '../support/injected.ts';
import { Session } from '../support/session.ts';
import { sparseSession } from '../support/sparse.ts';

const IDS = [1, 2, 3, 4];

/** A session in a round whose messages the server has heard; user 4 sends no input. */
async function heardIn(round: number): Promise<Session> {
  const session = await new Session({ ids: IDS, threshold: 3 }).before(round, [[], [], [4]]);
  session.deliver(await session.answers(round === 2 ? [4] : []));
  return session;
}

async function outcomeOf(run: () => Promise<unknown>): Promise<unknown> {
  return run().catch((error: unknown) => error);
}

/** Closes the round and plays the rest. */
async function endsWithSum(session: Session): Promise<void> {
  const sum = await finishing(session);
  session.expectSum(sum, [1, 2, 3]);
}

async function finishing(session: Session): Promise<bigint[]> {
  const output = await session.close();
  if (output.isVector()) return Array.from(output.getVector() as Int32Array, BigInt);
  return session.finish([[], [], [4]]);
}

describe('a server object', () => {
  it('takes a user id and bytes, and names what is neither', () => {
    const own = serverFrom(2, 5);
    for (const id of [-1, 1.5, 2 ** 53]) expect(() => own.recv(id, round0Msg())).to.throw(RangeError, 'id:');
    expect(() => own.recv('1' as never, round0Msg())).to.throw(TypeError, 'id:');
    const promised = userFrom().round(round0Msg());
    for (const input of ['bytes', new ArrayBuffer(3), promised]) {
      expect(() => own.recv(1, input as never)).to.throw(TypeError, 'input:');
    }
    expect(own.progress()).to.include({ round: 0, revision: 0 });
  });

  it('tells of each message at once, with the time that it took, and closes no round by a misspelt option', async () => {
    const events: ServerEvent[] = [];
    const server = serverFrom(2, 2, { listener: (event: ServerEvent) => events.push(event) });
    const message = await userFrom({ id: 7 }).round(round0Msg());
    expect([server.recv(7, message), server.recv(7, message)]).to.deep.equal(['accepted', 'repeated']);
    expect(events.map(({ type }) => type)).to.deep.equal(['message-accepted', 'message-repeated']);
    expect(events[0]).to.have.property('milliseconds').that.is.within(0, 60_000);
    for (const options of [{ signl: null }, { signal: undefined, threads: 2 }]) {
      expect(await outcomeOf(() => server.round(options as never))).to.be.instanceOf(TypeError);
    }
    expect(server.progress()).to.deep.include({ round: 0, revision: 1, heard: [7] });
    expect(inspect(server)).to.equal('ServerWrapper { round: 0, heard: 1 }');
  });

  it('tells how long the closing of a round took', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 3, serverOptions: { listener: (event) => events.push(event) } });
    session.deliver(await session.answers());
    const started = performance.now();
    await session.server.round();
    const spent = performance.now() - started;
    const closed = events.find(({ type }) => type === 'round-closed');
    expect(closed).to.have.property('milliseconds').that.is.within(0, spent);
  });

  it('takes nothing while it closes a round, and gives what it gave again', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const answers = [...(await session.answers())];
    session.deliver(new Map(answers.slice(0, 3)));
    const { server } = session;
    const [state, part] = [server.serializeState(), server.serializePart()];
    const closing = server.round();
    const again = rejected('ERR_SECAGG_BUSY', server.round(), UsageError);
    refused('ERR_SECAGG_LATE', () => server.recv(...answers[3]!), ProtocolError);
    refused('ERR_SECAGG_BUSY', () => server.recoverState(state), UsageError);
    refused('ERR_SECAGG_BUSY', () => server.mergePart(part), UsageError);
    await again;
    const output = await closing;
    expect(output.recipients()).to.deep.equal([1, 2, 3]);
    expect(server.output()).to.equal(output);
    server.recoverState(state);
    expect(server.progress()).to.deep.include({ round: 0, heard: [1, 2, 3] });
    expect(server.output()).to.equal(null);
    expect((await server.round()).recipients()).to.deep.equal([1, 2, 3]);
  });

  it('listens to a signal only as long as it closes a round', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    session.deliver(await session.answers());
    const { signal } = new AbortController();
    const calls: string[] = [];
    for (const name of ['addEventListener', 'removeEventListener'] as const) {
      const original = signal[name].bind(signal) as (...given: unknown[]) => void;
      Object.defineProperty(signal, name, {
        value: (...given: unknown[]) => {
          calls.push(name);
          original(...given);
        },
      });
    }
    await session.server.round({ signal });
    expect(calls).to.deep.equal(['addEventListener', 'removeEventListener']);
  });

  it('says that it has accepted a message, and of the same one again that it is repeated, in every round', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    for (let round = 0; round <= 4; round++) {
      const answers = await session.answers();
      for (const [id, answer] of answers) {
        expect(session.server.recv(id, answer)).to.equal('accepted');
        const { revision } = session.server.progress();
        expect(session.server.recv(id, answer)).to.equal('repeated');
        expect(session.server.progress().revision).to.equal(revision);
      }
      await session.close();
      for (const [id, answer] of answers) expect(session.server.recv(id, answer)).to.equal('repeated');
    }
  });

  it('shows its round and how many it has heard in a log, and its output how much it holds', async () => {
    const session = await new Session({ threshold: 3 }).before(1);
    expect(inspect(session.server)).to.equal('ServerWrapper { round: 1, heard: 0 }');
    expect(inspect(session.server.output())).to.equal('ServerOutputWrapper { messages: 4 }');
    await session.finish();
    expect(inspect(session.server.output())).to.equal('ServerOutputWrapper { vector: 3 components }');
  });

  it('is over after an error of the protocol, and every later call says why', async () => {
    const session = new Session({ threshold: 3 });
    const threshold = await rejected('ERR_SECAGG_THRESHOLD', session.server.round(), ThresholdError);
    expect(threshold).to.include({ name: 'ThresholdError', have: 0, need: 3, round: 0 });
    const failed = await rejected('ERR_SECAGG_FAILED', session.server.round(), UsageError);
    expect(failed.cause).to.be.instanceOf(ThresholdError).and.to.include({ code: 'ERR_SECAGG_THRESHOLD', have: 0, need: 3 });
  });
});

/** As old polyfills have it: no throwIfAborted, no EventTarget. */
class PolyfilledSignal implements AbortSignalLike {
  readonly #listeners = new Set<() => void>();
  aborted = false;
  reason: unknown = undefined;

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners) listener();
  }
}

describe('a signal for closing a round', () => {
  it('that says that it is aborted at times only, and gives an error of ours as its reason, does not end the session', async () => {
    const session = await heardIn(1);
    const before = session.server.serializeState();
    const reason = new ThresholdError('too few', { have: 1, need: 2, round: 1 });
    const nothing = (): void => undefined;
    let reads = 0;
    const signal = {
      get aborted(): boolean {
        return ++reads === 2;
      },
      reason,
      addEventListener: nothing,
      removeEventListener: nothing,
    };
    expect(await outcomeOf(() => session.server.round({ signal }))).to.equal(reason);
    expect(session.server.serializeState() === before).to.equal(true);
    await endsWithSum(session);
  });

  for (const round of [0, 1, 2, 3, 4]) {
    it(`round ${round}: what is no signal is refused, and the session is as it was`, async () => {
      const session = await heardIn(round);
      const before = session.server.serializeState();
      for (const signal of [new AbortController(), 5000, 'abort', null, {}, { aborted: false }]) {
        const outcome = await outcomeOf(() => session.server.round({ signal } as never));
        expect(outcome).to.be.instanceOf(TypeError).with.property('message').that.includes('options.signal');
        expect(session.server.serializeState() === before).to.equal(true);
      }
      for (const options of [null, 5, { timeout: 5000 }, new AbortController().signal]) {
        expect(await outcomeOf(() => session.server.round(options as never))).to.be.instanceOf(TypeError);
        expect(session.server.serializeState() === before).to.equal(true);
      }
      await endsWithSum(session);
    });

    it(`round ${round}: a polyfill without throwIfAborted serves, aborted or not`, async () => {
      const session = await heardIn(round);
      const before = session.server.serializeState();
      const called = new PolyfilledSignal();
      const reason = new Error('called off');
      called.abort(reason);
      expect(await outcomeOf(() => session.server.round({ signal: called }))).to.equal(reason);
      expect(session.server.serializeState() === before).to.equal(true);
      const output = await session.server.round({ signal: new PolyfilledSignal() });
      expect(output.kind).to.equal(round < 4 ? 'messages' : 'sum');
    });
  }

  it('that is aborted while masks are being removed calls the work off, and the session is as it was', async () => {
    const session = await heardIn(4);
    const before = session.server.serializeState();
    const signal = new PolyfilledSignal();
    const closing = outcomeOf(() => session.server.round({ signal }));
    signal.abort('enough');
    expect(await closing).to.equal('enough');
    expect(session.server.serializeState() === before).to.equal(true);
    await endsWithSum(session);
  });
});

describe('a fault that is none of the protocol leaves a server as it was', () => {
  /** Which functions of the engine closing a round needs. */
  const CLOSING: readonly (readonly EngineFunction[])[] = [
    ['sha256'],
    ['sha256'],
    ['sha256'],
    [],
    ['sha256', 'hkdfSha256', 'x25519', 'x25519Peer', 'aes256Ctr'],
  ];

  for (const [round, needed] of CLOSING.entries()) {
    it(`round ${round}: any function of the engine fails while a message is taken, and the message then counts`, async () => {
      const session = await new Session({ ids: IDS, threshold: 3 }).before(round, [[], [], [4]]);
      const answers = await session.answers(round === 2 ? [4] : []);
      const used: EngineFunction[] = [];
      for (const [id, answer] of answers) {
        const before = session.server.serializeState();
        for (const name of ENGINE_FUNCTIONS) {
          const twin = ServerWrapper.fromState(before);
          const calls = await callsOf(name, () => twin.recv(id, answer));
          if (calls > 0) used.push(name);
          for (const place of placesIn(calls)) {
            expect(await thrownAt(name, place, () => session.server.recv(id, answer))).to.be.instanceOf(Fault);
            expect(session.server.serializeState() === before).to.equal(true);
          }
        }
        expect(session.server.recv(id, answer)).to.equal('accepted');
      }
      expect(new Set(used)).to.deep.equal(new Set(['sha256', 'ed25519VerifySync']));
      await endsWithSum(session);
    });

    it(`round ${round}: any function of the engine fails while the round is closed, and the same call then succeeds`, async () => {
      const session = await heardIn(round);
      const before = session.server.serializeState();
      const used: EngineFunction[] = [];
      for (const name of ENGINE_FUNCTIONS) {
        const twin = ServerWrapper.fromState(before, { threads: 0 });
        const calls = await callsOf(name, () => twin.round());
        if (calls > 0) used.push(name);
        for (const place of placesIn(calls)) {
          expect(await thrownAt(name, place, () => session.server.round()), `${name}, call ${place}`).to.be.instanceOf(Fault);
          expect(session.server.serializeState() === before).to.equal(true);
        }
      }
      expect(used).to.deep.equal(needed);
      await endsWithSum(session);
    });

    it(`round ${round}: a message cannot be made while a listener is told its size, and the same call then succeeds`, async () => {
      const events: ServerEvent[] = [];
      const session = await heardIn(round);
      const state = session.server.serializeState();
      session.server = ServerWrapper.fromState(state, { listener: (event) => events.push(event) });
      const honest = Object.getOwnPropertyDescriptor(MessagesOutput.prototype, 'getMessage')!;
      MessagesOutput.prototype.getMessage = () => {
        throw new Fault('no memory');
      };
      try {
        const outcome = await outcomeOf(() => session.server.round());
        if (round < 4) {
          expect(outcome).to.be.instanceOf(Fault);
          expect(session.server.serializeState() === state).to.equal(true);
        }
      } finally {
        Object.defineProperty(MessagesOutput.prototype, 'getMessage', honest);
      }
      if (round === 4) return;
      expect(events.filter(({ type }) => type === 'round-closed' || type === 'failed')).to.deep.equal([]);
      await endsWithSum(session);
      expect(events.filter(({ type }) => type === 'round-closed')).to.have.length(5 - round);
    });
  }

  it('round 0 on a sparse graph: its source of randomness fails while the graph is drawn', async () => {
    const session = sparseSession(9, { neighbors: 4, shareThreshold: 3 }, { threshold: 6 });
    session.deliver(await session.answers());
    let failing = true;
    session.server = serverWith(session.server, (length) => {
      if (failing) throw new Fault('random');
      return systemRandom(length);
    });
    const before = session.server.serializeState();
    expect(await outcomeOf(() => session.server.round())).to.be.instanceOf(Fault);
    expect(session.server.serializeState() === before).to.equal(true);
    failing = false;
    await session.close();
    session.expectSum(await session.finish(), session.setup.ids);
  });
});
