// SECURITY.md names tests for each guarantee: each of them is there, under that name, in that file.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(fileOf(path), 'utf8');

/** The text between a heading of the second level and the next one. */
function sectionOf(document: string, heading: string): string {
  const [, after] = document.split(`\n## ${heading}\n`);
  if (after === undefined) throw new Error(`no section ${heading}`);
  return after.split('\n## ')[0] ?? '';
}

describe('SECURITY.md', () => {
  const [, ...guarantees] = sectionOf(read('SECURITY.md'), 'Guarantees, and the tests that show them').split('\n### ');

  it('has all guarantees, each under a heading', () => {
    expect(guarantees.length).to.be.greaterThan(17);
  });

  for (const guarantee of guarantees) {
    const [heading = '', ...lines] = guarantee.split('\n');
    it(`guarantee ${heading} names its adversary and tests that are there`, () => {
      expect(lines.filter((line) => line.startsWith('Against: '))).to.have.length(1);
      const items = lines.filter((line) => line.startsWith('- ') || line.includes('"'));
      expect(items).not.to.have.length(0);
      for (const item of items) {
        const [, file, title] = /^- ((?:[a-z-]+\/)+[a-z-]+): "([^"]+)"$/.exec(item) ?? [];
        expect(title, item).to.be.a('string');
        const path = `test/${file!}.test.ts`;
        expect(existsSync(fileOf(path)), path).to.equal(true);
        expect(read(path).replaceAll("\\'", "'"), `${path}: ${title!}`).to.include(title);
      }
    });
  }
});
