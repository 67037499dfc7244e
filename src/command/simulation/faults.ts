// What goes wrong and costs nobody its place: the network, and processes that start again. And what a liar does.
import { UserWrapper, type Listener, type UserEvent } from '../../index.ts';
import type { Seeded } from './seeded.ts';

/** By name, what they are; the honest message follows in each case. */
export const FAULTS = {
  repeated: 'messages that came twice, in both directions',
  changed: 'messages with a bit changed on the way',
  mistaken: "messages taken for another user's",
  stale: 'old messages that came again',
  restarted: 'users recovered from their state',
  serverRestarted: 'servers recovered from their state',
} as const;
export type Fault = keyof typeof FAULTS;

/** Before round 2 a user's state has the keys of all users, and nothing that it could be sent is old. */
const EARLY = ['repeated', 'changed', 'mistaken'] as const;
const LATER = [...EARLY, 'stale', 'restarted'] as const;

/** What goes wrong with one user in one round; null for nothing. */
export function drawFault(rate: number, round: number, random: Seeded): Fault | null {
  if (!random.chance(rate)) return null;
  const kinds = round < 2 ? EARLY : LATER;
  return kinds[random.below(kinds.length)] ?? null;
}

/** With one bit changed. */
export function changed(message: Uint8Array, random: Seeded): Uint8Array {
  const copy = Uint8Array.from(message);
  const bit = random.below(8 * copy.length);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

interface Holding {
  shares: { selfMask: string; pairwiseKey: string } | null;
}

/** The same user before round 4, with other shares of all other users' secrets than those that were dealt to it. */
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
