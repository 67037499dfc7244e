// How a session ends: which errors end it, and that the state keeps all that they tell.
import { expect } from 'chai';
import {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ProtocolError,
  StateError,
  StoreError,
  ThresholdError,
  UsageError,
} from '../../src/index.ts';
import { errorOf, failedError, failureOf } from '../../src/session/failure.ts';
import { failed } from '../../src/session/json.ts';
import { expectSameError, refused } from '../support/errors.ts';

const ENDING = [
  new DecodeError('bytes'),
  new ProtocolError('ERR_SECAGG_KEYS', 'keys', { round: 1, userIds: [3, 5] }),
  new ProtocolError('ERR_SECAGG_SESSION', 'another session', { round: null }),
  new AuthenticationError('signature', { round: 4, userIds: [3] }),
  new DisputeError('dispute', { round: 1, disputes: [{ owner: 7, accusers: [1, 2] }] }),
  new ThresholdError('too few', { have: 2, need: 3, round: 2, userIds: [9] }),
];

describe('a failure', () => {
  for (const error of ENDING) {
    it(`keeps all that a ${error.name} with ${error.code} tells, also as JSON`, () => {
      const failure = failureOf(error)!;
      expect(failure.phase).to.equal('failed');
      expectSameError(errorOf(failure), error);
      const json = JSON.parse(JSON.stringify(failed.encode(failure))) as unknown;
      const decoded = failed.decode(json, 'state');
      expect(decoded).to.deep.equal(failure);
      expectSameError(errorOf(decoded), error);
      const later = failedError(failure);
      expect(later).to.be.instanceOf(UsageError).with.property('code', 'ERR_SECAGG_FAILED');
      expectSameError(later.cause, error);
    });
  }

  it('is none for an error that is not of the protocol: the session goes on', () => {
    for (const error of [
      new UsageError('ERR_SECAGG_BUSY', 'busy'),
      new StateError('state'),
      new StoreError('ERR_SECAGG_STORE', 'database'),
      new TypeError('argument'),
      new RangeError('Array buffer allocation failed'),
      new DOMException('aborted', 'AbortError'),
      { code: 'ERR_SECAGG_DECODE', message: 'not one of this library' },
      'text',
      null,
      undefined,
    ]) {
      expect(failureOf(error)).to.equal(null);
    }
  });

  it('is of a round from 0 to 4, also as JSON; only a threshold is always missed in one', () => {
    for (const error of ENDING.filter((each) => 'round' in each)) {
      const json = failed.encode(failureOf(error)!) as { error: { kind: string } };
      const inRound = (round: number | null): unknown => failed.decode({ ...json, error: { ...json.error, round } }, 'state');
      for (const round of [0, 1, 2, 3, 4]) expect(inRound(round)).to.have.nested.property('error.round', round);
      for (const round of [-1, 5, 0.5]) refused('ERR_SECAGG_STATE', () => inRound(round), StateError);
      if (json.error.kind === 'threshold') refused('ERR_SECAGG_STATE', () => inRound(null), StateError);
      else expect(inRound(null)).to.have.nested.property('error.round', null);
    }
  });

  it('is refused as JSON with a code of another class, or of another kind', () => {
    const protocol = { phase: 'failed', error: { kind: 'protocol', message: 'x', round: 1, userIds: [] } };
    for (const code of ['ERR_SECAGG_SIGNATURE', 'ERR_SECAGG_USAGE', 'ERR_SECAGG_NONE']) {
      const json = { ...protocol, error: { ...protocol.error, code } };
      refused('ERR_SECAGG_STATE', () => failed.decode(json, 'state'), StateError);
    }
    refused('ERR_SECAGG_STATE', () => failed.decode({ phase: 'failed', error: { kind: 'usage', message: 'x' } }, 'state'));
  });
});
