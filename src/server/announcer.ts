// Tells a server's listener what happens, as the events of leaves/progress.ts.
import { copyOf } from '../leaves/bytes.ts';
import type { SecAggErrorCode } from '../leaves/errors.ts';
import { emit, isHeard, type Listener } from '../leaves/events.ts';
import type { DroppedUser, ServerEvent } from '../leaves/progress.ts';
import type { ServerOutput } from './output.ts';
import type { Received } from './receiving.ts';
import type { UnmaskingProgress } from './unmasking/sum-without-masks.ts';

/** How much a round sends, to how many users. */
interface Sent {
  readonly users: number;
  readonly bytes: number;
}

export class Announcer {
  readonly #listener: Listener<ServerEvent>;

  constructor(listener: Listener<ServerEvent>) {
    this.#listener = listener;
  }

  readonly #tell = (event: ServerEvent): void => emit(this.#listener, event);

  accepted(userId: number, bytes: number, { round, digest, dropped }: Received, milliseconds: number): void {
    this.#tell({ type: 'message-accepted', userId, round, bytes, digest: copyOf(digest), milliseconds });
    this.#dropped(dropped);
  }

  repeated(userId: number, bytes: number): void {
    this.#tell({ type: 'message-repeated', userId, bytes });
  }

  refused(userId: number, bytes: number, code: SecAggErrorCode): void {
    this.#tell({ type: 'message-refused', userId, bytes, code });
  }

  readonly unmasking = (progress: UnmaskingProgress): void => this.#tell({ type: 'unmasking', ...progress });

  /** What a round sends. All messages are made for that: ask before anything has changed, because memory may run out. */
  sent(output: ServerOutput): Sent | null {
    if (!isHeard(this.#listener)) return null;
    const recipients = output.kind === 'messages' ? output.recipients() : [];
    const bytes = recipients.reduce((total, id) => total + (output.getMessage(id)?.length ?? 0), 0);
    return { users: recipients.length, bytes };
  }

  closed(round: number, sent: Sent | null, dropped: readonly DroppedUser[], milliseconds: number): void {
    this.#dropped(dropped);
    if (sent !== null) this.#tell({ type: 'round-closed', round, ...sent, milliseconds });
  }

  finished(included: readonly number[]): void {
    this.#tell({ type: 'finished', included: [...included] });
  }

  failed(round: number, code: SecAggErrorCode, dropped: readonly DroppedUser[]): void {
    this.#dropped(dropped);
    this.#tell({ type: 'failed', round, code });
  }

  #dropped(dropped: readonly DroppedUser[]): void {
    for (const user of dropped) this.#tell({ type: 'user-dropped', ...user });
  }
}
