// A coordinator that lies. It has several faces: each is an honest coordinator with the same key, but with runs of its own. So it tells one
// participant what it hides from another, goes back to an older state, repeats runs, gives them up, draws again, and lets accomplices
// take part in all of them at once. Between faces and participants it changes single responses, see lies.ts.
import { Agent } from '../../../src/agent/agent.ts';
import type { FetchPayload } from '../../../src/agent/inputs.ts';
import { MemoryAgentStore, type Floors } from '../../../src/agent/index.ts';
import { Coordinator } from '../../../src/coordinator/coordinator.ts';
import { MemoryCoordinatorStore } from '../../../src/coordinator/memory-store.ts';
import { readCertificate } from '../../../src/service/certificate.ts';
import type { Clock } from '../../../src/service/clock.ts';
import { decodeRequest } from '../../../src/service/request.ts';
import { encodeResponse, readResponse } from '../../../src/service/response.ts';
import type { SeedSource } from '../../../src/service/seeds.ts';
import type { Draws } from './draws.ts';
import type { FloorWatch } from './floor-watch.ts';
import { Lies, saysWhoIsIn } from './lies.ts';
import type { Parties, Person } from './parties.ts';
import type { Timeline } from './timeline.ts';
import { STORE_KEY } from './watch.ts';

export interface HostileTerms {
  readonly timeline: Timeline;
  readonly draws: Draws;
  readonly watch: FloorWatch;
  readonly parties: Parties;
  readonly seeds: SeedSource;
  readonly clock: Clock;
  /** Participants whose keys it has, and what they ask for: next to nothing. */
  readonly accomplices: readonly Person[];
  readonly accomplicesFloors: Floors;
  readonly fetchPayload: FetchPayload;
  /** Revocation lists of the registrar, all of them recent. */
  readonly lists: readonly Uint8Array[];
  /** That a response is a lie; five times as likely if it says who is in a session. */
  readonly lying: number;
}

/** One of the coordinators that it keeps. */
interface Face {
  readonly coordinator: Coordinator;
  readonly store: MemoryCoordinatorStore;
  readonly accomplices: readonly Agent[];
}

const MOST_FACES = 3;

export class HostileCoordinator {
  readonly #terms: HostileTerms;
  readonly #lies: Lies;
  readonly #faces: Face[] = [];
  readonly #faceOf = new Map<number, Face>();
  readonly #announcements: Uint8Array[] = [];
  readonly #requests: Uint8Array[] = [];
  #isOver = false;

  constructor(terms: HostileTerms) {
    this.#terms = terms;
    this.#lies = new Lies(terms.draws, terms.accomplices);
    void this.#tick();
    void this.#scheme();
  }

  /** The publisher has announced a run. */
  async announced(announcement: Uint8Array): Promise<void> {
    this.#announcements.push(announcement);
    await this.#openFace();
  }

  end(): void {
    this.#isOver = true;
  }

  async answer(bytes: Uint8Array): Promise<Uint8Array> {
    const { draws, parties, watch, lying } = this.#terms;
    const request = decodeRequest(bytes);
    this.#requests.push(bytes);
    const face = this.#faceFor(readCertificate(request.certificate).id);
    for (const other of this.#faces) {
      if (other !== face && draws.chance(0.3)) await other.coordinator.answer(bytes).catch(() => undefined);
    }
    if (face === undefined) throw new Error('there is no run yet');
    const [publicKey, secretKey] = parties.coordinator;
    const honest = await readResponse(await face.coordinator.answer(bytes), { publicKey, request: request.digest });
    if (honest === null) throw new Error('a face has not signed its response');
    this.#lies.heard(honest);
    const chance = saysWhoIsIn(honest) ? 5 * lying : lying;
    if (!this.#lies.isPromised(request) && !draws.chance(chance)) return encodeResponse(honest, secretKey);
    watch.note('the coordinator lied');
    return encodeResponse(this.#lies.instead(request, honest), secretKey);
  }

  /** Most participants see one face for a while. */
  #faceFor(id: number): Face | undefined {
    const { draws } = this.#terms;
    const known = this.#faceOf.get(id);
    if (known !== undefined && this.#faces.includes(known) && !draws.chance(0.01)) return known;
    if (this.#faces.length === 0) return undefined;
    const face = draws.chance(0.6) ? this.#faces.at(-1)! : draws.pick(this.#faces);
    this.#faceOf.set(id, face);
    return face;
  }

  async #openFace(): Promise<void> {
    const { timeline, draws, parties, clock, lists, watch } = this.#terms;
    const late = draws.chance(0.3) ? draws.between(-300_000, 60_000) : 0;
    // It cannot choose the registrar's seeds, and so tries its own.
    const own = draws.bytes(32);
    const seeds: SeedSource = draws.chance(0.3) ? (): Promise<Uint8Array> => Promise.resolve(own) : this.#terms.seeds;
    const store = new MemoryCoordinatorStore(() => timeline.now);
    const options = { keypair: parties.coordinator, tasks: [parties.task], secret: new Uint8Array(32), seeds, store };
    const coordinator = new Coordinator({ ...options, clock: () => clock() + late });
    await coordinator.setRevocationList(draws.pick(lists));
    const accomplices = this.#terms.accomplices.map((person) => this.#accomplice(person, coordinator, seeds));
    this.#faces.push({ coordinator, store, accomplices });
    if (this.#faces.length > MOST_FACES) await watch.summed(this.#faces.shift()!);
    await this.#openRun(coordinator);
  }

  /** A run that was announced, the newest one or an older one. */
  async #openRun(coordinator: Coordinator): Promise<void> {
    const { draws } = this.#terms;
    const newest = this.#announcements.at(-1)!;
    await coordinator.openRun(draws.chance(0.7) ? newest : draws.pick(this.#announcements)).catch(() => undefined);
  }

  /** It takes part in the runs of one face, and knows nothing of what it does at the others. */
  #accomplice(person: Person, coordinator: Coordinator, seeds: SeedSource): Agent {
    const { parties, accomplicesFloors, fetchPayload, clock } = this.#terms;
    let inputs = 0;
    return new Agent({
      task: parties.task,
      ...person,
      exchange: (request) => coordinator.answer(request),
      inputs: { load: () => Promise.resolve({ id: `nothing ${inputs++}`, data: [0, 0, 0] }) },
      fetchPayload,
      floors: accomplicesFloors,
      store: new MemoryAgentStore(),
      storeKey: STORE_KEY,
      seeds,
      clock,
    });
  }

  async #tick(): Promise<void> {
    for (let second = 0; !this.#isOver; second++) {
      for (const { coordinator, accomplices } of this.#faces) {
        await coordinator.tick();
        if (second % 3 > 0) continue;
        for (const agent of accomplices) await agent.transition().catch(() => undefined);
      }
      await this.#terms.timeline.sleep(1000);
    }
    for (const face of this.#faces) await this.#terms.watch.summed(face);
  }

  async #scheme(): Promise<void> {
    const { timeline, draws } = this.#terms;
    for (;;) {
      await timeline.sleep(draws.between(10_000, 180_000));
      if (this.#isOver) return;
      if (this.#faces.length === 0) continue;
      const { coordinator, store } = draws.pick(this.#faces);
      switch (draws.between(0, 3)) {
        case 0:
          await this.#openFace();
          break;
        case 1:
          await this.#openRun(coordinator);
          break;
        case 2:
          for (const run of await store.openRuns()) await coordinator.abort(run);
          break;
        default:
          // An older state, made again from what participants have sent.
          for (const request of this.#requests.slice(-draws.between(1, 60))) {
            await coordinator.answer(request).catch(() => undefined);
          }
      }
    }
  }
}
