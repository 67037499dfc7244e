// Which JSON texts name a member twice.
import { expect } from 'chai';
import fc from 'fast-check';
import { repeatsMembers } from '../../src/leaves/json-text.ts';

const repeats = (text: string): boolean => repeatsMembers(text, JSON.parse(text));

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
