// Errors that cross from a worker to its page: class, code, fields and cause stay.
import { expect } from 'chai';
import {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ProtocolError,
  StateError,
  ThresholdError,
  UsageError,
} from '../../src/index.ts';
import { ERROR_CODES, SecAggError } from '../../src/leaves/errors.ts';
import { dataOf, errorOfData } from '../../src/worker/error-data.ts';

const details = { round: 2, userIds: [3, 5] };
const ERRORS: readonly Error[] = [
  new UsageError('ERR_SECAGG_FAILED', 'failed', { cause: new ThresholdError('few', { have: 2, need: 3, round: 1 }) }),
  new UsageError('ERR_SECAGG_BUSY', 'busy'),
  new DecodeError('bytes'),
  new ProtocolError('ERR_SECAGG_VIEW', 'view', details),
  new ProtocolError('ERR_SECAGG_UNKNOWN_USER', 'unknown', { round: null }),
  new AuthenticationError('signature', details),
  new DisputeError('dispute', { ...details, disputes: [{ owner: 3, accusers: [5] }] }),
  new ThresholdError('few', { have: 2, need: 3, round: 4, userIds: [1] }),
  new StateError('old', 'ERR_SECAGG_STATE_OLD'),
  new TypeError('vec'),
  new RangeError('vec', { cause: new TypeError('why') }),
  Object.assign(new Error('memory'), { name: 'OperationError' }),
];

/** All that a caller can read of an error, without where it was thrown. */
function readable(error: Error): unknown {
  const { name, message, cause } = error;
  return [
    error.constructor,
    name,
    message,
    Object.fromEntries(Object.entries(error)),
    cause instanceof Error ? readable(cause) : cause,
  ];
}

describe('the name of an error', () => {
  it('is that of the one class that has its code', () => {
    const codes = Object.values(ERROR_CODES).flat();
    expect(new Set(codes).size).to.equal(codes.length);
    for (const [name, [code]] of Object.entries(ERROR_CODES)) expect(new SecAggError(code, '').name).to.equal(name);
  });
});

describe('an error of a worker', () => {
  for (const error of ERRORS) {
    it(`${error.name} "${error.message}" is the same in the page`, () => {
      expect(readable(errorOfData(structuredClone(dataOf(error))))).to.deep.equal(readable(error));
    });
  }

  it('keeps its class if a minifier has renamed it in the bundle of the worker, and otherwise in that of the page', () => {
    const classes = [UsageError, DecodeError, ProtocolError, AuthenticationError, DisputeError, ThresholdError, StateError];
    const names = classes.map(({ name }) => name);
    const rename = (index: number, name: string): object => Object.defineProperty(classes[index]!, 'name', { value: name });
    try {
      classes.forEach((_, i) => rename(i, 'e'));
      const made = [
        new UsageError('ERR_SECAGG_BUSY', 'busy'),
        new DecodeError('bytes'),
        new ProtocolError('ERR_SECAGG_VIEW', 'view', details),
        new AuthenticationError('signature', details),
        new DisputeError('dispute', { ...details, disputes: [{ owner: 3, accusers: [5] }] }),
        new ThresholdError('few', { have: 2, need: 3, round: 4, userIds: [1] }),
        new StateError('old', 'ERR_SECAGG_STATE_OLD'),
      ];
      expect(made.map(({ name }) => name)).to.deep.equal(names);
      const crossed = made.map((error) => structuredClone(dataOf(error)));
      classes.forEach((_, i) => rename(i, 't'));
      expect(crossed.map((data) => readable(errorOfData(data)))).to.deep.equal(made.map(readable));
    } finally {
      names.forEach((name, i) => rename(i, name));
    }
  });

  it('that is no Error is told by its type only, because it may be a secret', () => {
    expect(dataOf('my secret').message).to.equal('thrown: a value of type string');
  });
});
