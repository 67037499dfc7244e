// Bodies that come in parts: in order, whole, and not more of them than there is room for.
import { expect } from 'chai';
import { fingerprint } from '../../src/crypto/digest.ts';
import type { RunRecord } from '../../src/coordinator/run-record.ts';
import { Uploads, uploadName, type Part } from '../../src/coordinator/uploads.ts';
import { refused } from '../support/errors.ts';

const whole = Uint8Array.from({ length: 10 }, (_, i) => i);
const part = (offset: number, end: number, changes: Partial<Part> = {}): Part => ({
  offset,
  total: whole.length,
  sha256: fingerprint(whole),
  body: whole.slice(offset, end),
  ...changes,
});

describe('a body in parts', () => {
  it('is whole once all parts have come, in any order that goes on where the last one ended', () => {
    const uploads = new Uploads(100);
    expect(uploads.add('a', part(0, 4), 10)).to.deep.equal({ have: 4 });
    expect(uploads.add('a', part(8, 10), 10), 'a part after a gap').to.deep.equal({ have: 4 });
    expect(uploads.add('a', part(0, 4), 10), 'again').to.deep.equal({ have: 4 });
    expect(uploads.add('a', part(2, 8), 10), 'it overlaps').to.deep.equal({ have: 8 });
    expect(uploads.add('a', part(8, 10), 10)).to.deep.equal({ whole });
    expect(uploads.add('a', part(0, 10), 10), 'in one').to.deep.equal({ whole });
  });

  it('is refused if it is longer than an answer may be, empty, or reaches beyond its end', () => {
    const uploads = new Uploads(100);
    refused('ERR_SECAGG_PART', () => uploads.add('a', part(0, 4), 9));
    refused('ERR_SECAGG_PART', () => uploads.add('a', part(0, 0), 10));
    refused('ERR_SECAGG_PART', () => uploads.add('a', part(0, 10, { offset: 1 }), 10));
  });

  it('of another content than was announced is forgotten', () => {
    const uploads = new Uploads(100);
    const sha256 = fingerprint(Uint8Array.of(1));
    refused('ERR_SECAGG_PART', () => uploads.add('a', part(0, 10, { sha256 }), 10));
    uploads.add('a', part(0, 9, { sha256 }), 10);
    refused('ERR_SECAGG_PART', () => uploads.add('a', part(9, 10, { sha256 }), 10));
    expect(uploads.add('a', part(0, 4), 10)).to.deep.equal({ have: 4 });
  });

  it('takes the place of another one of the same participant, and finds no room beyond the most', () => {
    const uploads = new Uploads(25);
    for (const name of ['a', 'b']) uploads.add(name, part(0, 4), 10);
    refused('ERR_SECAGG_OVERLOAD', () => uploads.add('c', part(0, 4), 10));
    const other = part(0, 4, { sha256: fingerprint(Uint8Array.of(7)) });
    expect(uploads.add('a', other, 10)).to.deep.equal({ have: 4 });
    refused('ERR_SECAGG_OVERLOAD', () => uploads.add('c', part(0, 4), 10));
    uploads.drop('a');
    expect(uploads.add('c', part(0, 4), 10)).to.deep.equal({ have: 4 });
    expect(uploads.add('b', part(4, 6), 10), 'it is still there').to.deep.equal({ have: 6 });
    uploads.drop('nobody');
  });

  it('is forgotten once its attempt is over', () => {
    const uploads = new Uploads(100);
    const run = (number: number, attempt: number, stage: RunRecord['stage'] = 'session'): RunRecord => ({
      ...{ task: 'a', run: number, revision: 7, source: `${number}`, announcement: new Uint8Array(), stage, since: 0 },
      ...{ extended: false, excluded: [], end: null },
      attempt: { number: attempt, name: 'b'.repeat(64), seedAt: null, sessions: 1 },
    });
    const runs = [run(1, 1), run(11, 1), run(1, 11), run(2, 1)];
    const have = (): unknown[] => runs.map((each) => uploads.add(uploadName(each, 5), part(4, 4 + 1), 10));
    for (const each of runs) uploads.add(uploadName(each, 5), part(0, 4), 10);
    uploads.keepOnly(runs);
    expect(have()).to.deep.equal([{ have: 5 }, { have: 5 }, { have: 5 }, { have: 5 }]);
    uploads.keepOnly([run(11, 1), run(1, 11), run(2, 1, 'training')]);
    expect(have()).to.deep.equal([{ have: 0 }, { have: 5 }, { have: 5 }, { have: 0 }]);
  });
});
