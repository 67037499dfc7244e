// The graphile-worker of the tests: the installed one, or a later one that the installed Node may be too old for.
import { execFileSync } from 'node:child_process';
import type * as graphile from 'graphile-worker';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type GraphileWorker = typeof graphile;

const VERSION = process.env.SECAGG_GRAPHILE_WORKER;

/** @returns the package; the version that `SECAGG_GRAPHILE_WORKER` names is installed below out/. */
export async function graphileWorker(): Promise<GraphileWorker> {
  if (VERSION === undefined) return import('graphile-worker');
  const folder = resolve(`out/graphile-worker-${VERSION}`);
  if (!existsSync(join(folder, 'node_modules'))) {
    mkdirSync(folder, { recursive: true });
    const options = ['--prefix', folder, '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, `graphile-worker@${VERSION}`], { stdio: 'inherit' });
  }
  const path = createRequire(join(folder, 'package.json')).resolve('graphile-worker');
  return (await import(pathToFileURL(path).href)) as GraphileWorker;
}
