// A session's descriptor: what a server hands out, and what a user takes from it and what not.
import { expect } from 'chai';
import {
  genKeypair,
  PublicKeysWrapper,
  ServerWrapper,
  StateError,
  UsageError,
  UserWrapper,
  type DescribedUserOptions,
  type SessionDescriptor,
} from '../../src/index.ts';
import { refused, rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const IDS = [0, 5, 7, 2 ** 53 - 1];
const GRAPH = { neighbors: 4, shareThreshold: 3 };

/** Over the network. */
const sent = (server: ServerWrapper): SessionDescriptor => JSON.parse(JSON.stringify(server.describe())) as SessionDescriptor;

function own(session: Session, id: number, options: Partial<DescribedUserOptions> = {}): DescribedUserOptions {
  const [signPk, signSk] = session.registered.keys.get(id)!;
  const vec = session.setup.vectorOf(session.setup.ids.indexOf(id), id);
  return { id, signPk, signSk, vec, othersSignPks: session.registered.pki, ...options };
}

/** A session whose users are all made from the server's descriptor. */
function describedSession(given: ConstructorParameters<typeof Session>[0], options: Partial<DescribedUserOptions> = {}): Session {
  const session = new Session(given);
  const descriptor = sent(session.server);
  for (const id of session.setup.ids) session.users.set(id, UserWrapper.fromDescriptor(descriptor, own(session, id, options)));
  return session;
}

/** The parts of a user's state that a descriptor and the user's own options decide on. */
function contextOf(user: UserWrapper): {
  parameters: unknown;
  policy: { adversary: string; colluders: number; maxUsers: number };
} {
  return (JSON.parse(user.serializeState()) as { context: ReturnType<typeof contextOf> }).context;
}

describe('a descriptor', () => {
  it('holds the parameters and the digest of the roster as plain JSON, and nothing that a user decides for itself', () => {
    const session = new Session({
      ids: IDS,
      threshold: 3,
      options: { bits: 12, session: Uint8Array.of(1, 2, 3) },
      serverOptions: { adversary: 'semi-honest', colluders: 1, maxUsers: 4 },
    });
    const described = session.server.describe();
    expect(sent(session.server)).to.deep.equal(described);
    const { roster, ...rest } = described;
    expect(rest).to.deep.equal({
      secagg: 'session',
      version: 1,
      parameters: { threshold: 3, vecLen: 3, bits: 12, graph: 'complete', session: 'AQID' },
    });
    expect(Buffer.from(roster!, 'base64')).to.have.length(32);
    expect(new ServerWrapper(3, 3).describe().roster).to.equal(null);
  });

  it('is the same in every round, and after recovery', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const first = session.server.describe();
    for (let round = 0; round <= 4; round++) {
      await session.round();
      expect(session.server.describe()).to.deep.equal(first);
      expect(ServerWrapper.fromState(session.server.serializeState()).describe()).to.deep.equal(first);
    }
  });

  it('makes users that finish a session with the right sum', async () => {
    const session = describedSession({ ids: IDS, threshold: 3, vecLen: 5, options: { bits: 12, session: 'described' } });
    session.expectSum(await session.finish([[], [], [5]]), [0, 7, 2 ** 53 - 1]);
  });

  it('makes users of a session on a sparse graph, if each names its adversary itself', async () => {
    const ids = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const session = describedSession(
      {
        ids,
        threshold: 6,
        options: { graph: GRAPH },
        serverOptions: { adversary: 'semi-honest' },
        userOptions: { adversary: 'semi-honest' },
      },
      { adversary: 'semi-honest' },
    );
    session.expectSum(await session.finish([[], [], [5]]), [1, 2, 3, 4, 6, 7, 8, 9]);
  });

  it('makes the same user as the constructor', () => {
    const session = new Session({ ids: IDS, threshold: 3, options: { bits: 12, session: 'same' } });
    const described = UserWrapper.fromDescriptor(sent(session.server), own(session, 5));
    expect(described.serializeState()).to.equal(session.user(5).serializeState());
  });

  it('makes a user without a vector, whose length it tells', async () => {
    const session = describedSession({ ids: IDS, threshold: 3 });
    const { vec, ...later } = own(session, 5);
    const user = UserWrapper.fromDescriptor(sent(session.server), later);
    expect(user.progress().needsVector).to.equal(true);
    expect(() => user.setVector([1])).to.throw(RangeError, 'vec:');
    user.setVector(vec!);
    session.users.set(5, user);
    session.expectSum(await session.finish(), IDS);
  });

  it('of a server without public keys makes users of any roster', async () => {
    const session = describedSession({ ids: IDS, threshold: 3, serverKnowsKeys: false });
    expect(sent(session.server).roster).to.equal(null);
    session.expectSum(await session.finish(), IDS);
  });
});

describe('a descriptor that a user refuses', () => {
  const session = new Session({ ids: IDS, threshold: 3, options: { bits: 12 } });
  const descriptor = sent(session.server);
  const make = (json: unknown, options: Partial<DescribedUserOptions> = {}): UserWrapper =>
    UserWrapper.fromDescriptor(json as SessionDescriptor, own(session, 5, options));

  const refusedFor = (what: string, json: unknown): void => {
    it(`has ${what}`, () => void refused('ERR_SECAGG_STATE', () => make(json), StateError));
  };

  for (const name of ['secagg', 'version', 'parameters', 'roster'] as const) {
    const { [name]: left, ...rest } = descriptor;
    refusedFor(`no ${name}`, rest);
    refusedFor(`another name for its ${name}`, { ...rest, [`${name}2`]: left });
    refusedFor(`a ${name} of another type`, { ...descriptor, [name]: [left] });
  }
  for (const name of ['threshold', 'vecLen', 'bits', 'graph', 'session'] as const) {
    const { [name]: left, ...rest } = descriptor.parameters;
    refusedFor(`no ${name}`, { ...descriptor, parameters: rest });
    refusedFor(`a ${name} of another type`, { ...descriptor, parameters: { ...rest, [name]: [left] } });
    refusedFor(`a ${name} that is null`, { ...descriptor, parameters: { ...rest, [name]: null } });
  }
  refusedFor('another document’s name', { ...descriptor, secagg: 'user' });
  refusedFor('another version', { ...descriptor, version: 2 });
  refusedFor('a digest of another length', { ...descriptor, roster: 'AAAA' });
  refusedFor('a digest that is no base64', { ...descriptor, roster: descriptor.roster!.slice(1) });
  refusedFor('a threshold of one', { ...descriptor, parameters: { ...descriptor.parameters, threshold: 1 } });
  refusedFor('a ring of no bits', { ...descriptor, parameters: { ...descriptor.parameters, bits: 0 } });
  refusedFor('a context that is no base64', { ...descriptor, parameters: { ...descriptor.parameters, session: '?' } });
  refusedFor('half a sparse graph', { ...descriptor, parameters: { ...descriptor.parameters, graph: { neighbors: 2 } } });
  for (const [what, json] of [
    ['the text of one', JSON.stringify(descriptor)],
    ['nothing', undefined],
    ['null', null],
    ['a list', [descriptor]],
  ] as const) {
    it(`is ${what}`, () => void refused('ERR_SECAGG_STATE', () => make(json), StateError));
  }

  for (const [name, value] of [
    ['adversary', 'semi-honest'],
    ['colluders', 0],
    ['maxUsers', 4],
    ['security', 1],
    ['modularInputs', true],
    ['publicKeys', []],
  ] as const) {
    it(`sets the user’s own ${name}, at the top or among the parameters`, () => {
      refused('ERR_SECAGG_STATE', () => make({ ...descriptor, [name]: value }), StateError);
      const parameters = { ...descriptor.parameters, [name]: value };
      refused('ERR_SECAGG_STATE', () => make({ ...descriptor, parameters }), StateError);
    });
  }

  it('is of a session with other public keys', () => {
    const [, ...others] = [...session.registered.pki];
    for (const pki of [
      new PublicKeysWrapper(others),
      new PublicKeysWrapper([...others, [0, genKeypair()[0]]]),
      new PublicKeysWrapper([...session.registered.pki, [8, genKeypair()[0]]]),
    ]) {
      refused('ERR_SECAGG_KEY_CONFLICT', () => make(descriptor, { othersSignPks: pki }), UsageError);
    }
    const withoutItself = new PublicKeysWrapper([...session.registered.pki].filter(([id]) => id !== 5));
    expect(make(descriptor, { othersSignPks: withoutItself }).id).to.equal(5);
  });

  it('is of a sparse graph, by a user that names no adversary of its own', () => {
    const sparse = new Session({
      ids: [1, 2, 3, 4, 5, 6, 7, 8, 9],
      threshold: 6,
      options: { graph: GRAPH, adversary: 'semi-honest' },
    });
    refused('ERR_SECAGG_UNSAFE', () => UserWrapper.fromDescriptor(sent(sparse.server), own(sparse, 5)), UsageError);
    refused(
      'ERR_SECAGG_UNSAFE',
      () => UserWrapper.fromDescriptor(sent(sparse.server), own(sparse, 5, { adversary: 'malicious' })),
      UsageError,
    );
    const user = UserWrapper.fromDescriptor(sent(sparse.server), own(sparse, 5, { adversary: 'semi-honest' }));
    expect(contextOf(user).policy.adversary).to.equal('semi-honest');
  });
});

describe('what a user decides for itself beside a descriptor', () => {
  const session = new Session({ ids: IDS, threshold: 3, serverOptions: { adversary: 'semi-honest', colluders: 1 } });
  const descriptor = sent(session.server);

  it('has the defaults of the constructor, whatever the server has chosen', () => {
    const { policy } = contextOf(UserWrapper.fromDescriptor(descriptor, own(session, 5)));
    expect(policy).to.deep.equal({ maxUsers: 4, adversary: 'malicious', colluders: 0, security: 40, minHonest: 1 });
  });

  it('is what it says, and counts in the session', async () => {
    const user = UserWrapper.fromDescriptor(
      descriptor,
      own(session, 5, { colluders: 1, maxUsers: 3, security: 60, minHonest: 2, listener: () => undefined }),
    );
    expect(contextOf(user).policy).to.deep.equal({
      maxUsers: 3,
      adversary: 'malicious',
      colluders: 1,
      security: 60,
      minHonest: 2,
    });
    session.users.set(5, user);
    await session.before(1);
    await rejected('ERR_SECAGG_TOO_MANY_USERS', user.round(session.messages.get(5)!));
  });

  it('is refused by name if it is misspelt, or belongs to the session', () => {
    for (const name of ['threshold', 'vecLen', 'bits', 'graph', 'session', 'coluders']) {
      const options = { ...own(session, 5), [name]: 1 };
      expect(() => UserWrapper.fromDescriptor(descriptor, options)).to.throw(TypeError, `'${name}'`);
    }
    for (const user of [null, undefined, 5, session.user(5)]) {
      expect(() => UserWrapper.fromDescriptor(descriptor, user as never)).to.throw(TypeError, 'user:');
    }
  });

  it('is checked as the constructor checks it', () => {
    for (const [name, options, kind] of [
      ['id:', { id: -1 }, RangeError],
      ['signSk:', { signSk: new Uint8Array(31) }, RangeError],
      ['vec:', { vec: [1, 2] }, RangeError],
      ['vec[0]:', { vec: [2 ** 31, 0, 0] }, RangeError],
      ['othersSignPks:', { othersSignPks: [] as never }, TypeError],
      ['options.maxUsers:', { maxUsers: 0 }, RangeError],
    ] as const) {
      expect(() => UserWrapper.fromDescriptor(descriptor, own(session, 5, options)), name).to.throw(kind, name);
    }
    const modular = UserWrapper.fromDescriptor(descriptor, own(session, 5, { vec: [2 ** 31, 0, 0], modularInputs: true }));
    expect(modular.progress().needsVector).to.equal(false);
  });
});
