// Wrong arguments of every public method: a TypeError or a RangeError that names the argument, before the database is asked.
import { expect } from 'chai';
import pg from 'pg';
import { PostgresSessions, PostgresUsers, type NewSession, type PostgresPool } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const ID = '00000000-0000-4000-8000-000000000000';
const KEY = new Uint8Array(32);
const BYTES = new Uint8Array(3);

const NO_POOL: PostgresPool = {
  connect: () => Promise.reject(new Error('the database was asked')),
};

/** Values of all kinds. Each argument is given all of them, except those that it takes. */
const VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  number: 5,
  fraction: 0.5,
  negative: -1,
  NaN: NaN,
  infinity: Infinity,
  bigint: 5n,
  string: 'x',
  'an empty string': '',
  'a number as a string': '1',
  'an empty object': {},
  'an object with a misspelt name': { thresholt: 2 },
  'an array': [],
  bytes: BYTES,
  'an ArrayBuffer': new ArrayBuffer(32),
  'an invalid date': new Date(NaN),
  date: new Date(),
  'an early date': new Date(-8.64e15),
  function: () => undefined,
  symbol: Symbol('x'),
  promise: Promise.resolve(5),
};

type Run = (...args: readonly unknown[]) => unknown;

/** Which argument varies: its name in errors, where it stands among right arguments, and which of the values it takes. */
interface Argument {
  readonly name: string;
  readonly at: (value: unknown) => readonly unknown[];
  readonly takes: readonly string[];
}

const object = (name: string, property: string, takes: readonly string[], others: object = {}): Argument => ({
  name,
  at: (value) => [{ ...others, [property]: value }],
  takes,
});

const STRINGS = ['string', 'an empty string', 'a number as a string'];
const sessions = new PostgresSessions(NO_POOL);
const users = new PostgresUsers(NO_POOL, { keys: [KEY] });
const state = new Session().user(1).serializeState();

// A string that is no uuid is an id of no session, which is not a programmer's mistake.
const id = (...others: readonly unknown[]): Argument => ({ name: 'id', at: (value) => [value, ...others], takes: STRINGS });
const user = (before: unknown, ...others: readonly unknown[]): Argument => ({
  name: 'user',
  at: (value) => [before, value, ...others],
  takes: ['number'],
});
const session = (...others: readonly unknown[]): Argument => ({
  name: 'session',
  at: (value) => [value, ...others],
  takes: ['string', 'a number as a string'],
});
const poolOf = (...others: readonly unknown[]): Argument => ({ name: 'pool', at: (value) => [value, ...others], takes: [] });
const ofDatabase = (others: object): readonly Argument[] => {
  const second = (name: string, takes: readonly string[]): Argument => ({
    name: `options.${name}`,
    at: (value) => [NO_POOL, { ...others, [name]: value }],
    takes: ['undefined', ...takes],
  });
  return [second('schema', ['string', 'a number as a string']), second('timeout', ['number'])];
};
const NEW = { threshold: 2, vecLen: 1 };

const CALLS: readonly (readonly [string, Run, readonly Argument[]])[] = [
  [
    'new PostgresSessions',
    (...args) => new PostgresSessions(...(args as [PostgresPool])),
    [
      poolOf(),
      { name: 'options', at: (value) => [NO_POOL, value], takes: ['undefined', 'an empty object'] },
      ...ofDatabase({}),
      { name: 'options.threads', at: (threads) => [NO_POOL, { threads }], takes: ['undefined', 'number'] },
      { name: 'options.worker', at: (worker) => [NO_POOL, { worker }], takes: ['undefined'] },
      { name: 'options.ackWithin', at: (ackWithin) => [NO_POOL, { ackWithin }], takes: ['undefined', 'number'] },
    ],
  ],
  [
    'new PostgresUsers',
    (...args) => new PostgresUsers(...(args as [PostgresPool, { keys: Uint8Array[] }])),
    [
      poolOf({ keys: [KEY] }),
      { name: 'options', at: (value) => [NO_POOL, value], takes: [] },
      ...ofDatabase({ keys: [KEY] }),
      { name: 'options.keys', at: (keys) => [NO_POOL, { keys }], takes: [] },
      { name: 'options.keys[0]', at: (key) => [NO_POOL, { keys: [key, KEY] }], takes: [] },
      { name: 'options.keys[1]', at: (key) => [NO_POOL, { keys: [KEY, key] }], takes: [] },
    ],
  ],
  [
    'create',
    (...args) => sessions.create(...(args as [NewSession])),
    [
      { name: '(session|threshold)', at: (value) => [value], takes: [] },
      object('threshold', 'threshold', ['number'], { vecLen: 1 }),
      object('vecLen', 'vecLen', ['number'], { threshold: 2 }),
      object('options', 'options', ['undefined', 'an empty object'], NEW),
      object('expiresAt', 'expiresAt', ['undefined', 'date'], NEW),
      // An option that is undefined is not given.
      { name: 'options.listener', at: (listener) => [{ ...NEW, options: { listener } }], takes: ['undefined'] },
      { name: 'options.threads', at: (threads) => [{ ...NEW, options: { threads } }], takes: ['undefined'] },
      { name: 'options.worker', at: (worker) => [{ ...NEW, options: { worker } }], takes: ['undefined'] },
    ],
  ],
  [
    'recv',
    (...args) => sessions.recv(...(args as [string, number, Uint8Array])),
    [id(1, BYTES), user(ID, BYTES), { name: 'input', at: (value) => [ID, 1, value], takes: ['bytes'] }],
  ],
  [
    'round',
    (...args) => sessions.round(...(args as [string, number, object])),
    [
      id(0),
      { name: 'r', at: (value) => [ID, value], takes: [] },
      { name: 'options', at: (value) => [ID, 0, value], takes: ['undefined', 'an empty object'] },
      { name: 'options.signal', at: (signal) => [ID, 0, { signal }], takes: ['undefined'] },
    ],
  ],
  ['message', (...args) => sessions.message(...(args as [string, number])), [id(1), user(ID)]],
  ['progress', (...args) => sessions.progress(...(args as [string])), [id()]],
  ['result', (...args) => sessions.result(...(args as [string])), [id()]],
  [
    'abort',
    (...args) => sessions.abort(...(args as [string, string])),
    [id('x'), { name: 'reason', at: (value) => [ID, value], takes: STRINGS }],
  ],
  ['remove', (...args) => sessions.remove(...(args as [string])), [id()]],
  [
    'sweep',
    (...args) => sessions.sweep(...(args as [{ endedBefore?: Date }])),
    [
      { name: 'options', at: (value) => [value], takes: ['undefined', 'an empty object'] },
      object('options.endedBefore', 'endedBefore', ['undefined', 'date']),
    ],
  ],
  [
    'save',
    (...args) => users.save(...(args as [string, number, string])),
    [session(1, state), user('s', state), { name: 'state', at: (value) => ['s', 1, value], takes: STRINGS }],
  ],
  ['load', (...args) => users.load(...(args as [string, number])), [session(1), user('s')]],
  [
    'answer',
    (...args) => users.answer(...(args as [string, number, Uint8Array])),
    [session(1, BYTES), user('s', BYTES), { name: 'message', at: (value) => ['s', 1, value], takes: ['bytes'] }],
  ],
  ['forget', (...args) => users.forget(...(args as [string, number])), [session(1), user('s')]],
];

const outcomeOf = async (run: () => unknown): Promise<unknown> => {
  try {
    return await run();
  } catch (error) {
    return error;
  }
};

describe('wrong arguments of sessions and users in PostgreSQL', () => {
  for (const [method, run, args] of CALLS) {
    for (const { name, at, takes } of args) {
      it(`${method}: a wrong value for ${name} is refused by name`, async () => {
        for (const [kind, value] of Object.entries(VALUES)) {
          const outcome = await outcomeOf(() => run(...at(value)));
          const isMistake = outcome instanceof TypeError || outcome instanceof RangeError;
          expect(isMistake, `${kind}: ${String(outcome)}`).to.equal(!takes.includes(kind));
          if (isMistake) expect(outcome.message, kind).to.match(new RegExp(`^${name.replace(/[.[\]]/g, '\\$&')}(:|\\b)`));
        }
      });
    }
    it(`${method}: a call without arguments is refused by name, or needs none`, async () => {
      const outcome = await outcomeOf(() => run());
      const isMistake = outcome instanceof TypeError || outcome instanceof RangeError;
      expect(isMistake, String(outcome)).to.equal(method !== 'sweep');
      if (isMistake) expect(outcome.message).to.match(new RegExp(`^(${args.map(({ name }) => name).join('|')})\\b`));
    });
  }

  it('keys of another length, equal keys, and no key are refused by name', () => {
    const other = new Uint8Array(32).fill(1);
    const wrong: readonly [Uint8Array[], RegExp][] = [
      [[], /^options\.keys:/],
      [[new Uint8Array(31)], /^options\.keys\[0\]:/],
      [[KEY, new Uint8Array(33)], /^options\.keys\[1\]:/],
      [[KEY, other, new Uint8Array(KEY)], /^options\.keys\[2\]:/],
    ];
    for (const [keys, text] of wrong) expect(() => new PostgresUsers(NO_POOL, { keys })).to.throw(RangeError, text);
    const sparse = [KEY, , other] as Uint8Array[]; // oxlint-disable-line no-sparse-arrays
    expect(() => new PostgresUsers(NO_POOL, { keys: sparse })).to.throw(TypeError, /^options\.keys\[1\]:/);
    const many = Array.from({ length: 50 }, (_, i) => new Uint8Array(32).fill(i));
    expect(() => new PostgresUsers(NO_POOL, { keys: many })).not.to.throw();
  });

  it('a misspelt name, and a name of something else, is refused by name', async () => {
    const calls: readonly [() => unknown, RegExp][] = [
      [() => new PostgresSessions(NO_POOL, { shema: 'x' } as object), /^options: .*shema/],
      [() => new PostgresUsers(NO_POOL, { keys: [KEY], shema: 'x' } as { keys: Uint8Array[] }), /^options: .*shema/],
      [() => sessions.create({ expiresIn: 5 } as unknown as NewSession), /^session: .*expiresIn/],
      [() => sessions.create({ ...NEW, options: { bitz: 5 } as NewSession['options'] & object }), /^options: .*bitz/],
      // @ts-expect-error a stored session has no listener
      [() => sessions.create({ ...NEW, options: { listener: () => undefined } }), /^options\.listener/],
      // @ts-expect-error it is an option of PostgresSessions
      [() => sessions.create({ ...NEW, options: { threads: 1 } }), /^options\.threads/],
      // @ts-expect-error it is an option of PostgresSessions
      [() => sessions.create({ ...NEW, options: { worker: new URL('file:///worker.js') } }), /^options\.worker/],
      [() => sessions.sweep({ endedBefor: new Date() } as object), /^options: .*endedBefor/],
    ];
    for (const [run, text] of calls) {
      const outcome = await outcomeOf(run);
      expect(outcome).to.be.instanceOf(TypeError);
      expect((outcome as TypeError).message).to.match(text);
    }
  });

  it('vectors of any length that a server takes are taken, for no row holds a whole one', async () => {
    await rejected('ERR_SECAGG_STORE', sessions.create({ ...NEW, vecLen: 2 ** 27 })); // the database was asked
    expect(await outcomeOf(() => sessions.create({ ...NEW, vecLen: 2 ** 27 + 1 }))).to.be.instanceOf(RangeError);
  });

  it('a name that PostgreSQL would change or cut is refused', async () => {
    for (const name of ['a\0', 'a\ud800', '\udc00a', 'x'.repeat(1_001), '😀'.repeat(251)]) {
      expect(await outcomeOf(() => users.load(name, 1)), name).to.be.instanceOf(RangeError);
      expect(() => new PostgresSessions(NO_POOL, { schema: name })).to.throw(RangeError, /^options\.schema/);
    }
    expect(await outcomeOf(() => users.load('😀'.repeat(250), 1))).not.to.be.instanceOf(RangeError);
  });

  it('an id that is no uuid belongs to no session', async () => {
    for (const text of ['', 'x', `${ID}0`, ID.slice(1)]) await rejected('ERR_SECAGG_UNKNOWN_SESSION', sessions.progress(text));
  });

  it('a client that is given for a pool is refused, before and after it was connected', () => {
    const client = new pg.Client();
    for (const construct of [
      (): unknown => new PostgresSessions(client as unknown as PostgresPool),
      (): unknown => new PostgresUsers(client as unknown as PostgresPool, { keys: [KEY] }),
    ]) {
      expect(construct).to.throw(TypeError, /^pool/);
    }
    expect(() => new PostgresSessions(new pg.Pool())).not.to.throw();
  });

  it('a pool that gives something else than connections is refused by name', async () => {
    for (const given of [undefined, null, {}, { query: 5, release: 5 }, { query: (): void => undefined }]) {
      const pools = [
        { connect: (): Promise<unknown> => Promise.resolve(given) },
        { connect: (): unknown => given },
      ] as unknown as PostgresPool[];
      for (const pool of pools) {
        const outcome = await outcomeOf(() => new PostgresSessions(pool).progress(ID));
        expect(outcome).to.be.instanceOf(TypeError);
        expect((outcome as TypeError).message).to.match(/^pool/);
      }
    }
  });

  it('a pool that throws is a database that cannot be reached', async () => {
    const pool: PostgresPool = {
      connect: () => {
        throw new Error('ended');
      },
    };
    await rejected('ERR_SECAGG_STORE', new PostgresSessions(pool).progress(ID));
  });
});
