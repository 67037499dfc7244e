// Both sides of a session in a bundle for browsers, by each bundler: it needs none of Node's modules, and no file of a worker.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { expect } from 'chai';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import { buildWithWebpack } from '../bundles/bundlers.ts';
import { Installation } from '../package/packed.ts';

type Bundler = (folder: string, page: string, out: string) => Promise<unknown>;

const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: (absWorkingDir, page, outdir) =>
    esbuild({ absWorkingDir, entryPoints: [page], outdir, bundle: true, format: 'esm', platform: 'browser', logLevel: 'error' }),
  Rollup: async (rootDir, page, dir) => {
    // A module that is not found is a warning of Rollup.
    const onwarn = (warning: { readonly message: string }): never => {
      throw new Error(warning.message);
    };
    const bundle = await rollup({ input: page, plugins: [nodeResolve({ rootDir, browser: true })], onwarn });
    await bundle.write({ dir, format: 'esm' });
    await bundle.close();
  },
  Vite: (root, page, outDir) =>
    vite({ root, configFile: false, logLevel: 'error', build: { outDir, rolldownOptions: { input: page } } }),
  webpack: (context, page, path) =>
    buildWithWebpack({ context, mode: 'production', entry: page, target: 'web', output: { path }, performance: false }),
};

describe('a bundle for browsers', function () {
  this.timeout(120_000);
  let installation: Installation;
  let page: string;
  let out: string;
  before(() => {
    installation = new Installation();
    page = join(installation.folder, 'page.js');
    writeFileSync(page, "import { ServerWrapper, UserWrapper } from 'secagg'; globalThis.sides = [ServerWrapper, UserWrapper];");
  });
  after(() => installation.remove());
  beforeEach(() => (out = mkdtempSync(join(tmpdir(), 'secagg-page-'))));
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  for (const [name, bundler] of Object.entries(BUNDLERS)) {
    it(`by ${name} is one file without Node's modules`, async () => {
      await bundler(installation.folder, page, out);
      const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
      expect(files).to.have.lengthOf(1);
      const text = readFileSync(join(out, files[0]!), 'utf8');
      expect(text).to.include('ERR_SECAGG_USAGE');
      expect(text).not.to.match(/worker_threads|["'`]node:|vite-browser-external/);
    });
  }
});
