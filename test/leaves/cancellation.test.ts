// Work that a caller's signal calls off, however that signal is made.
import { expect } from 'chai';
import { Cancellation } from '../../src/leaves/cancellation.ts';
import type { AbortSignalLike } from '../../src/leaves/signals.ts';

/** A signal as a polyfill makes it, with members of the test's choice. */
function polyfilled(members: PropertyDescriptorMap = {}): AbortSignalLike & { listeners: Set<() => void> } {
  const listeners = new Set<() => void>();
  const signal = {
    listeners,
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
  };
  return Object.defineProperties(signal, members);
}

const throwing = (error: Error): PropertyDescriptorMap[string] => ({
  get: () => {
    throw error;
  },
});

describe('a cancellation', () => {
  it('follows a signal until it is released, and leaves nothing on it', () => {
    const signal = polyfilled();
    const work = new Cancellation(signal);
    expect([signal.listeners.size, work.signal.aborted]).to.deep.equal([1, false]);
    work.release();
    expect(signal.listeners.size).to.equal(0);
  });

  it('takes over the reason of a signal that is aborted before or later', () => {
    const reason = new Error('enough');
    const before = polyfilled({ aborted: { value: true }, reason: { value: reason } });
    expect(new Cancellation(before).signal.reason).to.equal(reason);
    expect(before.listeners.size).to.equal(0);
    const later = polyfilled({ reason: { value: reason } });
    const work = new Cancellation(later);
    for (const listener of later.listeners) listener();
    expect(work.signal.reason).to.equal(reason);
  });

  it('of a signal whose reason throws is called off with what is thrown', () => {
    const error = new Error('no reason');
    const signal = polyfilled({ reason: throwing(error) });
    const work = new Cancellation(signal);
    for (const listener of signal.listeners) listener();
    expect([work.signal.aborted, work.signal.reason]).to.deep.equal([true, error]);
  });

  it('does not begin with a signal that cannot be asked, and leaves nothing on it', () => {
    const error = new Error('gone');
    const signal = polyfilled({ aborted: throwing(error) });
    expect(() => new Cancellation(signal)).to.throw(error);
    expect(signal.listeners.size).to.equal(0);
  });

  it('of a signal that takes no listener back ends like any other', () => {
    const signal = polyfilled({
      removeEventListener: {
        value: () => {
          throw new Error('gone');
        },
      },
    });
    expect(() => new Cancellation(signal).release()).not.to.throw();
  });
});
