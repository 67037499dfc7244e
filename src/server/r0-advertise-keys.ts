// [BIK+17] Fig. 4, round 0 (AdvertiseKeys), server: collect the keys of at least t users, U1, and show them to all.
import { isPublicKey } from '../crypto/agree.ts';
import { largestDirectory } from '../graph/policy.ts';
import { permuted } from '../graph/sparse.ts';
import { hex } from '../leaves/bytes.ts';
import { ProtocolError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import { digestOfDirectory, directoryTree } from '../session/binding.ts';
import type { AdvertisedKeys, Advertisement, DirectoryExcerpt } from '../session/messages.ts';
import { requireThreshold } from './attendance.ts';
import { DealMap } from './deal-map.ts';
import { Roster } from './roster.ts';
import type { RoundSteps } from './round-interface.ts';
import type { CollectingDeals, CollectingKeys, ServerContext } from './state.ts';

const round = 0;

export const advertiseKeys: RoundSteps<CollectingKeys, UserId, Omit<Advertisement, 'userId'>> = {
  number: round,

  receive(context, state, userId, message) {
    receiveKeys(context, state, { userId, ...message });
    return [];
  },

  close({ tag, parameters }, { advertisements }, { random }) {
    requireThreshold(advertisements.size, parameters.threshold, round);
    const sorted = [...advertisements.values()].sort((a, b) => a.userId - b.userId);
    // The graph is drawn once U1 is fixed, so that no user can choose its position, or its neighbors, by when it comes or
    // by its id.
    const lines = parameters.graph === 'complete' ? sorted : permuted(sorted, random);
    const directoryDigest = digestOfDirectory(tag, lines.length, directoryTree(lines).root);
    const state: CollectingDeals = { phase: 'share-keys', directory: new Roster(lines), directoryDigest, deals: new DealMap() };
    return { state, dropped: [] };
  },

  base: ({ tag }) => tag,
  part: (state) => state,

  /** The one round in which what a user may say depends on the others: no key comes twice, and the users are not too many. */
  merged(context, { phase, advertisements, keys }, part) {
    const merged: CollectingKeys = { phase, advertisements: new Map(advertisements), keys: new Set(keys) };
    for (const [userId, advertisement] of part.advertisements) {
      if (!merged.advertisements.has(userId)) receiveKeys(context, merged, advertisement);
    }
    return merged;
  },
};

function receiveKeys(
  context: Pick<ServerContext, 'parameters' | 'policy'>,
  { advertisements, keys }: CollectingKeys,
  advertisement: Advertisement,
): void {
  const own = requireAdmissible(context, { admitted: advertisements.size, keys }, advertisement);
  advertisements.set(advertisement.userId, advertisement);
  for (const key of own) keys.add(key);
}

/**
 * Refuses keys with which a user cannot be admitted beside those that were admitted before it.
 *
 * @returns its keys in hexadecimal.
 */
export function requireAdmissible(
  { parameters, policy }: Pick<ServerContext, 'parameters' | 'policy'>,
  before: { readonly admitted: number; readonly keys: ReadonlySet<string> },
  advertisement: Advertisement,
): string[] {
  const { userId } = advertisement;
  // With one user more, every user would refuse the directory, because the threshold would no longer satisfy its policy.
  const largest = largestDirectory(parameters, policy);
  if (before.admitted >= largest) {
    const message =
      `keys: this session takes at most ${largest} users, by its maxUsers and by what a threshold of ` +
      `${parameters.threshold} bears`;
    throw new ProtocolError('ERR_SECAGG_TOO_MANY_USERS', message, { round });
  }
  const keys = keysOf(userId, advertisement);
  // Users abort if a key comes twice; whoever brings the second one is refused, so that only it is left out. It is not
  // named: somebody who saw its keys on the way may have sent a copy of them first.
  if (keys.some((key) => before.keys.has(key))) {
    throw new ProtocolError('ERR_SECAGG_KEYS', `keys: user ${userId} advertises a key of another user`, { round });
  }
  return keys;
}

function keysOf(userId: UserId, { channelKey, maskKey }: AdvertisedKeys): string[] {
  const keys = [hex(channelKey), hex(maskKey)];
  if (!isPublicKey(channelKey) || !isPublicKey(maskKey) || keys[0] === keys[1]) {
    const message = `keys: user ${userId} must advertise two distinct canonical X25519 keys of large order`;
    throw new ProtocolError('ERR_SECAGG_KEYS', message, { round, userIds: [userId] });
  }
  return keys;
}

/** What each user is shown of the directory; on the complete graph the same for all. */
export function directoryExcerpts(
  { parameters: { graph } }: ServerContext,
  { directory: { size, lines } }: CollectingDeals,
): (position: Position) => DirectoryExcerpt {
  if (graph === 'complete') return () => ({ users: size, first: 0, lines, proof: [] });
  const tree = directoryTree(lines);
  return (position) => {
    const first = positionAt((position - graph.neighbors / 2 + size) % size, size);
    const shown = Array.from({ length: graph.neighbors + 1 }, (_, i) => (first + i) % size);
    return {
      users: size,
      first,
      lines: shown.map((index) => at(lines, index)),
      proof: tree.proof(shown),
    };
  };
}
