// Whole transcripts of an independent implementation (test/reference/, written from docs/wire-format.md alone): with its
// randomness, every message of every user and of the server comes out byte for byte, and so does the sum.
import { expect } from 'chai';
import { expectTranscript, TRANSCRIPTS } from './transcript.ts';

describe('transcripts of the reference implementation', () => {
  it('are there', () => {
    expect(TRANSCRIPTS.length).to.be.greaterThan(15);
  });

  for (const file of TRANSCRIPTS.filter((name) => !name.startsWith('users-'))) {
    it(file, () => expectTranscript(file));
  }
});
