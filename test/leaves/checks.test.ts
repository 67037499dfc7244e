// Checks of arguments: what they accept, and TypeError for a value of another type, RangeError for one out of range.
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import {
  checkBoolean,
  checkBytes,
  checkDate,
  checkInteger,
  checkNames,
  checkObject,
  checkPositive,
  checkString,
  kindOf,
} from '../../src/leaves/checks.ts';

describe('checks of arguments', () => {
  it('checkString accepts strings of as many UTF-8 bytes as it is told', () => {
    expect(checkString('', 'x')).to.equal('');
    for (const text of ['é', 'abc']) expect(checkString(text, 'x', { least: 2, most: 3 })).to.equal(text);
    for (const text of ['', 'a', 'éé', 'abcd']) {
      expect(() => checkString(text, 'x', { least: 2, most: 3 }), text).to.throw(RangeError);
    }
    for (const value of [undefined, null, 1, ['a']]) expect(() => checkString(value, 'x')).to.throw(TypeError);
  });

  it('checkDate accepts a Date that is a time', () => {
    const date = new Date(5);
    expect(checkDate(date, 'x')).to.equal(5);
    expect(checkDate(runInNewContext('new Date(7)'), 'x')).to.equal(7);
    expect(() => checkDate(Object.create(Date.prototype), 'x')).to.throw(TypeError);
    expect(() => checkDate(new Date(NaN), 'x')).to.throw(RangeError);
    for (const value of [undefined, null, 5, '2030-01-01']) expect(() => checkDate(value, 'x')).to.throw(TypeError);
  });

  it('checkPositive accepts numbers above 0, and below what it is told', () => {
    for (const value of [5e-324, 0.5, 1 - 2 ** -53]) expect(checkPositive(value, 'x', 1)).to.equal(value);
    for (const value of [-1, 0, 1, 2, NaN, Infinity])
      expect(() => checkPositive(value, 'x', 1), String(value)).to.throw(RangeError);
    expect(checkPositive(Number.MAX_VALUE, 'x')).to.equal(Number.MAX_VALUE);
    for (const value of [0, NaN, Infinity]) expect(() => checkPositive(value, 'x'), String(value)).to.throw(RangeError);
    for (const value of [undefined, null, '0.5', 1n]) expect(() => checkPositive(value, 'x', 1)).to.throw(TypeError);
  });

  it('checkInteger accepts integers of its range', () => {
    for (const value of [2, 3, 5]) expect(checkInteger(value, 'x', 2, 5)).to.equal(value);
    for (const value of [1, 6, 2.5, NaN, Infinity, -3, 2 ** 53]) {
      expect(() => checkInteger(value, 'x', 2, 5), String(value)).to.throw(RangeError, 'x:');
    }
    for (const value of [undefined, null, '3', 3n, [3], true]) {
      expect(() => checkInteger(value, 'x', 2, 5)).to.throw(TypeError, 'x:');
    }
  });

  it('checkInteger says what it got: a number, a string or a bigint, and of others only the kind', () => {
    const said = (value: unknown): string => {
      try {
        checkInteger(value, 'x', 2, 5);
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    for (const [value, shown] of [
      [6, 'got 6'],
      ['3', "got the string '3'"],
      ['3'.repeat(100), 'got string'], // may be a secret in the wrong place
      [3n, 'got the bigint 3n'],
      [null, 'got null'],
      [[3], 'got an array'],
      [undefined, 'got undefined'],
      [{ secret: 53 }, 'got object'],
    ] as const) {
      const text = said(value);
      expect(text.endsWith(shown), text).to.equal(true);
    }
  });

  it('checkBytes accepts Uint8Arrays, also Buffers, and says of a promise that it must be awaited', () => {
    checkBytes(new Uint8Array(3), 'x');
    checkBytes(Buffer.from('abc'), 'x');
    for (const value of [undefined, null, 'abc', [1, 2], new ArrayBuffer(3), new Uint16Array(2), Promise.resolve()]) {
      expect(() => checkBytes(value, 'x')).to.throw(TypeError, 'x:');
    }
    expect(kindOf(Promise.resolve())).to.include('awaited');
    expect(kindOf(new ArrayBuffer(3))).to.include('Uint8Array');
  });

  it('checkObject accepts plain objects, of other realms too, and names the class of others', () => {
    for (const value of [{}, { a: 1 }, Object.create(null) as object]) expect(checkObject(value, 'x')).to.equal(value);
    for (const value of [undefined, null, 5, 'a', [], () => undefined]) {
      expect(() => checkObject(value, 'x')).to.throw(TypeError, 'x:');
    }
    const foreign = runInNewContext('({ a: 1 })') as object;
    expect(checkObject(foreign, 'x')).to.equal(foreign);
    expect(() => checkObject(new Map(), 'x')).to.throw(TypeError, 'Map');
  });

  it('checkObject refuses an object that inherits names, which would not be checked', () => {
    class Plain {
      bits = 16;
    }
    Object.setPrototypeOf(Plain.prototype, null);
    for (const value of [
      Object.create({ adversary: 'semi-honest' }) as object,
      Object.create(Object.create(null) as object) as object,
      Object.create({ constructor: null }) as object,
      Object.create({ constructor: { name: 'Object' } }) as object,
      new Plain(),
    ]) {
      expect(() => checkObject(value, 'x')).to.throw(TypeError, 'x:');
    }
  });

  it('checkBoolean accepts true and false, and nothing that would be taken for one of them', () => {
    expect([checkBoolean(true, 'x'), checkBoolean(false, 'x')]).to.deep.equal([true, false]);
    for (const value of ['no', 'false', 0, 1, '', null, undefined, {}]) {
      expect(() => checkBoolean(value, 'x')).to.throw(TypeError, 'x:');
    }
  });
});

describe('checks of option names', () => {
  const KNOWN = ['adversary', 'colluders', 'maxUsers', 'bits', 'vecLen'];
  /** The name that a refusal proposes; null if it proposes none. */
  const proposed = (name: string): string | null => {
    try {
      checkNames({ [name]: 1 }, 'options', KNOWN);
    } catch (error) {
      const { message } = error as TypeError;
      expect(error).to.be.instanceOf(TypeError);
      expect(message).to.include(`'${name}'`);
      return KNOWN.find((known) => message.includes(`'${known}'`)) ?? null;
    }
    throw new Error(`${name} was accepted`);
  };

  it('accept the names that they know, and none', () => {
    checkNames({}, 'options', KNOWN);
    checkNames({ bits: 1, adversary: undefined }, 'options', KNOWN);
  });

  it('propose the name that was nearly meant: one letter more, less or another, or another case', () => {
    for (const [given, meant] of [
      ['coluders', 'colluders'],
      ['colludders', 'colluders'],
      ['colliders', 'colluders'],
      ['adversry', 'adversary'],
      ['maxusers', 'maxUsers'],
      ['MAXUSERS', 'maxUsers'],
      ['maxUser', 'maxUsers'],
      ['bit', 'bits'],
      ['veclen', 'vecLen'],
      ['vectorLen', 'vecLen'],
    ] as const) {
      expect(proposed(given)).to.equal(meant);
    }
  });

  it('propose no name for one that is far from all but list the names, and propose the nearest of several', () => {
    for (const given of ['threads', 'x', 'publicKeys', 'seed']) {
      expect(proposed(given)).to.equal(null);
      expect(() => checkNames({ [given]: 1 }, 'options', KNOWN)).to.throw(TypeError, KNOWN.join(', '));
    }
    expect(() => checkNames({ colluder: 1 }, 'options', ['colliders', 'colluders', 'colliders'])).to.throw(
      TypeError,
      "'colluders'",
    );
  });

  it('refuse what is no plain object: it would stand for an empty one', () => {
    for (const value of [null, 5, 'bits', [], new Map([['bits', 1]])]) {
      expect(() => checkNames(value, 'options', KNOWN)).to.throw(TypeError, 'options:');
    }
  });
});
