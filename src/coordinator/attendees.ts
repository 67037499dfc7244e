// The participants of one run in memory, and how many they are: each answer asks for the counts, so they are kept and not counted.
import { equalBytes } from '../leaves/bytes.ts';
import type { Certificate } from '../service/certificate.ts';
import type { Counts, Participant, SessionRecord } from './run-record.ts';

export class Attendees {
  readonly #byId = new Map<number, Participant>();
  /** Those that have left, or have refused an attempt. */
  readonly #left = new Set<number>();
  #excluded: ReadonlySet<number> = new Set();
  readonly #counts = { checkedIn: 0, selected: 0, ready: 0 };

  get(id: number): Participant | undefined {
    return this.#byId.get(id);
  }

  /** The participant with this certificate, unless it has another one by now. */
  with({ id, bytes }: Certificate): Participant | undefined {
    const known = this.#byId.get(id);
    return known !== undefined && equalBytes(known.certificate.bytes, bytes) ? known : undefined;
  }

  /** All of them, also those that have left. They may be replaced meanwhile. */
  all(): Iterable<Participant> {
    return this.#byId.values();
  }

  /** Those of a session that have left, or have refused its attempt, ascending. */
  left({ index, attempt }: Pick<SessionRecord, 'index' | 'attempt'>): number[] {
    const isOut = (id: number): boolean => {
      const known = this.#byId.get(id);
      return known?.session === index && (known.status === 'left' || known.refused === attempt);
    };
    return [...this.#left].filter(isOut).sort((a, b) => a - b);
  }

  counts(): Counts {
    return { ...this.#counts };
  }

  set(participant: Participant): void {
    const { id } = participant.certificate;
    const before = this.#byId.get(id);
    if (before !== undefined) this.#count(before, -1);
    this.#byId.set(id, participant);
    if (participant.status === 'left' || participant.refused > 0) this.#left.add(id);
    else this.#left.delete(id);
    this.#count(participant, 1);
  }

  /** These take no further part. */
  exclude(ids: readonly number[]): void {
    if (ids.length === this.#excluded.size) return; // a run only adds to them
    for (const known of this.all()) this.#count(known, -1);
    this.#excluded = new Set(ids);
    for (const known of this.all()) this.#count(known, 1);
  }

  #count({ status, certificate }: Participant, sign: 1 | -1): void {
    if (status === 'left') return;
    this.#counts.checkedIn += sign;
    if (this.#excluded.has(certificate.id)) return;
    if (status === 'ready') this.#counts.ready += sign;
    else this.#counts.selected += sign;
  }
}
