// An agent in Chromium, whose state is in IndexedDB: the built package, bundled by esbuild as an application would.
import { describeAgent } from './agent-in-browser.ts';
import { missingChromium, startChromium } from './chromium.ts';

describe('an agent in Chromium', function () {
  this.timeout(120_000);
  describeAgent(startChromium, missingChromium);
});
