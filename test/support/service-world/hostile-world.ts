// A world whose coordinator lies, until one that does not takes its place: what holds is in floor-watch.ts, and that agents go on.
//
// What a hostile coordinator can do all the same, and these worlds show: it learns who takes part and when; gives the publisher's runs to
// some participants only; uses up a participant's attempts and participations with sums that it throws away; makes a participant wait an
// hour at a time; drops anybody; and makes an agent stop for good by an echo of a sequence number that it never had.
import { withPlatform } from '../injected.ts';
import type { Floors } from '../../../src/agent/floors.ts';
import { Coordinator } from '../../../src/coordinator/coordinator.ts';
import { MemoryCoordinatorStore } from '../../../src/coordinator/memory-store.ts';
import type { FinishedRun } from '../../../src/coordinator/outcome.ts';
import { utf8 } from '../../../src/leaves/bytes.ts';
import { enrollable } from '../../../src/service/enrolment.ts';
import { isDrawn } from '../../../src/service/group.ts';
import { leastEnrolled, type TaskDefinition } from '../../../src/service/task.ts';
import { settle } from './crowd.ts';
import type { Device } from './device.ts';
import { Draws } from './draws.ts';
import { FloorWatch } from './floor-watch.ts';
import { CALM, type Weather } from './gate.ts';
import { HostileCoordinator } from './hostile-coordinator.ts';
import { lightEngine } from './light-engine.ts';
import { GOOD_NETWORK, Network } from './network.ts';
import { BEGIN, floorsFor, groupOnGraph, groupWithCohorts, partiesFor, type Parties, type Person } from './parties.ts';
import { seedsIn } from './seed-weather.ts';
import { Timeline } from './timeline.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIN_INTERVAL = 120;

/** Plays a world to its end. @returns what was seen how often. @throws Error that names the seed and what did not hold. */
export async function playHostileWorld(seed: number): Promise<ReadonlyMap<string, number>> {
  const draws = new Draws(seed);
  return withPlatform(lightEngine(draws), async () => {
    const watch = await new HostileWorld(draws).play();
    if (watch.violations.length > 0) throw new Error(`hostile world ${seed}: ${watch.violations.join('\n')}`);
    return watch.seen;
  });
}

/** Its coordinator draws the graph of each session as it should, although it lies otherwise. */
function onGraph(users: number): Pick<TaskDefinition, 'group' | 'minUsers'> {
  const group = groupOnGraph(users, 1);
  return { group, minUsers: group.threshold };
}

class HostileWorld {
  readonly #draws: Draws;
  readonly #timeline = new Timeline();
  #answer: (request: Uint8Array) => Promise<Uint8Array> = () => Promise.reject(new Error('nobody is there'));
  #isHonest = false;
  #isOver = false;
  #runs = 0;

  constructor(draws: Draws) {
    this.#draws = draws;
  }

  readonly #trueTime = (): number => BEGIN + this.#timeline.now;

  async play(): Promise<FloorWatch> {
    const draws = this.#draws;
    const kind = draws.fraction();
    const isOnGraph = kind >= 0.85;
    const users = isOnGraph ? draws.between(10, 11) : draws.between(4, 6);
    const hasCohorts = kind < 0.4;
    const group = hasCohorts ? { group: groupWithCohorts(users) } : isOnGraph ? onGraph(users) : {};
    const count = hasCohorts ? draws.between(9, 13) : users;
    const parties = await partiesFor(users, this.#trueTime, { ...group, retention: 86_400 }, count);
    // As many as a session withstands.
    const accomplices = parties.people.slice(0, parties.task.definition.group.colluders);
    const floors = this.#floors(parties);
    const watch = new FloorWatch({ parties, floors, accomplices, trueTime: this.#trueTime });
    if (isOnGraph) watch.note('a hostile world on a sparse graph');
    const honest = parties.people.slice(accomplices.length);
    const devices = this.#settle(honest, parties, floors, watch);
    void this.#story(parties, accomplices, devices, watch);
    await this.#timeline.run(() => this.#isOver || watch.violations.length > 0);
    return watch;
  }

  #floors(parties: Parties): Floors {
    const floors = floorsFor(parties);
    const { group } = parties.task.definition;
    return {
      ...floors,
      adversary: {
        ...floors.adversary,
        ...(isDrawn(group) && { security: 40 }),
        ...(group.cohorts !== null && { minColludingFraction: 1 / parties.people.length }),
      },
      repetition: { minInterval: MIN_INTERVAL, maxParticipations: this.#draws.between(1, 4) },
      maxPayloadBytes: 100,
    };
  }

  /** Payloads are the coordinator's to give, too. */
  readonly #fetchPayload = (url: string): Promise<Uint8Array> => Promise.resolve(utf8(this.#draws.chance(0.1) ? 'other' : url));

  #settle(people: readonly Person[], parties: Parties, floors: Floors, watch: FloorWatch): Map<Person, readonly Device[]> {
    const [timeline, draws] = [this.#timeline, this.#draws];
    const seeds = seedsIn({ late: 0, failure: 0.1, garbled: 0 }, { draws, registrar: parties.registrar, watch });
    const network = new Network(timeline, draws, { ...GOOD_NETWORK, replayed: 0.05 }, (request) => this.#answer(request));
    const crashing = draws.chance(0.5) ? 0 : 0.001;
    const crash = (): number => (this.#isHonest ? 0 : crashing);
    const device: Weather = {
      ...CALM,
      get crash() {
        return crash();
      },
    };
    const settings = { device, twins: 0.1, dropOut: 0, backup: 0 };
    // Devices whose clocks are slow believe that they hear of a draw early. Clocks may differ by five minutes.
    const slow = draws.chance(0.4) ? draws.between(0, 5 * MINUTE) : 0;
    const isStale = (): boolean => !this.#isHonest && draws.chance(0.05);
    const options = {
      task: parties.task,
      floors,
      source: '',
      fetchPayload: this.#fetchPayload,
      clock: () => this.#trueTime() - slow,
    };
    return new Map(
      people.map((person) => [
        person,
        settle(person, { timeline, draws, watch, exchange: network.exchange, seeds, options, settings, isStale }),
      ]),
    );
  }

  async #announce({ publisher, task }: Parties, watch: FloorWatch): Promise<Uint8Array> {
    const run = ++this.#runs;
    const url = `https://example.org/${run}`;
    const payload = { url, content: utf8(url) };
    const announcement = await publisher.announce({ task, run, payload, expires: new Date(this.#trueTime() + 24 * HOUR) });
    watch.announced(run, announcement, payload.content);
    return announcement;
  }

  async #story(
    parties: Parties,
    accomplices: readonly Person[],
    devices: ReadonlyMap<Person, readonly Device[]>,
    watch: FloorWatch,
  ): Promise<void> {
    const [timeline, draws] = [this.#timeline, this.#draws];
    const { registrar } = parties;
    const hostile = new HostileCoordinator({
      ...{ timeline, draws, watch, parties, accomplices, fetchPayload: this.#fetchPayload },
      seeds: seedsIn({ late: 0, failure: 0, garbled: 0 }, { draws, registrar, watch }),
      clock: this.#trueTime,
      accomplicesFloors: { ...floorsFor(parties), maxPayloadBytes: 100 },
      lists: [await registrar.revocationList(), await registrar.revocationList()],
      lying: draws.chance(0.5) ? 0.02 : draws.fraction() * 0.1,
    });
    this.#answer = (request) => hostile.answer(request);
    for (let runs = draws.between(2, 4); runs > 0; runs--) {
      await hostile.announced(await this.#announce(parties, watch));
      await timeline.sleep(draws.between(4, 10) * MINUTE);
    }
    hostile.end();
    await timeline.sleep(10_000); // until it has told what it has
    await this.#afterwards(parties, devices, watch);
    this.#isOver = true;
  }

  /** Whoever was not made to stop takes part in an honest run, if its floors allow one more. */
  async #afterwards(parties: Parties, devices: ReadonlyMap<Person, readonly Device[]>, watch: FloorWatch): Promise<void> {
    const { coordinator: keypair, registrar, task } = parties;
    const seeds = seedsIn({ late: 0, failure: 0, garbled: 0 }, { draws: this.#draws, registrar, watch });
    const store = new MemoryCoordinatorStore(() => this.#timeline.now);
    const coordinator = new Coordinator({ keypair, tasks: [task], seeds, store, clock: this.#trueTime });
    await coordinator.setRevocationList(await registrar.revocationList());
    this.#answer = (request) => coordinator.answer(request);
    this.#isHonest = true;
    const since = this.#trueTime();
    const isStopped = (person: Person): boolean => devices.get(person)?.every(({ isSuperseded }) => isSuperseded) === true;
    const isAway = (person: Person): boolean => watch.lastSent(person) < since && !isStopped(person);
    // An hour is the longest that an agent waits.
    for (let minute = 0; minute < 60 && [...devices.keys()].some(isAway); minute++) await this.#timeline.sleep(MINUTE);
    await this.#timeline.sleep(5 * MINUTE);
    const able = [...devices.keys()].filter((person) => watch.isFree(person) && !isStopped(person));
    if (able.length < leastEnrolled(task.definition)) return;
    const key = await coordinator.openRun(await this.#announce(parties, watch));
    for (let seconds = 0; (await coordinator.outcome(key)) === null && seconds < 3600; seconds++) {
      await coordinator.tick();
      await this.#timeline.sleep(1000);
    }
    const outcome = await coordinator.outcome(key);
    if (outcome?.kind !== 'finished') {
      watch.require(false, `no sum of those who are left: ${outcome?.code ?? 'never'}`);
      return;
    }
    watch.note('an honest run followed');
    watch.finished(outcome);
    this.#requireAll(
      parties,
      able.map(({ id }) => id),
      outcome,
      watch,
    );
  }

  #requireAll({ task }: Parties, able: readonly number[], { included }: FinishedRun, watch: FloorWatch): void {
    const isDrawn = task.definition.group.cohorts !== null;
    const expected = isDrawn ? enrollable(task, able.length) : able.length;
    const isOurs = included.length === expected && included.every((id) => able.includes(id));
    watch.require(isOurs, `the honest run has ${included.join()}, expected ${expected} of ${able.join()}`);
  }
}
