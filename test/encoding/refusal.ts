// What an encoding's refusal must tell: its code and its details, never its text.
import { expect } from 'chai';
import { EncodingError, type EncodingErrorDetails } from '../../src/encoding/index.ts';
import { refused } from '../support/errors.ts';

/** Runs something that must throw an EncodingError with this code and these details. */
export function expectRefusal(code: EncodingError['code'], run: () => unknown, details: EncodingErrorDetails): EncodingError {
  const error = refused(code, run, EncodingError);
  const { element, index, value, limits } = error;
  expect({ element, index, value, limits }).to.deep.equal({ index: null, limits: null, ...details });
  return error;
}
