// The pictures of the page to watch, for README: `npm run pictures`. A visitor takes part in the browser of the tests, and in the middle of
// the sixth of ten runs the page is drawn in light and in dark. Everything else is as in `npm run service`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';

const PROGRAM = fileURLToPath(new URL('../examples/pages/main.ts', import.meta.url));
const SIZE = { width: 960, height: 790 };

const fileOf = (scheme: string): string => fileURLToPath(new URL(`../docs/service-${scheme}.png`, import.meta.url));

async function takePart(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#most-sums')?.value === '10');
  await page.check('[value=samples]');
  await page.check('#consent');
  await page.click('[type=submit]');
}

const child = spawn(process.execPath, [...process.execArgv, PROGRAM, '--port', '0', '--dropouts', '3'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /(http:\S+)watch/.exec(line) ?? [];
    if (url === undefined) continue;
    const pages = await Promise.all(
      (['light', 'dark'] as const).map(async (colorScheme) => {
        const page = await browser.newPage({ colorScheme, locale: 'en', viewport: SIZE });
        await page.goto(`${url}watch`);
        return { page, colorScheme };
      }),
    );
    await takePart(await browser.newPage(), url);
    for (const { page } of pages) {
      await page.waitForFunction(
        () =>
          document.querySelector('#now')?.textContent.startsWith('Run 6 ') === true &&
          document.querySelector('#rounds li:nth-child(4)[aria-current]') !== null,
        null,
        { timeout: 900_000 },
      );
    }
    for (const { page, colorScheme } of pages) await page.screenshot({ path: fileOf(colorScheme) });
    break;
  }
} finally {
  await browser.close();
  child.kill('SIGINT');
}
