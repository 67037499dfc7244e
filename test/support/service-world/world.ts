// A whole service on one virtual clock: coordinator processes, a network, devices, and what happens to them. See watch.ts for what
// must hold.
import { withPlatform } from '../injected.ts';
import { Coordinator } from '../../../src/coordinator/coordinator.ts';
import { MemoryCoordinatorStore } from '../../../src/coordinator/memory-store.ts';
import { outcomeOf, type Outcome } from '../../../src/coordinator/outcome.ts';
import type { RunKey } from '../../../src/coordinator/run-record.ts';
import { MemorySessionHost } from '../../../src/coordinator/session-host.ts';
import { verifyCertificate } from '../../../src/service/run-certificate.ts';
import type { SeedSource } from '../../../src/service/seeds.ts';
import type { Task } from '../../../src/service/task.ts';
import { settle } from './crowd.ts';
import { Draws } from './draws.ts';
import { lightEngine, realEngine } from './light-engine.ts';
import { Network } from './network.ts';
import { BEGIN, floorsFor, partiesFor, type Parties } from './parties.ts';
import { seedsIn } from './seed-weather.ts';
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
    const { users, people, sources } = this.#settings;
    const parties = await partiesFor(users, this.#trueTime, this.#settings.definition, people * sources.length);
    const watch = (this.#watch = new Watch(parties.task));
    const seeds = seedsIn(this.#settings.seeds, { draws: this.#draws, registrar: parties.registrar, watch });
    const store = new MemoryCoordinatorStore(() => this.#timeline.now + this.#ownJump);
    const operator = await this.#operator(parties, store);
    const stations = this.#stations(parties, store, seeds);
    const network = new Network(this.#timeline, this.#draws, this.#settings.network, async (request) => {
      const up = stations.filter(({ isUp }) => isUp);
      if (up.length === 0) throw new Error('nobody is there');
      return this.#draws.pick(up).answer(request);
    });
    const isStale = (): boolean => this.#draws.chance(this.#settings.stale);
    parties.people.forEach((person, i) => {
      const options = {
        task: parties.task,
        floors: floorsFor(parties),
        source: sources[i % sources.length]!,
        clock: this.#timeOfDay,
      };
      settle(person, {
        timeline: this.#timeline,
        draws: this.#draws,
        watch,
        exchange: network.exchange,
        seeds,
        options,
        settings: this.#settings,
        isStale,
      });
    });
    this.#jumps();
    this.#open = sources.length;
    for (const source of sources) void this.#runs(source, operator, parties, { store, watch });
    const events = await this.#timeline.run(() => this.#open === 0 || watch.violations.length > 0);
    return { outcomes: this.#outcomes, seen: watch.seen, events };
  }

  /** Who opens runs, and gives the revocation list. */
  async #operator({ coordinator, task, registrar }: Parties, store: MemoryCoordinatorStore): Promise<Coordinator> {
    const operator = new Coordinator({
      ...{ keypair: coordinator, tasks: [task], store, clock: this.#trueTime },
      seeds: () => Promise.resolve(null), // it draws nothing
    });
    await operator.setRevocationList(await registrar.revocationList());
    return operator;
  }

  #stations({ coordinator, task }: Parties, store: MemoryCoordinatorStore, seeds: SeedSource): Station[] {
    const watch = this.#watch!;
    const host = new MemorySessionHost();
    const secret = this.#draws.bytes(32);
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
          seeds,
          options: { keypair: coordinator, tasks: [task], secret, clock: this.#timeOfDay },
        }),
    );
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
  async #runs(
    source: string,
    operator: Coordinator,
    { task, registrar, publisher }: Parties,
    { store, watch }: { readonly store: MemoryCoordinatorStore; readonly watch: Watch },
  ) {
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
        await Promise.all(verified).then(
          (sessions) => {
            watch.certified(outcome, sessions);
          },
          (error: unknown) => {
            watch.require(false, `run ${key.run}: ${String(error)}`);
          },
        );
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
function longest({ definition: { windows, attempts, group } }: Task): number {
  const SLACK = 15_000;
  const of = ({ max, grace }: { readonly max: number; readonly grace: number }): number => 1000 * (max + grace) + SLACK;
  const draw = group.cohorts === null ? 0 : of(group.cohorts.seed);
  return of(windows.checkIn) + attempts * (of(windows.training) + draw + 5 * of(windows.round));
}
