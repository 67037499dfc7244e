// Runs an example as a reader would: its own process, against the built package.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const CHILD = { cwd: new URL('../..', import.meta.url), env: { ...process.env, NODE_V8_COVERAGE: '' } };

/** What follows `node` to run an example. */
export function argumentsFor(example: string, ...options: string[]): string[] {
  return ['--import', 'tsx', `examples/${example}`, ...options];
}

export async function outputOf(example: string, ...options: string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, argumentsFor(example, ...options), CHILD);
  expect(stderr).to.equal('');
  return stdout;
}
