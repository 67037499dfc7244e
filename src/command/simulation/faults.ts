// Faults that a session must bear without losing a user: those of the network, and processes that start again. Also the user
// that lies.
import { UserWrapper, type Listener, type UserEvent } from '../../index.ts';
import type { Seeded } from './seeded.ts';

/** The faults by name, in words. The honest message follows in each case. */
export const FAULTS = {
  repeated: 'messages that came twice, in both directions',
  changed: 'messages with a bit changed on the way',
  mistaken: "messages taken for another user's",
  stale: 'old messages that came again',
  restarted: 'users recovered from their state',
  serverRestarted: 'servers recovered from their state',
} as const;
export type Fault = keyof typeof FAULTS;

/** Faults before round 2. A user's state still holds the keys of all users then, and there is no old message to send it again. */
const EARLY = ['repeated', 'changed', 'mistaken'] as const;
const LATER = [...EARLY, 'stale', 'restarted'] as const;

/** Draws the fault of one user in one round; null for none. */
export function drawFault(rate: number, round: number, random: Seeded): Fault | null {
  if (!random.chance(rate)) return null;
  const kinds = round < 2 ? EARLY : LATER;
  return kinds[random.below(kinds.length)] ?? null;
}

/** The message with one bit changed. */
export function changed(message: Uint8Array, random: Seeded): Uint8Array {
  const copy = new Uint8Array(message);
  const bit = random.below(8 * copy.length);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

interface Holding {
  shares: { selfMask: string; pairwiseKey: string } | null;
}

/** The same user before round 4, but with wrong shares of all other users' secrets. */
export function liar(user: UserWrapper, listener: Listener<UserEvent>): UserWrapper {
  const document = JSON.parse(user.serializeState()) as { state: { holdings: Holding[] } };
  for (const { shares } of document.state.holdings) {
    if (shares === null) continue;
    shares.selfMask = other(shares.selfMask);
    shares.pairwiseKey = other(shares.pairwiseKey);
  }
  return UserWrapper.fromState(JSON.stringify(document), { listener });
}

function other(share: string): string {
  const bytes = Buffer.from(share, 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64');
}
