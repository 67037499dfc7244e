// Where a program is bundled, with the packed package installed, and where its bundle then runs: elsewhere, without the package.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Installation } from '../package/packed.ts';
import type { Bundling, Format } from './bundlers.ts';

/** Entry points that become files of their own, by the names of these files. */
export type Entries = Readonly<Record<string, string>>;

/** The name that the server looks for beside its own bundle. */
export const WORKER = 'secagg-unmasking-worker';

export class Workshop {
  readonly #installation = new Installation();
  readonly #out: string[] = [];
  readonly #name: string;
  readonly #program: string;

  /** @param name of the program, and of what it is bundled into. @param code of the program. */
  constructor(name: string, code: string) {
    this.#name = name;
    this.#program = join(this.#installation.folder, `${name}.js`);
    writeFileSync(this.#program, code);
    writeFileSync(join(this.#installation.folder, 'package.json'), JSON.stringify({ type: 'module' }));
  }

  /** Bundles the program, and `others` beside it. @returns the folder. */
  async bundle(format: Format, bundler: (bundling: Bundling) => Promise<unknown>, others: Entries = {}): Promise<string> {
    const out = mkdtempSync(join(tmpdir(), 'secagg-bundle-'));
    this.#out.push(out);
    writeFileSync(join(out, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }));
    const entries = { [this.#name]: this.#program, ...others };
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
