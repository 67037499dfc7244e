// How objects are written as JSON, and which JSON texts name a member twice.
import { expect } from 'chai';
import fc from 'fast-check';
import { jsonOf, repeatsMembers, valueOfJson } from '../../src/leaves/json-text.ts';

const repeats = (text: string): boolean => repeatsMembers(text, JSON.parse(text));

describe('JSON of an object', () => {
  const long = ['A', 'B+/='].map((text) => text.repeat(100_000));
  const values: readonly object[] = [
    {},
    { a: long[0], b: { c: long[1], d: [long[0]] }, e: null, f: 'x' },
    { a: { b: { c: long[1] } }, d: long[0], 7: long[1], '"': long[0], list: [{ a: long[0] }] },
    // Short strings that look like the marks of long ones.
    { a: long[0], b: '\u0000long 0' },
    { a: long[0], b: '\u0000long 1', c: '\u0000long ' },
    { a: '\u0000long 0', b: '"' },
    { list: [long[0]], b: '\u0000long 0' },
  ];

  it('is what JSON.stringify gives, and is read as by JSON.parse, whether its strings are short or long', () => {
    for (const [i, value] of values.entries()) {
      const text = JSON.stringify(value);
      expect(jsonOf(value) === text, `${i}`).to.equal(true);
      expect(JSON.stringify(valueOfJson(text)) === text, `${i}`).to.equal(true);
    }
  });

  it('with long strings is refused if it is no JSON or names a member twice', () => {
    const [text] = long;
    for (const wrong of [
      `{"a":"${text}`,
      `{"a":"${text}"`,
      `{"a":"${text}","a":1}`,
      `{"a":"${text}"}}`,
      `{"${text}"}`,
      `"${text}`,
    ]) {
      expect(() => valueOfJson(wrong)).to.throw(SyntaxError);
    }
    const escaped = `{"a":"${text}\\n"}`;
    expect(valueOfJson(escaped)).to.deep.equal({ a: `${text}\n` });
  });
});

describe('a JSON text', () => {
  it('that names no member twice is told from others, whatever strings and white space it has', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, space) => {
        expect(repeats(JSON.stringify(value, null, space))).to.equal(false);
      }),
    );
    for (const text of ['{"a:":"::","\\"":":\\\\","b":[{"c":":"}]}', '[]', '":"', '{ "a" : 1 }'])
      expect(repeats(text)).to.equal(false);
  });

  it('that is nested more deeply than functions can call each other is read too', () => {
    const lists = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(repeats(lists)).to.equal(false);
    const objects = `${'{"a":'.repeat(200_000)}{"b":1,"b":2}${'}'.repeat(200_000)}`;
    expect(repeats(objects)).to.equal(true);
  });

  it('that names a member twice is found, however deep it is and however its name is spelt', () => {
    for (const text of ['{"a":1,"a":1}', '[{"x":{"b":1,"c":2,"b":3}}]', '{"a":1,"\\u0061":2}', '{"a":{"a":1},"a":2}']) {
      expect(repeats(text), text).to.equal(true);
    }
  });
});
