// Both sides of a session in a bundle for browsers, by each bundler: it needs none of Node's modules, and no file of a worker. A user in a
// worker brings a file, which each bundler carries along as docs/bundling.md says.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { expect } from 'chai';
import { rollup } from 'rollup';
import { chromium } from 'playwright-core';
import { build as vite, createServer as viteServer } from 'vite';
import { CHROMIUM, LAUNCH } from '../browser/chromium.ts';
import { buildWithWebpack, type Bundling } from '../bundles/bundlers.ts';
import { Workshop, type Entries } from '../bundles/workshop.ts';

const BUNDLERS: Readonly<Record<string, (bundling: Bundling) => Promise<unknown>>> = {
  esbuild: ({ folder, entries, out }) =>
    esbuild({
      absWorkingDir: folder,
      entryPoints: entries,
      outdir: out,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      logLevel: 'error',
    }),
  Rollup: async ({ folder, entries, out }) => {
    // A module that is not found is a warning of Rollup.
    const onwarn = (warning: { readonly message: string }): never => {
      throw new Error(warning.message);
    };
    const bundle = await rollup({ input: entries, plugins: [nodeResolve({ rootDir: folder, browser: true })], onwarn });
    await bundle.write({ dir: out, format: 'esm' });
    await bundle.close();
  },
  Vite: ({ folder, entries, out }) =>
    vite({ root: folder, configFile: false, logLevel: 'error', build: { outDir: out, rolldownOptions: { input: entries } } }),
  webpack: ({ folder, entries, out }) =>
    buildWithWebpack({
      context: folder,
      mode: 'production',
      entry: entries,
      target: 'web',
      output: { path: out },
      performance: false,
    }),
};

const BOTH_SIDES = "import { ServerWrapper, UserWrapper } from 'secagg'; globalThis.sides = [ServerWrapper, UserWrapper];";
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
  try {
    return await answerLengthAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}

async function answerLengthAt(url: string): Promise<number> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: LAUNCH });
  try {
    const tab = await browser.newPage();
    await tab.goto(url);
    await tab.waitForFunction(() => 'firstAnswer' in globalThis);
    return await tab.evaluate<number>('firstAnswer()');
  } finally {
    await browser.close();
  }
}

describe('a bundle for browsers', function () {
  this.timeout(120_000);
  let [sides, user]: Workshop[] = [];
  before(() => {
    sides = new Workshop('page', BOTH_SIDES);
    user = new Workshop('page', USER_IN_WORKER);
  });
  after(() => {
    sides?.remove();
    user?.remove();
  });

  for (const [name, bundler] of Object.entries(BUNDLERS)) {
    it(`by ${name} is one file without Node's modules`, async () => {
      const out = await sides!.bundle('esm', bundler);
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
      // These bundlers do not find the worker themselves.
      const others: Entries = name === 'esbuild' || name === 'Rollup' ? { 'secagg-user-worker': 'secagg/user-worker' } : {};
      expect(await answerLengthIn(await user!.bundle('esm', bundler, others))).to.equal(ANSWER_BYTES);
    });
  }

  it("by Vite's development server runs a user in a worker, with the two settings of docs/bundling.md", async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`    skipped: no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`);
      this.skip();
    }
    const out = await user!.bundle('esm', async ({ folder }) => {
      writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/page.js"></script>');
      const server = await viteServer({
        root: folder,
        configFile: false,
        logLevel: 'error',
        server: { host: '127.0.0.1', port: 0 },
        optimizeDeps: { exclude: ['secagg'] },
        worker: { format: 'es' },
      });
      try {
        await server.listen();
        expect(await answerLengthAt(server.resolvedUrls!.local[0]!)).to.equal(ANSWER_BYTES);
      } finally {
        await server.close();
      }
    });
    expect(readdirSync(out)).to.deep.equal(['package.json']);
  });
});
