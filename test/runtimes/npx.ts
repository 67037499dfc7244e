// Runtimes that npx fetches when a long run needs them, because they are too big to be installed for everyone.
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const QUIET = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: '' };

/**
 * The path of a program of a package.
 *
 * @param version as npm takes it; docs/runtimes.md names the versions that are tested.
 * @param beside packages that are installed with it.
 * @returns null if npx cannot fetch it; a line on the console says so.
 */
export function fetched(
  packageName: string,
  version: string,
  program: string = packageName,
  beside: readonly string[] = [],
): string | null {
  const spec = `${packageName}@${version}`;
  try {
    const shell = process.platform === 'win32' ? `where ${program}` : `command -v ${program}`;
    const command = [
      'npx',
      '--yes',
      ...[spec, ...beside].flatMap((each) => ['--package', each]),
      '--call',
      JSON.stringify(shell),
    ].join(' ');
    return execFileSync(command, { encoding: 'utf8', shell: true, env: QUIET, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    console.log(`    skipped: npx cannot fetch ${spec}`);
    return null;
  }
}

/** What a program prints, without the options that mocha's own process has. */
export async function printed(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run(program, [...args], { cwd, env: QUIET, maxBuffer: 1 << 26 });
  return stdout;
}
