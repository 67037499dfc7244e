// What a developer is told who calls something wrongly: every function, class and method of every entry point, with values of the wrong kind.
import { expect } from 'chai';
import * as agents from '../../src/agent/index.ts';
import * as files from '../../src/agent/file-store.ts';
import * as cohorts from '../../src/cohorts/index.ts';
import * as coordinators from '../../src/coordinator/index.ts';
import * as dp from '../../src/dp/index.ts';
import * as encoding from '../../src/encoding/index.ts';
import * as core from '../../src/index.ts';
import * as opentelemetry from '../../src/opentelemetry/index.ts';
import * as pet from '../../src/pet/index.ts';
import * as planner from '../../src/planner/index.ts';
import * as postgres from '../../src/postgres/index.ts';
import * as services from '../../src/service/index.ts';
import * as worker from '../../src/worker/index.ts';

type Callable = (...args: unknown[]) => unknown;
type Class = (new (...args: unknown[]) => object) & Record<string, unknown>;

const ENTRY_POINTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ...{ agents, files, cohorts, coordinators, dp, encoding, core, opentelemetry, pet, planner, postgres, services, worker },
};
/** Only the library itself makes them. */
const NOT_CONSTRUCTED = ['MaskObject', 'PetCoordinator'];
/** These are internal: only the library calls them. */
const NOT_CALLED = ['zero', 'idsInDirectory', 'readyWith'];

const { signal } = new AbortController();
const WRONG: readonly unknown[] = [undefined, null, 7, 'text', {}, [], signal];
/** As engines word what happens to a value that was not checked. */
const OF_ENGINE =
  /Cannot (read|destructure|convert|set|use)|is not (a function|iterable|a constructor|defined|an object)|undefined|\bnull\b/;

/** What an error says, if the engine says it and not the library. */
function complaint(error: unknown): string | null {
  if (error instanceof core.SecAggError) return null;
  const isOfArgument = error instanceof TypeError || error instanceof RangeError;
  // What the library says names a value of the wrong kind after `got`.
  return isOfArgument && !OF_ENGINE.test(error.message.replace(/\bgot .*/, '')) ? null : String(error);
}

async function complaintOf(call: () => unknown): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return complaint(error);
  }
}

/** Each wrong value alone, and as often as there may be arguments. */
const LISTS: readonly (readonly unknown[])[] = [
  [],
  ...WRONG.flatMap((value) => [1, 2, 4].map((n) => new Array<unknown>(n).fill(value))),
];

async function complaintsOf(name: string, call: (args: readonly unknown[]) => unknown): Promise<string[]> {
  const found = new Set<string>();
  for (const args of LISTS) {
    const said = await complaintOf(() => call(args));
    if (said !== null) found.add(`${name}: ${said}`);
  }
  return [...found];
}

const isClass = (value: Callable): boolean => Function.prototype.toString.call(value).startsWith('class');

describe('a wrong argument', () => {
  const { warn } = console;
  before(() => (console.warn = (): void => undefined));
  after(() => (console.warn = warn));

  for (const [entry, exports] of Object.entries(ENTRY_POINTS)) {
    it(`of what ${entry} exports is told by the library, and not by the engine`, async () => {
      const complaints: string[] = [];
      for (const [name, value] of Object.entries(exports)) {
        if (typeof value !== 'function' || value.prototype instanceof Error) continue;
        if (!isClass(value as Callable)) {
          complaints.push(...(await complaintsOf(name, (args) => (value as Callable)(...args))));
          continue;
        }
        const made = value as Class;
        if (!NOT_CONSTRUCTED.includes(name)) complaints.push(...(await complaintsOf(`new ${name}`, (args) => new made(...args))));
        for (const method of Object.getOwnPropertyNames(made)) {
          if (typeof made[method] !== 'function' || NOT_CALLED.includes(method)) continue;
          complaints.push(...(await complaintsOf(`${name}.${method}`, (args) => (made[method] as Callable)(...args))));
        }
      }
      expect(complaints).to.deep.equal([]);
    });
  }

  const keypair = core.genKeypair();
  const others = new core.PublicKeysWrapper([0, 1, 2].map((id) => [id, id === 0 ? keypair[0] : core.genKeypair()[0]] as const));
  const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' } as const;
  const config = { vect: one, unit: one };
  const rounds = { sumProbability: 0.5, updateProbability: 1, config, modelLength: 2, update: { count: { min: 3, max: 9 } } };
  const service = (): coordinators.DevelopmentService =>
    coordinators.developmentService({ aggregate: { kind: 'integers', vecLen: 1, bits: 16 }, threshold: 2, maxUsers: 3 });
  const nothing = (): Promise<null> => Promise.resolve(null);
  const participant = {
    signSecretKey: keypair[1],
    client: { parameters: nothing, sums: nothing, seeds: nothing, send: nothing },
    models: { load: nothing },
  };
  const refuse = (): Promise<never> => Promise.reject(new Error('no database'));
  const pool = { connect: refuse, query: refuse } as unknown as postgres.PostgresPool;

  const OBJECTS: Readonly<Record<string, () => object | Promise<object>>> = {
    UserWrapper: () => new core.UserWrapper(0, 2, ...keypair, [1, 2], others),
    ServerWrapper: () => new core.ServerWrapper(2, 2),
    PublicKeysWrapper: () => new core.PublicKeysWrapper(),
    Agent: () => {
      const { introduction, certify, coordinator } = service();
      return agents.developmentAgent({
        ...{ id: 1, introduction, certify, inputs: { load: nothing } },
        exchange: (request) => coordinator.answer(request),
      });
    },
    DevelopmentService: service,
    Coordinator: () => service().coordinator,
    Registrar: () => service().registrar,
    Publisher: () => service().publisher,
    Task: () => service().task,
    PetCoordinator: () => pet.PetCoordinator.create(rounds),
    PetParticipant: () => new pet.PetParticipant(participant),
    PetAgent: () => new pet.PetAgent({ ...participant, store: new agents.MemoryAgentStore(), storeKey: new Uint8Array(32) }),
    PetService: async () => new pet.PetService({ coordinator: await pet.PetCoordinator.create(rounds) }),
    Aggregation: () => new pet.Aggregation(config, 2),
    MaskObject: () => pet.deriveMask(new Uint8Array(32), 2, config),
    Ledger: () => new dp.Ledger({ epsilon: 1, delta: 1e-6, adjacency: 'zero-out' }),
    'Encoding of sums': () => encoding.sum({ length: 2, min: 0, max: 5, maxUsers: 4 }),
    'Encoding of means': () => encoding.weightedMean({ shapes: { a: [2] }, maxUsers: 4 }),
    'Encoding of counts': () => encoding.histogram({ bins: 3, maxUsers: 4 }),
    Cohorts: () =>
      cohorts.assignCohorts({
        ...{ userIds: [1, 2, 3, 5], sessions: [{ count: 1, users: 4, threshold: 3 }] },
        seed: new Uint8Array(32),
      }),
  };

  for (const [name, make] of Object.entries(OBJECTS)) {
    it(`of a method of ${name} is told by the library, and not by the engine`, async () => {
      const object = (await make()) as Record<string, unknown>;
      const methods = new Set<string>();
      for (let each: object = object; each !== Object.prototype; each = Object.getPrototypeOf(each) as object) {
        for (const method of Object.getOwnPropertyNames(each)) if (method !== 'constructor') methods.add(method);
      }
      const complaints: string[] = [];
      for (const method of methods) {
        if (NOT_CALLED.includes(method)) continue;
        complaints.push(
          ...(await complaintsOf(`${name}.${method}`, async (args) => {
            const fresh = (await make()) as Record<string, unknown>;
            const isGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(fresh) as object, method)?.get !== undefined;
            return isGetter || typeof fresh[method] !== 'function' ? null : (fresh[method] as Callable)(...args);
          })),
        );
      }
      expect(complaints).to.deep.equal([]);
    });
  }

  it('of a method of PostgresSessions is told before the database is asked', async () => {
    const sessions = new postgres.PostgresSessions(pool) as unknown as Record<string, Callable>;
    for (const method of ['create', 'round', 'closeAt', 'unmask', 'wait', 'list', 'sweep']) {
      const said = (await complaintsOf(method, (args) => sessions[method]!(...args))).filter(
        (each) => !each.endsWith('Error: no database'),
      );
      expect(said).to.deep.equal([]);
    }
  });

  it('that is a signal in the place of options is refused: it would have no effect', async () => {
    for (const [name, method] of [
      ['Coordinator', 'run'],
      ['Agent', 'run'],
      ['Agent', 'transition'],
      ['Agent', 'leave'],
      ['PetAgent', 'run'],
      ['PetAgent', 'transition'],
      ['PetParticipant', 'transition'],
      ['PetService', 'run'],
    ] as const) {
      const object = (await OBJECTS[name]!()) as Record<string, (given: unknown) => Promise<unknown>>;
      const error: unknown = await object[method]!(signal).catch((reason: unknown) => reason);
      expect(error, `${name}.${method}`)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.contains('got the signal itself');
    }
  });
});
