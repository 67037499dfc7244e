// Expectations about errors: by class and code, never by text.
import { expect } from 'chai';
import { SecAggError, type SecAggErrorCode } from '../../src/index.ts';

/** Runs something that must throw a SecAggError with this code, and gives the error. */
export function refused(code: SecAggErrorCode, run: () => unknown): SecAggError {
  let outcome: unknown = 'it did not throw';
  try {
    run();
  } catch (error) {
    outcome = error;
  }
  return checkCode(outcome, code);
}

/** The same for a promise. */
export async function rejected(code: SecAggErrorCode, promise: Promise<unknown>): Promise<SecAggError> {
  const outcome = await promise.then(
    () => 'it did not reject',
    (error: unknown) => error,
  );
  return checkCode(outcome, code);
}

function checkCode(outcome: unknown, code: SecAggErrorCode): SecAggError {
  if (!(outcome instanceof SecAggError)) throw new Error(`expected ${code}`, { cause: outcome });
  expect(outcome.code, outcome.message).to.equal(code);
  return outcome;
}
