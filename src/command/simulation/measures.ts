// What sessions cost, from the events of their parties: bytes and times by role and round, over all sessions of a simulation.
import type { Listener, ServerEvent, UserEvent } from '../../index.ts';
import { increase } from './findings.ts';
import { ROUNDS } from './losses.ts';

/** Number, sum and largest of some numbers. */
export class Tally {
  count = 0;
  total = 0;
  most = 0;

  add(value: number): void {
    this.count++;
    this.total += value;
    this.most = Math.max(this.most, value);
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.total / this.count;
  }
}

/** One round of the users. */
interface UserRound {
  /** Bytes of the messages that users answered, and of the answers. */
  readonly down: Tally;
  readonly up: Tally;
  readonly milliseconds: number[];
}

/** One round of the server. */
interface ServerRound {
  /** Messages accepted, their bytes, and the milliseconds that this took. */
  heard: number;
  bytesHeard: number;
  hearing: number;
  /** Messages given out, their bytes, and the milliseconds that closing the round took. */
  sent: number;
  bytesSent: number;
  closing: number;
}

export class Measures {
  readonly users: readonly UserRound[];
  readonly server: readonly ServerRound[];
  /** Masks that were removed from sums. */
  masks = 0;
  /** Agreements: one for each of these masks that is between a user that was lost and one that stayed. */
  agreements = 0;
  /** Messages that the server refused, by the error's code. */
  readonly refused: Map<string, number> = new Map<string, number>();
  #unmasked = 0;

  constructor() {
    this.users = Array.from({ length: ROUNDS }, () => ({ down: new Tally(), up: new Tally(), milliseconds: [] }));
    this.server = Array.from({ length: ROUNDS }, () => {
      return { heard: 0, bytesHeard: 0, hearing: 0, sent: 0, bytesSent: 0, closing: 0 };
    });
  }

  readonly hearUser: Listener<UserEvent> = (event) => {
    if (event.type !== 'round-answered') return;
    const round = this.users[event.round];
    round?.down.add(event.bytesIn);
    round?.up.add(event.bytesOut);
    round?.milliseconds.push(event.milliseconds);
  };

  readonly hearServer: Listener<ServerEvent> = (event) => {
    const round = 'round' in event ? this.server[event.round] : undefined;
    if (event.type === 'message-refused') increase(this.refused, event.code);
    else if (event.type === 'unmasking') this.#unmasked = event.total;
    else if (event.type === 'finished') {
      this.masks += this.#unmasked;
      this.agreements += this.#unmasked - event.included.length;
    } else if (event.type === 'message-accepted' && round !== undefined) {
      round.heard++;
      round.bytesHeard += event.bytes;
      round.hearing += event.milliseconds;
    } else if (event.type === 'round-closed' && round !== undefined) {
      round.sent += event.users;
      round.bytesSent += event.bytes;
      round.closing += event.milliseconds;
    }
  };
}

export function median(values: readonly number[]): number {
  const sorted = new Float64Array(values).sort();
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2;
}
