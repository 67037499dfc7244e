// A browser that is started before the tests of a suite, with a profile that outlives it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { removeProfile, type DrivenBrowser, type DrivenTab } from './web-driver.ts';

const PATIENCE_MILLISECONDS = 60_000;

export async function until(what: string, isSo: () => boolean | Promise<boolean>, most = PATIENCE_MILLISECONDS): Promise<void> {
  const end = performance.now() + most;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await setTimeout(50);
  }
}

/** Evaluates an expression once the scripts of the page have run. */
export function onceLoaded<T>(page: DrivenTab, expression: string): Promise<T> {
  return page.evaluate(`new Promise((done) => {
    const wait = () => ('participate' in globalThis ? done(${expression}) : setTimeout(wait, 20));
    wait();
  })`);
}

/** Of a suite. */
export interface StartedBrowser {
  /** Opens a page, which is closed after the test if it is open then. */
  open(url: string): Promise<DrivenTab>;
  close(page: DrivenTab): Promise<void>;
  /** Ends the browser without any warning, and starts it again with what it has stored. */
  kill(): Promise<void>;
}

/** @param start starts the browser with a profile. @param whySkipped says what is missing. */
export function startedBrowser(
  start: (profile: string) => Promise<DrivenBrowser>,
  whySkipped: () => string | null,
): StartedBrowser {
  let profile = '';
  let browser: DrivenBrowser | undefined;
  const pages = new Set<DrivenTab>();

  before(async function () {
    const why = whySkipped();
    if (why !== null) {
      console.log(`    skipped: ${why}`);
      this.skip();
    }
    profile = mkdtempSync(join(tmpdir(), 'secagg-browser-'));
    browser = await start(profile);
  });

  after(async () => {
    await browser?.kill();
    if (profile !== '') await removeProfile(profile);
  });

  const close = async (page: DrivenTab): Promise<void> => {
    pages.delete(page);
    await page.close();
  };

  afterEach(async () => {
    for (const page of pages) await close(page);
  });

  return {
    async open(url): Promise<DrivenTab> {
      const page = await browser!.open(url);
      pages.add(page);
      return page;
    },
    close,
    async kill(): Promise<void> {
      pages.clear();
      await browser!.kill();
      browser = await start(profile);
    },
  };
}
