// Uniform integers and orders from random words: which words are drawn again, and what comes of the others.
import { expect } from 'chai';
import { shuffle, uniformBelow } from '../../src/leaves/permutation.ts';

/** Gives these words one after the other. */
function wordsFrom(words: number[]): () => number {
  return () => {
    const word = words.shift();
    if (word === undefined) throw new Error('no words are left');
    return word;
  };
}

describe('a uniform integer', () => {
  it('draws a word again that is above the largest multiple of the bound', () => {
    // 2^32 = 3 · 1431655765 + 1.
    expect(uniformBelow(3, wordsFrom([0xffff_ffff, 0xffff_fffe]))).to.equal(2);
  });

  it('takes every word if 2^32 is a multiple of the bound', () => {
    expect(uniformBelow(2, wordsFrom([0xffff_ffff]))).to.equal(1);
    expect(uniformBelow(0x1_0000_0000, wordsFrom([0xffff_ffff]))).to.equal(0xffff_ffff);
    expect(uniformBelow(1, wordsFrom([0xffff_ffff]))).to.equal(0);
  });
});

describe('a shuffle', () => {
  it('swaps each element, from the last one on, with one that is not after it', () => {
    for (const list of [['a', 'b', 'c'], Uint32Array.of(0, 1, 2)]) {
      const [first, second, third] = list;
      const left = [0xffff_ffff, 0xffff_fffe, 5, 0xffff_ffff, 0];
      shuffle<string | number>(list, wordsFrom(left));
      expect([...list]).to.deep.equal([first, second, third]); // 0xfffffffe is 2 mod 3, 5 is 1 mod 2
      expect(left).to.have.length(2);
      shuffle<string | number>(list, wordsFrom([3, 0]));
      expect([...list]).to.deep.equal([second, third, first]); // 0 mod 3, 0 mod 2
    }
  });

  it('draws no word for a list of fewer than two elements', () => {
    for (const list of [[], ['a']]) shuffle(list, wordsFrom([]));
  });
});
