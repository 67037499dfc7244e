// What the groups of masks admit at their edges, and what it takes to draw from them.
import { expect } from 'chai';
import { Aggregation, deriveMask, MaskObject } from '../../src/pet/index.ts';
import { ofNoble } from '../../src/pet/masking/mask-keystream.ts';
import { groupOf } from '../../src/pet/masking/orders.ts';
import { refused } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { configOf } from './crate-vectors.ts';
import { ONE } from './worlds.ts';

describe('sums at the edge of a group', () => {
  it('take one model fewer where the order is below 2·A·E·10^k + 1 (X14), so that no sum wraps', () => {
    const most = (name: string): number => groupOf(configOf(name)).maxModels;
    expect(['Integer I32 Bmax M3', 'Integer F64 Bmax M3', 'Prime F64 Bmax M6', 'Integer I64 Bmax M9'].map(most)).to.deep.equal([
      999, 999, 999_999, 999_999_999,
    ]);
    expect(['Integer F32 Bmax M3', 'Prime F32 B0 M3', 'Power2 F64 Bmax M12'].map(most)).to.deep.equal([1000, 1000, 10 ** 12]);
  });

  it('refuse the model that is one too many', async () => {
    const config = { vect: configOf('Power2 I32 B0 M3'), unit: configOf('Power2 I32 B0 M3') };
    const sum = new Aggregation(config, 1);
    const mask = await deriveMask(new Uint8Array(32), 1, config);
    for (let i = 0; i < 1000; i++) sum.add(mask);
    refused('ERR_SECAGG_PET_TOO_MANY', () => {
      sum.add(mask);
    });
    expect(sum.count).to.equal(1000);
  });

  it('know each mask configuration by its bytes (X13), and take no byte that they do not know for one that they know', async () => {
    const bytes = (await deriveMask(new Uint8Array(32), 1, ONE)).toBytes();
    // With the first value of any field the elements would be as long as these: nothing but the byte itself is wrong.
    for (const at of [0, 1, 2, 3]) {
      const known = [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [0, 2, 4, 6, 255],
        [3, 6, 9, 12],
      ][at]!;
      for (let value = 0; value < 256; value++) {
        if (known.includes(value)) continue;
        const changed = bytes.slice();
        changed[at] = value;
        refused('ERR_SECAGG_DECODE', () => MaskObject.fromBytes(changed));
      }
    }
  });
});

describe('the sampler of masks', () => {
  it('takes 112.6 bytes of key stream a number at F32, B0 and M3, as the crate does (X4)', async () => {
    let taken = 0;
    const length = 20_000;
    const counting = {
      chacha20(key: Uint8Array) {
        const seed = key.slice();
        let at = 0;
        return {
          next(count: number) {
            taken += count;
            return ofNoble(seed, (at += count) - count, count);
          },
        };
      },
    };
    const mask = await withPlatform(counting, () => deriveMask(new Uint8Array(32), length, ONE));
    expect(mask.equals(await deriveMask(new Uint8Array(32), length, ONE))).to.equal(true);
    expect(taken / length).to.be.within(110, 122);
  });
});
