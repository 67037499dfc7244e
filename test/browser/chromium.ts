// The Chromium that the tests use.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { written, type DrivenBrowser, type DrivenTab } from './web-driver.ts';

/** The path of the program. */
export const CHROMIUM: string = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no Chromium; null if there is one. */
export function missingChromium(): string | null {
  return existsSync(CHROMIUM) ? null : `no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`;
}

export const LAUNCH: string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

/** A browser with its profile in a folder. Its pages know when they are hidden: those of `chromium.launch` believe that they never are. */
export async function startChromium(profile: string): Promise<DrivenBrowser> {
  const ports = join(profile, 'DevToolsActivePort');
  rmSync(ports, { force: true });
  const own = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`];
  const program = spawn(CHROMIUM, [...LAUNCH, ...own, 'about:blank'], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => program.once('exit', () => resolve()));
  const port = await written(ports, (text) => /^(\d+)\n/.exec(text)?.[1] ?? null);
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const [context] = browser.contexts();
  return {
    async open(url): Promise<DrivenTab> {
      const page = await context!.newPage();
      await page.goto(url);
      await page.bringToFront();
      return {
        evaluate: <T>(expression: string) => page.evaluate<T>(expression),
        show: () => page.bringToFront(),
        close: () => page.close(),
      };
    },
    async kill(): Promise<void> {
      program.kill('SIGKILL');
      await gone;
      await browser.close();
    },
  };
}
