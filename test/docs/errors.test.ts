// docs/errors.md explains each code of the library once, under its class, and no other; no document names a code that is none.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ERROR_CODES } from '../../src/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(ROOT + path, 'utf8');
const DOCUMENTS = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...readdirSync(`${ROOT}docs`).map((file) => `docs/${file}`)];

/** The text of each section of a document at this level of headings, by its heading, in order. */
function sections(text: string, level: number): (readonly [heading: string, text: string])[] {
  const marks = '#'.repeat(level);
  return text
    .split(new RegExp(`^${marks} `, 'm'))
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end)] as const;
    });
}

/** The cells of the one table of a section, without its head. */
function cells(section: string): string[] {
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.flatMap((row) => row.split('|').slice(1, -1)).map((cell) => cell.trim());
}

describe('docs/errors.md', () => {
  const classes = sections(read('docs/errors.md'), 2).filter(([, text]) => text.includes('\n### ERR_SECAGG_'));

  it('has a section for each class, and in it one for each of its codes', () => {
    const documented = classes.map(([name, text]) => [name, sections(text, 3).map(([code]) => code)] as const);
    expect(Object.fromEntries(documented)).to.deep.equal(ERROR_CODES);
    expect(documented).to.have.length(Object.keys(ERROR_CODES).length);
  });

  for (const [code, text] of classes.flatMap(([, section]) => sections(section, 3))) {
    it(`${code}: says what it means, who acts, what may be tried again, and an HTTP status`, () => {
      const [meaning] = text.trim().split('\n\n');
      expect(meaning).to.match(/^[A-Z`].*\.$/s);
      const [who, again, another, status, ...more] = cells(text);
      expect(more).to.deep.equal([]);
      for (const answer of [who, again, another]) expect(answer).not.to.be.oneOf([undefined, '']);
      expect(status).to.match(/^([45]\d\d|none)$/);
    });
  }
});

describe('codes in documents', () => {
  const known: readonly string[] = Object.values(ERROR_CODES).flat();

  for (const document of DOCUMENTS.filter((file) => file.endsWith('.md'))) {
    it(`${document} names no code that the library does not have`, () => {
      const named = read(document).match(/ERR_SECAGG_[A-Z_]*[A-Z]/g) ?? [];
      expect(named.filter((code) => !known.includes(code))).to.deep.equal([]);
    });
  }
});
