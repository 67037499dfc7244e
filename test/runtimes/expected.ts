// What the session must give, wherever it runs.
import { expect } from 'chai';
import { LONG, USERS, type Answers } from './sizes.ts';

/** The sum of users 1 to n − 1, of which user id gives 3 · id − (j mod 7) at component j. */
export function expectedSum(users: number, vecLen: number): number[] {
  const ids = Array.from({ length: users - 1 }, (_, i) => i + 1);
  return Array.from({ length: vecLen }, (_, j) => ids.reduce((total, id) => total + id * 3 - (j % 7), 0));
}

export function expectAnswers(printed: string): void {
  const { short, long, mean } = JSON.parse(printed) as Answers;
  expect(short).to.deep.equal(expectedSum(USERS, 5).map(String));
  const sum = expectedSum(USERS, LONG);
  expect(long).to.deep.equal({ length: LONG, total: String(sum.reduce((a, b) => a + b)), last: String(sum.at(-1)) });
  // Users 1, 2 and 3 with the weights 1, 2 and 3: (1 + 4 + 9) / 6.
  expect(mean).to.deep.equal({ totalWeight: 6, mean: ['2.33', '2.33', '2.33'] });
}
