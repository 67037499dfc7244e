// Expectations about states: what a step must leave as it was, and what it must hand over to be wiped.
import { expect } from 'chai';

/** Runs a step and expects that it has not changed what it was given. */
export async function leaving<T>(given: object, step: () => T | Promise<T>): Promise<T> {
  const copy: unknown = structuredClone(given);
  try {
    return await step();
  } finally {
    expect(given, 'what the step was given').to.deep.equal(copy);
  }
}

/** Expects that two lists hold the very same arrays, in any order. */
export function expectSameArrays(arrays: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(new Set(arrays).size, 'no array twice').to.equal(arrays.length);
  expect(arrays.length).to.equal(expected.length);
  for (const [i, array] of expected.entries()) expect(arrays.includes(array), `array ${i}`).to.equal(true);
}
