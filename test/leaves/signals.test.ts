// Signals: what serves as one, and what an aborted one throws.
import { expect } from 'chai';
import { checkSignal, throwIfAborted, type AbortSignalLike } from '../../src/leaves/signals.ts';

const listeners = { addEventListener: () => undefined, removeEventListener: () => undefined };

describe('a signal', () => {
  it('is an AbortSignal, an object that does as one, or undefined', () => {
    for (const signal of [undefined, new AbortController().signal, AbortSignal.abort(), { aborted: false, ...listeners }]) {
      expect(checkSignal(signal, 'signal')).to.equal(signal);
    }
  });

  it('is refused by name if it lacks what the library uses', () => {
    for (const value of [
      null,
      5000,
      'abort',
      true,
      [],
      {},
      new AbortController(),
      { aborted: false },
      { aborted: 'no', ...listeners },
      { ...listeners },
      { aborted: false, ...listeners, addEventListener: undefined },
      { aborted: false, ...listeners, removeEventListener: undefined },
    ]) {
      expect(() => checkSignal(value, 'options.signal')).to.throw(TypeError, 'options.signal:');
    }
  });

  it('that is aborted throws its reason, whatever that is', () => {
    for (const reason of [new Error('enough'), 'text', 0, false]) {
      let thrown: unknown = 'nothing';
      try {
        throwIfAborted({ aborted: true, reason, ...listeners });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.equal(reason);
    }
  });

  it('that is aborted without a reason throws an AbortError', () => {
    for (const signal of [
      { aborted: true, ...listeners },
      { aborted: true, reason: null, ...listeners },
    ] as AbortSignalLike[]) {
      expect(() => throwIfAborted(signal))
        .to.throw(Error)
        .with.property('name', 'AbortError');
    }
  });

  it('that is not aborted, or is none, throws nothing, even if it has a reason', () => {
    throwIfAborted(undefined);
    throwIfAborted(new AbortController().signal);
    throwIfAborted({ aborted: false, reason: new Error('not yet'), ...listeners });
  });
});
