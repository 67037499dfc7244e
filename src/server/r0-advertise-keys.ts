// [BIK+17] Fig. 4, round 0 (AdvertiseKeys), server: collect the keys of at least t users, U1, and show them to all.
import { isPublicKey } from '../crypto/agree.ts';
import type { RandomSource } from '../crypto/random.ts';
import { hex } from '../leaves/bytes.ts';
import { ProtocolError } from '../leaves/errors.ts';
import { largestCohort } from '../graph/policy.ts';
import { permuted } from '../graph/sparse.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { directoryDigest, directoryTree } from '../session/binding.ts';
import type { AdvertisedKeys, Advertisement, DirectoryPart } from '../session/notation.ts';
import { requireThreshold } from './attendance.ts';
import { Roster } from './roster.ts';
import { DealMap } from './deal-map.ts';
import type { CollectingDeals, CollectingKeys, ServerContext } from './state.ts';

const round = 0;

export function receiveKeys(
  context: Pick<ServerContext, 'parameters' | 'policy'>,
  state: CollectingKeys,
  advertisement: Advertisement,
): void {
  const { userId } = advertisement;
  // One user more, and the threshold would no longer satisfy the policy of anybody: the session would be lost for all.
  const largest = largestCohort(context.parameters, context.policy);
  if (state.advertisements.size >= largest) {
    const message =
      `keys: this session takes at most ${largest} users, by its maxUsers and by what a threshold of ` +
      `${context.parameters.threshold} bears`;
    throw new ProtocolError('ERR_SECAGG_TOO_MANY_USERS', message, { round });
  }
  const keys = keysOf(userId, advertisement);
  // Users abort where a key comes twice; whoever brings the second one is refused, so that only it is left out. It is not
  // named: a copy of its keys may have been sent first by somebody who saw them on the way.
  if (keys.some((key) => state.keys.has(key))) {
    throw new ProtocolError('ERR_SECAGG_KEYS', `keys: user ${userId} advertises a key of another user`, { round });
  }
  state.advertisements.set(userId, advertisement);
  for (const key of keys) state.keys.add(key);
}

function keysOf(userId: UserId, { channelKey, maskKey }: AdvertisedKeys): string[] {
  const keys = [hex(channelKey), hex(maskKey)];
  if (!isPublicKey(channelKey) || !isPublicKey(maskKey) || keys[0] === keys[1]) {
    const message = `keys: user ${userId} must advertise two distinct canonical X25519 keys of large order`;
    throw new ProtocolError('ERR_SECAGG_KEYS', message, { round, userIds: [userId] });
  }
  return keys;
}

export function closeKeys({ tag, parameters }: ServerContext, state: CollectingKeys, random: RandomSource): CollectingDeals {
  requireThreshold(state.advertisements.size, parameters.threshold, round);
  const ascending = [...state.advertisements.values()].sort((a, b) => a.userId - b.userId);
  // The graph is drawn once U1 is fixed, so that no user can choose its position, or its neighbors, by when it comes or by its id.
  const lines = parameters.graph === 'complete' ? ascending : permuted(ascending, random);
  const binding = directoryDigest(tag, lines.length, directoryTree(lines).root);
  return { phase: 'share-keys', directory: new Roster(lines), binding, deals: new DealMap() };
}

/** What each user is shown of the directory; on the complete graph the same for all. */
export function directoryParts(
  { parameters: { graph } }: ServerContext,
  { directory: { size, lines } }: CollectingDeals,
): (position: number) => DirectoryPart {
  if (graph === 'complete') return () => ({ users: size, first: 0, lines, proof: [] });
  const tree = directoryTree(lines);
  return (position) => {
    const first = (position - graph.neighbors / 2 + size) % size;
    const places = Array.from({ length: graph.neighbors + 1 }, (_, i) => (first + i) % size);
    return {
      users: size,
      first,
      lines: places.map((place) => at(lines, place)),
      proof: tree.proof([...places].sort((a, b) => a - b)),
    };
  };
}
