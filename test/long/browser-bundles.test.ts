// Both sides of a session in a bundle for browsers, by each bundler: it needs none of Node's modules, and no file of a worker. A user in a
// worker brings a file, which each bundler carries along as docs/bundling.md says.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { expect } from 'chai';
import { rollup } from 'rollup';
import { chromium } from 'playwright-core';
import { build as vite } from 'vite';
import { CHROMIUM, LAUNCH } from '../browser/chromium.ts';
import { buildWithWebpack } from '../bundles/bundlers.ts';
import { Installation } from '../package/packed.ts';

/** @param worker an entry point that is bundled beside the page, if the bundler does not find it. */
type Bundler = (folder: string, page: string, out: string, worker?: string) => Promise<unknown>;

const WORKER = 'secagg-user-worker';

function entries(page: string, worker: string | undefined): Record<string, string> {
  return { page, ...(worker !== undefined && { [WORKER]: worker }) };
}

const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: (absWorkingDir, page, outdir, worker) =>
    esbuild({
      absWorkingDir,
      entryPoints: entries(page, worker),
      outdir,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      logLevel: 'error',
    }),
  Rollup: async (rootDir, page, dir, worker) => {
    // A module that is not found is a warning of Rollup.
    const onwarn = (warning: { readonly message: string }): never => {
      throw new Error(warning.message);
    };
    const bundle = await rollup({ input: entries(page, worker), plugins: [nodeResolve({ rootDir, browser: true })], onwarn });
    await bundle.write({ dir, format: 'esm' });
    await bundle.close();
  },
  Vite: (root, page, outDir) =>
    vite({ root, configFile: false, logLevel: 'error', build: { outDir, rolldownOptions: { input: page } } }),
  webpack: (context, page, path) =>
    buildWithWebpack({ context, mode: 'production', entry: page, target: 'web', output: { path }, performance: false }),
};

const USER_IN_WORKER = `
import { genKeypair, PublicKeysWrapper, round0Msg } from 'secagg';
import { UserWorker } from 'secagg/worker';
globalThis.firstAnswer = async () => {
  const [pk, sk] = genKeypair();
  const user = await UserWorker.create(1, 2, pk, sk, [5, -7], new PublicKeysWrapper([[2, genKeypair()[0]]]));
  const answer = await user.round(round0Msg());
  await user.terminate();
  return answer.length;
};`;
/** Of round 0: the envelope, two keys and a signature. */
const ANSWER_BYTES = 170;

/** What the bundled page gets from its worker, in Chromium. */
async function answerLengthIn(folder: string): Promise<number> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const page = files.find((file) => readFileSync(join(folder, file), 'utf8').includes('firstAnswer'))!;
  const server = createServer(({ url = '' }, response) => {
    const isScript = existsSync(join(folder, url)) && url.endsWith('.js');
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? readFileSync(join(folder, url)) : `<!doctype html><script type="module" src="/${page}"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: LAUNCH });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.waitForFunction(() => 'firstAnswer' in globalThis);
    return await tab.evaluate<number>('firstAnswer()');
  } finally {
    await browser.close();
    server.close();
  }
}

describe('a bundle for browsers', function () {
  this.timeout(120_000);
  let installation: Installation;
  let page: string;
  let out: string;
  before(() => {
    installation = new Installation();
    page = join(installation.folder, 'page.js');
  });
  after(() => installation.remove());
  beforeEach(() => (out = mkdtempSync(join(tmpdir(), 'secagg-page-'))));
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  for (const [name, bundler] of Object.entries(BUNDLERS)) {
    it(`by ${name} is one file without Node's modules`, async () => {
      writeFileSync(
        page,
        "import { ServerWrapper, UserWrapper } from 'secagg'; globalThis.sides = [ServerWrapper, UserWrapper];",
      );
      await bundler(installation.folder, page, out);
      const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
      expect(files).to.have.lengthOf(1);
      const text = readFileSync(join(out, files[0]!), 'utf8');
      expect(text).to.include('ERR_SECAGG_USAGE');
      expect(text).not.to.match(/worker_threads|["'`]node:|vite-browser-external/);
    });

    it(`by ${name} runs a user in a worker`, async function () {
      if (!existsSync(CHROMIUM)) {
        console.log(`    skipped: no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`);
        this.skip();
      }
      writeFileSync(page, USER_IN_WORKER);
      const worker = name === 'esbuild' || name === 'Rollup' ? 'secagg/user-worker' : undefined;
      await bundler(installation.folder, page, out, worker);
      expect(await answerLengthIn(out)).to.equal(ANSWER_BYTES);
    });
  }
});
