// A server in a bundle of each bundler: with the worker's file where the bundler carries it along or is told to, and without it
// where not. Whatever the bundle, the sum is exact and the application is started once.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Applications, type Case } from '../bundles/applications.ts';
import { withEsbuild, withRollup, withVite, withWebpack } from '../bundles/bundlers.ts';
import { withBun, withNode } from '../bundles/single-files.ts';
import { WORKER } from '../bundles/workshop.ts';

type Titled = Case & { readonly title: string };

const OPTION = `${WORKER}.js`;

const CASES: readonly Titled[] = (['esm', 'cjs'] as const).flatMap((format): Titled[] => [
  { title: 'esbuild', format, bundle: (b) => withEsbuild(b, format), threads: 0 },
  { title: 'Rollup', format, bundle: (b) => withRollup(b, format), threads: 0 },
  { title: 'Rollup with the worker', format, bundle: (b) => withRollup(b, format), withWorker: true, threads: 2 },
  { title: 'webpack', format, bundle: (b) => withWebpack(b, format), threads: 2 },
  { title: 'webpack for development', format, bundle: (b) => withWebpack(b, format, 'development'), threads: 2 },
]);

const esm = 'esm';
const MORE: readonly Titled[] = [
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

const PROGRAMS: readonly Titled[] = [
  { title: 'Node', format: 'cjs', bundle: withNode, threads: 0 },
  {
    title: 'Node, with the worker beside it and its URL,',
    format: 'cjs',
    bundle: withNode,
    withWorker: true,
    option: OPTION,
    threads: 2,
  },
  { title: 'Bun', format: 'cjs', bundle: withBun, threads: 0 },
  { title: 'Bun, with the worker,', format: 'cjs', bundle: withBun, withWorker: true, threads: 2 },
];

describe('an application that is bundled with its server', function () {
  this.timeout(300_000);
  let applications: Applications;
  before(async () => (applications = await Applications.record()));
  after(() => applications.remove());

  for (const { title, ...given } of [...CASES, ...MORE]) {
    it(`by ${title} (${given.format}) runs with ${given.threads} threads`, () => applications.expectRun(given));
  }

  for (const { title, ...given } of PROGRAMS) {
    it(`by ${title} into one program runs with ${given.threads} threads`, () =>
      applications.expectRun({ ...given, program: true }));
  }
});
