// [BIK+17] Fig. 4, round 0 (AdvertiseKeys), server: collect the keys of at least t users, U1, and show them to all.
import { isPublicKey } from '../../crypto/agree.ts';
import { hex } from '../../bytes.ts';
import { ProtocolError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { largestCohort } from '../../parameters.ts';
import { directoryDigest } from '../binding.ts';
import type { AdvertisedKeys, Advertisement } from '../notation.ts';
import { requireThreshold } from './roster.ts';
import type { CollectingDeals, CollectingKeys, ServerContext } from './state.ts';

const round = 0;

export function receiveKeys(
  context: Pick<ServerContext, 'parameters' | 'policy'>,
  state: CollectingKeys,
  advertisement: Advertisement,
): void {
  const { userId } = advertisement;
  // One user more, and the threshold would no longer satisfy the policy of anybody: the session would be lost for all.
  const largest = largestCohort(context.parameters.threshold, context.policy);
  if (state.advertisements.size >= largest) {
    const message =
      `keys: this session takes at most ${String(largest)} users, by its maxUsers and by what a threshold of ` +
      `${String(context.parameters.threshold)} bears`;
    throw new ProtocolError('ERR_SECAGG_TOO_MANY_USERS', message, { round });
  }
  const keys = keysOf(userId, advertisement);
  // Users abort where a key comes twice; whoever brings the second one is refused, so that only it is left out. It is not
  // named: a copy of its keys may have been sent first by somebody who saw them on the way.
  if (keys.some((key) => state.keys.has(key))) {
    throw new ProtocolError('ERR_SECAGG_KEYS', `keys: user ${String(userId)} advertises a key of another user`, { round });
  }
  state.advertisements.set(userId, advertisement);
  for (const key of keys) state.keys.add(key);
}

function keysOf(userId: UserId, { channelKey, maskKey }: AdvertisedKeys): string[] {
  const keys = [hex(channelKey), hex(maskKey)];
  if (!isPublicKey(channelKey) || !isPublicKey(maskKey) || keys[0] === keys[1]) {
    const message = `keys: user ${String(userId)} must advertise two distinct canonical X25519 keys of large order`;
    throw new ProtocolError('ERR_SECAGG_KEYS', message, { round, userIds: [userId] });
  }
  return keys;
}

export function closeKeys({ tag, parameters }: ServerContext, state: CollectingKeys): CollectingDeals {
  requireThreshold(state.advertisements.size, parameters.threshold, round);
  const directory = [...state.advertisements.values()].sort((a, b) => a.userId - b.userId);
  return { phase: 'share-keys', directory, binding: directoryDigest(tag, directory), deals: new Map() };
}
