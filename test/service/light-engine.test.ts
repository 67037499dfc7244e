// The light engine of simulated worlds does what coordinator and agent rely on, as the real one does.
import { expect } from 'chai';
import { agreementWith, publicKeyOf } from '../../src/crypto/agree.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { generateSignKeyPair, isSignKeyPair, isSignPublicKey, sign, verify, verifySync } from '../../src/crypto/sign.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { withPlatform } from '../support/injected.ts';
import { Session } from '../support/session.ts';
import { Draws } from '../support/service-world/draws.ts';
import { lightEngine, realEngine } from '../support/service-world/light-engine.ts';

const IDS = [3, 1, 4, 15, 9];
const ENGINES: readonly (readonly [string, (draws: Draws) => Partial<Platform>])[] = [
  ['light', lightEngine],
  ['real', realEngine],
];

for (const [name, engine] of ENGINES) {
  describe(`the ${name} engine of simulated worlds`, () => {
    const on = (run: () => Promise<void>) => () => withPlatform(engine(new Draws(1)), run);

    it(
      'signs so that a signature holds for its key and its message, and for no other',
      on(async () => {
        const [publicKey, secretKey] = generateSignKeyPair(systemRandom);
        const [other, otherSecret] = generateSignKeyPair(systemRandom);
        const message = Uint8Array.of(1, 2, 3);
        const signature = await sign(secretKey, message);
        expect(isSignPublicKey(publicKey) && isSignKeyPair(publicKey, secretKey)).to.equal(true);
        expect(isSignKeyPair(publicKey, otherSecret)).to.equal(false);
        expect(await sign(secretKey, message)).to.deep.equal(signature);
        expect(await verify(publicKey, message, signature)).to.equal(true);
        expect(verifySync(publicKey, message, signature)).to.equal(true);
        expect(await verify(other, message, signature)).to.equal(false);
        expect(await verify(publicKey, Uint8Array.of(1, 2, 4), signature)).to.equal(false);
        for (let at = 0; at < 64; at += 7) {
          const changed = signature.slice();
          changed[at]! ^= 1;
          expect(await verify(publicKey, message, changed)).to.equal(false);
        }
      }),
    );

    it(
      'agrees on the same secret on both sides, and on another one with anybody else',
      on(async () => {
        const secrets = [systemRandom(32), systemRandom(32), systemRandom(32)] as const;
        const [a, b, c] = await Promise.all(secrets.map((secret) => publicKeyOf(secret)));
        const shared = await agreementWith(secrets[0])(b!);
        expect(shared?.length).to.equal(32);
        expect(await agreementWith(secrets[1])(a!)).to.deep.equal(shared);
        expect(await agreementWith(secrets[0])(c!)).not.to.deep.equal(shared);
        expect(await agreementWith(secrets[2])(a!)).not.to.deep.equal(shared);
      }),
    );

    it(
      'plays a session with a drop-out in each round to the right sum',
      on(async () => {
        const session = new Session({ ids: IDS, threshold: 3 });
        for (let round = 0; round <= 4; round++) {
          const answers = await session.answers();
          if (round === 2) answers.delete(1);
          if (round === 3) answers.delete(9);
          session.deliver(answers);
          await session.close();
        }
        const included = IDS.filter((id) => id !== 1);
        session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), included);
      }),
    );

    it(
      'draws the same from the same seed',
      on(async () => {
        const again = await withPlatform(engine(new Draws(1)), () => systemRandom(40));
        expect(again).to.deep.equal(lightEngine(new Draws(1)).randomBytes?.(40));
      }),
    );
  });
}
