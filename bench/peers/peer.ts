// Runs a peer's own functions by a program in its language, or says why it cannot.
import { execFileSync } from 'node:child_process';

export interface Skipped {
  readonly skipped: string;
}

/** The JSON that a program prints, or `Skipped` if it fails. */
export function ask(command: string, args: readonly (string | number)[]): unknown {
  try {
    return JSON.parse(run(command, args));
  } catch (error) {
    return { skipped: reasonOf(command, error) } satisfies Skipped;
  }
}

/** The standard output of a program. @throws as `execFileSync`. */
export function run(command: string, args: readonly (string | number)[]): string {
  return execFileSync(command, args.map(String), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function reasonOf(command: string, error: unknown): string {
  const { code, stderr } = error as { code?: string; stderr?: string };
  if (code === 'ENOENT') return `${command} is not installed`;
  // The last line of Python and of cargo is the reason.
  return stderr?.trim().split('\n').at(-1) ?? String(error);
}
