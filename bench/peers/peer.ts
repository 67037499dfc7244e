// A peer's own functions, by a program of ours in its language; where they are not there, why.
import { execFileSync } from 'node:child_process';

export interface Skipped {
  readonly skipped: string;
}

/** What a program prints as JSON; where it cannot, `Skipped`. */
export function ask(command: string, args: readonly (string | number)[]): unknown {
  try {
    return JSON.parse(run(command, args));
  } catch (error) {
    return { skipped: reasonOf(command, error) } satisfies Skipped;
  }
}

/** Its standard output. @throws as `execFileSync`. */
export function run(command: string, args: readonly (string | number)[]): string {
  return execFileSync(command, args.map(String), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function reasonOf(command: string, error: unknown): string {
  const { code, stderr } = error as { code?: string; stderr?: string };
  if (code === 'ENOENT') return `${command} is not there`;
  // Python's and cargo's last words say what it was.
  return stderr?.trim().split('\n').at(-1) ?? String(error);
}
