// The parties of a service, as tests make them.
import type { Floors } from '../../src/agent/index.ts';
import type { Coordinator } from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';
import type { Certificate } from '../../src/service/certificate.ts';
import { readCertificate } from '../../src/service/certificate.ts';
import { Publisher, Registrar, Task, certificateRequest, type Keypair, type TaskDefinition } from '../../src/service/index.ts';

/** 2026-01-01, in milliseconds since 1970. */
export const NEW_YEAR: number = Date.UTC(2026, 0, 1);

/** A clock that a test moves. */
export interface TestClock {
  now: number;
  read(): number;
}

export function clockAt(now: number): TestClock {
  return {
    now,
    read(): number {
      return this.now;
    },
  };
}

export interface Authorities {
  readonly clock: TestClock;
  readonly registrar: Registrar;
  readonly publisher: Publisher;
}

export function authorities(): Authorities {
  const clock = clockAt(NEW_YEAR);
  const registrar = new Registrar({ keypair: genKeypair(), scope: 'tests', clock: () => clock.now });
  return { clock, registrar, publisher: new Publisher({ keypair: genKeypair() }) };
}

/** A task of sums of four integers, for four to six participants. */
export function taskOf({ registrar, publisher }: Authorities, changes: Partial<TaskDefinition> = {}): Task {
  return new Task({
    name: 'numbers',
    aggregate: { kind: 'integers', vecLen: 4, bits: 32 },
    group: { threshold: 4, maxUsers: 6, adversary: 'malicious', colluders: 1, cohorts: null, graph: null },
    minUsers: 4,
    windows: {
      checkIn: { min: 1, max: 60, grace: 60 },
      training: { min: 1, max: 60, grace: 60 },
      round: { min: 1, max: 10, grace: 10, enough: 100 },
    },
    attempts: 3,
    retention: 3600,
    publisher: publisher.publicKey,
    registrar: registrar.authority,
    development: false,
    ...changes,
  });
}

/** A participant with a certificate. */
export interface Certified {
  readonly id: number;
  readonly keypair: Keypair;
  readonly bytes: Uint8Array;
  readonly certificate: Certificate;
}

export async function certified(registrar: Registrar, id: number, keypair: Keypair = genKeypair()): Promise<Certified> {
  const bytes = await registrar.certify(await certificateRequest(registrar.authority, id, keypair), { id });
  const { id: certifiedId, publicKey, serial, validFrom, validUntil } = readCertificate(bytes);
  return { id, keypair, bytes, certificate: { id: certifiedId, publicKey, serial, validFrom, validUntil, bytes } };
}

/** Fulfilled once a coordinator's process has done what follows from its answers. */
export async function workDone(coordinator: Coordinator): Promise<void> {
  await coordinator.run({ signal: AbortSignal.abort() });
}

/** Floors that the task of {@link taskOf} keeps. */
export function floorsFor({ registrar, publisher }: Authorities, coordinator: Uint8Array): Floors {
  return {
    group: { minHonest: 3, minEnrolled: 4, minThreshold: 4, maxUsers: 6 },
    adversary: { model: 'malicious', minColluders: 1, minColludingFraction: 0.1, security: null },
    keys: {
      coordinator,
      registrar: registrar.authority,
      publisher: publisher.publicKey,
      maxRevocationAge: 86_400,
      maxCertificateAge: 8 * 86_400,
    },
    repetition: { minInterval: 0, maxParticipations: 100 },
    privacy: null,
    maxPayloadBytes: 1000,
    acceptDevelopment: false,
  };
}
