// Comparisons: bytes are equal only where their lengths are.
import { expect } from 'chai';
import { compareBytes, equalBytes } from '../../src/leaves/bytes.ts';

describe('bytes', () => {
  it('are not equal to what they only begin with, whichever of the two is the longer', () => {
    const [short, long] = [Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)];
    expect([equalBytes(short, long), equalBytes(long, short)]).to.deep.equal([false, false]);
    expect([equalBytes(new Uint8Array(0), long), equalBytes(long, new Uint8Array(0))]).to.deep.equal([false, false]);
    expect(equalBytes(long, Uint8Array.from(long))).to.equal(true);
    expect(compareBytes(short, long)).to.be.below(0);
    expect(compareBytes(long, short)).to.be.above(0);
    expect(compareBytes(long, Uint8Array.from(long))).to.equal(0);
  });
});
