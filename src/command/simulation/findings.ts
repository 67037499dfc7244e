// What happened in one session besides bytes and times.
import type { Fault } from './faults.ts';

/** A user that is out although it was to stay, and which error of whose side put it out. */
export interface Ousted {
  readonly userId: number;
  readonly round: number;
  readonly by: 'server' | 'user';
  readonly code: string;
}

export class Findings {
  readonly faults: Map<Fault, number> = new Map<Fault, number>();
  readonly ousted: Ousted[] = [];
  /** Messages that users refused as they had to, by the error's code. */
  readonly refusedByUsers: Map<string, number> = new Map<string, number>();
  /** Users whose input was accepted, and those whose wrong shares were. */
  readonly summed: number[] = [];
  readonly lied: number[] = [];
  /** What must never happen. */
  readonly wrong: string[] = [];

  count(fault: Fault): void {
    increase(this.faults, fault);
  }

  /** A user must refuse a message: what it answered, or the code of its error. */
  mustRefuse(answer: Uint8Array | string, what: string): void {
    if (typeof answer === 'string') increase(this.refusedByUsers, answer);
    else this.wrong.push(what);
  }
}

export function increase<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
