// The transcripts of so many users that their shares are on the border between the two fields.
import { expect } from 'chai';
import { expectTranscript, TRANSCRIPTS } from './transcript.ts';

const LARGE = TRANSCRIPTS.filter((name) => name.startsWith('users-'));

describe('transcripts of the reference implementation, of many users', function () {
  this.timeout(60_000);

  it('are there', () => {
    expect(LARGE).to.deep.equal(['users-255.json', 'users-257.json']);
  });

  for (const file of LARGE) it(file, () => expectTranscript(file));
});
