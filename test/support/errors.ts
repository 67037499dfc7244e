// Expectations about errors: by class and code, never by text.
import { expect } from 'chai';
import { SecAggError, type SecAggErrorCode } from '../../src/index.ts';

type ErrorClass<E> = abstract new (...args: never[]) => E;

/** Runs something that must throw a SecAggError with this code, and gives the error. */
export function refused(code: SecAggErrorCode, run: () => unknown): SecAggError;
export function refused<E extends SecAggError>(code: SecAggErrorCode, run: () => unknown, kind: ErrorClass<E>): E;
export function refused(code: SecAggErrorCode, run: () => unknown, kind: ErrorClass<SecAggError> = SecAggError): SecAggError {
  let outcome: unknown = 'it did not throw';
  try {
    run();
  } catch (error) {
    outcome = error;
  }
  return checked(outcome, code, kind);
}

/** The same for a promise. */
export async function rejected(code: SecAggErrorCode, promise: Promise<unknown>): Promise<SecAggError>;
export async function rejected<E extends SecAggError>(
  code: SecAggErrorCode,
  promise: Promise<unknown>,
  kind: ErrorClass<E>,
): Promise<E>;
export async function rejected(
  code: SecAggErrorCode,
  promise: Promise<unknown>,
  kind: ErrorClass<SecAggError> = SecAggError,
): Promise<SecAggError> {
  const outcome = await promise.then(
    () => 'it did not reject',
    (error: unknown) => error,
  );
  return checked(outcome, code, kind);
}

/** The error that a promise rejects with, whatever its code. */
export async function rejection(promise: Promise<unknown>): Promise<SecAggError> {
  const outcome = await promise.then(
    () => 'it did not reject',
    (error: unknown) => error,
  );
  if (!(outcome instanceof SecAggError)) throw new Error('expected a SecAggError', { cause: outcome });
  return outcome;
}

/** Expects an error of the same class, with the same details and text. */
export function expectSameError(error: unknown, expected: SecAggError): void {
  if (!(error instanceof SecAggError)) throw new Error('expected a SecAggError', { cause: error });
  expect(error.constructor).to.equal(expected.constructor);
  expect(Object.entries(error)).to.deep.equal(Object.entries(expected));
  expect(error.message).to.equal(expected.message);
}

function checked(outcome: unknown, code: SecAggErrorCode, kind: ErrorClass<SecAggError>): SecAggError {
  if (!(outcome instanceof kind)) throw new Error(`expected a ${kind.name} with ${code}`, { cause: outcome });
  expect(outcome.code, outcome.message).to.equal(code);
  return outcome;
}
