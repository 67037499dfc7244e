// The public surface: arguments, options, outputs, errors. A programmer's mistake is a TypeError or a RangeError that
// names the argument; what the protocol finds is a SecAggError with a code.
import { inspect } from 'node:util';
import { expect } from 'chai';
import * as secagg from '../src/index.ts';
import {
  genKeypair,
  ProtocolError,
  PublicKeysWrapper,
  round0Msg,
  SecAggError,
  ServerWrapper,
  ThresholdError,
  UsageError,
  UserWrapper,
  type SessionOptions,
} from '../src/index.ts';
import { systemRandom } from '../src/crypto/random.ts';
import { userWith } from './support/injected.ts';
import { rejected, refused } from './support/errors.ts';
import { Session } from './support/session.ts';

const [pk, sk] = genKeypair();
const others = new PublicKeysWrapper([
  [1, genKeypair()[0]],
  [2, genKeypair()[0]],
]);
const user = (
  overrides: Partial<Record<'id' | 'threshold' | 'pk' | 'sk' | 'vec' | 'others' | 'options', unknown>> = {},
): UserWrapper => {
  const given = { id: 0, threshold: 2, pk, sk, vec: [1, 2], others, options: {}, ...overrides };
  return new (UserWrapper as unknown as new (...args: unknown[]) => UserWrapper)(
    given.id,
    given.threshold,
    given.pk,
    given.sk,
    given.vec,
    given.others,
    given.options,
  );
};
const server = (...args: unknown[]): ServerWrapper =>
  new (ServerWrapper as unknown as new (...args: unknown[]) => ServerWrapper)(...args);

describe('the entry point', () => {
  it('exports what the documents name, and no more', () => {
    expect(Object.keys(secagg).sort()).to.deep.equal(
      [
        'ERROR_CODES',
        'genKeypair',
        'messageSizes',
        'round0Msg',
        'PublicKeysWrapper',
        'UserWrapper',
        'ServerWrapper',
        'ServerOutputWrapper',
        'SecAggError',
        'UsageError',
        'DecodeError',
        'ProtocolError',
        'DisputeError',
        'AuthenticationError',
        'ThresholdError',
        'StateError',
        'StoreError',
      ].sort(),
    );
  });

  it('genKeypair gives a fresh pair of 32 bytes each; round0Msg is constant', () => {
    const [one, two] = [genKeypair(), genKeypair()];
    expect([...one, ...two].map(({ length }) => length)).to.deep.equal([32, 32, 32, 32]);
    expect(one).not.to.deep.equal(two);
    expect(round0Msg()).to.deep.equal(round0Msg());
    round0Msg().fill(0);
    expect(round0Msg()).to.deep.equal(Uint8Array.of(0x92, 1, 0));
  });
});

describe('PublicKeysWrapper', () => {
  it('takes entries and insertions, the same one again, and refuses another key for a user', () => {
    const keys = new PublicKeysWrapper([[5, pk]]);
    keys.insert(5, Uint8Array.from(pk));
    const other = genKeypair()[0];
    keys.insert(2 ** 53 - 1, other);
    refused('ERR_SECAGG_KEY_CONFLICT', () => keys.insert(5, other), UsageError);
    expect([keys.size, keys.has(5), keys.has(6)]).to.deep.equal([2, true, false]);
  });

  it('copies: neither later insertions nor changes of the bytes reach who was given it', async () => {
    const session = new Session({ ids: [1, 2, 3], threshold: 2 });
    const { pki } = session.cohort;
    const stranger = genKeypair();
    pki.insert(9, stranger[0]);
    expect(session.server.progress().missing).to.deep.equal([1, 2, 3]);
    const bytes = Uint8Array.from(pk);
    const keys = new PublicKeysWrapper([[0, bytes]]);
    bytes.fill(0);
    keys.insert(0, pk);
    session.expectSum(await session.finish(), [1, 2, 3]);
  });

  it('is not changed by who is given it: a user’s own key goes into its own copy', () => {
    const keys = new PublicKeysWrapper([1, 2].map((id) => [id, genKeypair()[0]]));
    user({ others: keys });
    server(2, 5, { publicKeys: keys });
    expect([keys.size, keys.has(0)]).to.deep.equal([2, false]);
  });

  it('refuses what is no id or no key', () => {
    const keys = new PublicKeysWrapper();
    for (const id of [-1, 0.5, 2 ** 53, NaN, Infinity]) expect(() => keys.insert(id, pk)).to.throw(RangeError, 'u:');
    for (const id of ['1', null, undefined, 1n]) expect(() => keys.insert(id as never, pk)).to.throw(TypeError, 'u:');
    for (const key of [pk.subarray(1), new Uint8Array(33), new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      expect(() => keys.insert(1, key)).to.throw(RangeError, 'pk:');
    }
    for (const key of ['k', null, [...pk], pk.buffer]) expect(() => keys.insert(1, key as never)).to.throw(TypeError, 'pk:');
    expect(keys.size).to.equal(0);
    keys.insert(-0, pk);
    expect(keys.has(0)).to.equal(true);
  });
});

describe('arguments', () => {
  it('of a user: each is named when it is wrong', () => {
    expect(user()).to.be.instanceOf(UserWrapper);
    for (const [name, overrides, kind] of [
      ['id:', { id: -1 }, RangeError],
      ['id:', { id: 2 ** 53 }, RangeError],
      ['id:', { id: '0' }, TypeError],
      ['threshold:', { threshold: 1 }, RangeError],
      ['threshold:', { threshold: 2.5 }, RangeError],
      ['threshold:', { threshold: 65_536 }, RangeError],
      ['threshold:', { threshold: '2' }, TypeError],
      ['signPk:', { pk: pk.subarray(1) }, RangeError],
      ['signPk:', { pk: [...pk] }, TypeError],
      ['signPk:', { pk: genKeypair()[0] }, RangeError],
      ['signSk:', { sk: new Uint8Array(31) }, RangeError],
      ['signSk:', { sk: 'secret' }, TypeError],
      ['vec:', { vec: 'ab' }, TypeError],
      ['vec:', { vec: {}, options: { vecLen: 2 } }, TypeError],
      ['vec:', { vec: [1, 2, 3], options: { vecLen: 2 } }, RangeError],
      ['vec[1]:', { vec: [1, 2 ** 31] }, RangeError],
      ['vecLen:', { vec: [] }, RangeError],
      ['options.vecLen:', { vec: null }, TypeError],
      ['othersSignPks:', { others: [] }, TypeError],
      ["'bit'", { options: { bit: 16 } }, TypeError],
      ['options.bits:', { options: { bits: 0 } }, RangeError],
      ['options.bits:', { options: { bits: 65 } }, RangeError],
      ['options.bits:', { options: { bits: '32' } }, TypeError],
      ['options.session:', { options: { session: 5 } }, TypeError],
      ['options.session:', { options: { session: 'x'.repeat(65_537) } }, RangeError],
      ['options.graph:', { options: { graph: 'ring' } }, RangeError],
      ['options.adversary:', { options: { adversary: 'evil' } }, RangeError],
      ['options.colluders:', { options: { colluders: -1 } }, RangeError],
      ['options.maxUsers:', { options: { maxUsers: 0 } }, RangeError],
      ['threshold:', { options: { colluders: 2 } }, RangeError],
      ['threshold:', { options: { colluders: 2, adversary: 'semi-honest' } }, RangeError],
    ] as const) {
      expect(() => user(overrides), JSON.stringify(overrides)).to.throw(kind, name);
    }
    refused('ERR_SECAGG_KEY_CONFLICT', () => user({ id: 1 }));
  });

  it('of a server: each is named when it is wrong', () => {
    expect(server(2, 5)).to.be.instanceOf(ServerWrapper);
    for (const [name, args, kind] of [
      ['threshold:', [1, 5], RangeError],
      ['threshold:', [undefined, 5], TypeError],
      ['vecLen:', [2, 0], RangeError],
      ['vecLen:', [2, 2 ** 32], RangeError],
      ['vecLen:', [2, 2 ** 30, { bits: 9 }], RangeError],
      ['vecLen:', [2, '5'], TypeError],
      ['options.publicKeys:', [2, 5, { publicKeys: new Map() }], TypeError],
      ["'modularInputs'", [2, 5, { modularInputs: true }], TypeError],
      ['threshold:', [2, 5, { colluders: 2 }], RangeError],
    ] as const) {
      expect(() => server(...args), JSON.stringify(args)).to.throw(kind, name);
    }
    const own = server(2, 5);
    for (const id of [-1, 1.5, 2 ** 53]) expect(() => own.recv(id, round0Msg())).to.throw(RangeError, 'id:');
    expect(() => own.recv('1' as never, round0Msg())).to.throw(TypeError, 'id:');
    expect(() => own.recv(1, 'bytes' as never)).to.throw(TypeError, 'input:');
  });

  it('of a user’s round: only bytes, and nothing has changed after anything else', async () => {
    const own = user();
    for (const input of ['x', null, [1, 2], new ArrayBuffer(3)]) {
      const outcome = await own.round(input as never).catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(TypeError).with.property('message').that.includes('input:');
    }
    expect(own.progress()).to.include({ round: 0, revision: 0 });
    expect(await own.round(Buffer.from(round0Msg()))).to.be.instanceOf(Uint8Array);
  });

  it('of both are copied: bytes of the context and keys that change later do not reach the session', async () => {
    const context = Uint8Array.of(1, 2, 3);
    const session = new Session({ ids: [1, 2, 3], threshold: 2, options: { session: context } });
    const states = (): string[] => [session.server, ...session.users.values()].map((party) => party.serializeState());
    const before = states();
    context.fill(9);
    for (const [, secretKey] of session.cohort.keys.values()) secretKey.fill(9);
    expect(states()).to.deep.equal(before);
    session.expectSum(await session.finish(), [1, 2, 3]);
  });

  it('that nobody shares are no obstacle: the own key may be among the others’ or not', async () => {
    const session = new Session({ ids: [1, 2, 3], threshold: 2 });
    const [own, secret] = session.cohort.keys.get(2)!;
    const without = new PublicKeysWrapper([1, 3].map((id) => [id, session.cohort.keys.get(id)![0]] as const));
    session.users.set(2, new UserWrapper(2, 2, own, secret, session.setup.vectorOf(1, 2), without));
    session.expectSum(await session.finish(), [1, 2, 3]);
  });
});

describe('the policy', () => {
  const withPolicy = (threshold: number, options: SessionOptions): Promise<bigint[]> =>
    new Session({ ids: [0, 1, 2, 3, 4], threshold, options }).finish();

  it('against a lying server needs 2t > n + colluders', async () => {
    expect(await withPolicy(3, {})).to.have.length(3);
    expect(await withPolicy(4, { colluders: 2 })).to.have.length(3);
    expect(await withPolicy(3, { adversary: 'semi-malicious' })).to.have.length(3);
    for (const [threshold, options] of [
      [2, {}],
      [3, { colluders: 1 }],
      [4, { colluders: 3 }],
      [2, { adversary: 'semi-malicious' }],
    ] as [number, SessionOptions][]) {
      // The server takes no more users than that, so it is short of them.
      const session = new Session({ ids: [0, 1, 2, 3, 4], threshold, options });
      const answers = [...(await session.answers())];
      const taken = 2 * threshold - (options.colluders ?? 0) - 1;
      session.deliver(new Map(answers.slice(0, taken)));
      refused('ERR_SECAGG_TOO_MANY_USERS', () => session.server.recv(...answers[taken]!), ProtocolError);
    }
  });

  it('against a server that follows the protocol needs t > colluders', async () => {
    expect(await withPolicy(2, { adversary: 'semi-honest', colluders: 1 })).to.have.length(3);
    const session = await new Session({ ids: [0, 1, 2, 3, 4], threshold: 2, options: { adversary: 'semi-honest' } }).before(1);
    expect(session.server.progress().colludersBorne).to.equal(1);
    await session.round();
    expect(session.user(0).progress().colludersBorne).to.equal(1);
  });

  it('is each party’s own: a user refuses a directory that its server would take', async () => {
    const session = await new Session({
      ids: [0, 1, 2, 3, 4],
      threshold: 3,
      serverOptions: { adversary: 'semi-honest' },
      userOptions: { colluders: 1 },
    }).before(1);
    const error = await rejected('ERR_SECAGG_POLICY', session.user(3).round(session.messages.get(3)!), ProtocolError);
    expect(error).to.deep.include({ round: 1, userIds: [], userId: null });
  });

  it('bounds the users that may take part, by default to those that are registered', async () => {
    const crowd = new Session({ ids: [0, 1, 2, 3], threshold: 3, serverOptions: { maxUsers: 3 } });
    const answers = await crowd.answers();
    crowd.deliver(new Map([...answers].slice(0, 3)));
    refused('ERR_SECAGG_TOO_MANY_USERS', () => crowd.server.recv(3, answers.get(3)!));
    const mostOf = (party: UserWrapper | ServerWrapper): unknown =>
      (JSON.parse(party.serializeState()) as { context: { policy: { maxUsers: unknown } } }).context.policy.maxUsers;
    expect([server(2, 5, { publicKeys: others }), server(2, 5), user()].map(mostOf)).to.deep.equal([2, 65_535, 3]);
    expect(() => user({ vec: [2 ** 30, 0] })).to.throw(RangeError, 'for sums of 3 users');
    expect(user({ vec: [2 ** 29, 0], options: { maxUsers: 2 } })).to.be.instanceOf(UserWrapper);
  });

  it('takes a PKI of more users than one session can have', () => {
    const many = new PublicKeysWrapper();
    for (let id = 1; id <= 65_536; id++) {
      const key = Uint8Array.from(pk);
      new DataView(key.buffer).setUint32(0, id);
      many.insert(id, key);
    }
    expect(user({ others: many })).to.be.instanceOf(UserWrapper);
    expect(server(2, 5, { publicKeys: many })).to.be.instanceOf(ServerWrapper);
  });
});

describe('outputs', () => {
  it('are messages or the sum, and say so when asked for the other', async () => {
    const session = new Session({ threshold: 3 });
    expect(session.server.output()).to.equal(null);
    const first = await session.round();
    expect([first.isMessages(), first.isVector()]).to.deep.equal([true, false]);
    refused('ERR_SECAGG_USAGE', () => first.getVector(), UsageError);
    first.getMessages().clear();
    expect(first.getMessages().size).to.equal(4);
    for (let round = 1; round < 4; round++) await session.round();
    const last = await session.round();
    expect([last.isMessages(), last.isVector()]).to.deep.equal([false, true]);
    for (const ask of [() => last.getMessages(), () => last.getMessage(1), () => last.recipients()]) {
      refused('ERR_SECAGG_USAGE', ask, UsageError);
    }
    (last.getVector() as Int32Array).fill(0);
    expect(last.getVector()).to.deep.equal(Int32Array.of(15, 15, 15));
    await rejected('ERR_SECAGG_USAGE', session.server.round());
    expect(session.server.output()!.getVector()).to.deep.equal(last.getVector());
  });
});

describe('the messages of an output', () => {
  it('are the same one by one as all together, in each round, and also after recovery', async () => {
    const session = new Session({ ids: [3, 5, 7, 900], threshold: 3 });
    for (let round = 0; round < 4; round++) {
      const output = await session.round(round === 1 ? [5] : []);
      const all = output.getMessages();
      expect(output.recipients()).to.deep.equal([...all.keys()]);
      for (const from of [output, session.server.output()!, ServerWrapper.fromState(session.server.serializeState()).output()!]) {
        for (const [id, message] of all) expect(from.getMessage(id)).to.deep.equal(message);
        for (const id of round === 0 ? [4, 901] : [4, 5, 901]) expect(from.getMessage(id)).to.equal(null);
      }
    }
  });

  it('are made anew for whoever asks, so that what it does to one reaches nobody else', async () => {
    const session = await new Session({ threshold: 3 }).before(2);
    const output = session.server.output()!;
    const [one, again] = [output.getMessage(1)!, output.getMessage(1)!];
    expect(again).to.deep.equal(one);
    one.fill(0);
    expect(output.getMessage(1)).to.deep.equal(again);
    expect(output.getMessages().get(1)).to.deep.equal(again);
  });
});

describe('a constructor', () => {
  it('names what it is given wrongly, whatever that is', () => {
    const [pk, sk] = genKeypair();
    const keys = new PublicKeysWrapper();
    for (const id of [null, undefined, {}, [3], '3']) {
      expect(() => new UserWrapper(id as number, 2, pk, sk, [1], keys)).to.throw(TypeError, 'id');
      expect(() => new ServerWrapper(id as number, 3)).to.throw(TypeError, 'threshold');
    }
    for (const options of [null, 3, 'bits']) {
      expect(() => new UserWrapper(1, 2, pk, sk, [1], keys, options as unknown as object)).to.throw(TypeError, 'options');
      expect(() => new ServerWrapper(2, 3, options as unknown as object)).to.throw(TypeError, 'options');
    }
  });

  it('says what to do about the slips that come most often', () => {
    const [pk, sk] = genKeypair();
    const few = new PublicKeysWrapper([[2, genKeypair()[0]]]);
    const one = new UserWrapper(1, 2, pk, sk, [1], few);
    const two = new ServerWrapper(2, 1);
    for (const [attempt, text] of [
      [() => new ServerWrapper(2, 1, few as object), 'options: expected a plain object, got a PublicKeysWrapper'],
      [() => new ServerWrapper(2, 1, { listener: {} } as object), 'options.listener: expected a function, got object'],
      [() => new UserWrapper(1, 2, pk, sk, [1], few, { listener: 5 } as object), 'options.listener: expected a function'],
      [() => new UserWrapper(1, 2, pk, sk, 5 as never, few), 'vec: expected an array, a typed array or null, got number'],
      [() => new UserWrapper(1, 2, pk, sk, undefined as never, few), 'vec: expected an array'],
      [() => two.recv(1, one.round(round0Msg()) as never), 'input: expected a Uint8Array, got a Promise, which must be awaited'],
      [() => two.recv(1, new ArrayBuffer(3) as never), 'input: expected a Uint8Array, got an ArrayBuffer'],
      [
        () => ServerWrapper.fromState(two.serializeState(), { publicKeys: few } as object),
        "options: unknown option 'publicKeys'",
      ],
      [() => UserWrapper.fromState(one.serializeState(), { threads: 1 } as object), "options: unknown option 'threads'"],
    ] as const) {
      expect(attempt).to.throw(TypeError, text);
    }
    for (const attempt of [
      (): unknown => new UserWrapper(1, 3, pk, sk, [1], few),
      (): unknown => new ServerWrapper(2, 1, { publicKeys: few }),
    ]) {
      expect(attempt).to.throw(RangeError, 'registered keys');
    }
  });

  it('shows in a log what it is, and nothing that it hides', async () => {
    const session = await new Session({ threshold: 3 }).before(1);
    expect(inspect(session.server)).to.equal('ServerWrapper { round: 1, heard: 0 }');
    expect(inspect(session.server.output())).to.equal('ServerOutputWrapper { messages: 4 }');
    await session.finish();
    expect(inspect(session.server.output())).to.equal('ServerOutputWrapper { vector: 3 components }');
  });

  it('refuses vectors that no state could hold', () => {
    expect(() => new ServerWrapper(2, 2 ** 26 + 1)).to.throw(RangeError, 'vecLen: expected at most 67108864');
    expect(() => new ServerWrapper(2, 2 ** 25 + 1, { bits: 33 })).to.throw(RangeError, 'vecLen');
  });
});

describe('errors', () => {
  it('are SecAggErrors with a name, a code, and who must act', async () => {
    const session = new Session({ threshold: 3 });
    const threshold = await rejected('ERR_SECAGG_THRESHOLD', session.server.round(), ThresholdError);
    expect(threshold).to.include({ name: 'ThresholdError', have: 0, need: 3, round: 0 });
    expect(threshold).to.be.instanceOf(SecAggError).and.instanceOf(Error);
    const failed = await rejected('ERR_SECAGG_FAILED', session.server.round(), UsageError);
    expect(failed.cause).to.be.instanceOf(ThresholdError).and.to.include({ code: 'ERR_SECAGG_THRESHOLD', have: 0, need: 3 });
  });

  it('that are not of the protocol leave a user as it was, and the same call may be tried again', async () => {
    const foreign = new Error('secret 53');
    let failing = true;
    const own = userWith(user(), {
      random: (length) => {
        if (failing) throw foreign;
        return systemRandom(length);
      },
    });
    const before = own.serializeState();
    expect(await own.round(round0Msg()).catch((error: unknown) => error)).to.equal(foreign);
    expect(own.serializeState()).to.equal(before);
    failing = false;
    expect(await own.round(round0Msg())).to.be.instanceOf(Uint8Array);
  });

  it('of any round leave a user finished with the session, and every later call says why', async () => {
    const own = user();
    await rejected('ERR_SECAGG_DECODE', own.round(new Uint8Array(7)));
    for (let i = 0; i < 2; i++) await rejected('ERR_SECAGG_FAILED', own.round(round0Msg()), UsageError);
    refused('ERR_SECAGG_FAILED', () => own.setVector([1, 2]), UsageError);
    expect(own.progress()).to.deep.include({ round: null, users: [], unusableDeals: [], colludersBorne: null });
  });
});
