// Listeners: what serves as one, and what happens to what it throws.
import { expect } from 'chai';
import { checkListener, emit, isHeard } from '../../src/leaves/events.ts';

describe('a listener', () => {
  it('is a function, or one that hears nothing if there is none', () => {
    const listener = (): void => undefined;
    expect(checkListener(listener)).to.equal(listener);
    expect(isHeard(listener)).to.equal(true);
    expect(isHeard(checkListener(undefined))).to.equal(false);
    for (const value of [null, 5, {}, 'listener']) {
      expect(() => checkListener(value as never)).to.throw(TypeError, 'options.listener:');
    }
  });

  it('hears the very event that is told', () => {
    const event = { type: 'x' };
    const heard: unknown[] = [];
    emit((told) => heard.push(told), event);
    expect(heard).to.have.length(1);
    expect(heard[0]).to.equal(event);
  });
});
