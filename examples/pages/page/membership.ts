// What a browser remembers of a participant between two openings of the page: who it is, and what its person has decided.
import { genKeypair } from 'secagg';
import type { Floors } from 'secagg/agent';
import { certificateRequest, Task, type DevelopmentIntroduction } from 'secagg/service';
import { post } from '../../service/exchange.ts';
import type { Participant } from '../../service/agent-worker.ts';
import type { LabelledImage } from '../digits.ts';
import { budgetOf } from '../terms.ts';

const KEY = 'participant';
const DAY = 86_400;

/** What a person has decided. */
export interface Decisions {
  /** Digest of the task that the person consented to. */
  readonly consent: string;
  readonly mostSums: number;
  /** Seconds. */
  readonly pause: number;
  /** Null: sample images of the server. */
  readonly digits: readonly LabelledImage[] | null;
}

/** A participant, as JSON. */
interface Stored extends Omit<Decisions, 'digits'> {
  readonly id: number;
  readonly coordinator: string;
  readonly keypair: readonly (readonly number[])[];
  readonly certificate: readonly number[];
  readonly storeKey: readonly number[];
  readonly digits: readonly { readonly label: number; readonly pixels: readonly number[] }[] | null;
}

/** What everybody is told who opens the page. */
export interface Offer {
  readonly task: Task;
  readonly introduction: DevelopmentIntroduction;
}

export async function offered(): Promise<Offer> {
  const introduction = (await (await fetch('/development')).json()) as DevelopmentIntroduction;
  return { task: Task.fromJSON(introduction.task), introduction };
}

export class Membership {
  readonly #stored: Stored;
  readonly #offer: Offer;

  private constructor(stored: Stored, offer: Offer) {
    this.#stored = stored;
    this.#offer = offer;
  }

  /** The one of the last time, which may be for another task; null if there is none. */
  static restored(offer: Offer): Membership | null {
    const text = localStorage.getItem(KEY);
    return text === null ? null : new Membership(JSON.parse(text) as Stored, offer);
  }

  /** A new participant, with new keys, whom the registrar certifies. In production an application's sign-in knows the id. */
  static async begun(offer: Offer, decisions: Decisions): Promise<Membership> {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    const id = (high % 2 ** 16) * 2 ** 32 + low;
    const keypair = genKeypair();
    const certificate = await post('/certificates', await certificateRequest(offer.task.definition.registrar, id, keypair));
    const stored: Stored = {
      ...{ id, coordinator: offer.introduction.coordinator, ...decisions },
      keypair: keypair.map((key) => [...key]),
      certificate: [...certificate],
      storeKey: [...crypto.getRandomValues(new Uint8Array(32))],
      digits: decisions.digits?.map(({ label, pixels }) => ({ label, pixels: [...pixels] })) ?? null,
    };
    localStorage.setItem(KEY, JSON.stringify(stored));
    return new Membership(stored, offer);
  }

  get id(): number {
    return this.#stored.id;
  }

  /** Whether the person has consented to the task that is offered. */
  get isForOffer(): boolean {
    const { consent, coordinator } = this.#stored;
    return consent === this.#offer.task.id && coordinator === this.#offer.introduction.coordinator;
  }

  get decisions(): Decisions {
    const { consent, mostSums, pause, digits } = this.#stored;
    const images = digits?.map(({ label, pixels }) => ({ label, pixels: Uint8Array.from(pixels) })) ?? null;
    return { consent, mostSums, pause, digits: images };
  }

  get #database(): string {
    return `participant ${this.#stored.id}`;
  }

  get #isStored(): boolean {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Stored | null;
    return stored?.id === this.id;
  }

  /** For the worker that takes part. */
  get participant(): Participant {
    const { id, keypair, certificate, storeKey } = this.#stored;
    const [publicKey = [], secretKey = []] = keypair;
    return {
      ...{ id, task: this.#offer.introduction.task, url: '/secagg', database: this.#database },
      keypair: [Uint8Array.from(publicKey), Uint8Array.from(secretKey)],
      certificate: Uint8Array.from(certificate),
      storeKey: Uint8Array.from(storeKey),
      floors: this.#floors,
    };
  }

  /** What was shown when the person consented, and the person's own limits. */
  get #floors(): Floors {
    const { definition } = this.#offer.task;
    const { group, minUsers, publisher, registrar } = definition;
    const budget = budgetOf(definition);
    const { mostSums: maxParticipations, pause: minInterval, coordinator } = this.#stored;
    return {
      group: {
        ...{ minHonest: group.threshold - group.colluders, minThreshold: group.threshold },
        ...{ minEnrolled: minUsers, maxUsers: group.maxUsers },
      },
      adversary: { model: 'malicious', minColluders: group.colluders, minColludingFraction: 0, security: null },
      keys: {
        coordinator: Uint8Array.from(coordinator.match(/../g) ?? [], (byte) => parseInt(byte, 16)),
        ...{ registrar, publisher, maxRevocationAge: DAY, maxCertificateAge: 8 * DAY },
      },
      repetition: { minInterval, maxParticipations },
      privacy: budget && { ...budget, adjacency: 'zero-out' },
      maxPayloadBytes: 100_000,
      acceptDevelopment: true, // the person was told
    };
  }

  /** Its keys are gone, so that nobody can take part as it again, nor read its state. A participant that has taken its place stays. */
  forget(): void {
    if (this.#isStored) localStorage.removeItem(KEY);
  }

  /** Calls back when another tab has forgotten it. */
  onForgotten(heard: () => void): void {
    addEventListener('storage', () => {
      if (!this.#isStored) heard();
    });
  }

  /** For when no agent uses its state any more. */
  deleteState(): void {
    indexedDB.deleteDatabase(this.#database);
  }
}
