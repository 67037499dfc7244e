// What a coordinator may say to an agent, in every phase: all of it costs the agent time at most.
import { expect } from 'chai';
import fc from 'fast-check';
import { opened, type AgentState } from '../../src/agent/agent-state.ts';
import { SecAggError } from '../../src/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { decodeRequest, type ReceivedRequest } from '../../src/service/request.ts';
import { readResponse, type ResponseKind } from '../../src/service/response.ts';
import type { StoredAgent } from '../../src/participation/state-store.ts';
import { withPlatform } from '../support/injected.ts';
import { DeviceStore } from '../support/service-world/device.ts';
import { Draws } from '../support/service-world/draws.ts';
import { HostileCoordinator, type Said } from '../support/service-world/hostile.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { SmallService, type SmallOptions } from '../support/service-world/small-service.ts';
import { STORE_KEY } from '../support/service-world/watch.ts';
import { CASES, TIMEOUT } from '../fuzz/cases.ts';

const KINDS: readonly ResponseKind[] = [
  ...(['wait', 'task', 'run', 'enrolled', 'roster', 'message', 'accepted', 'outcome', 'refused'] as const),
];
const MOST = Number.MAX_SAFE_INTEGER;

/** One run of an honest service: what a participant's store held in each phase, and all bodies that it was told. */
interface Recorded {
  readonly service: SmallService;
  readonly states: ReadonlyMap<string, StoredAgent>;
  readonly bodies: readonly Uint8Array[];
}

function stateOf(service: SmallService, stored: StoredAgent): AgentState {
  const [person] = service.parties.people;
  return opened(stored, { key: STORE_KEY, task: service.parties.task.digest, id: person!.id, source: '' });
}

async function recorded(options: SmallOptions): Promise<Recorded> {
  const service = await SmallService.open(options);
  const states = new Map<string, StoredAgent>();
  const bodies = new Map<string, Uint8Array>();
  const store = new DeviceStore((_, after) => {
    const { work } = stateOf(service, after);
    const name = work.phase === 'session' ? `session, round ${work.answered} answered` : work.phase;
    if (!states.has(name)) states.set(name, after);
  });
  const exchange = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const answer = await service.coordinator.answer(bytes);
    const { digest } = decodeRequest(bytes);
    const response = await readResponse(answer, { publicKey: service.coordinator.publicKey, request: digest });
    bodies.set(hex(response!.body), response!.body);
    return answer;
  };
  const [first, ...others] = service.parties.people;
  const subject = service.participant(first!, { exchange }, store);
  const everybody = [subject, ...others.map((person) => service.participant(person, { exchange }))];
  const key = await service.openRun();
  await service.play(everybody, async () => (await service.coordinator.outcome(key)) !== null);
  await service.play(everybody, () => subject.agent.progress().phase === 'idle');
  bodies.set('next', await service.announce());
  return { service, states, bodies: [...bodies.values()] };
}

const integer = fc.oneof({ weight: 4, arbitrary: fc.nat(4) }, fc.constantFrom(1e9, 2 ** 32, MOST));

/** A response that is signed, and says anything at all. */
function anything(bodies: readonly Uint8Array[]): fc.Arbitrary<Said> {
  const real = fc.constantFrom(...bodies);
  const changed = fc.tuple(real, fc.nat(), fc.nat(255)).map(([bytes, at, by]) => {
    const copy = bytes.slice();
    if (copy.length > 0) copy[at % copy.length]! ^= by;
    return copy;
  });
  const texts = ['{"kind":"finished"}', '[]', 'null', '{', '['.repeat(5000)].map((text) => new TextEncoder().encode(text));
  const cut = fc.tuple(real, fc.nat()).map(([bytes, at]) => bytes.slice(0, at % (bytes.length + 1)));
  const body = fc.oneof(
    { weight: 4, arbitrary: real },
    changed,
    cut,
    fc.constantFrom(...texts),
    fc.uint8Array({ maxLength: 40 }),
  );
  const whole = fc.record({
    kind: fc.constantFrom(...KINDS),
    place: fc.record({ run: integer, attempt: integer, round: integer }),
    wait: fc.record({ from: integer, to: integer }),
    code: fc.constantFrom('', 'ERR_SECAGG_RUN', 'ERR_SECAGG_TOKEN', 'ERR_SECAGG_STORE', 'X', '_'.repeat(64)),
    token: fc.uint8Array({ minLength: 40, maxLength: 40 }),
    body,
  });
  // The parts of a body that do not fit together, and numbers that only somebody else can have used.
  const odd = fc.record(
    { offset: integer, total: integer, sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }), sequence: integer },
    { requiredKeys: [] },
  );
  return fc.oneof(
    { weight: 4, arbitrary: whole },
    fc.tuple(whole, odd).map(([said, more]) => ({ ...said, ...more })),
  );
}

/** What was seen of an agent that was told something. */
class Seen {
  readonly problems: string[] = [];
  readonly #answers = new Map<string, string>();

  heard({ kind, place: { run, attempt, round }, sha256 }: ReceivedRequest): void {
    if (kind !== 'answer') return;
    const name = `run ${run}, attempt ${attempt}, round ${round}`;
    if ((this.#answers.get(name) ?? hex(sha256)) !== hex(sha256)) this.problems.push(`${name}: two answers`);
    this.#answers.set(name, hex(sha256));
  }
}

async function isFuzzed({ service, bodies }: Recorded, stored: StoredAgent): Promise<void> {
  const before = stateOf(service, stored);
  await fc.assert(
    fc.asyncProperty(fc.array(anything(bodies), { minLength: 1, maxLength: 12 }), async (script) => {
      const seen = new Seen();
      const hostile = new HostileCoordinator(service.parties.coordinator);
      hostile.next.push(...script);
      const store = new DeviceStore();
      store.stored = stored;
      const { agent } = service.participant(service.parties.people[0]!, { exchange: hostile.exchange }, store);
      for (let steps = 0; hostile.next.length > 0; steps++) {
        if (steps > 40) throw new Error('the agent turns in circles');
        const told = await agent.transition().catch((error: unknown) => error as Error);
        if (told instanceof Error) {
          if (!(told instanceof SecAggError)) throw told;
          if (agent.progress().superseded) break;
        } else if (told.status === 'pending') {
          expect(told.wait).to.be.within(100, 3_600_000);
        }
      }
      for (const request of hostile.heard) seen.heard(request);
      expect(seen.problems).to.deep.equal([]);
      const after = stateOf(service, store.stored);
      const { history, spent } = after;
      expect(spent.length).to.equal(32 * history.participations);
      expect(history.highestRun).to.be.at.least(before.history.highestRun);
      expect(history.participations - before.history.participations).to.be.within(0, 1);
      expect(history.draws - before.history.draws).to.be.within(0, 3);
    }),
    { numRuns: Math.ceil((60 * CASES) / 2000) },
  );
}

for (const [what, options] of [
  ['of one session', { users: 4 }],
  [
    'with cohorts',
    {
      users: 4,
      people: 6,
      definition: {
        minUsers: 3,
        group: {
          ...{ threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 1 },
          cohorts: { least: 2, most: 3, seed: { min: 10, max: 60, grace: 30 } },
          graph: null,
        },
      },
    },
  ],
] as const satisfies readonly (readonly [string, SmallOptions])[]) {
  describe(`an agent of a task ${what}`, () => {
    it('goes on, waits or refuses, whatever it is told in any phase', () =>
      withPlatform(lightEngine(new Draws(1)), async () => {
        const record = await recorded(options);
        const phases = [...record.states.keys()];
        expect(phases).to.include.members(['idle', 'preparing', 'session, round 2 answered', 'awaiting']);
        expect(phases.includes('enrolled')).to.equal(what === 'with cohorts');
        for (const [phase, stored] of record.states) {
          await isFuzzed(record, stored).catch((error: unknown) => {
            throw new Error(phase, { cause: error });
          });
        }
      })).timeout(3 * TIMEOUT);
  });
}
