// What a simulated session shows besides bytes and times: faults, refusals, and what must never happen.
import type { Fault } from './faults.ts';

/** A user that left the session because of an error although it was not to be lost, and on which side the error was. */
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
  /** Users whose inputs the server accepted. */
  readonly summed: number[] = [];
  /** Users whose wrong shares the server accepted. */
  readonly lied: number[] = [];
  /** What must never happen, in words. */
  readonly wrong: string[] = [];

  count(fault: Fault): void {
    increase(this.faults, fault);
  }

  /** Counts that a user refused a message as it must, or notes in words that it did not. @param answer or the code of its error. */
  mustRefuse(answer: Uint8Array | string, what: string): void {
    if (typeof answer === 'string') increase(this.refusedByUsers, answer);
    else this.wrong.push(what);
  }
}

export function increase<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
