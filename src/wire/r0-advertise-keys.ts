// Round 0, user → server: body = c_u^PK (32) ‖ s_u^PK (32). Peers see the same bytes in the directory of round 1.
import { concat } from '../leaves/bytes.ts';
import type { AdvertisedKeys } from '../session/messages.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { BodyReader } from './fields.ts';

export const ADVERTISE_KEYS_BYTES: number = 2 * KEY_BYTES;

export function encodeAdvertiseKeys(keys: AdvertisedKeys): Uint8Array {
  return concat([keys.channelKey, keys.maskKey]);
}

export function decodeAdvertiseKeys(body: Uint8Array): AdvertisedKeys {
  const reader = new BodyReader('advertised keys', body, ADVERTISE_KEYS_BYTES);
  return { channelKey: reader.next(KEY_BYTES), maskKey: reader.next(KEY_BYTES) };
}
