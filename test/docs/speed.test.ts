// The figures in the documents are those of one record, as the benches printed them: none is copied by hand.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { documentsOf } from '../../bench/documents.ts';
import type { Run } from '../../bench/figures.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

describe('figures in documents', () => {
  const run = JSON.parse(read('bench/record.json')) as Run;

  for (const [path, document] of Object.entries(documentsOf(run, read))) {
    it(`${path} has those of the run of record`, () => {
      expect(read(path)).to.equal(document);
    });
  }
});
