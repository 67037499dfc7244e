// Which masks are in a sum, in which order they are removed, so that threads can share them, and what is wiped after.
import { platform } from '#platform';
import { expect } from 'chai';
import type { Platform } from '../../../src/platform/platform.ts';
import { Pace } from '../../../src/masking/pace.ts';
import { ringOf } from '../../../src/masking/ring.ts';
import { vectorOf } from '../../../src/masking/vector.ts';
import { unmasking as unmaskingRound } from '../../../src/server/r4-unmasking.ts';
import { countMasks, removeMasks, unmaskingOf, wipeUnmasking, type Unmasking } from '../../../src/server/unmasking/masks.ts';
import { reconstructSecrets } from '../../../src/server/unmasking/reconstruction.ts';
import { rejected } from '../../support/errors.ts';
import { withPlatform } from '../../support/injected.ts';
import { COMPLETE, SPARSE } from '../../support/step-session.ts';
import { idAt, momentAt, revealedBy, type Moments } from '../../support/steps.ts';

const TWELVE = {
  ids: Array.from({ length: 12 }, (_, i) => 10 + 3 * i),
  threshold: 9,
  graph: { neighbors: 6, shareThreshold: 3 },
};

for (const [name, setup, masks] of [
  // Four survivors with a mask of their own each, and one with each of the two users that dropped out.
  ['the complete graph', { ...COMPLETE, ids: [1, 2, 3, 4, 5, 6], threshold: 4 }, 4 + 2 * 4],
  // The two are neighbors of each other, so that five of six neighbors of each are left.
  ['a sparse graph', { ...SPARSE, ...TWELVE }, 10 + 2 * 5],
] as const) {
  describe(`the masks of a sum on ${name}`, () => {
    let moment: Moments[4];
    before(async () => {
      moment = await momentAt(4, setup, { silent: [[], [], [3, 4]] });
      const { session, server } = moment;
      for (const holder of server.directory.positions.filter((position) => position !== 3 && position !== 4)) {
        const { message } = await revealedBy(moment, idAt(moment, holder));
        unmaskingRound.receive(session.serverContext, server, holder, message);
      }
    });
    const unmasking = async (): Promise<Unmasking> => {
      const { session, server } = moment;
      return unmaskingOf(session.serverContext, server, await reconstructSecrets(session.serverContext, server, new Pace()));
    };
    /** The sum once these ranges of masks are removed from it. */
    const without = async (given: Unmasking, ...ranges: readonly (readonly [number, number])[]): Promise<number[]> => {
      const acc = Uint8Array.from(moment.server.sum);
      for (const [from, to] of ranges) await removeMasks(given, { from, to }, acc, new Pace());
      return [...vectorOf(ringOf(given.bits), acc)].map(Number);
    };

    it('are one for each survivor, and one for each of its neighbors that dropped out', async () => {
      expect(countMasks(await unmasking())).to.equal(masks);
    });

    it('are removed in ranges of any size: each mask is in one of them', async () => {
      const [given, { session, server }] = [await unmasking(), moment];
      const sum = session.plainSum(server.directory.userIds(server.u3));
      for (let cut = 0; cut <= masks; cut++) expect(await without(given, [0, cut], [cut, masks])).to.deep.equal(sum);
      const single = Array.from({ length: masks }, (_, i) => [i, i + 1] as const);
      expect(await without(given, ...single)).to.deep.equal(sum);
      const sums = await Promise.all(single.map(async (range) => (await without(given, range)).join()));
      expect(new Set(sums).size, 'each range of one removes another mask').to.equal(masks);
    });

    it('are told one by one, and the key of a survivor is imported once for all who agreed with it', async () => {
      const [given, engine] = [await unmasking(), { ...platform }];
      let [told, imported] = [0, 0];
      const counting = {
        x25519Peer: (publicKey: Uint8Array) => {
          imported++;
          return engine.x25519Peer(publicKey);
        },
      };
      const acc = Uint8Array.from(moment.server.sum);
      await withPlatform(counting, () => removeMasks(given, { from: 0, to: masks }, acc, new Pace(), () => told++));
      const agreed = new Set(given.dropped.flatMap(({ neighbors }) => neighbors));
      expect([told, imported]).to.deep.equal([masks, agreed.size]);
    });

    it('leave no agreement behind, and take the key of a user that dropped out only for masks of a range', async () => {
      const given = await unmasking();
      const engine = { ...platform };
      const agreements: Uint8Array[] = [];
      let keys = 0;
      const noting: Partial<Platform> = {
        x25519(secretKey) {
          keys++;
          const own = engine.x25519(secretKey);
          const agree: typeof own.agree = async (peer) => {
            const agreed = await own.agree(peer);
            agreements.push(agreed);
            return agreed;
          };
          return { ...own, agree };
        },
      };
      const survivors = given.survivors.length;
      await withPlatform(noting, () => without(given, [0, survivors + 1]));
      expect([keys, agreements.map((agreed) => agreed.some((byte) => byte !== 0))]).to.deep.equal([1, [false]]);
    });

    it('cannot be removed if an agreement gives nothing but zeros, which is nobody’s fault in this round', async () => {
      const given = await unmasking();
      const zeros = { publicKey: new Uint8Array(32), agree: () => new Uint8Array(32) };
      const removing = (): Promise<number[]> => without(given, [0, masks]);
      const error = await withPlatform({ x25519: () => zeros }, () => rejected('ERR_SECAGG_KEYS', removing()));
      expect(error).to.deep.include({ round: 0, userIds: [] });
    });

    it('leave no secret behind once they are wiped', async () => {
      const given = await unmasking();
      const secrets = [
        ...given.survivors.map(({ selfMaskSeed }) => selfMaskSeed),
        ...given.dropped.map(({ maskSecretKey }) => maskSecretKey),
      ];
      const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0);
      expect(secrets.some(isWiped)).to.equal(false);
      wipeUnmasking(given);
      expect(secrets.every(isWiped)).to.equal(true);
    });
  });
}
