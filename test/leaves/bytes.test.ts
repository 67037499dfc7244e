// Byte strings: copies, comparisons, wiping, fixed-width integers.
import { expect } from 'chai';
import fc from 'fast-check';
import { compareBytes, concat, copyOf, equalBytes, hex, u32, u64, utf8, wipe } from '../../src/leaves/bytes.ts';

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

  it('are copied into a plain Uint8Array of their own, whatever kind they are of', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set([1, 2, 3]);
    for (const bytes of [Uint8Array.of(1, 2, 3), Buffer.from([1, 2, 3]), Uint8Array.of(0, 1, 2, 3).subarray(1), shared]) {
      const copy = copyOf(bytes);
      expect(copy.constructor).to.equal(Uint8Array);
      expect([...copy]).to.deep.equal([1, 2, 3]);
      expect(copy.buffer).to.be.instanceOf(ArrayBuffer).with.property('byteLength', 3);
      bytes.fill(0);
      expect([...copy]).to.deep.equal([1, 2, 3]);
    }
  });

  it('are joined in order', () => {
    expect(concat([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])).to.deep.equal(Uint8Array.of(1, 2, 3));
    expect(concat([])).to.deep.equal(new Uint8Array());
  });

  it('are wiped where they are', () => {
    const [one, two] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    wipe(new Set([one, two]));
    expect([one, two]).to.deep.equal([new Uint8Array(2), new Uint8Array(1)]);
  });

  it('are integers of a fixed width, most significant byte first, and hexadecimal digits', () => {
    expect([hex(u32(0)), hex(u32(0x0102_0304)), hex(u32(2 ** 32 - 1))]).to.deep.equal(['00000000', '01020304', 'ffffffff']);
    expect(hex(u64(2 ** 53 - 1))).to.equal('001fffffffffffff');
    expect(hex(u64(0x1_0000_0002))).to.equal('0000000100000002');
    expect(hex(utf8('é0'))).to.equal('c3a930');
  });

  it('of a string are the same UTF-8 in an engine without a TextEncoder', () => {
    const encoder = new TextEncoder();
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'TextEncoder')!;
    Object.defineProperty(globalThis, 'TextEncoder', { ...descriptor, value: undefined });
    try {
      const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })));
      fc.assert(
        fc.property(units, (each) => {
          const text = String.fromCharCode(...each);
          expect(utf8(text)).to.deep.equal(encoder.encode(text));
        }),
      );
      for (const text of ['', '\0', '\x7f\x80', '\u07ff\u0800', '\uffff\u{10000}\u{10ffff}', '\ud800x']) {
        expect(utf8(text)).to.deep.equal(encoder.encode(text));
      }
    } finally {
      Object.defineProperty(globalThis, 'TextEncoder', descriptor);
    }
  });
});
