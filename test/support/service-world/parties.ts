// Who takes part in a world: a task, those whom participants trust, and the participants with their certificates.
import { genKeypair } from '../../../src/index.ts';
import type { Floors } from '../../../src/agent/floors.ts';
import { certificateRequest } from '../../../src/service/certificate-request.ts';
import type { Clock } from '../../../src/service/clock.ts';
import type { Keypair } from '../../../src/service/keypair.ts';
import { Publisher } from '../../../src/service/publisher.ts';
import { Registrar } from '../../../src/service/registrar.ts';
import { isDrawn, type Group, type SparseTerms } from '../../../src/service/group.ts';
import { Task, type TaskDefinition } from '../../../src/service/task.ts';

/** When worlds begin, in milliseconds since 1970. */
export const BEGIN: number = Date.UTC(2027, 0, 4);
export const VEC_LEN = 3;
const BITS = 16;

export interface Person {
  readonly id: number;
  readonly keypair: Keypair;
  readonly certificate: Uint8Array;
}

export interface Parties {
  readonly registrar: Registrar;
  readonly publisher: Publisher;
  readonly coordinator: Keypair;
  readonly task: Task;
  readonly people: readonly Person[];
}

/** The least threshold that a session of so many bears with one colluder against a malicious server. */
function thresholdFor(users: number): number {
  return Math.floor((users + 1) / 2) + 1;
}

/** Two to four cohorts of so many users at most. */
export function groupWithCohorts(maxUsers: number, most = 4): Group {
  const cohorts = { least: 2, most, seed: { min: 10, max: 60, grace: 60 } };
  return { threshold: thresholdFor(maxUsers), maxUsers, adversary: 'malicious', colluders: 1, cohorts, graph: null };
}

/** So many users at most on a sparse graph, which bears so many colluders whoever is whose neighbor. */
export function groupOnGraph(maxUsers: number, colluders: 0 | 1): Group & { readonly graph: SparseTerms } {
  const graph = {
    ...(colluders === 0 ? { neighbors: 6, shareThreshold: 5 } : { neighbors: 8, shareThreshold: 7 }),
    security: 40,
  };
  const threshold = Math.max(graph.neighbors + 1, maxUsers - 2);
  return { threshold, maxUsers, adversary: 'semi-malicious', colluders, cohorts: null, graph };
}

/** @param users of a session, at most. @param definition what is not as usual. @param count participants in all. */
export async function partiesFor(
  users: number,
  clock: Clock,
  definition: Partial<TaskDefinition> = {},
  count: number = users,
): Promise<Parties> {
  const registrar = new Registrar({ keypair: genKeypair(), scope: 'world', clock });
  const publisher = new Publisher({ keypair: genKeypair() });
  const threshold = thresholdFor(users);
  const task = new Task({
    name: 'world',
    aggregate: { kind: 'integers', vecLen: VEC_LEN, bits: BITS },
    group: { threshold, maxUsers: users, adversary: 'malicious', colluders: 1, cohorts: null, graph: null },
    minUsers: threshold,
    windows: {
      // At least as long as somebody waits who has nothing to do, or whose input is not there yet.
      checkIn: { min: 60, max: 120, grace: 120 },
      training: { min: 30, max: 60, grace: 60 },
      round: { min: 0, max: 30, grace: 30, enough: 100 },
    },
    attempts: 3,
    retention: 600,
    publisher: publisher.publicKey,
    registrar: registrar.authority,
    development: false,
    ...definition,
  });
  const people: Person[] = [];
  for (let id = 0; id < count; id++) people.push(await certified(registrar, 100 + 7 * id));
  return { registrar, publisher, coordinator: genKeypair(), task, people };
}

async function certified(registrar: Registrar, id: number): Promise<Person> {
  const keypair = genKeypair();
  return {
    id,
    keypair,
    certificate: await registrar.certify(await certificateRequest(registrar.authority, id, keypair), { id }),
  };
}

/** Floors that the task of these parties keeps, none of them with room to spare. */
export function floorsFor({ task, coordinator, registrar, publisher }: Omit<Parties, 'people'>): Floors {
  const { threshold, maxUsers, adversary, colluders, cohorts } = task.definition.group;
  return {
    group: { minHonest: threshold - colluders, minEnrolled: task.definition.minUsers, minThreshold: threshold, maxUsers },
    adversary: {
      ...{ model: adversary, minColluders: colluders, minColludingFraction: cohorts === null ? colluders / maxUsers : 0 },
      security: isDrawn(task.definition.group) ? 0 : null,
    },
    keys: {
      coordinator: coordinator[0],
      registrar: registrar.authority,
      publisher: publisher.publicKey,
      maxRevocationAge: 24 * 3600,
      maxCertificateAge: 7 * 24 * 3600,
    },
    repetition: { minInterval: 0, maxParticipations: 1000 },
    privacy: null,
    maxPayloadBytes: 0,
    acceptDevelopment: false,
  };
}
