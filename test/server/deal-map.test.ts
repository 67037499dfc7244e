// Deals in large pieces of memory: a map like any other, that keeps nothing of what it is given.
import { expect } from 'chai';
import fc from 'fast-check';
import { systemRandom } from '../../src/crypto/random.ts';
import type { Deal } from '../../src/session/messages.ts';
import { allPositions, type Position } from '../../src/leaves/positions.ts';
import { DealMap } from '../../src/server/deal-map.ts';

const dealOf = (length: number): Deal => ({
  seedCommitment: systemRandom(32),
  ownShareCommitment: null,
  sealed: systemRandom(length),
});

const copyOf = (deal: Deal): Deal => ({ ...deal, sealed: Uint8Array.from(deal.sealed) });

describe('a map of deals', () => {
  it('gives what was put into it, whatever its length, even if that has changed since', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...allPositions(31)), fc.nat({ max: 2000 }))), (entries) => {
        const plain = new Map<Position, Deal>();
        const deals = new DealMap();
        for (const [position, length] of entries) {
          const deal = dealOf(length);
          plain.set(position, copyOf(deal));
          deals.set(position, deal);
          deal.sealed.fill(0);
        }
        expect(new Map(deals)).to.deep.equal(plain);
        expect(new Map(DealMap.of(deals))).to.deep.equal(plain);
      }),
    );
  });

  it('takes few pieces of memory for many deals, each at most twice as large as the one before', () => {
    const deals = DealMap.of(allPositions(1000).map((position) => [position, dealOf(1360)]));
    const pieces = [...new Set([...deals.values()].map(({ sealed }) => sealed.buffer))];
    expect(pieces.map(({ byteLength }) => byteLength)).to.deep.equal(Array.from({ length: 10 }, (_, i) => 1360 * 2 ** i));
  });

  it('begins another piece when 64 MiB are full', () => {
    const long = { ...dealOf(0), sealed: new Uint8Array(25 * 2 ** 20) };
    const deals = DealMap.of(allPositions(5).map((position) => [position, long]));
    const pieces = [...new Set([...deals.values()].map(({ sealed }) => sealed.buffer))];
    expect(pieces.map(({ byteLength }) => byteLength / 2 ** 20)).to.deep.equal([25, 50, 64]);
  });
});
