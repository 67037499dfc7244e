// The example page of examples/browser, as its script serves it, and what a person does in it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PageServer } from './pages.ts';

export async function serveExample(): Promise<PageServer> {
  const program = fileURLToPath(new URL('../../examples/browser/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, '--port', '0'], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return { url, close: () => void child.kill() };
  }
  throw new Error('the example has ended');
}

/** Dee drops out in round 2 and Eli in round 3; a promise of what the page then says. */
export const RUN_EXAMPLE = `new Promise((resolve) => {
  const choose = (person, round) => (document.querySelectorAll('.leaves')[person].value = round);
  const wait = () => {
    const done = document.querySelector('.sum, .failed');
    if (done === null) setTimeout(wait, 50);
    else resolve([...document.querySelectorAll('#result p')].map(({ textContent }) => textContent.replace(/ [\\d.]+ s/, '')));
  };
  const start = () => {
    if (document.querySelectorAll('.person').length < 6) return setTimeout(start, 50);
    choose(3, '2');
    choose(4, '3');
    document.querySelector('#run').click();
    wait();
  };
  start();
})`;

/** 8,400 + 5,200 + 12,050 + 9,900 + 7,100. */
export const EXAMPLE_RESULT: readonly string[] = ['42,650 steps', 'The sum of Ada, Bo, Chi, Eli, Fay. 100,000 components in.'];
