// Waiting for a session that other transactions hold, perhaps for long: an open transaction of the application, a process that has frozen.
// Who waits for a lock takes a connection, so only a few of a process do so at a time, and the others look again now and then.
import { throwIfAborted } from '../leaves/signals.ts';
import type { Database } from './database.ts';
import { isHeld } from './driver-error.ts';
import { Pauses } from './lease.ts';
import type { Query } from './statement.ts';

/** A transaction that may wait for a lock does so for so many milliseconds at a time; one that only looks, for so many. */
export const WAIT = 250;
const LOOK = 10;

/**
 * Runs `work`, which locks a session, in a transaction, as soon as the session is free.
 *
 * @throws StoreError with SQLSTATE 55P03 if others hold the session until the deadline; the reason of the signal.
 */
export async function whenFree<T>(database: Database, work: (query: Query) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const { lockWaits, lockTimeout } = database;
  const until = performance.now() + lockTimeout;
  const pauses = new Pauses();
  for (;;) {
    throwIfAborted(signal);
    try {
      if (!lockWaits.isFree) return await database.transaction(work, LOOK);
      return await lockWaits.run(() => database.transaction(work, WAIT));
    } catch (error) {
      if (!isHeld(error) || performance.now() >= until) throw error;
    }
    await pauses.pause(signal);
  }
}
