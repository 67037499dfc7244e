// [BIK+17] Fig. 4, round 0 (AdvertiseKeys), user: generate the key pairs (c, s) and advertise both public keys.
import { generateKeyPair } from '../crypto/agree.ts';
import type { AdvertisedKeys } from '../session/messages.ts';
import type { Dependencies, Step } from './step.ts';
import type { AwaitingDirectory, AwaitingStart } from './state.ts';

export async function advertiseKeys(
  state: AwaitingStart,
  { random }: Dependencies,
): Promise<Step<AdvertisedKeys, AwaitingDirectory>> {
  // [BIK+17] Fig. 4, round 0: (c_u^PK, c_u^SK) ← KA.gen(pp), (s_u^PK, s_u^SK) ← KA.gen(pp)
  const channel = await generateKeyPair(random);
  const mask = await generateKeyPair(random);
  const advertised = { channelKey: channel.publicKey, maskKey: mask.publicKey };
  return {
    state: {
      phase: 'share-keys',
      signSecretKey: state.signSecretKey,
      advertised,
      channelSecretKey: channel.secretKey,
      maskSecretKey: mask.secretKey,
    },
    out: advertised,
    spent: [],
  };
}
