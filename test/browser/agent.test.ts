// An agent in Chromium, whose state is in IndexedDB: the built package, bundled by esbuild as an application would.
import { existsSync } from 'node:fs';
import { describeAgent } from './agent-in-browser.ts';
import { CHROMIUM, startChromium } from './chromium.ts';

describe('an agent in Chromium', function () {
  this.timeout(120_000);
  describeAgent(startChromium, () => (existsSync(CHROMIUM) ? null : `no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`));
});
