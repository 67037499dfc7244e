// Makes one program out of an application and its engine. What this takes is not installed with the other tools: npx fetches it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withEsbuild, type Bundling } from './bundlers.ts';

const BUN = ['--yes', 'bun@1.4'];
const POSTJECT = ['--yes', 'postject@1.0.0-alpha.6'];
/** Where Node looks for whether it holds an application, as its documentation says. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** The program `application`, by Bun. It names the files in it after those that they are made from. */
export function withBun({ folder, entries, out }: Bundling): Promise<void> {
  const files = Object.entries(entries).map(([name, from]) => {
    const file = `./${name}.js`;
    if (name !== 'application') writeFileSync(join(folder, file), `import '${from}';`);
    return file;
  });
  const args = ['build', '--compile', ...files, '--outfile', join(out, 'application')];
  execFileSync('npx', [...BUN, ...args], { cwd: folder, stdio: 'pipe' });
  return Promise.resolve();
}

/** The program `application`, by Node: a single executable application, whose code must be CommonJS. */
export async function withNode(bundling: Bundling): Promise<void> {
  const { out } = bundling;
  await withEsbuild(bundling, 'cjs');
  const config = { main: 'application.js', output: 'application.blob', disableExperimentalSEAWarning: true };
  writeFileSync(join(out, 'sea.json'), JSON.stringify(config));
  const run = (command: string, ...args: readonly string[]): unknown =>
    execFileSync(command, args, { cwd: out, env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'pipe' });
  run(process.execPath, '--experimental-sea-config', 'sea.json');
  copyFileSync(process.execPath, join(out, 'application'));
  run('npx', ...POSTJECT, 'application', 'NODE_SEA_BLOB', 'application.blob', '--sentinel-fuse', FUSE);
}
