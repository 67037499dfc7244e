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

describe('an error of a worker', () => {
  for (const error of ERRORS) {
    it(`${error.name} "${error.message}" is the same in the page`, () => {
      expect(readable(errorOfData(structuredClone(dataOf(error))))).to.deep.equal(readable(error));
    });
  }

  it('that is no Error is told by its type only, because it may be a secret', () => {
    expect(dataOf('my secret').message).to.equal('thrown: a value of type string');
  });
});
