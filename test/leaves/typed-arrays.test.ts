// Typed arrays of this realm and of others, and those whose memory is gone.
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { isTypedArray, viewAs } from '../../src/leaves/typed-arrays.ts';
import { withoutMemory } from '../support/bytes.ts';

describe('a typed array', () => {
  it('is told by what it is, in whatever realm it was made and whatever it calls itself', () => {
    for (const array of [new Uint8Array(2), Buffer.from('ab'), runInNewContext('new Uint8Array(2)')]) {
      expect(isTypedArray(array, 'Uint8Array')).to.equal(true);
    }
    const posing = Object.create(Uint8Array.prototype, { [Symbol.toStringTag]: { value: 'Uint8Array' } }) as object;
    for (const value of [null, undefined, 5, 'ab', [1], {}, new Int8Array(2), new DataView(new ArrayBuffer(2)), posing]) {
      expect(isTypedArray(value, 'Uint8Array')).to.equal(false);
    }
  });

  it('of another realm is viewed over the same memory, and so is one whose properties lie', () => {
    class Lying extends Uint8Array {
      override get length(): number {
        return 1000;
      }
    }
    for (const array of [runInNewContext('Uint8Array.of(9, 1, 2).subarray(1)') as Uint8Array, Lying.of(1, 2)]) {
      const view = viewAs(array, Uint8Array)!;
      expect(view.constructor).to.equal(Uint8Array);
      expect([...view]).to.deep.equal([1, 2]);
      view[0] = 7;
      expect(array[0]).to.equal(7);
    }
    expect(viewAs(new Uint8Array(0), Uint8Array)).to.deep.equal(new Uint8Array(0));
  });

  it('that has lost its memory gives no view', () => {
    for (const array of withoutMemory()) expect(viewAs(array, Uint8Array)).to.equal(null);
  });
});
