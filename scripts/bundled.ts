// A program as one text of JavaScript: a process that is killed all the time must start fast, and compiling TypeScript takes a second.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** @param program a file of this repository. It is bundled with the library as this process has it: from the sources, or built. */
export async function bundled(program: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(program)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    external: ['pg'],
    conditions: process.execArgv.includes('secagg-source') ? ['secagg-source'] : [],
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}
