// Bundles of one application, each of which runs and gives the sum of one recorded session.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Bundling, Format } from './bundlers.ts';
import { recordSession, type RecordedSession } from './recorded-session.ts';
import { runApplication } from './run-application.ts';
import { WORKER, Workshop } from './workshop.ts';

const APPLICATION = fileURLToPath(new URL('./application-program.js', import.meta.url));

/** How the application is bundled, and what then is seen of it. */
export interface Case {
  readonly format: Format;
  readonly bundle: (bundling: Bundling) => Promise<void>;
  /** Whether the bundler is told to bundle the worker too. */
  readonly withWorker?: boolean;
  /** File that the option `worker` names, in the folder of the bundle. */
  readonly option?: string;
  /** Whether the bundle is a program by itself, and not code for Node. */
  readonly program?: boolean;
  readonly threads: 0 | 2;
}

export class Applications {
  readonly #session: RecordedSession;
  readonly #workshop = new Workshop('application', readFileSync(APPLICATION, 'utf8'));

  static async record(): Promise<Applications> {
    return new Applications(await recordSession());
  }

  private constructor(session: RecordedSession) {
    this.#session = session;
  }

  /** Asserts that the bundle is started once, removes the masks in as many threads as the case says, and gives the exact sum. */
  async expectRun({ format, bundle, withWorker = false, option, program = false, threads }: Case): Promise<void> {
    const out = await this.#workshop.bundle(format, bundle, withWorker ? { [WORKER]: 'secagg/unmasking-worker' } : {});
    const command = program ? ([join(out, 'application')] as const) : ([process.execPath, join(out, 'application.js')] as const);
    const worker = option === undefined ? null : pathToFileURL(join(out, option));
    const outcome = await this.#workshop.withoutPackage(() => runApplication(command, this.#session, worker));
    expect(outcome).to.deep.equal({ starts: 1, threads, exact: true });
  }

  remove(): void {
    this.#workshop.remove();
  }
}
