// Canonical bytes of JSON values: compared with what Python gives, and with each other.
import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { fileURLToPath } from 'node:url';
import { hex } from '../../src/leaves/bytes.ts';
import { typedBytes } from '../../src/leaves/typed-bytes.ts';
import { reversed } from '../support/reversed.ts';

const VECTORS = new URL('../vectors/typed-bytes.json', import.meta.url);
const REFERENCE = fileURLToPath(new URL('../reference/typed_bytes.py', import.meta.url));

interface Vector {
  readonly value: unknown;
  readonly bytes: string;
}

const wellFormed = fc.string({ unit: 'binary' });
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 1, '', '0', '1', 'null'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    wellFormed,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(wellFormed, tie('value'), { maxKeys: 4 }),
  ),
}));

describe('typed bytes', () => {
  it('are those of the reference for every vector', () => {
    const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as Vector[];
    expect(vectors.length).to.be.above(20);
    for (const { value, bytes } of vectors) expect(hex(typedBytes(value, 'value'))).to.equal(bytes);
  });

  it('are what the reference in Python gives today', function () {
    if (spawnSync('python3', ['--version']).status !== 0) {
      this.test!.title += ' (skipped: no python3 here)';
      this.skip();
    }
    execFileSync('python3', ['-B', REFERENCE, '--check'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });

  it('of null, numbers, texts, lists and objects begin with a tag', () => {
    const fields = ['00000002' + '6161' + '04' + '00000002' + 'c3a9', '00000001' + '62' + '05' + '00000002' + '00' + '02'];
    expect(hex(typedBytes({ b: [null, true], aa: 'é' }, 'value'))).to.equal(`0600000002${fields.join('')}`);
    expect(hex(typedBytes(-1.5, 'value'))).to.equal('03bff8000000000000');
    expect(hex(typedBytes(-0, 'value'))).to.equal('030000000000000000');
  });

  it('of names ascend by UTF-8 and not by UTF-16', () => {
    // U+FF5E is after the surrogates in UTF-16 and before U+1F600 in UTF-8.
    const [first, second] = ['\uff5e', '\u{1f600}'];
    const bytes = hex(typedBytes({ [second]: 1, [first]: 2 }, 'value'));
    expect(bytes.indexOf('efbd9e')).to.be.within(1, bytes.indexOf('f09f9880'));
  });

  it('are the same after a round trip through JSON text, in any order of fields', () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = hex(typedBytes(value, 'value'));
        expect(hex(typedBytes(JSON.parse(JSON.stringify(value)), 'value'))).to.equal(bytes);
        expect(hex(typedBytes(reversed(value), 'value'))).to.equal(bytes);
      }),
    );
  });

  it('of two values are the same only if the values are equal', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const isSame = hex(typedBytes(a, 'value')) === hex(typedBytes(b, 'value'));
        // JSON text with sorted names, of which −0 is 0.
        expect(isSame).to.equal(sortedText(a) === sortedText(b));
      }),
      { numRuns: 2000 },
    );
  });

  it('of an object from another realm are those of one from this realm', () => {
    const foreign: unknown = runInNewContext('({ a: [1, { b: null }] })');
    expect(typedBytes(foreign, 'value')).to.deep.equal(typedBytes({ a: [1, { b: null }] }, 'value'));
  });

  it('are refused for what JSON cannot carry, with the place of it', () => {
    const hole: unknown[] = [1, 2];
    Reflect.deleteProperty(hole, '0');
    const cases: readonly [unknown, RegExp][] = [
      [undefined, /^value: /],
      [{ a: { b: undefined } }, /^value\.a\.b: /],
      [hole, /^value\[0\]: /],
      [[1n], /^value\[0\]: /],
      [{ a: NaN }, /^value\.a: /],
      [[0, Infinity], /^value\[1\]: /],
      [{ a: Uint8Array.of(1) }, /^value\.a: /],
      [new Map(), /^value: /],
      [() => 1, /^value: /],
      ['\ud800', /^value: /],
      [{ '\udc00': 1 }, /^value: /],
    ];
    for (const [value, message] of cases) {
      expect(() => typedBytes(value, 'value'))
        .to.throw(Error, message)
        .that.satisfies(isArgumentError);
    }
  });

  it('of a value that is nested without end are refused', () => {
    const ring: unknown[] = [];
    ring.push(ring);
    expect(() => typedBytes(ring, 'value')).to.throw(RangeError, /levels/);
    let deep: unknown = 1;
    for (let i = 0; i < 64; i++) deep = [deep];
    expect(typedBytes(deep, 'value')).to.have.length(64 * 5 + 9);
    expect(() => typedBytes([deep], 'value')).to.throw(RangeError, /levels/);
  });
});

function isArgumentError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

function sortedText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${sortedText(field)}`).join(',')}}`;
}
