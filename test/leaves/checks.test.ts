// Checks of arguments: what they accept, and TypeError for a value of another type, RangeError for one out of range.
import { expect } from 'chai';
import { checkDate, checkString } from '../../src/leaves/checks.ts';

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
    expect(checkDate(date, 'x')).to.equal(date);
    expect(() => checkDate(new Date(NaN), 'x')).to.throw(RangeError);
    for (const value of [undefined, null, 5, '2030-01-01']) expect(() => checkDate(value, 'x')).to.throw(TypeError);
  });
});
