// A whole service on one virtual clock: coordinator processes, a network, devices, and what happens to them. See watch.ts for what
// must hold.
import { withPlatform } from '../injected.ts';
import { Coordinator } from '../../../src/coordinator/coordinator.ts';
import { MemoryCoordinatorStore } from '../../../src/coordinator/memory-store.ts';
import { outcomeOf, type Outcome } from '../../../src/coordinator/outcome.ts';
import type { RunKey } from '../../../src/coordinator/run-record.ts';
import { MemorySessionHost } from '../../../src/coordinator/session-host.ts';
import { verifyCertificate } from '../../../src/service/run-certificate.ts';
import type { Task } from '../../../src/service/task.ts';
import { Device, DeviceStore } from './device.ts';
import { Draws } from './draws.ts';
import { lightEngine, realEngine } from './light-engine.ts';
import { Network } from './network.ts';
import { BEGIN, floorsFor, partiesFor, type Parties, type Person } from './parties.ts';
import { Station } from './station.ts';
import { Timeline } from './timeline.ts';
import { Watch } from './watch.ts';
import type { Settings } from './weather.ts';

/** What came of a world. */
export interface Report {
  readonly outcomes: readonly Outcome[];
  readonly seen: ReadonlyMap<string, number>;
  readonly events: number;
}

const HOUR = 3_600_000;

/** Plays a world to its end. @throws Error that names the seed and what did not hold. */
export async function playWorld(seed: number, settings: Settings): Promise<Report> {
  const draws = new Draws(seed);
  const engine = settings.isReal ? realEngine(draws) : lightEngine(draws);
  return withPlatform(engine, async () => {
    const world = new World(draws, settings);
    const report = await world.play();
    if (world.violations.length > 0) throw new Error(`world ${seed}: ${world.violations.join('\n')}`);
    return report;
  });
}

class World {
  readonly #draws: Draws;
  readonly #settings: Settings;
  readonly #timeline = new Timeline();
  readonly #outcomes: Outcome[] = [];
  /** By how much the coordinator's own clock has jumped, in milliseconds. */
  #ownJump = 0;
  /** By how much the time of day has jumped for coordinator and devices. */
  #dayJump = 0;
  #watch: Watch | null = null;
  #open = 0;

  constructor(draws: Draws, settings: Settings) {
    this.#draws = draws;
    this.#settings = settings;
  }

  get violations(): readonly string[] {
    return this.#watch?.violations ?? [];
  }

  readonly #trueTime = (): number => BEGIN + this.#timeline.now;
  readonly #timeOfDay = (): number => BEGIN + this.#timeline.now + this.#dayJump;

  async play(): Promise<Report> {
    const { users, sources } = this.#settings;
    const parties = await partiesFor(users, this.#trueTime, this.#settings.definition, users * sources.length);
    const watch = (this.#watch = new Watch(parties.task.digest));
    const store = new MemoryCoordinatorStore(() => this.#timeline.now + this.#ownJump);
    const stations = await this.#stations(parties, store, watch);
    const network = new Network(this.#timeline, this.#draws, this.#settings.network, async (request) => {
      const up = stations.filter(({ isUp }) => isUp);
      if (up.length === 0) throw new Error('nobody is there');
      return this.#draws.pick(up).answer(request);
    });
    parties.people.forEach((person, i) => {
      this.#people(person, parties, network, sources[i % sources.length]!);
    });
    this.#jumps();
    this.#open = sources.length;
    for (const source of sources) void this.#runs(source, parties, store, watch);
    const events = await this.#timeline.run(() => this.#open === 0 || watch.violations.length > 0);
    return { outcomes: this.#outcomes, seen: watch.seen, events };
  }

  async #stations({ registrar, coordinator, task }: Parties, store: MemoryCoordinatorStore, watch: Watch): Promise<Station[]> {
    const host = new MemorySessionHost();
    const secret = this.#draws.bytes(32);
    const list = await registrar.revocationList();
    return Array.from(
      { length: this.#settings.stations },
      () =>
        new Station({
          timeline: this.#timeline,
          draws: this.#draws,
          weather: this.#settings.station,
          watch,
          store,
          host,
          options: { keypair: coordinator, tasks: [task], secret, clock: this.#timeOfDay },
          revocationList: () => list,
        }),
    );
  }

  /** The devices of one person: one, or two with the same store. */
  #people(person: Person, parties: Parties, network: Network, source: string): void {
    const watch = this.#watch!;
    const { twins, dropOut, backup } = this.#settings;
    const store = new DeviceStore((before, after) => {
      watch.stored(person, before, after);
    });
    const inputs = (run: number): { readonly id: string; readonly data: readonly number[] } | null => {
      if (this.#draws.chance(0.1)) return null;
      const name = `input ${this.#draws.chance(0.02) ? run - 1 : run}`;
      const data = [person.id, run, -person.id];
      watch.gave(person, source, name, data);
      return { id: name, data };
    };
    const exchange: typeof network.exchange = async (request, options) => {
      watch.sent(person, request, store.stored);
      return network.exchange(request, options);
    };
    const devices = Array.from({ length: this.#draws.chance(twins) ? 2 : 1 }, () => {
      const delay = this.#draws.between(0, 15_000);
      const options = { task: parties.task, floors: floorsFor(parties), source, clock: this.#timeOfDay };
      const { device: weather } = this.#settings;
      const terms = { timeline: this.#timeline, draws: this.#draws, weather, watch, person, store, exchange };
      return new Device({ ...terms, inputFor: inputs, options }, delay);
    });
    if (this.#draws.chance(dropOut)) {
      this.#timeline.after(this.#draws.between(0, 200_000), () => {
        for (const device of devices) device.leave();
      });
    }
    if (this.#draws.chance(backup)) this.#restoreBackup(store, devices);
  }

  /** A state is copied, and put back later: the person's agent must not go on with it. */
  #restoreBackup(store: DeviceStore, devices: readonly Device[]): void {
    this.#timeline.after(this.#draws.between(10_000, 120_000), () => {
      const copied = store.stored;
      this.#timeline.after(this.#draws.between(10_000, 120_000), () => {
        if (copied === null) return;
        this.#watch!.note('a backup was restored');
        store.stored = copied;
        for (const device of devices) device.crash();
      });
    });
  }

  #jumps(): void {
    const { jumps } = this.#settings;
    const next = (): void => {
      if (this.#draws.chance(jumps)) this.#ownJump += this.#draws.between(-HOUR, HOUR);
      if (this.#draws.chance(jumps)) this.#dayJump = this.#draws.chance(0.5) ? 0 : this.#draws.between(-HOUR, HOUR);
      this.#timeline.after(10_000, next);
    };
    this.#timeline.after(10_000, next);
  }

  /** One run after the other about one data source, each to its end. */
  async #runs(source: string, { coordinator, task, registrar, publisher }: Parties, store: MemoryCoordinatorStore, watch: Watch) {
    const operator = new Coordinator({ keypair: coordinator, tasks: [task], store, clock: this.#trueTime });
    await operator.setRevocationList(await registrar.revocationList());
    for (let i = 0; i < this.#settings.runs; i++) {
      const expires = new Date(this.#trueTime() + 24 * HOUR);
      const announcement = await publisher.announce({ task, source, run: this.#nextRun++, expires });
      const key = await operator.openRun(announcement);
      const outcome = await this.#ended(key, task, store, watch);
      this.#outcomes.push(outcome);
      watch.note(outcome.kind === 'failed' ? `failed: ${outcome.code}` : 'finished');
      if (outcome.kind === 'finished') {
        watch.finished(outcome);
        const terms = { registrar: registrar.authority, publisher: publisher.publicKey };
        const verified = (await operator.certificates(key)).map((certificate) => verifyCertificate(certificate, terms));
        const says = await Promise.all(verified).then(
          (sessions) => sessions.flatMap(({ included }) => included).sort((a, b) => a - b),
          (error: unknown) => [String(error)],
        );
        watch.require(says.join() === outcome.included.join(), `run ${key.run}: its certificates say ${says.join()}`);
      }
      await this.#timeline.sleep(this.#draws.between(0, 60_000));
    }
    this.#open--;
  }

  #nextRun = 1;

  async #ended(key: RunKey, task: Task, store: MemoryCoordinatorStore, watch: Watch): Promise<Outcome> {
    const { since } = (await store.run(key))!;
    const began = this.#timeline.now;
    while (this.#timeline.now - began < 6 * HOUR) {
      const run = (await store.run(key))!;
      const outcome = outcomeOf(task, run);
      if (run.end !== null && outcome !== null) {
        const [lasted, most] = [run.end.at - since, longest(task)];
        watch.require(lasted <= most, `run ${key.run} lasted ${lasted} ms, at most ${most} were expected`);
        return outcome;
      }
      await this.#timeline.sleep(1000);
    }
    watch.require(false, `run ${key.run} does not end`);
    return { kind: 'failed', run: key.run, attempt: 0, code: 'never' };
  }
}

/** Milliseconds that a run may last: the windows and graces of its stages, and for each stage what ticks and failures may add. */
function longest({ definition: { windows, attempts } }: Task): number {
  const SLACK = 15_000;
  const of = ({ max, grace }: { readonly max: number; readonly grace: number }): number => 1000 * (max + grace) + SLACK;
  return of(windows.checkIn) + attempts * (of(windows.training) + 5 * of(windows.round));
}
