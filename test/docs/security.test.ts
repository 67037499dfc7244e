// SECURITY.md names a test for each guarantee: each of them is there, under that name, in that file.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

describe('SECURITY.md', () => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('|') && line.includes('"'));

  it('has a guarantee in each row, and a test for it', () => {
    expect(rows.length).to.be.greaterThan(12);
  });

  for (const row of rows) {
    const [, guarantee, , tests] = row.split('|').map((cell) => cell.trim());
    it(`${guarantee!.slice(0, 80)} …`, () => {
      const named = [...tests!.matchAll(/((?:[a-z]+\/)+[a-z-]+): ((?:"[^"]+"(?:; )?)+)/g)];
      expect(named).not.to.have.length(0);
      for (const [, file, titles] of named) {
        const path = `test/${file!}.test.ts`;
        expect(existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))), path).to.equal(true);
        const text = read(path).replaceAll("\\'", "'");
        for (const [, title] of titles!.matchAll(/"([^"]+)"/g)) expect(text, `${path}: ${title!}`).to.include(title);
      }
    });
  }
});
