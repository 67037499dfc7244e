// Where an application is bundled, with the packed package installed, and where its bundle then runs: elsewhere, without the package.
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Installation } from '../package/packed.ts';
import type { Bundling, Format } from './bundlers.ts';

const APPLICATION = fileURLToPath(new URL('./application-program.js', import.meta.url));

/** The name that the server looks for beside its own bundle. */
export const WORKER = 'secagg-unmasking-worker';

export class Workshop {
  readonly #installation = new Installation();
  readonly #out: string[] = [];
  /** The application. */
  readonly application = join(this.#installation.folder, 'application.js');

  constructor() {
    cpSync(APPLICATION, this.application);
    writeFileSync(join(this.#installation.folder, 'package.json'), JSON.stringify({ type: 'module' }));
  }

  /** Bundles the application as `application`, and the worker beside it if the bundler is told to. @returns the folder. */
  async bundle(format: Format, withWorker: boolean, bundler: (bundling: Bundling) => Promise<void>): Promise<string> {
    const out = mkdtempSync(join(tmpdir(), 'secagg-bundle-'));
    this.#out.push(out);
    writeFileSync(join(out, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }));
    const entries = { application: this.application, ...(withWorker && { [WORKER]: 'secagg/unmasking-worker' }) };
    await bundler({ folder: this.#installation.folder, entries, out });
    return out;
  }

  /** Runs something while the package is not where it was bundled, as on a machine that has the bundle only. */
  async withoutPackage<T>(run: () => Promise<T>): Promise<T> {
    const modules = join(this.#installation.folder, 'node_modules');
    renameSync(modules, `${modules}-away`);
    try {
      return await run();
    } finally {
      renameSync(`${modules}-away`, modules);
    }
  }

  remove(): void {
    for (const out of this.#out) rmSync(out, { recursive: true, force: true });
    this.#installation.remove();
  }
}
