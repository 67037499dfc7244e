// A server in a bundle of each bundler: with the worker's file where the bundler carries it along or is told to, and without it
// where not. Whatever the bundle, the sum is exact and the application is started once.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { withEsbuild, withRollup, withVite, withWebpack, type Bundling, type Format } from '../bundles/bundlers.ts';
import { recordSession, type RecordedSession } from '../bundles/recorded-session.ts';
import { runApplication } from '../bundles/run-application.ts';
import { withBun, withNode } from '../bundles/single-files.ts';
import { WORKER, Workshop } from '../bundles/workshop.ts';

interface Case {
  readonly title: string;
  readonly format: Format;
  readonly bundle: (bundling: Bundling) => Promise<void>;
  /** Whether the bundler is told to bundle the worker too. */
  readonly withWorker?: boolean;
  /** File that the option `worker` names, in the folder of the bundle. */
  readonly option?: string;
  readonly threads: 0 | 2;
}

const OPTION = `${WORKER}.js`;

const CASES: readonly Case[] = (['esm', 'cjs'] as const).flatMap((format): Case[] => [
  { title: 'esbuild', format, bundle: (b) => withEsbuild(b, format), threads: 0 },
  { title: 'Rollup', format, bundle: (b) => withRollup(b, format), threads: 0 },
  { title: 'Rollup with the worker', format, bundle: (b) => withRollup(b, format), withWorker: true, threads: 2 },
  { title: 'webpack', format, bundle: (b) => withWebpack(b, format), threads: 2 },
  { title: 'webpack for development', format, bundle: (b) => withWebpack(b, format, 'development'), threads: 2 },
]);

const esm = 'esm';
const MORE: readonly Case[] = [
  { title: 'esbuild with the worker', format: esm, bundle: (b) => withEsbuild(b, esm), withWorker: true, threads: 2 },
  {
    title: 'esbuild with the worker, minified and in chunks',
    format: esm,
    bundle: (b) => withEsbuild(b, esm, { minify: true, splitting: true }),
    withWorker: true,
    threads: 2,
  },
  {
    title: 'esbuild with the worker and its URL',
    format: 'cjs',
    bundle: (b) => withEsbuild(b, 'cjs'),
    withWorker: true,
    option: OPTION,
    threads: 2,
  },
  { title: 'Vite', format: esm, bundle: withVite, threads: 0 },
  { title: 'Vite with the worker and its URL', format: esm, bundle: withVite, withWorker: true, option: OPTION, threads: 2 },
  {
    title: 'esbuild, if the application names its own bundle as the worker',
    format: esm,
    bundle: (b) => withEsbuild(b, esm),
    option: 'application.js',
    threads: 0,
  },
  {
    title: 'esbuild, if its own bundle has the name of the worker',
    format: esm,
    bundle: async (b) => {
      await withEsbuild(b, esm);
      copyFileSync(join(b.out, 'application.js'), join(b.out, OPTION));
    },
    threads: 0,
  },
  {
    title: 'esbuild, if the application imports the worker and names its own bundle as the worker',
    format: esm,
    bundle: async (b) => {
      const both = join(b.folder, 'both.js');
      writeFileSync(both, "import 'secagg/unmasking-worker'; import './application.js';");
      await withEsbuild({ ...b, entries: { application: both } }, esm);
    },
    option: 'application.js',
    threads: 0,
  },
];

describe('an application that is bundled with its server', function () {
  this.timeout(300_000);
  let session: RecordedSession;
  let workshop: Workshop;
  before(async () => {
    session = await recordSession();
    workshop = new Workshop();
  });
  after(() => workshop.remove());

  for (const { title, format, bundle, withWorker, option, threads } of [...CASES, ...MORE]) {
    it(`by ${title} (${format}) runs with ${threads} threads`, async () => {
      const out = await workshop.bundle(format, withWorker === true, bundle);
      const worker = option === undefined ? null : pathToFileURL(join(out, option));
      const command = [process.execPath, join(out, 'application.js')] as const;
      const outcome = await workshop.withoutPackage(() => runApplication(command, session, worker));
      expect(outcome).to.deep.equal({ starts: 1, threads, exact: true });
    });
  }

  for (const [title, bundler, withWorker, option, threads] of [
    ['Node', withNode, false, null, 0],
    ['Node, with the worker beside it and its URL,', withNode, true, OPTION, 2],
    ['Bun', withBun, false, null, 0],
    ['Bun, with the worker,', withBun, true, null, 2],
  ] as const) {
    it(`by ${title} into one program runs with ${threads} threads`, async () => {
      const out = await workshop.bundle('cjs', withWorker, bundler);
      const program = [join(out, 'application')] as const;
      const worker = option === null ? null : pathToFileURL(join(out, option));
      const outcome = await workshop.withoutPackage(() => runApplication(program, session, worker));
      expect(outcome).to.deep.equal({ starts: 1, threads, exact: true });
    });
  }
});
